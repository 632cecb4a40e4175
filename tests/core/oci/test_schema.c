/*
 * The specification's own schema, walked: each field in it has a row in the tables, with an owner,
 * and the type that the schema gives it. A field that the next specification brings fails here
 * until someone decides whose it is. And its examples: the good ones pass, the bad ones do not.
 */
#include "document.h"

#include <fcntl.h>
#include <unistd.h>

#include <jansson.h>

#include <ironbox/cleanup.h>

#include "support/file.h"

#define SCHEMA_FOLDER TEST_FOLDER "/schema"
#define FILES_MAX     16

/* Blocks of other systems; the schema refers to files that are not kept here. */
static const char *const foreign[] = { "config-solaris.json", "config-windows.json",
	                               "config-vm.json", "config-zos.json", "config-freebsd.json" };

struct schema {
	struct {
		char *name;
		json_t *root;
	} files[FILES_MAX];
	size_t count, fields;
};

static json_t *file_root(struct schema *schema, const char *name)
{
	char path[512];
	json_error_t failure;

	for (size_t i = 0; i < schema->count; i++)
		if (strcmp(schema->files[i].name, name) == 0)
			return schema->files[i].root;
	assert_in_range(schema->count, 0, FILES_MAX - 1);
	snprintf(path, sizeof(path), SCHEMA_FOLDER "/%s", name);
	schema->files[schema->count].name = strdup(name);
	/* defs.json names UINT64_MAX, which jansson can't hold as an integer */
	schema->files[schema->count].root = json_load_file(path, JSON_DECODE_INT_AS_REAL, &failure);
	if (!schema->files[schema->count].root)
		fail_msg("%s: %s", path, failure.text);
	return schema->files[schema->count++].root;
}

/* The node that "defs.json#/definitions/int64" means in file `name`, which moves to that file;
 * NULL: one of another system. */
static json_t *referred(struct schema *schema, const char *reference, char name[64])
{
	const char *hash = strchr(reference, '#');
	json_t *node;

	assert_non_null(hash);
	if (hash > reference)
		snprintf(name, 64, "%.*s", (int)(hash - reference), reference);
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		if (strcmp(name, foreign[i]) == 0)
			return NULL;
	node = file_root(schema, name);
	for (const char *step = hash + 2; step && *step;) {
		size_t size = strcspn(step, "/");

		node = json_object_getn(node, step, size);
		if (!node)
			fail_msg("%s leads nowhere in %s", reference, name);
		step += size + (step[size] == '/');
	}
	return node;
}

/* Writes a document that has `value` at the pattern and nothing else, and the value's path:
 * "mounts[].options" becomes {"mounts": [{"options": VALUE}]} and "mounts[0].options". */
static void write_document(FILE *document, FILE *path, const char *pattern, const char *value)
{
	size_t size = strcspn(pattern, ".[");

	if (!*pattern) {
		fputs(value, document);
	} else if (*pattern == '[') {
		fputs("[0]", path);
		fputc('[', document);
		write_document(document, path, pattern + 2, value);
		fputc(']', document);
	} else if (*pattern == '.') {
		fputc('.', path);
		write_document(document, path, pattern + 1, value);
	} else {
		const char *key = *pattern == '*' ? "key" : pattern;
		int key_size = *pattern == '*' ? 3 : (int)size;

		fprintf(path, "%.*s", key_size, key);
		fprintf(document, "{\"%.*s\": ", key_size, key);
		write_document(document, path, pattern + size, value);
		fputc('}', document);
	}
}

/* A value of another type than the schema's is refused, by its path. */
static void check_type(const char *pattern, const char *type)
{
	cleanup_free char *text = NULL, *path = NULL;
	size_t text_size, path_size;
	FILE *document_stream = open_memstream(&text, &text_size);
	FILE *path_stream = open_memstream(&path, &path_size);
	struct spec spec = SPEC_NONE;
	char expected[512];
	ERROR_NONE(error);

	write_document(document_stream, path_stream, pattern,
	               strcmp(type, "array") == 0 ? "true" : "[[]]");
	assert_int_equal(fclose(document_stream) | fclose(path_stream), 0);
	snprintf(expected, sizeof(expected), "c: %s: expected %s", path,
	         strcmp(type, "string") == 0    ? "a string"
	         : strcmp(type, "boolean") == 0 ? "true or false"
	         : strcmp(type, "integer") == 0 ? "an integer"
	         : strcmp(type, "array") == 0   ? "an array"
	                                        : "an object");
	assert_int_equal(spec_parse(&spec, SPEC_CONFIG, "c", text, text_size, &error), -1);
	assert_string_equal(error_text(&error), expected);
}

