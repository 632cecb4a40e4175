/* internal.h: what the files of the criu stage share. */
#ifndef CRIU_INTERNAL_H
#define CRIU_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <ironbox/cleanup.h>
#include <ironbox/plugin.h>

#include "criu.pb-c.h"

#define CRIU_OLDEST 31500 /* pid namespaces that are external; the freezer of cgroup v2 */

/* ironbox_stage.data */
struct criu {
	const char *path; /* [criu] path */
	uint32_t timeout; /* seconds without a word; 0: for ever */
};

/* ---- images.c: the folders of images and logs ---- */

struct images {
	int image_fd, work_fd; /* the same folder, if nothing else was said */
	const char *work_path; /* for messages */
	const char *log;       /* its file's name: dump.log, restore.log */
};
#define IMAGES_NONE ((struct images){ .image_fd = -1, .work_fd = -1 })

/* Opens both as the verb's options say; makes them (0700) for a checkpoint. Refused: a folder that
 * is another's or that others may write, and for a restore images that are not whole. */
int images_open(const struct ironbox_stage *stage, struct images *images, bool make,
                struct ironbox_error *error);
/* The same for a folder of images that they are to go on from, its path relative to theirs; and for
 * those which it goes on from. images_open has done it for a restore. */
int images_check_parent(const struct ironbox_stage *stage, const struct images *images,
                        const char *path, struct ironbox_error *error);
/* Opens the work folder in the mount namespace in which criu is to work: it mounts things there. */
int images_move(const struct ironbox_stage *stage, struct images *images, int mounts_fd,
                struct ironbox_error *error);
/* While this mark is there the images are not whole. */
int images_mark(const struct ironbox_stage *stage, const struct images *images,
                struct ironbox_error *error);
int images_unmark(const struct ironbox_stage *stage, const struct images *images,
                  struct ironbox_error *error);
/* The last line of criu's log that tells of an error; "" if there is none. */
void images_last_error(const struct images *images, char *line, size_t size);
void images_close(struct images *images);
#define cleanup_images __attribute__((cleanup(images_close)))

/* ---- request.c: what criu is asked for ---- */

struct request {
	Criu__Options options;
	char **texts; /* what it points to, owned */
	size_t text_count, capacity;
	/* as many of each as there are externals, and some more */
	Criu__InheritFd *inherits, **inherit_pointers;
	Criu__CgroupRoot *roots, **root_pointers;
	Criu__JoinNamespace *joins, **join_pointers;
};

/* What both verbs have in common. */
int request_begin(const struct ironbox_stage *stage, struct request *request,
                  const struct images *images, struct ironbox_error *error);
/* "mnt[/data]:/data" */
int request_external(const struct ironbox_stage *stage, struct request *request,
                     struct ironbox_error *error, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* A copy of the fd is criu's, under that key; the fd stays the caller's. */
int request_inherit(const struct ironbox_stage *stage, struct request *request, int fd,
                    struct ironbox_error *error, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
int request_join(const struct ironbox_stage *stage, struct request *request, const char *type,
                 const char *path, struct ironbox_error *error);
int request_cgroup(const struct ironbox_stage *stage, struct request *request,
                   const char *controllers, const char *path, struct ironbox_error *error);
/* A copy that lives as long as the request; NULL: no memory. */
char *request_text(struct request *request, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void request_free(struct request *request);
#define cleanup_request __attribute__((cleanup(request_free)))

/* ---- process.c: `criu swrk` ---- */

struct criu_process {
	pid_t pid; /* 0: none */
	int pidfd, socket_fd;
	int output_fd; /* a memfd: what it says before it has a log */
	bool done;     /* it has said yes, and ends by itself; else criu_end kills it */
};
#define CRIU_PROCESS_NONE ((struct criu_process){ .pidfd = -1, .socket_fd = -1, .output_fd = -1 })

/* Starts it. restore: in the container's cgroups, and in the mount namespace of the root. The fds
 * of request->inherits are its, too. */
int criu_start(const struct ironbox_stage *stage, struct criu_process *process,
               const struct request *request, bool restore, struct ironbox_error *error);
/* Waits till it is gone. One that has not said yes is killed, with what it has started. */
void criu_end(struct criu_process *process);
#define cleanup_criu __attribute__((cleanup(criu_end)))

/* ---- talk.c ---- */

/* Who hears of criu's steps. fd: a terminal's master, its to close, or -1. */
struct listener {
	int (*notified)(struct ironbox_stage *stage, const char *script, pid_t pid, int fd,
	                struct ironbox_error *error);
};

/* Asks for its version, and refuses one that is too old. */
int talk_version(struct ironbox_stage *stage, const struct criu_process *process,
                 struct ironbox_error *error);
/* One request and all that belongs to it, until criu says that it is done. -1: also when it says
 * no; *error has its own words, and where its log is. */
int talk_request(struct ironbox_stage *stage, struct criu_process *process, Criu__RequestType type,
                 struct request *request, const struct images *images,
                 const struct listener *listener, struct ironbox_error *error);

/* ---- stdio.c: what fds 0 to 2 of init are, that come from outside ---- */

/* Declares them, and writes descriptors.json beside the images. */
int stdio_keep(const struct ironbox_stage *stage, struct request *request,
               const struct images *images, struct ironbox_error *error);
/* The runtime's own fds 0 to 2 take their place. */
int stdio_give(const struct ironbox_stage *stage, struct request *request,
               const struct images *images, struct ironbox_error *error);

/* ---- criu.c, checkpoint.c, restore.c ---- */

/* Refuses what can't be restored, in checkpoint too: such images would be a trap. */
int criu_check_rights(const struct ironbox_stage *stage, struct ironbox_error *error);

ironbox_phase criu_checkpoint, criu_restore;

/* The option of the verb, or NULL; docs/checkpoint.md. */
static inline const char *option(const struct ironbox_stage *stage, const char *key)
{
	return stage->host->recall(stage, key);
}

#endif
