/* The rows of linux, but for resources and seccomp. */
#include "oci/fields.h"

#include <string.h>

static const struct field_word namespace_words[] = {
	{ "mount", 0 }, { "pid", 0 },    { "network", 0 }, { "uts", 0 }, { "ipc", 0 },
	{ "user", 0 },  { "cgroup", 0 }, { "time", 0 },    { 0 },
};

static const struct spec_field namespace_fields[] = {
	{ TEXT("type"), .required = true, .words = namespace_words },
	{ TEXT("path"), .rule = &absolute_or_empty_rule },
	{ 0 },
};
static const struct spec_field namespace_item = { OBJECT(NULL, namespace_fields) };

static const struct spec_field time_offset_fields[] = {
	{ INT64("secs") },
	{ INTEGER("nanosecs", 0, 999999999) }, /* time_namespaces(7) */
	{ 0 },
};
static const struct spec_field time_offsets_fields[] = {
	{ OBJECT("boottime", time_offset_fields) },
	{ OBJECT("monotonic", time_offset_fields) },
	{ 0 },
};

static const struct field_word device_type_words[] = {
	{ "b", 0 }, { "c", 0 }, { "u", 0 }, { "p", 0 }, { 0 },
};

static const struct spec_field device_fields[] = {
	{ TEXT("type"), .required = true, .words = device_type_words },
	{ TEXT("path"), .required = true, .rule = &absolute_rule },
	{ INT64("major") },
	{ INT64("minor") },
	{ INTEGER("fileMode", 0, 0177777) }, /* docker and podman send S_IFMT's bits as well */
	{ UINT32("uid") },
	{ UINT32("gid") },
	{ 0 },
};
static const struct spec_field device_item = { OBJECT(NULL, device_fields) };

static const struct spec_field net_device_fields[] = {
	{ TEXT("name") },
	{ 0 },
};
static const struct spec_field net_device_item = { OBJECT(NULL, net_device_fields) };

/* config-linux.md names the first four; the callers send the recursive ones as well. */
static const struct field_word propagation_words[] = {
	{ "private", 0 },    { "shared", 0 },      { "slave", 0 },
	{ "unbindable", 0 }, { "rprivate", 0 },    { "rshared", 0 },
	{ "rslave", 0 },     { "runbindable", 0 }, { 0 },
};

static const struct field_word personality_words[] = { { "LINUX", 0 }, { "LINUX32", 0 }, { 0 } };

static bool no_text_holds(const char *text)
{
	(void)text;
	return false;
}

/* config-linux.md: "Currently no flag values are supported." */
static const struct field_rule personality_flag_rule = { no_text_holds,
	                                                 "is no flag: the spec knows none yet" };
static const struct spec_field personality_flag_item = { TEXT(NULL),
	                                                 .rule = &personality_flag_rule };
static const struct spec_field personality_fields[] = {
	{ TEXT("domain"), .words = personality_words },
	{ LIST("flags", &personality_flag_item) },
	{ 0 },
};

static const struct field_word memory_mode_words[] = {
	{ "MPOL_DEFAULT", 0 },    { "MPOL_BIND", 0 },
	{ "MPOL_INTERLEAVE", 0 }, { "MPOL_WEIGHTED_INTERLEAVE", 0 },
	{ "MPOL_PREFERRED", 0 },  { "MPOL_PREFERRED_MANY", 0 },
	{ "MPOL_LOCAL", 0 },      { 0 },
};
static const struct field_word memory_flag_words[] = {
	{ "MPOL_F_NUMA_BALANCING", 0 },
	{ "MPOL_F_RELATIVE_NODES", 0 },
	{ "MPOL_F_STATIC_NODES", 0 },
	{ 0 },
};
static const struct spec_field memory_flag_item = { TEXT(NULL), .words = memory_flag_words };
static const struct spec_field memory_policy_fields[] = {
	{ TEXT("mode"), .words = memory_mode_words },
	{ TEXT("nodes") },
	{ LIST("flags", &memory_flag_item) },
	{ 0 },
};

static bool is_bandwidth_schema(const char *text)
{
	return !*text || (strncmp(text, "MB:", 3) == 0 && !strchr(text, '\n'));
}

static const struct field_rule bandwidth_rule = { is_bandwidth_schema,
	                                          "is no schema that begins with MB:" };
static const struct spec_field intel_rdt_fields[] = {
	{ TEXT("closID") },           { LIST("schemata", &text_item) },
	{ TEXT("l3CacheSchema") },    { TEXT("memBwSchema"), .rule = &bandwidth_rule },
	{ BOOL("enableMonitoring") }, { 0 },
};

const struct spec_field linux_fields[] = {
	{ LIST("namespaces", &namespace_item), .owner = "namespace" },
	{ LIST("uidMappings", &id_map_item), .owner = "namespace" },
	{ LIST("gidMappings", &id_map_item), .owner = "namespace" },
	{ OBJECT("timeOffsets", time_offsets_fields), .owner = "namespace" },
	{ MAP("sysctl", &text_item), .owner = "namespace" },
	{ LIST("devices", &device_item), .owner = "rootfs" },
	{ LIST("maskedPaths", &text_item), .owner = "rootfs" },
	{ LIST("readonlyPaths", &text_item), .owner = "rootfs" },
	{ TEXT("rootfsPropagation"), .owner = "rootfs", .words = propagation_words },
	{ TEXT("cgroupsPath"), .owner = "cgroup" },
	{ OBJECT("resources", resources_fields), .owner = "cgroup" },
	{ OBJECT("seccomp", seccomp_fields), .owner = "seccomp" },
	{ MAP("netDevices", &net_device_item), .owner = "network" },
	{ TEXT("mountLabel"), .owner = "selinux" },
	{ OBJECT("personality", personality_fields), .owner = "core" },
	{ OBJECT("memoryPolicy", memory_policy_fields), .owner = "core" },
	{ OBJECT("intelRdt", intel_rdt_fields), .owner = "intelRdt" }, /* no stage yet: refused */
	{ 0 },
};
