/* The rows of linux.seccomp. */
#include "oci/fields.h"

static const struct field_word action_words[] = {
	{ "SCMP_ACT_KILL", 0 },        { "SCMP_ACT_KILL_PROCESS", 0 },
	{ "SCMP_ACT_KILL_THREAD", 0 }, { "SCMP_ACT_TRAP", 0 },
	{ "SCMP_ACT_ERRNO", 0 },       { "SCMP_ACT_TRACE", 0 },
	{ "SCMP_ACT_ALLOW", 0 },       { "SCMP_ACT_LOG", 0 },
	{ "SCMP_ACT_NOTIFY", 0 },      { 0 },
};

static const struct field_word architecture_words[] = {
	{ "SCMP_ARCH_X86", 0 },         { "SCMP_ARCH_X86_64", 0 },  { "SCMP_ARCH_X32", 0 },
	{ "SCMP_ARCH_ARM", 0 },         { "SCMP_ARCH_AARCH64", 0 }, { "SCMP_ARCH_LOONGARCH64", 0 },
	{ "SCMP_ARCH_M68K", 0 },        { "SCMP_ARCH_MIPS", 0 },    { "SCMP_ARCH_MIPS64", 0 },
	{ "SCMP_ARCH_MIPS64N32", 0 },   { "SCMP_ARCH_MIPSEL", 0 },  { "SCMP_ARCH_MIPSEL64", 0 },
	{ "SCMP_ARCH_MIPSEL64N32", 0 }, { "SCMP_ARCH_PPC", 0 },     { "SCMP_ARCH_PPC64", 0 },
	{ "SCMP_ARCH_PPC64LE", 0 },     { "SCMP_ARCH_S390", 0 },    { "SCMP_ARCH_S390X", 0 },
	{ "SCMP_ARCH_SH", 0 },          { "SCMP_ARCH_SHEB", 0 },    { "SCMP_ARCH_PARISC", 0 },
	{ "SCMP_ARCH_PARISC64", 0 },    { "SCMP_ARCH_RISCV64", 0 }, { 0 },
};

static const struct field_word flag_words[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", 0 },
	{ "SECCOMP_FILTER_FLAG_LOG", 0 },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", 0 },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 0 },
	{ 0 },
};

static const struct field_word operator_words[] = {
	{ "SCMP_CMP_NE", 0 },        { "SCMP_CMP_LT", 0 },
	{ "SCMP_CMP_LE", 0 },        { "SCMP_CMP_EQ", 0 },
	{ "SCMP_CMP_GE", 0 },        { "SCMP_CMP_GT", 0 },
	{ "SCMP_CMP_MASKED_EQ", 0 }, { 0 },
};

static const struct spec_field argument_fields[] = {
	{ INTEGER("index", 0, 5), .required = true }, /* syscall(2): six registers */
	{ UINT64("value"), .required = true },
	{ UINT64("valueTwo") },
	{ TEXT("op"), .required = true, .words = operator_words },
	{ 0 },
};
static const struct spec_field argument_item = { OBJECT(NULL, argument_fields) };

static const struct spec_field syscall_fields[] = {
	{ LIST("names", &text_item), .required = true, .least = 1 },
	{ TEXT("action"), .required = true, .words = action_words },
	{ UINT32("errnoRet") },
	{ LIST("args", &argument_item) },
	{ 0 },
};
static const struct spec_field syscall_item = { OBJECT(NULL, syscall_fields) };
static const struct spec_field architecture_item = { TEXT(NULL), .words = architecture_words };
static const struct spec_field flag_item = { TEXT(NULL), .words = flag_words };

/* The whole of it is the seccomp stage's: the row of linux.seccomp says so. */
const struct spec_field seccomp_fields[] = {
	{ TEXT("defaultAction"), .required = true, .words = action_words },
	{ UINT32("defaultErrnoRet") },
	{ LIST("flags", &flag_item) },
	{ TEXT("listenerPath") },
	{ TEXT("listenerMetadata") },
	{ LIST("architectures", &architecture_item) },
	{ LIST("syscalls", &syscall_item) },
	{ 0 },
};
