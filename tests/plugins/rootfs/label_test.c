/* linux.mountLabel on paper: which file systems take it, and how it stands in their options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "internal.h"

#define LABEL "system_u:object_r:container_file_t:s0:c1,c2"

static struct rootfs rootfs;
static const char *asked; /* linux.mountLabel */
static bool selinux_is_on;

static bool paper_carried_out(const struct ironbox_stage *stage, const char *path)
{
	(void)stage;
	assert_string_equal(path, "linux.mountLabel");
	return asked && selinux_is_on;
}

static const struct ironbox_value *paper_spec(const struct ironbox_stage *stage, const char *path)
{
	(void)stage;
	(void)path;
	return (const struct ironbox_value *)asked;
}

static const char *paper_text(const struct ironbox_value *value)
{
	return (const char *)value;
}

static int paper_fail(struct ironbox_error *error, int code, const char *format, ...)
{
	(void)error;
	(void)code;
	(void)format;
	return -1;
}

static const struct ironbox_host host = {
	.carried_out = paper_carried_out,
	.spec = paper_spec,
	.text = paper_text,
	.fail = paper_fail,
};
static struct ironbox_stage stage = { .host = &host, .data = &rootfs };

static int begin(void **state)
{
	(void)state;
	rootfs = (struct rootfs){ 0 };
	asked = LABEL;
	selinux_is_on = true;
	return 0;
}

static void it_is_given_only_if_asked_for_and_on(void **state)
{
	(void)state;
	assert_int_equal(label_find(&stage, NULL), 0);
	assert_string_equal(rootfs.mount_label, LABEL);
	rootfs.mount_label = NULL;
	selinux_is_on = false;
	assert_int_equal(label_find(&stage, NULL), 0);
	assert_null(rootfs.mount_label);
	assert_null(label_of(&stage, "tmpfs", ""));
	assert_false(label_is_set_apart(&stage, "mqueue"));
	selinux_is_on = true;
	asked = "a:b:c\",context=\"d:e:f";
	assert_int_equal(label_find(&stage, NULL), -1);
}

static void file_systems_that_take_it(void **state)
{
	static const struct {
		const char *type;
		bool takes, takes_in_user_namespace;
	} rows[] = {
		{ "tmpfs", true, true },      { "devpts", true, true },
		{ "ramfs", true, true },      { "overlay", true, true },
		{ "ext4", true, false },      { "nfs", true, false },
		{ "hugetlbfs", true, false }, { "fuse", true, false },
		{ "proc", false, false },     { "sysfs", false, false },
		{ "mqueue", false, false },   { "cgroup", false, false },
		{ "cgroup2", false, false },  { "debugfs", false, false },
		{ "tracefs", false, false },  { "securityfs", false, false },
	};

	(void)state;
	rootfs.mount_label = LABEL;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rootfs.in_user_namespace = false;
		if ((label_of(&stage, rows[i].type, "") != NULL) != rows[i].takes)
			fail_msg("%s", rows[i].type);
		rootfs.in_user_namespace = true;
		if ((label_of(&stage, rows[i].type, "") != NULL) != rows[i].takes_in_user_namespace)
			fail_msg("%s in a user namespace", rows[i].type);
	}
	assert_true(label_is_set_apart(&stage, "mqueue"));
	assert_false(label_is_set_apart(&stage, "tmpfs"));
}

static void it_is_added_in_quotes(void **state)
{
	static const struct {
		const char *data, *becomes;
	} rows[] = {
		{ "", "context=\"" LABEL "\"" },
		{ "mode=755,size=64k", "mode=755,size=64k,context=\"" LABEL "\"" },
		/* the caller's own word counts */
		{ "context=\"a:b:c:s0:c3,c4\"", "context=\"a:b:c:s0:c3,c4\"" },
		{ "mode=755,rootcontext=a:b:c", "mode=755,rootcontext=a:b:c" },
		{ "fscontext=a:b:c", "fscontext=a:b:c" },
		{ "defcontext=a:b:c", "defcontext=a:b:c" },
		{ "x=\"y,context=z\"", "x=\"y,context=z\",context=\"" LABEL "\"" },
	};
	struct mount mount = { .type = "tmpfs", .destination = "/dev" };
	char data[4096];

	(void)state;
	rootfs.mount_label = LABEL;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(data, sizeof(data), "%s", rows[i].data);
		assert_int_equal(label_add(&stage, &mount, data, sizeof(data), NULL), 0);
		assert_string_equal(data, rows[i].becomes);
	}
	snprintf(data, sizeof(data), "mode=755");
	assert_int_equal(label_add(&stage, &mount, data, strlen(data) + strlen(LABEL), NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(it_is_given_only_if_asked_for_and_on, begin),
		cmocka_unit_test_setup(file_systems_that_take_it, begin),
		cmocka_unit_test_setup(it_is_added_in_quotes, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
