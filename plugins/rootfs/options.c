/* options.c: mounts[].options: the 61 words of runtime-spec 1.3, and words of the file system. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "internal.h"

enum word_kind {
	WORD_NOTHING,
	WORD_SET, /* MS_* of mount(2) */
	WORD_CLEAR,
	WORD_SET_BELOW, /* MOUNT_ATTR_*, for the mount and all below it */
	WORD_CLEAR_BELOW,
	WORD_PROPAGATION, /* MS_SHARED …, maybe with MS_REC */
	WORD_IDMAP,       /* maybe with MS_REC */
	WORD_COPY_UP,
};

/* Sorted, for bsearch(3). */
static const struct word {
	const char *name;
	enum word_kind kind;
	uint64_t value;
} words[] = {
	{ "async", WORD_CLEAR, MS_SYNCHRONOUS },
	{ "atime", WORD_CLEAR, MS_NOATIME },
	{ "bind", WORD_SET, MS_BIND },
	{ "defaults", WORD_NOTHING, 0 },
	{ "dev", WORD_CLEAR, MS_NODEV },
	{ "diratime", WORD_CLEAR, MS_NODIRATIME },
	{ "dirsync", WORD_SET, MS_DIRSYNC },
	{ "exec", WORD_CLEAR, MS_NOEXEC },
	{ "idmap", WORD_IDMAP, 0 },
	{ "iversion", WORD_SET, MS_I_VERSION },
	{ "lazytime", WORD_SET, MS_LAZYTIME },
	{ "loud", WORD_CLEAR, MS_SILENT },
	{ "mand", WORD_SET, MS_MANDLOCK },
	{ "noatime", WORD_SET, MS_NOATIME },
	{ "nodev", WORD_SET, MS_NODEV },
	{ "nodiratime", WORD_SET, MS_NODIRATIME },
	{ "noexec", WORD_SET, MS_NOEXEC },
	{ "noiversion", WORD_CLEAR, MS_I_VERSION },
	{ "nolazytime", WORD_CLEAR, MS_LAZYTIME },
	{ "nomand", WORD_CLEAR, MS_MANDLOCK },
	{ "norelatime", WORD_CLEAR, MS_RELATIME },
	{ "nostrictatime", WORD_CLEAR, MS_STRICTATIME },
	{ "nosuid", WORD_SET, MS_NOSUID },
	{ "nosymfollow", WORD_SET, MS_NOSYMFOLLOW },
	{ "private", WORD_PROPAGATION, MS_PRIVATE },
	{ "ratime", WORD_CLEAR_BELOW, MOUNT_ATTR_NOATIME },
	{ "rbind", WORD_SET, MS_BIND | MS_REC },
	{ "rdev", WORD_CLEAR_BELOW, MOUNT_ATTR_NODEV },
	{ "rdiratime", WORD_CLEAR_BELOW, MOUNT_ATTR_NODIRATIME },
	{ "relatime", WORD_SET, MS_RELATIME },
	{ "remount", WORD_SET, MS_REMOUNT },
	{ "rexec", WORD_CLEAR_BELOW, MOUNT_ATTR_NOEXEC },
	{ "ridmap", WORD_IDMAP, MS_REC },
	{ "rnoatime", WORD_SET_BELOW, MOUNT_ATTR_NOATIME },
	{ "rnodev", WORD_SET_BELOW, MOUNT_ATTR_NODEV },
	{ "rnodiratime", WORD_SET_BELOW, MOUNT_ATTR_NODIRATIME },
	{ "rnoexec", WORD_SET_BELOW, MOUNT_ATTR_NOEXEC },
	{ "rnorelatime", WORD_CLEAR_BELOW, MOUNT_ATTR_RELATIME },
	{ "rnostrictatime", WORD_CLEAR_BELOW, MOUNT_ATTR_STRICTATIME },
	{ "rnosuid", WORD_SET_BELOW, MOUNT_ATTR_NOSUID },
	{ "rnosymfollow", WORD_SET_BELOW, MOUNT_ATTR_NOSYMFOLLOW },
	{ "ro", WORD_SET, MS_RDONLY },
	{ "rprivate", WORD_PROPAGATION, MS_PRIVATE | MS_REC },
	{ "rrelatime", WORD_SET_BELOW, MOUNT_ATTR_RELATIME },
	{ "rro", WORD_SET_BELOW, MOUNT_ATTR_RDONLY },
	{ "rrw", WORD_CLEAR_BELOW, MOUNT_ATTR_RDONLY },
	{ "rshared", WORD_PROPAGATION, MS_SHARED | MS_REC },
	{ "rslave", WORD_PROPAGATION, MS_SLAVE | MS_REC },
	{ "rstrictatime", WORD_SET_BELOW, MOUNT_ATTR_STRICTATIME },
	{ "rsuid", WORD_CLEAR_BELOW, MOUNT_ATTR_NOSUID },
	{ "rsymfollow", WORD_CLEAR_BELOW, MOUNT_ATTR_NOSYMFOLLOW },
	{ "runbindable", WORD_PROPAGATION, MS_UNBINDABLE | MS_REC },
	{ "rw", WORD_CLEAR, MS_RDONLY },
	{ "shared", WORD_PROPAGATION, MS_SHARED },
	{ "silent", WORD_SET, MS_SILENT },
	{ "slave", WORD_PROPAGATION, MS_SLAVE },
	{ "strictatime", WORD_SET, MS_STRICTATIME },
	{ "suid", WORD_CLEAR, MS_NOSUID },
	{ "symfollow", WORD_CLEAR, MS_NOSYMFOLLOW },
	{ "sync", WORD_SET, MS_SYNCHRONOUS },
	{ "tmpcopyup", WORD_COPY_UP, 0 },
	{ "unbindable", WORD_PROPAGATION, MS_UNBINDABLE },
};

