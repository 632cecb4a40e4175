/* ironbox.ini: its lines, its keys, and what is said about wrong ones. */
#include "folder.h"

#include <sched.h>

static const char *const default_stages[] = { "namespace", "cgroup",       "rootfs",
	                                      "network",   "capabilities", "apparmor",
	                                      "selinux",   "seccomp",      "criu" };

static void are_defaults(const struct config *config)
{
	assert_string_equal(config->plugin_path, IRONBOX_PLUGIN_PATH);
	assert_null(config->state_root);
	assert_int_equal(config->on_disabled, ON_DISABLED_REFUSE);
	for (size_t i = 0; i < sizeof(default_stages) / sizeof(default_stages[0]); i++)
		assert_string_equal(config->stages[i], default_stages[i]);
	assert_null(config->stages[sizeof(default_stages) / sizeof(default_stages[0])]);
	assert_int_equal(config->count, 0);
}

static void an_empty_file_gives_defaults(void **state)
{
	static const char *const empty[] = { "",
		                             "\n\n",
		                             "; nothing\n# at all\n",
		                             "\xef\xbb\xbf",
		                             "[ironbox]\n[pipeline]\n[seccomp]\n",
		                             "\r\n" };
	const struct folder *folder = *state;

	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		cleanup_config struct config config = CONFIG_NONE;

		write_text(folder->ini, empty[i]);
		config = load(folder->ini);
		are_defaults(&config);
		assert_string_equal(config.path, folder->ini);
	}
}

/* The file that is installed says each default in a comment, and nothing else. */
static void the_shipped_file_gives_defaults(void **state)
{
	const struct folder *folder = *state;
	cleanup_config struct config config = CONFIG_NONE;
	char text[65536];
	int fd = open(SHIPPED_INI, O_RDONLY | O_CLOEXEC);
	ssize_t size;

	assert_true(fd >= 0);
	size = read(fd, text, sizeof(text));
	close(fd);
	assert_in_range(size, 100, sizeof(text) - 1);
	write_bytes(folder->ini, text, (size_t)size);
	config = load(folder->ini);
	are_defaults(&config);
}

/* … and its comments are lines that are right when the ; is taken away. */
static void the_shipped_file_is_right_when_uncommented(void **state)
{
	const struct folder *folder = *state;
	cleanup_config struct config config = CONFIG_NONE;
	FILE *shipped = fopen(SHIPPED_INI, "re"), *ini = fopen(folder->ini, "we");
	char line[4096];

	assert_true(shipped && ini);
	while (fgets(line, sizeof(line), shipped))
		fputs(line[0] == ';' && line[1] != ' ' ? line + 1 : line, ini);
	fclose(shipped);
	fclose(ini);
	config = load(folder->ini);
	assert_string_equal(config.plugin_path, "/usr/lib/ironbox/plugins");
	assert_string_equal(config.state_root, "/run/ironbox");
	assert_int_equal(config.on_disabled, ON_DISABLED_REFUSE);
	for (size_t i = 0; i < sizeof(default_stages) / sizeof(default_stages[0]); i++) {
		assert_string_equal(config.stages[i], default_stages[i]);
		assert_non_null(config_find(&config, default_stages[i], "enabled"));
		assert_non_null(config_find(&config, default_stages[i], "module"));
		assert_non_null(config_find(&config, default_stages[i], "wake"));
	}
}

