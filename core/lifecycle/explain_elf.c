#include "lifecycle/explain_elf.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#ifndef EM_LOONGARCH
#define EM_LOONGARCH 258
#endif

#if defined(__x86_64__)
#define NATIVE_MACHINE EM_X86_64
#define COMPAT_MACHINE EM_386
#define NATIVE_NAME    "x86_64"
#elif defined(__aarch64__)
#define NATIVE_MACHINE EM_AARCH64
#define COMPAT_MACHINE EM_ARM
#define NATIVE_NAME    "aarch64"
#else
#error "which machine is this?"
#endif

/* A number of `width` bytes as the file's own byte order has it. */
static uint64_t number_at(const unsigned char *at, size_t width, bool big_endian)
{
	uint64_t value = 0;
	size_t i;

	for (i = 0; i < width; i++)
		value = value << 8 | at[big_endian ? i : width - 1 - i];
	return value;
}

#define NUMBER(type, member)                                                                \
	number_at(at + offsetof(type, member), sizeof(((type *)0)->member), /* unaligned */ \
	          elf->is_big_endian)
#define NUMBER_OF(kind, member) \
	(elf->is_64 ? NUMBER(Elf64_##kind, member) : NUMBER(Elf32_##kind, member))

void elf_read(struct elf *elf, const void *bytes, size_t size)
{
	const unsigned char *at = bytes;

	*elf = (struct elf){ .is_elf = size >= SELFMAG && !memcmp(bytes, ELFMAG, SELFMAG) };
	if (!elf->is_elf)
		return;
	elf->is_cut = size < EI_NIDENT;
	if (!elf->is_cut) {
		elf->is_64 = at[EI_CLASS] != ELFCLASS32;
		elf->is_big_endian = at[EI_DATA] == ELFDATA2MSB;
		elf->is_cut = size < (elf->is_64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr));
	}
	if (elf->is_cut)
		return;
	elf->type = (uint16_t)NUMBER_OF(Ehdr, e_type);
	elf->machine = (uint16_t)NUMBER_OF(Ehdr, e_machine);
	elf->headers_offset = NUMBER_OF(Ehdr, e_phoff);
	elf->header_size = (uint16_t)NUMBER_OF(Ehdr, e_phentsize);
	elf->header_count = (uint16_t)NUMBER_OF(Ehdr, e_phnum);
}

bool elf_has_headers(const struct elf *elf)
{
	return elf->header_count > 0 &&
	       elf->header_size == (elf->is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr));
}

struct elf_interpreter elf_find_interpreter(const struct elf *elf, const void *headers, size_t size)
{
	size_t i;

	for (i = 0; elf_has_headers(elf) && i < elf->header_count; i++) {
		const unsigned char *at = (const unsigned char *)headers + i * elf->header_size;

		if ((i + 1) * elf->header_size > size)
			break;
		if (NUMBER_OF(Phdr, p_type) == PT_INTERP)
			return (struct elf_interpreter){ true, NUMBER_OF(Phdr, p_offset),
				                         NUMBER_OF(Phdr, p_filesz) };
	}
	return (struct elf_interpreter){ .found = false };
}

const char *elf_is_no_program(const struct elf *elf)
{
	return elf->type == ET_REL    ? "is an object file, not a program"
	       : elf->type == ET_CORE ? "is a core dump, not a program"
	                              : NULL;
}

static const struct machine {
	uint16_t machine;
	const char *bits_32, *bits_64, *big_endian_32, *big_endian_64; /* NULL: no such thing */
} machines[] = {
	{ EM_386, "i386", NULL, NULL, NULL },
	{ EM_X86_64, "x32", "x86_64", NULL, NULL },
	{ EM_ARM, "arm", NULL, "armeb", NULL },
	{ EM_AARCH64, "aarch64_ilp32", "aarch64", "aarch64_be_ilp32", "aarch64_be" },
	{ EM_RISCV, "riscv32", "riscv64", NULL, NULL },
	{ EM_PPC, "ppcle", NULL, "ppc", NULL },
	{ EM_PPC64, NULL, "ppc64le", NULL, "ppc64" },
	{ EM_S390, NULL, NULL, "s390", "s390x" },
	{ EM_MIPS, "mipsel", "mips64el", "mips", "mips64" },
	{ EM_LOONGARCH, "loongarch32", "loongarch64", NULL, NULL },
	{ EM_SPARCV9, NULL, NULL, NULL, "sparc64" },
};

const char *elf_machine(const struct elf *elf, char buffer[48])
{
	size_t i;

	for (i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		const struct machine *row = &machines[i];
		const char *name = elf->is_big_endian
		                           ? (elf->is_64 ? row->big_endian_64 : row->big_endian_32)
		                           : (elf->is_64 ? row->bits_64 : row->bits_32);

		if (row->machine == elf->machine && name)
			return name;
	}
	snprintf(buffer, 48, "machine %u%s%s", elf->machine, elf->is_64 ? "" : " (32 bit)",
	         elf->is_big_endian ? " (big-endian)" : "");
	return buffer;
}

const char *elf_native(void)
{
	return NATIVE_NAME;
}

bool elf_is_native(const struct elf *elf)
{
	return elf->is_64 && !elf->is_big_endian && elf->machine == NATIVE_MACHINE;
}

bool elf_is_compat(const struct elf *elf)
{
	return !elf->is_64 && !elf->is_big_endian &&
	       (elf->machine == COMPAT_MACHINE || elf->machine == NATIVE_MACHINE);
}
