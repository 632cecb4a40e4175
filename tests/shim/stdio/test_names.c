/* URIs, and [stdio] of ironbox.ini. */
#include "box.h"

#include "stdio/uri.h"

static const struct good_uri {
	const char *text;
	enum uri_kind kind;
	const char *path, *arguments[6]; /* without the first, which is the path */
} good_uris[] = {
	{ NULL, URI_NONE, "", { NULL } },
	{ "", URI_NONE, "", { NULL } },
	{ "/run/containerd/fifo/1/web1-stdout",
	  URI_PATH,
	  "/run/containerd/fifo/1/web1-stdout",
	  { NULL } },
	{ "/a%20b://c?d", URI_PATH, "/a%20b://c?d", { NULL } },
	{ "fifo:///a%2fb", URI_FIFO, "/a/b", { NULL } },
	{ "file:///var/log/x%20y?k=v", URI_FILE, "/var/log/x y", { "k", "v" } },
	{ "file:///a/..b/c..", URI_FILE, "/a/..b/c..", { NULL } },
	{ "binary:///l", URI_BINARY, "/l", { NULL } },
	{ "binary:///l?", URI_BINARY, "/l", { NULL } },
	{ "binary-v2:///l?a=b=c&&d#e", URI_BINARY_V2, "/l", { "a", "b=c", "d", "" } },
	{ "binary:///l?a=1&b=2&a=3", URI_BINARY, "/l", { "a", "1", "b", "2" } },
	{ "binary:///l?%3d=%26", URI_BINARY, "/l", { "=", "&" } },
};

static void a_uri_is_taken_apart(void **state)
{
	const struct good_uri *good = *state;
	struct uri uri;
	ERROR_NONE(error);

	if (uri_parse(&uri, good->text, &error) < 0)
		fail_msg("%s", error_text(&error));
	assert_int_equal(uri.kind, good->kind);
	if (uri.kind == URI_NONE)
		return;
	assert_string_equal(uri.path, good->path);
	for (int i = 0; uri.kind != URI_PATH; i++) {
		const char *argument = uri.arguments[i + 1];

		if (!good->arguments[i])
			assert_null(argument);
		if (!good->arguments[i])
			break;
		assert_string_equal(argument, good->arguments[i]);
	}
}

static const char *const bad_uris[] = {
	"relative",          "../x",           "/a/../b",          "/..",
	"file:/a",           "file:///a/..",   "file:///%2e%2e/a", "file://host/a",
	"file:///a%",        "file:///a%4",    "file:///a%zz",     "file:///a%00b",
	"binary:///l?a=%00", "binary:///l?%q", "http:///a",        "://a",
	"binary-v3:///l",    "FILE:///a",
};

static void a_bad_uri_is_refused(void **state)
{
	struct uri uri;
	ERROR_NONE(error);

	assert_int_equal(uri_parse(&uri, *state, &error), -1);
	assert_true(error_is_told(&error));
}

/* Of any length, and with any number of keys. */
static void a_uri_is_bounded(void **state)
{
	char text[2 * URI_SIZE_MAX] = "binary:///l?";
	struct uri uri;
	ERROR_NONE(error);

	(void)state;
	for (int i = 0; i < URI_ARGUMENTS_MAX / 2; i++)
		sprintf(text + strlen(text), "%d&", i);
	assert_int_equal(uri_parse(&uri, text, &error), 0);
	assert_null(uri.arguments[URI_ARGUMENTS_MAX + 1]);
	strcat(text, "one=more");
	assert_int_equal(uri_parse(&uri, text, &error), -1);
	memset(text, '/', sizeof(text) - 1);
	for (size_t size = PATH_MAX - 4; size < sizeof(text); size++) {
		text[size] = '\0';
		error_reset(&error);
		assert_int_equal(uri_parse(&uri, text, &error), size < PATH_MAX ? 0 : -1);
		text[size] = '/';
	}
}

/* ---- ironbox.ini ---- */

static int read_settings(struct config *config, const char *text, struct stdio_settings *settings,
                         struct ironbox_error *error)
{
	config_free(config);
	if (config_parse(config, "t.ini", text, strlen(text), error) < 0)
		return -1;
	return stdio_settings_read(config, settings, error);
}