static void a_whole_file(void **state)
{
	static const char text[] = "; the node's\n"
				   "[ironbox]\n"
				   "plugin_path = /opt/plugins ; not the usual ones\n"
				   "  state_root=/run/other\r\n"
				   "on_disabled : warn\n"
				   "\n"
				   "[pipeline]\n"
				   "stages =  rootfs\t my-stage2  seccomp \n"
				   "[my-stage2]\n"
				   "enabled = no\n"
				   "motto = all = well; really\n"
				   "empty =\n"
				   "[ironbox]\n"
				   "[seccomp]\n"
				   "module = other.so\n"
				   "wake = always";
	const struct folder *folder = *state;
	cleanup_config struct config config = CONFIG_NONE;
	const struct config_entry *entry;

	write_text(folder->ini, text);
	config = load(folder->ini);
	assert_string_equal(config.plugin_path, "/opt/plugins");
	assert_string_equal(config.state_root, "/run/other");
	assert_int_equal(config.on_disabled, ON_DISABLED_WARN);
	assert_string_equal(config.stages[0], "rootfs");
	assert_string_equal(config.stages[1], "my-stage2");
	assert_string_equal(config.stages[2], "seccomp");
	assert_null(config.stages[3]);
	entry = config_find(&config, "my-stage2", "enabled");
	assert_non_null(entry);
	assert_string_equal(entry->value, "no");
	assert_int_equal(entry->line, 10);
	assert_string_equal(config_find(&config, "my-stage2", "motto")->value,
	                    "all = well; really");
	assert_string_equal(config_find(&config, "my-stage2", "empty")->value, "");
	entry = config_find(&config, "seccomp", "wake");
	assert_non_null(entry);
	assert_string_equal(entry->value, "always");
	assert_int_equal(entry->line, 16);
	assert_null(config_find(&config, "seccomp", "enabled"));
	assert_null(config_find(&config, "rootfs", "enabled"));
}

static const struct {
	const char *text, *error;
} bad_lines[] = {
	/* no ini */
	{ "hello\n", "ironbox.ini:1: expected [SECTION] or KEY = VALUE" },
	{ "[ironbox]\n\nplugin_path\n", "ironbox.ini:3: expected [SECTION] or KEY = VALUE" },
	{ "[ironbox\nplugin_path = /a\n", "ironbox.ini:1: expected [SECTION] or KEY = VALUE" },
	{ "[ironbox]\nplugin_path = /a\n  /b\n",
	  "ironbox.ini:3: expected [SECTION] or KEY = VALUE" },
	{ "plugin_path = /a\n", "ironbox.ini:1: a key outside of a [section]" },
	{ "[ironbox]\n= /a\n", "ironbox.ini:2: a value without a key" },
	{ "[ironbox]\nplugin_path = /a\n[pipeline]\n[ironbox]\nplugin_path = /b\n",
	  "ironbox.ini:5: [ironbox] plugin_path: given before, in line 2" },
	{ "[cgroup]\nx = 1\nx = 1\n", "ironbox.ini:3: [cgroup] x: given before, in line 2" },
	{ "[ironbox]\nnonsense\nplugin_path = /a\nplugin_path = /a\n",
	  "ironbox.ini:2: expected [SECTION] or KEY = VALUE" },
	/* [ironbox] */
	{ "[ironbox]\nplugin-path = /a\n", "ironbox.ini:2: [ironbox] plugin-path: no such key" },
	{ "[ironbox]\nPlugin_path = /a\n", "ironbox.ini:2: [ironbox] Plugin_path: no such key" },
	{ "[ironbox]\nplugin_path =\n",
	  "ironbox.ini:2: [ironbox] plugin_path: expected an absolute path" },
	{ "[ironbox]\nplugin_path = plugins\n",
	  "ironbox.ini:2: [ironbox] plugin_path: expected an absolute path" },
	{ "[ironbox]\nstate_root = .\n",
	  "ironbox.ini:2: [ironbox] state_root: expected an absolute path" },
	{ "[ironbox]\non_disabled = ignore\n",
	  "ironbox.ini:2: [ironbox] on_disabled: expected refuse or warn" },
	{ "[ironbox]\non_disabled = Warn\n",
	  "ironbox.ini:2: [ironbox] on_disabled: expected refuse or warn" },
	/* [pipeline] */
	{ "[pipeline]\nstage = rootfs\n", "ironbox.ini:2: [pipeline] stage: no such key" },
	{ "[pipeline]\nstages =\n", "ironbox.ini:2: [pipeline] stages: no stage at all" },
	{ "[pipeline]\nstages = a b a\n",
	  "ironbox.ini:2: [pipeline] stages: a stands there twice" },
	{ "[pipeline]\nstages = a, b\n",
	  "ironbox.ini:2: [pipeline] stages: \"a,\" can't be a stage's name" },
	{ "[pipeline]\nstages = a ../b\n",
	  "ironbox.ini:2: [pipeline] stages: \"../b\" can't be a stage's name" },
	{ "[pipeline]\nstages = A\n",
	  "ironbox.ini:2: [pipeline] stages: \"A\" can't be a stage's name" },
	{ "[pipeline]\nstages = 1a\n",
	  "ironbox.ini:2: [pipeline] stages: \"1a\" can't be a stage's name" },
	{ "[pipeline]\nstages = ironbox\n",
	  "ironbox.ini:2: [pipeline] stages: \"ironbox\" can't be a stage's name" },
	{ "[pipeline]\nstages = a pipeline\n",
	  "ironbox.ini:2: [pipeline] stages: \"pipeline\" can't be a stage's name" },
	{ "[pipeline]\nstages = aaaaaaaaaabbbbbbbbbbccccccccccddd\n",
	  "ironbox.ini:2: [pipeline] stages: \"aaaaaaaaaabbbbbbbbbbccccccccccddd\" can't be a "
	  "stage's name" },
	/* stages */
	{ "[secomp]\nenabled = no\n",
	  "ironbox.ini:2: [secomp] enabled: no such section, nor a stage of [pipeline] stages" },
	{ "[pipeline]\nstages = rootfs\n[seccomp]\nenabled = no\n",
	  "ironbox.ini:4: [seccomp] enabled: no such section, nor a stage of [pipeline] stages" },
	{ "[seccomp]\nenabled = off\n", "ironbox.ini:2: [seccomp] enabled: expected yes or no" },
	{ "[seccomp]\nenabled =\n", "ironbox.ini:2: [seccomp] enabled: expected yes or no" },
	{ "[seccomp]\nwake = never\n", "ironbox.ini:2: [seccomp] wake: expected asked or always" },
};