static const unsigned long times = MS_NOATIME | MS_RELATIME | MS_STRICTATIME;

static int compare_word(const void *name, const void *row)
{
	return strcmp(name, ((const struct word *)row)->name);
}

/* relatime, noatime and strictatime are three values of one setting: the last one counts. */
static void set_flags(struct mount_options *options, unsigned long value)
{
	if (value & times)
		options->flags &= ~times;
	options->flags |= value;
}

/* The times are not bits but a value, so a change of it has to clear it whole (mount_setattr(2)).
 * To clear one is to go back to relatime, the kernel's own choice. */
static void set_below(struct mount_options *options, uint64_t value)
{
	if (value == MOUNT_ATTR_RELATIME || value & MOUNT_ATTR__ATIME) {
		options->recursive_set &= ~(uint64_t)MOUNT_ATTR__ATIME;
		options->recursive_clear |= MOUNT_ATTR__ATIME;
	} else {
		options->recursive_clear &= ~value;
	}
	options->recursive_set |= value;
}

static void clear_below(struct mount_options *options, uint64_t value)
{
	if (value == MOUNT_ATTR_RELATIME) /* nothing that could be taken away */
		return;
	options->recursive_set &= ~value;
	options->recursive_clear |= value & MOUNT_ATTR__ATIME ? MOUNT_ATTR__ATIME : value;
}

static int add_data(struct mount_options *options, const char *text)
{
	size_t length = strlen(options->data), added = strlen(text);

	if (length + 1 + added + 1 > sizeof(options->data))
		return -1;
	if (length > 0)
		options->data[length++] = ',';
	memcpy(options->data + length, text, added + 1);
	return 0;
}

static int add_propagation(struct mount_options *options, uint64_t value)
{
	if (options->propagation_count == PROPAGATIONS_MAX)
		return -1;
	options->propagation[options->propagation_count].type = value & ~(uint64_t)MS_REC;
	options->propagation[options->propagation_count++].recursive = value & MS_REC;
	return 0;
}

int mount_options_add(struct mount_options *options, const char *text)
{
	const struct word *word = bsearch(text, words, sizeof(words) / sizeof(words[0]),
	                                  sizeof(words[0]), compare_word);

	if (!word)
		return *text ? add_data(options, text) : 0;
	switch (word->kind) {
	case WORD_NOTHING:
		return 0;
	case WORD_SET:
		set_flags(options, word->value);
		return 0;
	case WORD_CLEAR:
		options->flags &= ~word->value;
		return 0;
	case WORD_SET_BELOW:
		set_below(options, word->value);
		return 0;
	case WORD_CLEAR_BELOW:
		clear_below(options, word->value);
		return 0;
	case WORD_PROPAGATION:
		return add_propagation(options, word->value);
	case WORD_IDMAP:
		options->idmap = true;
		options->idmap_recursive = word->value & MS_REC;
		return 0;
	case WORD_COPY_UP:
		options->copy_up = true;
		return 0;
	}
	return 0;
}

