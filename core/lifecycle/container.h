/* What one verb holds of one container, from opening it to the end of the verb. */
#ifndef IRONBOX_LIFECYCLE_CONTAINER_H
#define IRONBOX_LIFECYCLE_CONTAINER_H

#include "lifecycle/lifecycle.h"
#include "pipeline/pipeline.h"
#include "support/channel.h"

/* What state.json holds. Written once, when the container is created; what changes later (running,
 * paused, stopped) is asked of the kernel. */
struct container_state_file {
	char *oci_version, *bundle, *rootfs, *created; /* owned */
	pid_t pid;
	uint64_t start_time;
	uid_t owner;
	bool has_poststart_hooks, has_poststop_hooks;
	bool no_new_keyring; /* each process stays in its maker's session keyring */
	uint32_t stage_flags;
};

struct container {
	const struct runtime *runtime;
	char *id;
	int root_directory_fd; /* the state root */
	int directory_fd;      /* the container's state directory, locked; -1: not there */
	struct spec spec;
	struct oci_process process;
	struct record record;
	struct pipeline pipeline;
	struct container_state_file state;
	char *bundle, *rootfs; /* absolute */
	struct process_ties ties;
	uint32_t listen_fds; /* of the fds that go to the process, by sd_listen_fds(3) */
	char *program;       /* what execve(2) gets; in init and joiner */

	/* while init or a joiner is being made */
	struct channel channel;       /* the runtime's end */
	struct channel inner_channel; /* init's end */
	int start_fd, started_fd;     /* the FIFOs, both ends each; -1 in run and exec */
	pid_t pid;
	int pidfd;
	int init_pidfd; /* exec: of the container's init; pidfd is the joiner's */
	bool joiner_made;
	bool signals_are_reset; /* in the runtime already, so in what it makes */
	bool told_to_go;        /* MESSAGE_START was sent, ahead of READY */
	uint64_t start_time;    /* of pid, once it was looked up */
	bool has_attach;        /* init waits for MESSAGE_ATTACHED */
	bool hides_late;        /* … and till then it is dumpable: see make_init */
	bool has_runtime_hooks; /* init tells MESSAGE_MOUNTED and waits */
	bool cwd_is_left;       /* root may not enter it: the user does */
	bool made;              /* by this verb: the end of scope undoes it unless kept */
	bool kept;
};

/* Frees all. A container that this verb made and did not keep is undone first: init killed, the
 * stages torn down in reverse, the id free again. */
void container_close(struct container *container);
#define cleanup_container __attribute__((cleanup(container_close)))
#define CONTAINER_NONE                                      \
	((struct container){ .root_directory_fd = -1,       \
	                     .directory_fd = -1,            \
	                     .record = RECORD_NONE,         \
	                     .pipeline = PIPELINE_NONE,     \
	                     .channel = CHANNEL_NONE,       \
	                     .inner_channel = CHANNEL_NONE, \
	                     .start_fd = -1,                \
	                     .started_fd = -1,              \
	                     .pidfd = -1,                   \
	                     .init_pidfd = -1 })

/* ---- state.c: the state directory ---- */

#define STATE_FILE   "state.json"
#define CONFIG_FILE  "config.json"
#define START_FIFO   "start"
#define STARTED_FIFO "started"

/* Makes the container's state directory, which is what owns the id, and locks it. */
int state_make(struct container *container, const struct runtime *runtime, const char *id,
               struct ironbox_error *error);
/* Opens the one that is there: locked for verbs that change the container. */
int state_open(struct container *container, const struct runtime *runtime, const char *id,
               bool lock, struct ironbox_error *error);
/* Waits till nobody holds the container's lock: what is launching it has come to its end. */
int state_await_unlocked(struct container *container, struct ironbox_error *error);
/* Reads state.json. -1 with code ENOENT: creation was not finished. */
int state_read(struct container *container, struct ironbox_error *error);
/* Writes state.json under a temporary name, and puts it in place. Two steps, so that the first is
 * done while init mounts. */
int state_prepare(struct container *container, struct ironbox_error *error);
int state_commit(struct container *container, struct ironbox_error *error);
/* The container's own copy of config.json. */
int state_read_spec(struct container *container, struct ironbox_error *error);
/* Removes all files of ours and the directory, and so frees the id. */
int state_remove(struct container *container, struct ironbox_error *error);
/* creating, created, running or stopped (paused is the stages' to say). Opens container->pidfd if
 * init lives; stopped with an errno other than ESRCH: it could not be opened. */
