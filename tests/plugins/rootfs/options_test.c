/* The words of mounts[].options, on paper: the table itself is included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#undef fail /* cmocka's; the engine's service of that name is called in there */
#include "options.c"

/* config.md of runtime-spec 1.3, "Linux mount options" */
static const char *const spec_words[] = {
	"async",
	"atime",
	"bind",
	"defaults",
	"dev",
	"diratime",
	"dirsync",
	"exec",
	"iversion",
	"lazytime",
	"loud",
	"mand",
	"noatime",
	"nodev",
	"nodiratime",
	"noexec",
	"noiversion",
	"nolazytime",
	"nomand",
	"norelatime",
	"nostrictatime",
	"nosuid",
	"nosymfollow",
	"private",
	"ratime",
	"rbind",
	"rdev",
	"rdiratime",
	"relatime",
	"remount",
	"rexec",
	"rnoatime",
	"rnodev",
	"rnodiratime",
	"rnoexec",
	"rnorelatime",
	"rnostrictatime",
	"rnosuid",
	"rnosymfollow",
	"ro",
	"rprivate",
	"rrelatime",
	"rro",
	"rrw",
	"rshared",
	"rslave",
	"rstrictatime",
	"rsuid",
	"rsymfollow",
	"runbindable",
	"rw",
	"shared",
	"silent",
	"slave",
	"strictatime",
	"suid",
	"symfollow",
	"sync",
	"tmpcopyup",
	"unbindable",
	"idmap",
	"ridmap",
};

/* What some words come to, one after the other. */
static const struct row {
	const char *words;
	unsigned long flags;
	uint64_t set, clear;
	const char *data;
} rows[] = {
	{ "defaults", 0, 0, 0, "" },
	{ "ro", MS_RDONLY, 0, 0, "" },
	{ "ro rw", 0, 0, 0, "" },
	{ "rw ro", MS_RDONLY, 0, 0, "" },
	{ "nosuid nodev noexec", MS_NOSUID | MS_NODEV | MS_NOEXEC, 0, 0, "" },
	{ "nosuid suid nodev dev noexec exec", 0, 0, 0, "" },
	{ "noatime relatime", MS_RELATIME, 0, 0, "" },
	{ "relatime strictatime", MS_STRICTATIME, 0, 0, "" },
	{ "strictatime noatime", MS_NOATIME, 0, 0, "" },
	{ "noatime atime", 0, 0, 0, "" },
	{ "strictatime nostrictatime relatime norelatime", 0, 0, 0, "" },
	{ "nodiratime nosymfollow", MS_NODIRATIME | MS_NOSYMFOLLOW, 0, 0, "" },
	{ "nodiratime diratime nosymfollow symfollow", 0, 0, 0, "" },
	{ "sync dirsync mand iversion lazytime silent",
	  MS_SYNCHRONOUS | MS_DIRSYNC | MS_MANDLOCK | MS_I_VERSION | MS_LAZYTIME | MS_SILENT, 0, 0,
	  "" },
	{ "sync async mand nomand iversion noiversion lazytime nolazytime silent loud", 0, 0, 0,
	  "" },
	{ "rbind", MS_BIND | MS_REC, 0, 0, "" },
	{ "bind remount", MS_BIND | MS_REMOUNT, 0, 0, "" },
	{ "rro", 0, MOUNT_ATTR_RDONLY, 0, "" },
	{ "rro rrw", 0, 0, MOUNT_ATTR_RDONLY, "" },
	{ "rrw rro", 0, MOUNT_ATTR_RDONLY, 0, "" },
	{ "rnosuid rnodev rnoexec rnodiratime rnosymfollow", 0,
	  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODIRATIME |
	          MOUNT_ATTR_NOSYMFOLLOW,
	  0, "" },
	{ "rsuid rdev rexec rdiratime rsymfollow", 0, 0,
	  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODIRATIME |
	          MOUNT_ATTR_NOSYMFOLLOW,
	  "" },
	{ "rnoatime", 0, MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME, "" },
	{ "rnoatime rstrictatime", 0, MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME, "" },
	{ "rstrictatime rrelatime", 0, MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME, "" },
	{ "rnoatime ratime", 0, 0, MOUNT_ATTR__ATIME, "" },
	{ "rnostrictatime", 0, 0, MOUNT_ATTR__ATIME, "" },
	{ "rnorelatime", 0, 0, 0, "" },
	{ "rnodiratime rnoatime", 0, MOUNT_ATTR_NODIRATIME | MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME,
	  "" },
	{ "size=1m ro mode=755 nr_inodes=5", MS_RDONLY, 0, 0, "size=1m,mode=755,nr_inodes=5" },
	{ "RO rO r", 0, 0, 0, "RO,rO,r" },
	{ "tmpcopyup idmap private", 0, 0, 0, "" },
};