static void check_field(const char *pattern, const char *type)
{
	bool holds_others = strcmp(pattern, "process") == 0 || strcmp(pattern, "root") == 0 ||
	                    strcmp(pattern, "linux") == 0;
	const char *owner = spec_owner(pattern);

	if (!owner && !holds_others)
		fail_msg("%s: no row, or no owner", pattern);
	if (type && (!owner || strcmp(owner, "none") != 0))
		check_type(pattern, type);
}

static void walk(struct schema *schema, const char *file, json_t *node, const char *pattern);

static void walk_members(struct schema *schema, const char *file, json_t *members,
                         const char *pattern, const char *as)
{
	const char *key;
	json_t *member;

	json_object_foreach(members, key, member)
	{
		char inner[512];

		snprintf(inner, sizeof(inner), "%s%s%s", pattern, *pattern ? "." : "",
		         as ? as : key);
		schema->fields++;
		walk(schema, file, member, inner);
	}
}

static void walk_all(struct schema *schema, const char *file, json_t *nodes, const char *pattern)
{
	for (size_t i = 0; i < json_array_size(nodes); i++)
		walk(schema, file, json_array_get(nodes, i), pattern);
}

static void walk(struct schema *schema, const char *file, json_t *node, const char *pattern)
{
	const char *reference = json_string_value(json_object_get(node, "$ref"));
	const json_t *more = json_object_get(node, "additionalProperties");
	char name[64], inner[512];

	if (*pattern)
		check_field(pattern, json_string_value(json_object_get(node, "type")));
	snprintf(name, sizeof(name), "%s", file);
	if (reference) {
		node = referred(schema, reference, name);
		if (node)
			walk(schema, name, node, pattern);
		return;
	}
	walk_members(schema, name, json_object_get(node, "properties"), pattern, NULL);
	walk_members(schema, name, json_object_get(node, "patternProperties"), pattern, "*");
	walk_all(schema, name, json_object_get(node, "allOf"), pattern);
	walk_all(schema, name, json_object_get(node, "anyOf"), pattern);
	walk_all(schema, name, json_object_get(node, "oneOf"), pattern);
	if (json_is_object(more)) {
		snprintf(inner, sizeof(inner), "%s.*", pattern);
		walk(schema, name, json_object_get(node, "additionalProperties"), inner);
	}
	if (json_object_get(node, "items")) {
		snprintf(inner, sizeof(inner), "%s[]", pattern);
		walk(schema, name, json_object_get(node, "items"), inner);
	}
}

static void each_field_has_an_owner_and_a_type(void **state)
{
	struct schema schema = { .count = 0 };

	(void)state;
	walk(&schema, "config-schema.json", file_root(&schema, "config-schema.json"), "");
	/* a walk that finds nothing would pass: runtime-spec 1.3 has more than these */
	assert_in_range(schema.fields, 200, 1000);
	for (size_t i = 0; i < schema.count; i++) {
		free(schema.files[i].name);
		json_decref(schema.files[i].root);
	}
}

