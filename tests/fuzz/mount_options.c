/* mounts[].options: a type, then an option a line. Each bit of the result is what the last option
 * that speaks of it says; what is no option is the file system's, unchanged and in order. */
#include <jansson.h>
#include <string.h>
#include <sys/mount.h>

#include "harness.h"
#include "internal.h"
#include "paper_host.h"

#define WORDS_MAX 48

/* mount(2) and mount_setattr(2), by the names of config.md; bit 0: the word speaks of no bit. */
static const struct meaning {
	const char *set, *clear;
	unsigned long bits;
} own[] = {
	{ "sync", "async", MS_SYNCHRONOUS }, { "noatime", "atime", MS_NOATIME },
	{ "nodev", "dev", MS_NODEV },        { "nodiratime", "diratime", MS_NODIRATIME },
	{ "noexec", "exec", MS_NOEXEC },     { "nosuid", "suid", MS_NOSUID },
	{ "ro", "rw", MS_RDONLY },           { "iversion", "noiversion", MS_I_VERSION },
	{ "mand", "nomand", MS_MANDLOCK },   { "silent", "loud", MS_SILENT },
	{ "relatime", "norelatime", MS_RELATIME },
	{ "strictatime", "nostrictatime", MS_STRICTATIME },
	{ "nosymfollow", "symfollow", MS_NOSYMFOLLOW },
	{ "lazytime", "nolazytime", MS_LAZYTIME },
	{ "dirsync", NULL, MS_DIRSYNC },     { "remount", NULL, MS_REMOUNT },
	{ "bind", NULL, MS_BIND },           { "rbind", NULL, MS_BIND | MS_REC },
}, below[] = {
	{ "rro", "rrw", MOUNT_ATTR_RDONLY },
	{ "rnosuid", "rsuid", MOUNT_ATTR_NOSUID },
	{ "rnodev", "rdev", MOUNT_ATTR_NODEV },
	{ "rnoexec", "rexec", MOUNT_ATTR_NOEXEC },
	{ "rnodiratime", "rdiratime", MOUNT_ATTR_NODIRATIME },
	{ "rnosymfollow", "rsymfollow", MOUNT_ATTR_NOSYMFOLLOW },
};

static const char *const others[] = {
	"defaults",    "idmap",        "ridmap",         "tmpcopyup", "private",
	"rprivate",    "shared",       "rshared",        "slave",     "rslave",
	"unbindable",  "runbindable",  "rnoatime",       "ratime",    "rrelatime",
	"rnorelatime", "rstrictatime", "rnostrictatime", "",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_in(const struct meaning *rows, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(rows[i].set, word) == 0 ||
		    (rows[i].clear && strcmp(rows[i].clear, word) == 0))
			return true;
	return false;
}

static bool is_known(const char *word)
{
	for (size_t i = 0; i < COUNT(others); i++)
		if (strcmp(others[i], word) == 0)
			return true;
	return is_in(own, COUNT(own), word) || is_in(below, COUNT(below), word);
}

/* What the last of the words that speak of it says of one bit: 1, 0, or -1 where none does. The
 * three times are one setting, so each of them takes the others away. */
static int last_word(char *const *words, size_t count, const struct meaning *rows, size_t size,
                     unsigned long bit, unsigned long one_setting)
{
	while (count-- > 0)
		for (size_t i = 0; i < size; i++) {
			if (strcmp(words[count], rows[i].set) == 0) {
				if (rows[i].bits & bit)
					return 1;
				if (bit & one_setting && rows[i].bits & one_setting)
					return 0;
			}
			if (rows[i].clear && rows[i].bits & bit &&
			    strcmp(words[count], rows[i].clear) == 0)
				return 0;
		}
	return -1;
}

static void check_flags(const struct mount *mount, char *const *words, size_t count)
{
	const unsigned long times = MS_NOATIME | MS_RELATIME | MS_STRICTATIME;
	unsigned long flags = 0;

	for (unsigned i = 0; i < 32; i++)
		if (last_word(words, count, own, COUNT(own), 1UL << i, times) == 1)
			flags |= 1UL << i;
	if (mount->type && strcmp(mount->type, "bind") == 0 && !(flags & MS_REMOUNT))
		flags |= MS_BIND;
	CHECK(mount->options.flags == flags, "0x%lx, not 0x%lx", mount->options.flags, flags);
}

static void check_below(const struct mount_options *options, char *const *words, size_t count)
{
	const uint64_t times = MOUNT_ATTR__ATIME;

	CHECK(!(options->recursive_set & options->recursive_clear & ~times), "set and cleared");
	/* mount_setattr(2): a time is given with all of the time's bits cleared, or EINVAL */
	CHECK(!(options->recursive_set & times) || (options->recursive_clear & times) == times,
	      "half of the times");
	CHECK((options->recursive_set & times) == 0 ||
	              (options->recursive_set & times) == MOUNT_ATTR_NOATIME ||
	              (options->recursive_set & times) == MOUNT_ATTR_STRICTATIME,
	      "two times");
	for (unsigned i = 0; i < COUNT(below); i++) {
		int said = last_word(words, count, below, COUNT(below), below[i].bits, 0);

		CHECK(!(options->recursive_set & below[i].bits) == (said != 1), "%s", below[i].set);
		CHECK(!(options->recursive_clear & below[i].bits) == (said != 0), "%s",
		      below[i].clear);
	}
}

static void check_data(const struct mount_options *options, char *const *words, size_t count)
{
	char data[sizeof(options->data)] = "";

	for (size_t i = 0; i < count; i++)
		if (!is_known(words[i])) {
			size_t length = strlen(data);

			snprintf(data + length, sizeof(data) - length, "%s%s", length ? "," : "",
			         words[i]);
		}
	CHECK(strcmp(options->data, data) == 0, "%s, not %s", options->data, data);
}

static json_t *document_of(const char *type, char *const *words, size_t count)
{
	json_t *options = json_array();

	for (size_t i = 0; i < count; i++)
		if (json_array_append_new(options, json_string(words[i])) < 0) {
			json_decref(options); /* not UTF-8: no document has it */
			return NULL;
		}
	return json_pack("{s:s, s:{s:s}, s:[{s:s, s:s, s:o}]}", "ociVersion", "1.0.2", "root",
	                 "path", "/", "mounts", "destination", "/d", "type", type, "options",
	                 options);
}

static void read_mount(const char *type, char *const *words, size_t count)
{
	struct paper_host paper;
	struct mount mount;
	json_t *document = document_of(type, words, count);
	cleanup_free char *text = document ? json_dumps(document, 0) : NULL;

	json_decref(document);
	paper_host_begin(&paper, NULL);
	if (!text || !paper_host_parse(&paper, SPEC_CONFIG, text, strlen(text)))
		return;
	memset(&mount, 0xa5, sizeof(mount));
	if (mount_read(&paper.stage, spec_at(&paper.spec, "mounts"), 0, &mount, &paper.error) < 0) {
		paper_host_check_error(&paper.error);
	} else {
		check_flags(&mount, words, count);
		check_below(&mount.options, words, count);
		check_data(&mount.options, words, count);
	}
	paper_host_end(&paper);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	cleanup_free char *type = input_text(&input, '\n');
	char *words[WORDS_MAX] = { NULL };
	size_t count = 0;

	while (input.left && count < WORDS_MAX)
		words[count++] = input_text(&input, '\n');
	read_mount(type, words, count);
	while (count > 0)
		free(words[--count]);
	return 0;
}