static void add_words(struct mount_options *options, const char *text)
{
	char copy[256], *rest = copy, *word;

	snprintf(copy, sizeof(copy), "%s", text);
	while ((word = strsep(&rest, " ")) != NULL)
		assert_int_equal(mount_options_add(options, word), 0);
}

static void words_come_to(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mount_options options = { 0 };

		add_words(&options, rows[i].words);
		print_message("%s\n", rows[i].words);
		assert_int_equal(options.flags, rows[i].flags);
		assert_int_equal(options.recursive_set, rows[i].set);
		assert_int_equal(options.recursive_clear, rows[i].clear);
		assert_string_equal(options.data, rows[i].data);
		/* mount_setattr(2): no bit in both, but for the times, which are cleared whole */
		assert_int_equal(options.recursive_set & options.recursive_clear &
		                         ~(uint64_t)MOUNT_ATTR__ATIME,
		                 0);
	}
}

static void every_word_of_the_spec_is_known(void **state)
{
	(void)state;
	assert_int_equal(sizeof(spec_words) / sizeof(spec_words[0]),
	                 sizeof(words) / sizeof(words[0]));
	for (size_t i = 0; i < sizeof(spec_words) / sizeof(spec_words[0]); i++) {
		struct mount_options options = { 0 };

		print_message("%s\n", spec_words[i]);
		assert_int_equal(mount_options_add(&options, spec_words[i]), 0);
		assert_string_equal(options.data, "");
	}
}

static void the_table_is_sorted(void **state)
{
	(void)state;
	for (size_t i = 1; i < sizeof(words) / sizeof(words[0]); i++)
		assert_true(strcmp(words[i - 1].name, words[i].name) < 0);
}

static void propagation_keeps_its_order(void **state)
{
	struct mount_options options = { 0 };

	(void)state;
	add_words(&options, "slave rshared");
	assert_int_equal(options.propagation_count, 2);
	assert_int_equal(options.propagation[0].type, MS_SLAVE);
	assert_false(options.propagation[0].recursive);
	assert_int_equal(options.propagation[1].type, MS_SHARED);
	assert_true(options.propagation[1].recursive);
	add_words(&options, "private unbindable");
	assert_int_equal(mount_options_add(&options, "slave"), -1); /* no room */
}

static void data_has_an_end(void **state)
{
	struct mount_options options = { 0 };
	char word[1024];

	(void)state;
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	for (int i = 0; i < 3; i++)
		assert_int_equal(mount_options_add(&options, word), 0);
	assert_int_equal(mount_options_add(&options, word), 0);
	assert_int_equal(strlen(options.data), 4095);
	assert_int_equal(mount_options_add(&options, "y"), -1);
	assert_int_equal(strlen(options.data), 4095);
}

static void words_of_data_end_at_commas_outside_of_quotes(void **state)
{
	char data[] = "mode=755,context=\"a:b:c:s0:c1,c2\",,size=1k";
	char *rest = data;

	(void)state;
	assert_true(data_has(data, "mode="));
	assert_true(data_has(data, "context="));
	assert_true(data_has(data, "size="));
	assert_false(data_has(data, "c2"));
	assert_false(data_has(data, "ize="));
	assert_false(data_has("", "mode="));
	assert_string_equal(data_next(&rest), "mode=755");
	assert_string_equal(data_next(&rest), "context=a:b:c:s0:c1,c2");
	assert_string_equal(data_next(&rest), "");
	assert_string_equal(data_next(&rest), "size=1k");
	assert_null(data_next(&rest));
}

static void flags_become_attributes(void **state)
{
	uint64_t clear = 1;

	(void)state;
	assert_int_equal(attributes_of_flags(MS_RDONLY | MS_NOSUID | MS_BIND, &clear),
	                 MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID);
	assert_int_equal(clear, 0);
	assert_int_equal(attributes_of_flags(MS_RELATIME, &clear), 0);
	assert_int_equal(clear, MOUNT_ATTR__ATIME);
	assert_int_equal(attributes_of_flags(MS_STRICTATIME | MS_NODIRATIME, &clear),
	                 MOUNT_ATTR_STRICTATIME | MOUNT_ATTR_NODIRATIME);
	assert_int_equal(clear, MOUNT_ATTR__ATIME);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_come_to),
		cmocka_unit_test(every_word_of_the_spec_is_known),
		cmocka_unit_test(the_table_is_sorted),
		cmocka_unit_test(propagation_keeps_its_order),
		cmocka_unit_test(data_has_an_end),
		cmocka_unit_test(words_of_data_end_at_commas_outside_of_quotes),
		cmocka_unit_test(flags_become_attributes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