static void owners_are_known(void **state)
{
	static const struct {
		const char *pattern, *owner;
	} rows[] = {
		{ "ociVersion", "core" },
		{ "annotations.*", "core" },
		{ "hooks.prestart[].args[]", "core" },
		{ "root.path", "rootfs" },
		{ "root.readonly", "rootfs" },
		{ "mounts[].uidMappings[].size", "rootfs" },
		{ "hostname", "namespace" },
		{ "domainname", "namespace" },
		{ "process.args[]", "core" },
		{ "process.user.additionalGids[]", "core" },
		{ "process.user.username", "none" },
		{ "process.commandLine", "none" },
		{ "process.terminal", "rootfs" },
		{ "process.consoleSize.width", "rootfs" },
		{ "process.capabilities.ambient[]", "capabilities" },
		{ "process.apparmorProfile", "apparmor" },
		{ "process.selinuxLabel", "selinux" },
		{ "linux.mountLabel", "selinux" },
		{ "linux.namespaces[].type", "namespace" },
		{ "linux.timeOffsets.boottime.secs", "namespace" },
		{ "linux.sysctl.*", "namespace" },
		{ "linux.devices[].fileMode", "rootfs" },
		{ "linux.maskedPaths[]", "rootfs" },
		{ "linux.resources.hugepageLimits[].limit", "cgroup" },
		{ "linux.resources.rdma.*.hcaHandles", "cgroup" },
		{ "linux.resources.unified.*", "cgroup" },
		{ "linux.cgroupsPath", "cgroup" },
		{ "linux.netDevices.*.name", "network" },
		{ "linux.seccomp.syscalls[].args[].valueTwo", "seccomp" },
		{ "linux.intelRdt.closID", "intelRdt" },
		{ "linux.personality.domain", "core" },
		{ "linux.memoryPolicy.flags[]", "core" },
		{ "windows", "none" },
		{ "windows.layerFolders[]", "none" },
		{ "vm.hypervisor.path", "none" },
		{ "solaris", "none" },
		{ "freebsd", "none" },
		{ "zos", "none" },
	};
	static const char *const unknown[] = {
		"hostnam",           "hostname.x",
		"linux.resources[]", "linux.sysctl.a",
		"mounts.x",          "process.args.x",
		"hooks.x",           "linux.resources.memory.x",
		"linux.devices.*",   "annotations.*.x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(spec_owner(rows[i].pattern), rows[i].owner);
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		assert_null(spec_owner(unknown[i]));
}

static void good_examples_pass(void **state)
{
	static const char *const good[] = { "linux-netdevice.json", "linux-rdma.json",
		                            "minimal-for-start.json", "minimal.json" };
	int folder = open(SCHEMA_FOLDER "/good", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_true(folder >= 0);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		cleanup_spec struct spec spec = SPEC_NONE;
		ERROR_NONE(error);

		if (spec_load(&spec, SPEC_CONFIG, folder, good[i], &error) < 0)
			fail_msg("%s", error_text(&error));
	}
	close(folder);
}

/* The long example says that it is of version 0.5, which is before the specification's 1.0. */
static void the_long_example_passes_as_1_0(void **state)
{
	int fd = open(SCHEMA_FOLDER "/good/spec-example.json", O_RDONLY | O_CLOEXEC);
	cleanup_spec struct spec spec = SPEC_NONE;
	cleanup_free char *text = NULL;
	size_t size;
	char *version;

	(void)state;
	assert_true(fd >= 0);
	text = file_read(fd, 1 << 20, &size);
	close(fd);
	assert_non_null(text);
	version = strstr(text, "0.5.0-dev");
	assert_non_null(version);
	memcpy(version, "1.0.0", 5);
	spec = document(SPEC_CONFIG, text);
	assert_string_equal(spec_text(&spec, "ociVersion"), "1.0.0-dev");
}

static void bad_examples_do_not(void **state)
{
	static const struct {
		const char *name, *error;
	} bad[] = {
		{ "invalid-json.json", "invalid-json.json:1:2: string or '}' expected near ']'" },
		{ "../good/spec-example.json",
		  "../good/spec-example.json: ociVersion: \"0.5.0-dev\" is no version 1.x.y of the "
		  "runtime specification" },
		{ "linux-hugepage.json",
		  "linux-hugepage.json: linux.resources.hugepageLimits[0].pageSize: \"64kB\" is no "
		  "page size such as 2MB" },
		{ "linux-netdevice.json",
		  "linux-netdevice.json: linux.netDevices.eth0.name: expected a string" },
		{ "linux-rdma.json",
		  "linux-rdma.json: linux.resources.rdma.mlx5_1.hcaHandles: expected an integer" },
	};
	int folder = open(SCHEMA_FOLDER "/bad", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_true(folder >= 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct spec spec = SPEC_NONE;
		ERROR_NONE(error);

		assert_int_equal(spec_load(&spec, SPEC_CONFIG, folder, bad[i].name, &error), -1);
		assert_string_equal(error_text(&error), bad[i].error);
	}
	close(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_field_has_an_owner_and_a_type),
		cmocka_unit_test(owners_are_known),
		cmocka_unit_test(good_examples_pass),
		cmocka_unit_test(the_long_example_passes_as_1_0),
		cmocka_unit_test(bad_examples_do_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
