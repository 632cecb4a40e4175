/* Access to a document: by path, by item, by tables. */
#include "document.h"

static const char text[] =
	CONFIG(", \"hostname\": \"box\", \"mounts\": ["
               "{\"destination\": \"/proc\", \"type\": \"proc\"}, "
               "{\"destination\": \"/data\", \"options\": [\"rbind\", \"ro\"]}], "
               "\"annotations\": {\"a.b\": \"1\", \"c\": \"2\"}, \"linux\": {\"namespaces\": ["
               "{\"type\": \"pid\"}, {\"type\": \"network\", \"path\": \"/ns\"}], "
               "\"seccomp\": null, \"resources\": {\"memory\": {\"limit\": 7, "
               "\"disableOOMKiller\": true}}}");

static int parse(void **state)
{
	struct spec *spec = malloc(sizeof(*spec));

	assert_non_null(spec);
	*spec = document(SPEC_CONFIG, text);
	*state = spec;
	return 0;
}

static int done(void **state)
{
	spec_free(*state);
	free(*state);
	return 0;
}

static void paths_lead_to_values(void **state)
{
	const struct spec *spec = *state;

	assert_string_equal(spec_text(spec, "hostname"), "box");
	assert_string_equal(spec_text(spec, "mounts[1].destination"), "/data");
	assert_string_equal(spec_text(spec, "mounts[1].options[1]"), "ro");
	assert_string_equal(spec_text(spec, "linux.namespaces[type=network].path"), "/ns");
	assert_string_equal(spec_text(spec, "linux.namespaces[type=pid].type"), "pid");
	assert_true(spec_bool(spec, "linux.resources.memory.disableOOMKiller"));
	assert_ptr_equal(spec_at(spec, ""), (const struct ironbox_value *)spec->root);
}

static void other_paths_lead_nowhere(void **state)
{
	static const char *const nowhere[] = {
		"x",
		"hostname.x",
		"hostname[0]",
		"mounts[2]",
		"mounts.destination",
		"mounts[0].type.x",
		"linux.namespaces[type=ipc]",
		"linux.namespaces[type=network",
		"linux.namespaces[kind=network]",
		"linux.seccomp",
		"linux.seccomp.syscalls",
		"linux.resources[0]",
		"[0]",
		"[",
		".",
	};
	const struct spec *spec = *state;

	for (size_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++)
		if (spec_at(spec, nowhere[i]) &&
		    strcmp(nowhere[i], "linux.namespaces[type=network"))
			fail_msg("%s leads somewhere", nowhere[i]);
	assert_null(spec_text(spec, "linux"));
	assert_null(spec_text(spec, "linux.resources.memory.limit"));
	assert_false(spec_bool(spec, "hostname"));
	assert_false(spec_bool(spec, "x"));
}

static void items_are_counted(void **state)
{
	const struct spec *spec = *state;
	const struct ironbox_value *annotations = spec_at(spec, "annotations");
	const char *key = "untouched";

	assert_int_equal(value_count(spec_at(spec, "mounts")), 2);
	assert_int_equal(value_count(annotations), 2);
	assert_int_equal(value_count(spec_at(spec, "hostname")), 0);
	assert_int_equal(value_count(NULL), 0);
	assert_string_equal(value_text(value_item(annotations, 0, &key)), "1");
	assert_string_equal(key, "a.b");
	assert_string_equal(value_text(value_item(annotations, 1, &key)), "2");
	assert_string_equal(key, "c");
	assert_null(value_item(annotations, 2, &key));
	assert_null(key);
	assert_non_null(value_item(spec_at(spec, "mounts"), 1, &key));
	assert_null(key);
	assert_null(value_item(spec_at(spec, "mounts"), 2, NULL));
	assert_null(value_item(NULL, 0, NULL));
	assert_null(value_item(spec_at(spec, "hostname"), 0, NULL));
	assert_string_equal(value_text(value_member(annotations, "a.b")), "1");
	assert_null(value_member(annotations, "x"));
	assert_null(value_member(NULL, "x"));
}

struct mount {
	const char *destination, *type, *source;
	const struct ironbox_value *options;
	bool has_type;
};

static const struct ironbox_field mount_fields[] = {
	IRONBOX_FIELD_REQUIRED(struct mount, destination, "destination"),
	IRONBOX_FIELD_HAS(struct mount, type, "type"),
	IRONBOX_FIELD(struct mount, source, "source"),
	IRONBOX_FIELD(struct mount, options, "options"),
	IRONBOX_FIELD_END,
};

