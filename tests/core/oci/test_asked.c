/* What documents ask for, and of whom. */
#include "document.h"

static void empty_values_ask_for_nothing(void **state)
{
	static const char *const empty[] = {
		"null", "false", "0",  "-0",
		"\"\"", "[]",    "{}", "{\"a\": 0, \"b\": {\"c\": \"\", \"d\": [], \"e\": null}}"
	};
	static const char *const full[] = { "true",
		                            "1",
		                            "-1",
		                            "\"0\"",
		                            "[0]",
		                            "[null]",
		                            "0.0",
		                            "{\"a\": 1}",
		                            "18446744073709551615",
		                            "{\"a\": {\"b\": [{}]}}" };
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		cleanup_spec struct spec spec = SPEC_NONE;

		snprintf(text, sizeof(text), CONFIG(", \"x\": %s"), empty[i]);
		spec = document(SPEC_CONFIG, text);
		if (spec_asks(&spec, "x"))
			fail_msg("%s asks", empty[i]);
	}
	for (size_t i = 0; i < sizeof(full) / sizeof(full[0]); i++) {
		cleanup_spec struct spec spec = SPEC_NONE;

		snprintf(text, sizeof(text), CONFIG(", \"x\": %s"), full[i]);
		spec = document(SPEC_CONFIG, text);
		if (!spec_asks(&spec, "x"))
			fail_msg("%s does not ask", full[i]);
		assert_false(spec_asks(&spec, "y"));
	}
}

static void a_namespace_is_asked_for_by_its_type(void **state)
{
	cleanup_spec struct spec spec =
		document(SPEC_CONFIG, CONFIG(", \"linux\": {\"namespaces\": [{\"type\": \"pid\"}, "
	                                     "{\"type\": \"network\", \"path\": \"\"}]}"));

	(void)state;
	assert_true(spec_asks(&spec, "linux.namespaces[type=network]"));
	assert_false(spec_asks(&spec, "linux.namespaces[type=user]"));
}

struct seen {
	char text[1024];
	int stop_at; /* visits left */
};

static int note(void *context, const char *path, const char *owner)
{
	struct seen *seen = context;
	size_t used = strlen(seen->text);

	snprintf(seen->text + used, sizeof(seen->text) - used, "%s %s\n", path, owner);
	return --seen->stop_at == 0 ? 42 : 0;
}

static const char asking[] =
	CONFIG(", \"process\": {\"cwd\": \"/\", \"args\": [\"a\"], \"terminal\": true, "
               "\"user\": {\"uid\": 0, \"gid\": 0}, \"noNewPrivileges\": false, "
               "\"commandLine\": \"x\", \"capabilities\": {\"bounding\": [\"CAP_KILL\"]}, "
               "\"selinuxLabel\": \"l\", \"apparmorProfile\": \"\"}, "
               "\"hostname\": \"h\", \"mounts\": [{\"destination\": \"/a\"}], \"hooks\": {}, "
               "\"windows\": {\"a\": 1}, \"unknown\": 1, "
               "\"linux\": {\"resources\": {\"memory\": {\"limit\": 0}, \"blockIO\": {}}, "
               "\"intelRdt\": {\"closID\": \"c\"}, \"netDevices\": {\"eth0\": {\"name\": \"a\"}}, "
               "\"namespaces\": [{\"type\": \"pid\"}], "
               "\"seccomp\": {\"defaultAction\": \"SCMP_ACT_LOG\"}}");

static void each_asked_field_has_its_owner(void **state)
{
	cleanup_spec struct spec spec = document(SPEC_CONFIG, asking);
	struct seen seen = { .text = "" };

	(void)state;
	assert_int_equal(spec_each_asked(&spec, note, &seen), 0);
	assert_string_equal(seen.text, "ociVersion core\n"
	                               "root.path rootfs\n"
	                               "process.cwd core\n"
	                               "process.args core\n"
	                               "process.terminal rootfs\n"
	                               "process.capabilities capabilities\n"
	                               "process.selinuxLabel selinux\n"
	                               "hostname namespace\n"
	                               "mounts rootfs\n"
	                               "linux.intelRdt intelRdt\n"
	                               "linux.netDevices network\n"
	                               "linux.namespaces namespace\n"
	                               "linux.seccomp seccomp\n");
}

static void a_visitor_stops_the_walk(void **state)
{
	cleanup_spec struct spec spec = document(SPEC_CONFIG, asking);
	struct seen seen = { .text = "", .stop_at = 3 };

	(void)state;
	assert_int_equal(spec_each_asked(&spec, note, &seen), 42);
	assert_string_equal(seen.text, "ociVersion core\nroot.path rootfs\nprocess.cwd core\n");
}

/* Objects without a single member are what Go makes of a pointer to nothing: no member of them is
 * missed. In a list they are items, and items have to be whole. */
static void empty_objects_are_not_given(void **state)
{
	cleanup_spec struct spec spec =
		document(SPEC_CONFIG,
	                 PROCESS("}, \"hooks\": {}, \"linux\": {\"seccomp\": {}, \"intelRdt\": {}, "
	                         "\"resources\": {\"pids\": {}, \"memory\": {}}"));

	(void)state;
	assert_false(spec_asks(&spec, "linux"));
	assert_false(spec_asks(&spec, "hooks"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_values_ask_for_nothing),
		cmocka_unit_test(a_namespace_is_asked_for_by_its_type),
		cmocka_unit_test(empty_objects_are_not_given),
		cmocka_unit_test(each_asked_field_has_its_owner),
		cmocka_unit_test(a_visitor_stops_the_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
