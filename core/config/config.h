/* ironbox.ini: read by inih, checked, with file and line in every error. */
#ifndef IRONBOX_CONFIG_CONFIG_H
#define IRONBOX_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include <ironbox/field.h>

#include "support/error.h"

enum on_disabled {
	ON_DISABLED_REFUSE,
	ON_DISABLED_WARN,
};

struct config_entry {
	const char *section, *key, *value;
	unsigned line;
};

struct config {
	char *path;                   /* of the file; NULL: none was there, all defaults */
	char *text;                   /* what the entries point into */
	struct config_entry *entries; /* in the file's order */
	size_t count;

	/* [ironbox], with the defaults filled in */
	const char *plugin_path;
	const char *state_root; /* NULL: the default of who runs it */
	enum on_disabled on_disabled;
	const char *const *stages; /* [pipeline] stages, NULL-terminated, owned */
};

/* Loads the file. With path NULL it is the node's /etc/ironbox/ironbox.ini, which may be absent.
 * Refused: a file, or a folder on its way, that someone else than root may write; one that is no
 * regular file, or larger than 256 KiB; a line over 4 KiB; a line that is no ini; a key given
 * twice; an unknown key in [ironbox] or [pipeline]; a key in a section that is neither these, nor
 * the shim's [stdio], nor a stage of [pipeline] stages; a wrong value of a stage's enabled (yes,
 * no) or wake (asked, always).
 * (In a user namespace that does not map the host's root its files show the
 * overflow uid: there, not writable by us is the test.) */
int config_load(struct config *config, const char *path, struct ironbox_error *error);
/* The same from a text; `path` is for errors. Without a path there is no text: all defaults. */
int config_parse(struct config *config, const char *path, const char *text, size_t size,
                 struct ironbox_error *error);
void config_free(struct config *config);
#define cleanup_config __attribute__((cleanup(config_free)))
#define CONFIG_NONE    ((struct config){ 0 })

/* The entry of a key, or NULL. */
const struct config_entry *config_find(const struct config *config, const char *section,
                                       const char *key);

/* Fills *out from a section by a table of fields (bool: yes or no; numbers in decimal). `common`
 * lists, NULL-terminated, keys of the section that are someone else's; any other key that the table
 * does not have is an error: "/etc/ironbox/ironbox.ini:12: [seccomp] enabeld: no such key". */
int config_read(const struct config *config, const char *section,
                const struct ironbox_field *fields, const char *const *common, void *out,
                struct ironbox_error *error);

/* Whether the file or folder behind the fd may be written by its owner alone, who is root or, for
 * an ordinary user, he himself; also used for plugins. `what` names it in the error. */
int config_check_trusted(int fd, const char *what, struct ironbox_error *error);

/* The same for each folder, and each symlink, on the way to `path` and for path itself: then nobody
 * else can change what the path leads to. Costs one newfstatat(2) a name. */
int config_check_trusted_path(const char *path, struct ironbox_error *error);

#endif