int mount_read(const struct ironbox_stage *stage, const struct ironbox_value *mounts, size_t index,
               struct mount *mount, struct ironbox_error *error)
{
	static const struct ironbox_field fields[] = {
		IRONBOX_FIELD_REQUIRED(struct mount, destination, "destination"),
		IRONBOX_FIELD(struct mount, type, "type"),
		IRONBOX_FIELD(struct mount, source, "source"),
		IRONBOX_FIELD(struct mount, words, "options"),
		IRONBOX_FIELD(struct mount, uid_mappings, "uidMappings"),
		IRONBOX_FIELD(struct mount, gid_mappings, "gidMappings"),
		IRONBOX_FIELD_END,
	};
	const struct ironbox_host *host = stage->host;
	size_t i, count;

	/* not = { 0 }: the data is a page, and its first byte is enough */
	memset(mount, 0, offsetof(struct mount, options.data) + 1);
	mount->index = index;
	if (host->read(stage, host->item(mounts, index, NULL), fields, mount, error) < 0)
		return -1;
	count = host->count(mount->words);
	for (i = 0; i < count; i++) {
		const char *text = host->text(host->item(mount->words, i, NULL));

		if (text && mount_options_add(&mount->options, text) < 0)
			return host->fail(error, 0, "mounts[%zu].options: no room for %s", index,
			                  text);
	}
	/* the specification names the options; `type: bind` alone is what some people write */
	if (mount->type && strcmp(mount->type, "bind") == 0 && !(mount->options.flags & MS_REMOUNT))
		mount->options.flags |= MS_BIND;
	if (host->count(mount->uid_mappings) > 0 || host->count(mount->gid_mappings) > 0)
		mount->options.idmap = true;
	return 0;
}

/* Where the word ends: at a comma that is not in quotation marks, as the kernel has it for labels
 * (context="…:c1,c2"). */
static size_t word_size(const char *word)
{
	bool quoted = false;
	size_t i;

	for (i = 0; word[i] && (quoted || word[i] != ','); i++)
		quoted ^= word[i] == '"';
	return i;
}

bool data_has(const char *data, const char *key)
{
	while (*data) {
		if (strncmp(data, key, strlen(key)) == 0)
			return true;
		data += word_size(data);
		data += *data == ',';
	}
	return false;
}

char *data_next(char **rest)
{
	char *word = *rest, *to = word;
	size_t i, size;

	if (!word)
		return NULL;
	size = word_size(word);
	*rest = word[size] ? word + size + 1 : NULL;
	for (i = 0; i < size; i++)
		if (word[i] != '"')
			*to++ = word[i];
	*to = '\0';
	return word;
}

bool mount_is_bind(const struct mount *mount)
{
	return (mount->options.flags & (MS_BIND | MS_REMOUNT)) == MS_BIND;
}

bool mount_is_cgroup(const struct mount *mount)
{
	return !(mount->options.flags & (MS_BIND | MS_REMOUNT)) && mount->type &&
	       (strcmp(mount->type, "cgroup") == 0 || strcmp(mount->type, "cgroup2") == 0);
}

uint64_t attributes_of_flags(unsigned long flags, uint64_t *clear)
{
	static const struct {
		unsigned long flag;
		uint64_t attribute;
	} rows[] = {
		{ MS_RDONLY, MOUNT_ATTR_RDONLY },
		{ MS_NOSUID, MOUNT_ATTR_NOSUID },
		{ MS_NODEV, MOUNT_ATTR_NODEV },
		{ MS_NOEXEC, MOUNT_ATTR_NOEXEC },
		{ MS_NOATIME, MOUNT_ATTR_NOATIME },
		{ MS_STRICTATIME, MOUNT_ATTR_STRICTATIME },
		{ MS_NODIRATIME, MOUNT_ATTR_NODIRATIME },
		{ MS_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW },
	};
	uint64_t attributes = 0;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (flags & rows[i].flag)
			attributes |= rows[i].attribute;
	*clear = flags & times ? MOUNT_ATTR__ATIME : 0;
	return attributes;
}
