/* The files of a cgroup, by the fd of its directory: bounded, and with errors that name them. */
#ifndef CGROUP_COMMON_FILES_H
#define CGROUP_COMMON_FILES_H

#include <ironbox/plugin.h>

#define CGROUP_NO_LIMIT UINT64_MAX /* what "max" is read as */

/* Writes value by one write(2). The error is of the form
 * "memory: write 4096 to memory.max (linux.resources.memory.limit): Device or resource busy";
 * field may be NULL. errno is kept, so that a caller can let ENOENT pass. */
int cgroup_write(const struct ironbox_stage *stage, int cgroup_fd, const char *file,
                 const char *value, const char *field, struct ironbox_error *error);
int cgroup_write_number(const struct ironbox_stage *stage, int cgroup_fd, const char *file,
                        int64_t value, const char *field, struct ironbox_error *error);

/* Reads a whole file into text, without its last end of line and with a '\0' at the end. Its
 * length, or -1 with errno: EFBIG where size does not do. Tells no error: many a file is
 * optional.*/
ssize_t cgroup_read(int cgroup_fd, const char *file, char *text, size_t size);

/* Reads a file that is one number, or "max". -1 with errno; EINVAL where it is none. */
int cgroup_read_number(int cgroup_fd, const char *file, uint64_t *value);

/* A decimal number, or "max", that ends at '\0', blank or end of line; *end may be NULL. */
bool cgroup_parse_number(const char *text, uint64_t *value, const char **end);

/* The number behind `key` in lines of the form "key number". */
bool cgroup_find_key(const char *text, const char *key, uint64_t *value);

/* Calls visit for each line "key number" of text; lines of another form are left out. */
typedef void cgroup_key_visit(void *context, const char *key, size_t key_length, uint64_t value);
void cgroup_visit_keys(const char *text, cgroup_key_visit *visit, void *context);

#endif