/* Errors show the whole path. */
static void names_line(const struct folder *folder, const char *error)
{
	char expected[ERROR_TEXT_MAX];

	snprintf(expected, sizeof(expected), "%s/%s", folder->path, error);
	is_refused(folder->ini, expected);
}

static void bad_lines_are_named(void **state)
{
	const struct folder *folder = *state;

	for (size_t i = 0; i < sizeof(bad_lines) / sizeof(bad_lines[0]); i++) {
		write_text(folder->ini, bad_lines[i].text);
		names_line(folder, bad_lines[i].error);
	}
}

static void bytes_that_are_no_text(void **state)
{
	static const char nul[] = "[ironbox]\nplugin_path = /a\0/b\n";
	const struct folder *folder = *state;

	write_bytes(folder->ini, nul, sizeof(nul) - 1);
	names_line(folder, "ironbox.ini:2: a NUL byte");
	write_text(folder->ini, "[cgroup]\n\x1b[2J = 1\n[cgroup]\n\x1b[2J = 1\n");
	names_line(folder, "ironbox.ini:4: [cgroup] ?[2J: given before, in line 2");
}

static void long_lines(void **state)
{
	const struct folder *folder = *state;
	cleanup_config struct config config = CONFIG_NONE;
	char text[8192] = "[cgroup]\nx = ";
	size_t begin = strlen(text);

	/* 4096 bytes are a line, "x = " among them */
	memset(text + begin, 'a', 4092);
	write_text(folder->ini, text);
	config = load(folder->ini);
	assert_int_equal(strlen(config_find(&config, "cgroup", "x")->value), 4092);
	strcat(text, "a\n");
	write_text(folder->ini, text);
	names_line(folder, "ironbox.ini:2: a line longer than 4096 bytes");
}

