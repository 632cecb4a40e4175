/* The rows of linux.resources: what `update --resources` sends as a document of its own. */
#include "oci/fields.h"

#include <string.h>

static const struct field_word device_type_words[] = {
	{ "a", 0 }, { "b", 0 }, { "c", 0 }, { "u", 0 }, { "p", 0 }, { 0 },
};

static bool is_device_access(const char *text)
{
	return !text[strspn(text, "rwm")];
}

static const struct field_rule device_access_rule = { is_device_access,
	                                              "has letters other than r, w and m" };
static const struct spec_field device_rule_fields[] = {
	{ BOOL("allow"), .required = true },
	{ TEXT("type"), .words = device_type_words },
	{ INT64("major") },
	{ INT64("minor") },
	{ TEXT("access"), .rule = &device_access_rule },
	{ 0 },
};
static const struct spec_field device_rule_item = { OBJECT(NULL, device_rule_fields) };

static const struct spec_field memory_fields[] = {
	{ INT64("limit") },
	{ INT64("reservation") },
	{ INT64("swap") },
	{ INT64("kernel") },
	{ INT64("kernelTCP") },
	{ UINT64("swappiness") },
	{ BOOL("disableOOMKiller") },
	{ BOOL("useHierarchy") },
	{ BOOL("checkBeforeUpdate") },
	{ 0 },
};

static const struct spec_field cpu_fields[] = {
	{ UINT64("shares") },
	{ INT64("quota") },
	{ UINT64("burst") },
	{ UINT64("period") },
	{ INT64("realtimeRuntime") },
	{ UINT64("realtimePeriod") },
	{ TEXT("cpus") },
	{ TEXT("mems") },
	{ INT64("idle") },
	{ 0 },
};

static const struct spec_field pids_fields[] = {
	{ INT64("limit"), .required = true },
	{ 0 },
};

static const struct spec_field weight_device_fields[] = {
	{ INT64("major"), .required = true },
	{ INT64("minor"), .required = true },
	{ INTEGER("weight", 0, UINT16_MAX) },
	{ INTEGER("leafWeight", 0, UINT16_MAX) },
	{ 0 },
};
static const struct spec_field weight_device_item = { OBJECT(NULL, weight_device_fields) };

static const struct spec_field throttle_device_fields[] = {
	{ INT64("major"), .required = true },
	{ INT64("minor"), .required = true },
	{ UINT64("rate") },
	{ 0 },
};
static const struct spec_field throttle_device_item = { OBJECT(NULL, throttle_device_fields) };

static const struct spec_field block_io_fields[] = {
	{ INTEGER("weight", 0, UINT16_MAX) },
	{ INTEGER("leafWeight", 0, UINT16_MAX) },
	{ LIST("weightDevice", &weight_device_item) },
	{ LIST("throttleReadBpsDevice", &throttle_device_item) },
	{ LIST("throttleWriteBpsDevice", &throttle_device_item) },
	{ LIST("throttleReadIOPSDevice", &throttle_device_item) },
	{ LIST("throttleWriteIOPSDevice", &throttle_device_item) },
	{ 0 },
};

/* "2MB": ^[1-9][0-9]*[KMG]B$, as the schema has it; it becomes part of a file's name. */
static bool is_page_size(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits && text[0] != '0' && text[digits] && strchr("KMG", text[digits]) &&
	       strcmp(text + digits + 1, "B") == 0;
}

static const struct field_rule page_size_rule = { is_page_size, "is no page size such as 2MB" };
static const struct spec_field hugepage_fields[] = {
	{ TEXT("pageSize"), .required = true, .rule = &page_size_rule },
	{ UINT64("limit"), .required = true },
	{ 0 },
};
static const struct spec_field hugepage_item = { OBJECT(NULL, hugepage_fields) };

static const struct spec_field priority_fields[] = {
	{ TEXT("name"), .required = true },
	{ UINT32("priority"), .required = true },
	{ 0 },
};
static const struct spec_field priority_item = { OBJECT(NULL, priority_fields) };

static const struct spec_field network_fields[] = {
	{ UINT32("classID") },
	{ LIST("priorities", &priority_item) },
	{ 0 },
};

static const struct spec_field rdma_fields[] = {
	{ UINT32("hcaHandles") },
	{ UINT32("hcaObjects") },
	{ 0 },
};
static const struct spec_field rdma_item = { OBJECT(NULL, rdma_fields) };

/* The whole of it is the cgroup stage's: the row of linux.resources says so. */
const struct spec_field resources_fields[] = {
	{ LIST("devices", &device_rule_item) }, { OBJECT("memory", memory_fields) },
	{ OBJECT("cpu", cpu_fields) },          { OBJECT("pids", pids_fields) },
	{ OBJECT("blockIO", block_io_fields) }, { LIST("hugepageLimits", &hugepage_item) },
	{ OBJECT("network", network_fields) },  { MAP("rdma", &rdma_item) },
	{ MAP("unified", &text_item) },         { 0 },
};