static void tables_fill_structs(void **state)
{
	const struct spec *spec = *state;
	struct mount mount = { .source = "kept" };
	ERROR_NONE(error);

	assert_int_equal(value_read(spec, spec_at(spec, "mounts[0]"), mount_fields, &mount, &error),
	                 0);
	assert_string_equal(mount.destination, "/proc");
	assert_string_equal(mount.type, "proc");
	assert_true(mount.has_type);
	assert_string_equal(mount.source, "kept");
	assert_null(mount.options);
	mount = (struct mount){ 0 };
	assert_int_equal(value_read(spec, spec_at(spec, "mounts[1]"), mount_fields, &mount, &error),
	                 0);
	assert_false(mount.has_type);
	assert_int_equal(value_count(mount.options), 2);
}

struct wrong {
	bool yes;
	const char *text;
	const struct ironbox_value *list;
	uint32_t number;
};

#define WRONG(member, name, path, error)                                                         \
	{                                                                                        \
		{ IRONBOX_FIELD_REQUIRED(struct wrong, member, name), IRONBOX_FIELD_END }, path, \
			error                                                                    \
	}

static void errors_have_the_path(void **state)
{
	static const struct {
		struct ironbox_field fields[2];
		const char *path, *error;
	} rows[] = {
		WRONG(yes, "limit", "linux.resources.memory",
		      "linux.resources.memory.limit: expected true or false"),
		WRONG(text, "limit", "linux.resources.memory",
		      "linux.resources.memory.limit: expected a string"),
		WRONG(list, "destination", "mounts[1]",
		      "mounts[1].destination: expected an array or an object"),
		WRONG(number, "options", "mounts[1]", "mounts[1].options: expected an integer"),
		WRONG(text, "source", "mounts[1]", "mounts[1].source: missing"),
		WRONG(text, "seccomp", "linux", "linux.seccomp: missing"),
		WRONG(text, "process", "", "process: missing"),
		WRONG(text, "path", "nowhere", "path: missing"),
		WRONG(text, "path", "mounts[0].type", "mounts[0].type: expected an object"),
	};
	const struct spec *spec = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wrong wrong = { 0 };
		ERROR_NONE(error);

		assert_int_equal(value_read(spec, spec_at(spec, rows[i].path), rows[i].fields,
		                            &wrong, &error),
		                 -1);
		assert_string_equal(error_text(&error), rows[i].error);
	}
}

static void a_process_takes_another_ones_place(void **state)
{
	static const char other[] = "{\"cwd\": \"/tmp\", \"args\": [\"id\"]}";
	cleanup_spec struct spec spec = document(SPEC_CONFIG, PROCESS(", \"terminal\": true"));
	struct spec process = document(SPEC_PROCESS, other);

	(void)state;
	spec_replace_process(&spec, &process);
	assert_null(process.root);
	assert_null(process.text);
	assert_string_equal(spec_text(&spec, "process.cwd"), "/tmp");
	assert_string_equal(spec_text(&spec, "process.args[0]"), "id");
	assert_false(spec_bool(&spec, "process.terminal"));
	assert_string_equal(spec_text(&spec, "root.path"), "rootfs");
}

/* An exec must be confined no less for not saying so, or for saying "". */
static void a_process_inherits_labels(void **state)
{
	static const struct {
		const char *process, *apparmor, *selinux;
	} rows[] = {
		{ "", "p", "l" },
		{ ", \"apparmorProfile\": \"\", \"selinuxLabel\": \"\"", "p", "l" },
		{ ", \"apparmorProfile\": \"q\"", "q", "l" },
		{ ", \"apparmorProfile\": \"unconfined\", \"selinuxLabel\": \"m\"", "unconfined",
		  "m" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_spec struct spec spec =
			document(SPEC_CONFIG,
		                 PROCESS(", \"apparmorProfile\": \"p\", \"selinuxLabel\": \"l\""));
		struct spec process;
		char given[256];

		snprintf(given, sizeof(given), "{\"cwd\": \"/\", \"args\": [\"id\"]%s}",
		         rows[i].process);
		process = document(SPEC_PROCESS, given);
		spec_replace_process(&spec, &process);
		assert_string_equal(spec_text(&spec, "process.apparmorProfile"), rows[i].apparmor);
		assert_string_equal(spec_text(&spec, "process.selinuxLabel"), rows[i].selinux);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_lead_to_values),
		cmocka_unit_test(other_paths_lead_nowhere),
		cmocka_unit_test(items_are_counted),
		cmocka_unit_test(tables_fill_structs),
		cmocka_unit_test(errors_have_the_path),
		cmocka_unit_test(a_process_takes_another_ones_place),
		cmocka_unit_test(a_process_inherits_labels),
	};

	return cmocka_run_group_tests(tests, parse, done);
}