static void large_files(void **state)
{
	const struct folder *folder = *state;
	char *text = malloc(256 * 1024 + 2);

	assert_non_null(text);
	memset(text, '\n', 256 * 1024 + 1);
	text[256 * 1024 + 1] = '\0';
	write_text(folder->ini, text);
	{
		char expected[256];

		snprintf(expected, sizeof(expected), "%s: larger than 256 KiB", folder->ini);
		is_refused(folder->ini, expected);
	}
	text[256 * 1024] = '\0';
	write_text(folder->ini, text);
	{
		cleanup_config struct config config = load(folder->ini);

		are_defaults(&config);
	}
	free(text);
}

static void many_keys(void **state)
{
	const struct folder *folder = *state;
	cleanup_config struct config config = CONFIG_NONE;
	FILE *ini = fopen(folder->ini, "we");

	assert_non_null(ini);
	fputs("[cgroup]\n", ini);
	for (int i = 0; i < 1000; i++)
		fprintf(ini, "k%d=\n", i);
	fflush(ini);
	config = load(folder->ini);
	assert_int_equal(config.count, 1000);
	assert_string_equal(config.entries[999].key, "k999");
	fputs("k1000=\n", ini);
	fclose(ini);
	names_line(folder, "ironbox.ini:1002: more than 1000 keys");
}

/* The shortest file with the most texts of its size: what they are kept in is just as large. */
static void short_lines(void **state)
{
	const struct folder *folder = *state;
	cleanup_config struct config config = CONFIG_NONE;

	write_text(folder->ini, "[pipeline]\nstages=a b\n[a]\na=\nb=\n[b]\na=\n[a]\nc=\n[b]\nd=");
	config = load(folder->ini);
	assert_int_equal(config.count, 6);
	assert_string_equal(config_find(&config, "b", "d")->value, "");
	assert_int_equal(config_find(&config, "b", "d")->line, 11);
}

struct settings {
	bool flag, has_flag;
	int32_t int32;
	uint32_t uint32;
	int64_t int64;
	uint64_t uint64;
	const char *text;
};

static const struct ironbox_field settings_fields[] = {
	IRONBOX_FIELD_HAS(struct settings, flag, "flag"),
	IRONBOX_FIELD(struct settings, int32, "int32"),
	IRONBOX_FIELD(struct settings, uint32, "uint32"),
	IRONBOX_FIELD(struct settings, int64, "int64"),
	IRONBOX_FIELD(struct settings, uint64, "uint64"),
	IRONBOX_FIELD(struct settings, text, "text"),
	IRONBOX_FIELD_END,
};

static const char *const common[] = { "enabled", "module", NULL };

static void settings_are_typed(void **state)
{
	const struct folder *folder = *state;
	cleanup_config struct config config = CONFIG_NONE;
	struct settings settings = { .text = "kept" };
	ERROR_NONE(error);

	write_text(folder->ini, "[cgroup]\nenabled = no\nmodule = auto\nflag = yes\n"
	                        "int32 = -2147483648\nuint32 = 4294967295\n"
	                        "int64 = -9223372036854775808\nuint64 = 18446744073709551615\n"
	                        "[rootfs]\nflag = no\ntext = a  b\n");
	config = load(folder->ini);
	assert_int_equal(config_read(&config, "cgroup", settings_fields, common, &settings, &error),
	                 0);
	assert_true(settings.flag && settings.has_flag);
	assert_int_equal(settings.int32, INT32_MIN);
	assert_int_equal(settings.uint32, UINT32_MAX);
	assert_true(settings.int64 == INT64_MIN);
	assert_true(settings.uint64 == UINT64_MAX);
	assert_string_equal(settings.text, "kept");
	assert_int_equal(config_read(&config, "rootfs", settings_fields, common, &settings, &error),
	                 0);
	assert_false(settings.flag);
	assert_string_equal(settings.text, "a  b");
	settings = (struct settings){ 0 };
	assert_int_equal(
		config_read(&config, "network", settings_fields, common, &settings, &error), 0);
	assert_false(settings.has_flag);
}