enum container_status state_status(struct container *container);
/* The above and, for a running container, whether a stage says that it is paused. Loads the
 * recorded pipeline for it. */
enum container_status container_status(struct container *container, struct ironbox_error *error);

/* Does a stage of the loaded pipeline say so? */
bool container_is_paused(struct container *container, struct ironbox_error *error);

/* By the loaded stages, to all processes of it. 1: no stage of it can do that. */
int container_signal_all(struct container *container, int number, struct ironbox_error *error);
/* After SIGKILL to init. In v1's freezer a process has to be thawed to die (kernel,
 * freezer-subsystem.rst), of which the stages know the way out: asked where it is still there after
 * a moment. serving: for container_load_pipeline, if that was not called. */
void container_let_die(struct container *container, const char *serving);

/* Opens a container for a verb: directory, state.json. An id that is not there: code ENOENT,
 * "container does not exist". */
int container_open(struct container *container, const struct runtime *runtime, const char *id,
                   bool lock, struct ironbox_error *error);
/* Loads the record, the spec copy and the modules that made it (see pipeline_load_recorded), and
 * runs their configure. For "teardown" no spec: it goes by the record. */
int container_load_pipeline(struct container *container, const char *serving, bool lenient,
                            struct ironbox_error *error);

/* ---- launch.c: what create and run share ---- */

/* The beginning of what makes a container: the id is ours, the bundle is read and kept, the stages
 * are loaded for the verb (NULL: create and run), all have said yes, and the record is open. */
int launch_begin(struct container *container, const struct runtime *runtime,
                 const struct create_request *request, const char *verb, uint32_t flags,
                 struct ironbox_error *error);
/* Puts init's pid into the record, by which `delete --force` finds the process of a container whose
 * state was never committed; and what state.json is to be beside it. */
int launch_prepare_state(struct container *container, struct ironbox_error *error);
/* Creates the container up to a parked init, committed on disk. with_fifo: it waits for `start`;
 * else it goes on at MESSAGE_START on the channel. */
int container_launch(struct container *container, const struct runtime *runtime,
                     const struct create_request *request, bool with_fifo,
                     struct ironbox_error *error);
/* Waits till execve(2) has taken init's memory: 0, or init's error. Tells it to go, unless that was
 * done as soon as nothing stood in the way. */
int container_go(struct container *container, struct ironbox_error *error);

/* ---- run.c, for restore too: the end of a container that is waited for ---- */

void run_unlock(struct container *container);
/* Kills and, unless keep, deletes one that runs, where the verb failed behind run_unlock. */
void run_end_unwatched(struct container *container, bool keep);
/* Deletes it with all that this verb still holds of it, unless someone else did. */
int run_delete_own(struct container *container, struct ironbox_error *error);

/* ---- checkpoint_options.c ---- */

#define CHECKPOINT_OPTIONS_MAX 20
/* As stages get them by host->recall; the texts are the options' own. */
void checkpoint_options_list(const struct checkpoint_options *options,
                             struct pipeline_option list[CHECKPOINT_OPTIONS_MAX]);
/* Whether a stage writes and reads images; -1 with code ENOSYS: none does. */
int checkpoint_check_stage(const struct pipeline *pipeline, struct ironbox_error *error);

/* ---- init.c, clone.c ---- */

_Noreturn void init_main(struct container *container, const struct create_request *request);
/* clone3(2) as the stages wish; sets pid and pidfd. The child runs `child` and never returns. */
int clone_process(struct container *container,
                  void (*child)(struct container *container, const void *request),
                  const void *request, struct ironbox_error *error);
/* In a process that clone_process made: makes another child of the runtime, and ends. That one
 * knows its number outside (container->pid), tells the runtime of itself, and runs `child`.
 * Returns, in one of the two, only if that failed. */
int clone_successor(struct container *container, struct channel *channel, uint64_t flags,
                    void (*child)(struct container *container, const void *request),
                    const void *request, struct ironbox_error *error);
/* The runtime's side of it: sets pid and pidfd. -1 with no error told: it died without a word. */
int clone_take_successor(struct container *container, struct ironbox_error *error);

/* ---- teardown ---- */

/* Kills what lives, undoes the stages, removes the state directory, runs poststop hooks. */
int container_destroy(struct container *container, struct ironbox_error *error);

#endif