static void without_a_word_it_blocks(void **state)
{
	cleanup_config struct config config = CONFIG_NONE;
	struct stdio_settings settings;
	ERROR_NONE(error);

	(void)state;
	assert_int_equal(read_settings(&config, "", &settings, &error), 0);
	assert_int_equal(settings.on_stall, STDIO_BLOCK);
	assert_int_equal(settings.spill_limit, 16777216);
	assert_string_equal(settings.spill_folder, "/run");
	assert_string_equal(settings.loggers, "/usr/local/bin/nerdctl?_NERDCTL_INTERNAL_LOGGING "
	                                      "/usr/bin/nerdctl?_NERDCTL_INTERNAL_LOGGING "
	                                      "/usr/libexec/ironbox/loggers");
}

static void all_of_it_is_read(void **state)
{
	cleanup_config struct config config = CONFIG_NONE;
	struct stdio_settings settings;
	ERROR_NONE(error);

	(void)state;
	assert_int_equal(read_settings(&config,
	                               "[stdio]\non_stall = spill\nspill_limit = 4096\n"
	                               "spill_folder = /var/tmp\nloggers =\n",
	                               &settings, &error),
	                 0);
	assert_int_equal(settings.on_stall, STDIO_SPILL);
	assert_int_equal(settings.spill_limit, 4096);
	assert_string_equal(settings.spill_folder, "/var/tmp");
	assert_string_equal(settings.loggers, "");
	assert_int_equal(read_settings(&config, "[stdio]\non_stall = drop\n", &settings, &error),
	                 0);
	assert_int_equal(settings.on_stall, STDIO_DROP);
}

static const struct bad_settings {
	const char *text, *error;
} bad_settings[] = {
	{ "[stdio]\non_stall = wait\n",
	  "t.ini:2: [stdio] on_stall: expected block, spill or drop" },
	{ "[stdio]\n\nspill_limit = 16M\n",
	  "t.ini:3: [stdio] spill_limit: expected an integer from 0 to 18446744073709551615" },
	{ "[stdio]\nspill_limit = 0\n", "t.ini:2: [stdio] spill_limit: expected 1 or more" },
	{ "[stdio]\nspill_folder = tmp\n",
	  "t.ini:2: [stdio] spill_folder: expected an absolute path" },
	{ "[stdio]\nloggers = /a b\n", "t.ini:2: [stdio] loggers: b: expected an absolute path" },
	{ "[stdio]\nonstall = drop\n", "t.ini:2: [stdio] onstall: no such key" },
	{ "[pipeline]\nstages = stdio\n",
	  "t.ini:2: [pipeline] stages: \"stdio\" can't be a stage's name" },
};

static void bad_settings_are_told_with_their_line(void **state)
{
	const struct bad_settings *bad = *state;
	cleanup_config struct config config = CONFIG_NONE;
	struct stdio_settings settings;
	ERROR_NONE(error);

	assert_int_equal(read_settings(&config, bad->text, &settings, &error), -1);
	assert_string_equal(error_text(&error), bad->error);
}

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

int main(void)
{
	struct CMUnitTest tests[COUNT(good_uris) + COUNT(bad_uris) + COUNT(bad_settings) + 3];
	size_t count = 0;

	for (size_t i = 0; i < COUNT(good_uris); i++)
		tests[count++] = (struct CMUnitTest)cmocka_unit_test_prestate(
			a_uri_is_taken_apart, (void *)(uintptr_t)&good_uris[i]);
	for (size_t i = 0; i < COUNT(bad_uris); i++)
		tests[count++] = (struct CMUnitTest)cmocka_unit_test_prestate(
			a_bad_uri_is_refused, (void *)(uintptr_t)bad_uris[i]);
	for (size_t i = 0; i < COUNT(bad_settings); i++)
		tests[count++] = (struct CMUnitTest)cmocka_unit_test_prestate(
			bad_settings_are_told_with_their_line, (void *)(uintptr_t)&bad_settings[i]);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(a_uri_is_bounded);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(without_a_word_it_blocks);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(all_of_it_is_read);
	return cmocka_run_group_tests_name("shim.stdio.names", tests, NULL, NULL);
}