static const struct {
	const char *line, *error;
} bad_settings[] = {
	{ "flagg = yes", "flagg: no such key" },
	{ "wake = always", "wake: no such key" },
	{ "flag = true", "flag: expected yes or no" },
	{ "flag = 1", "flag: expected yes or no" },
	{ "flag = Yes", "flag: expected yes or no" },
	{ "flag =", "flag: expected yes or no" },
	{ "int32 = 2147483648", "int32: expected an integer from -2147483648 to 2147483647" },
	{ "int32 = -2147483649", "int32: expected an integer from -2147483648 to 2147483647" },
	{ "uint32 = 4294967296", "uint32: expected an integer from 0 to 4294967295" },
	{ "uint32 = -1", "uint32: expected an integer from 0 to 4294967295" },
	{ "uint32 =", "uint32: expected an integer from 0 to 4294967295" },
	{ "uint32 = -", "uint32: expected an integer from 0 to 4294967295" },
	{ "uint32 = +1", "uint32: expected an integer from 0 to 4294967295" },
	{ "uint32 = 0x1", "uint32: expected an integer from 0 to 4294967295" },
	{ "uint32 = 1 2", "uint32: expected an integer from 0 to 4294967295" },
	{ "uint32 = 1k", "uint32: expected an integer from 0 to 4294967295" },
	{ "int64 = 9223372036854775808",
	  "int64: expected an integer from -9223372036854775808 to 9223372036854775807" },
	{ "int64 = -9223372036854775809",
	  "int64: expected an integer from -9223372036854775808 to 9223372036854775807" },
	{ "uint64 = 18446744073709551616",
	  "uint64: expected an integer from 0 to 18446744073709551615" },
	{ "uint64 = 99999999999999999999999999",
	  "uint64: expected an integer from 0 to 18446744073709551615" },
};

static void bad_settings_are_named(void **state)
{
	const struct folder *folder = *state;

	for (size_t i = 0; i < sizeof(bad_settings) / sizeof(bad_settings[0]); i++) {
		cleanup_config struct config config = CONFIG_NONE;
		struct settings settings = { 0 };
		char text[256], expected[256];
		ERROR_NONE(error);

		snprintf(text, sizeof(text), "[cgroup]\n\n%s\n", bad_settings[i].line);
		snprintf(expected, sizeof(expected), "%s:3: [cgroup] %s", folder->ini,
		         bad_settings[i].error);
		write_text(folder->ini, text);
		config = load(folder->ini);
		assert_int_equal(
			config_read(&config, "cgroup", settings_fields, common, &settings, &error),
			-1);
		assert_string_equal(error_text(&error), expected);
	}
}

static void a_required_setting_is_missed(void **state)
{
	static const struct ironbox_field fields[] = {
		IRONBOX_FIELD_REQUIRED(struct settings, text, "text"),
		IRONBOX_FIELD_END,
	};
	const struct folder *folder = *state;
	cleanup_config struct config config = CONFIG_NONE;
	struct settings settings = { 0 };
	char expected[256];
	ERROR_NONE(error);

	write_text(folder->ini, "");
	config = load(folder->ini);
	assert_int_equal(config_read(&config, "cgroup", fields, common, &settings, &error), -1);
	snprintf(expected, sizeof(expected), "%s: [cgroup] text: missing", folder->ini);
	assert_string_equal(error_text(&error), expected);
}

/* Files have to be root's: who is not root becomes it in a user namespace of its own. */
static int become_root(void **state)
{
	char map[64];

	(void)state;
	if (geteuid() == 0)
		return 0;
	snprintf(map, sizeof(map), "0 %u 1\n", geteuid());
	assert_int_equal(unshare(CLONE_NEWUSER), 0);
	write_text("/proc/self/uid_map", map);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_empty_file_gives_defaults),
		TEST(the_shipped_file_gives_defaults),
		TEST(the_shipped_file_is_right_when_uncommented),
		TEST(a_whole_file),
		TEST(bad_lines_are_named),
		TEST(bytes_that_are_no_text),
		TEST(long_lines),
		TEST(large_files),
		TEST(many_keys),
		TEST(short_lines),
		TEST(settings_are_typed),
		TEST(bad_settings_are_named),
		TEST(a_required_setting_is_missed),
	};

	return cmocka_run_group_tests(tests, become_root, NULL);
}
