/*
 * The pipeline: the stages that one verb on one container needs, in the order of the ini. It loads
 * their modules, runs one phase after the other through all of them, and undoes them in reverse.
 * It knows no stage by name.
 */
#ifndef IRONBOX_PIPELINE_PIPELINE_H
#define IRONBOX_PIPELINE_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <ironbox/plugin.h>

#include "config/config.h"
#include "oci/spec.h"
#include "pipeline/record.h"
#include "support/channel.h"

enum phase {
	PHASE_CONFIGURE,
	PHASE_VALIDATE,
	PHASE_PREPARE,
	PHASE_ATTACH,
	PHASE_SETUP,
	PHASE_PIVOT,
	PHASE_ENTER,
	PHASE_CONFINE,
	PHASE_DROP,
	PHASE_SETTLE,
	PHASE_SEAL,
	PHASE_JOIN_PREPARE,
	PHASE_JOIN,
	PHASE_PAUSE,
	PHASE_RESUME,
	PHASE_STATS,
	PHASE_PROCESSES,
	PHASE_CHECKPOINT,
	PHASE_RESTORE,
	PHASE_VERIFY,
	PHASE_TEARDOWN,
	PHASE_HOLD,
	PHASE_PROBE,
};

/* A stage that was loaded. What the plugin sees is its first member. */
struct stage {
	struct ironbox_stage seen;
	struct pipeline *pipeline;
	struct ironbox_plugin plugin; /* as much as its size says, the rest zero */
	void *handle;                 /* of dlopen(3) */
	char *name;
	char *module_path;
	uint32_t number; /* the same in runtime and init */
	bool is_verbs;   /* loaded for this verb alone, and no part of what made the container */
};

/* An option of the verb, as stages get it by host->recall. */
struct pipeline_option {
	const char *key, *value; /* "ironbox.image_path"; a NULL key ends a list */
};

enum { CLONE_NAMESPACES_MAX = 8 }; /* namespaces(7) has so many */

/* An attribute that a stage has the container's process write: ironbox_host.write_attribute. */
struct attribute {
	struct ironbox_stage *stage;
	const char *name;
	ironbox_attribute_writer *write;
};

/* What the stages want of the clone of init or the joiner. */
struct clone_wishes {
	uint64_t flags;
	int cgroup_fd;       /* -1, or the stage's */
	unsigned namespaces; /* the cloner enters these; more than there is room for: an error */
	int namespace_fds[CLONE_NAMESPACES_MAX];
};

struct pipeline {
	const struct config *config;
	struct spec *spec;
	struct record *record;
	struct channel *channel; /* to the other process, or NULL */
	const char *state_root;
	char *progress;          /* a half of it: support/progress.h; NULL: not kept */
	const char *exec_cgroup; /* exec --cgroup, or NULL */
	const char *verb;        /* for modules that are for some verbs alone; or NULL */
	const char *variant;     /* of a stage, that the caller asks for; or NULL */
	const struct pipeline_option *options; /* of the verb; or NULL */
	char joiner_pid[16]; /* in a joiner, once it has it: its pid outside; "" */
	struct stage *stages;
	size_t count;
	struct fact *facts;
	struct clone_wishes clone;
	struct attribute attributes[IRONBOX_ATTRIBUTES_MAX];
	size_t attribute_count;
	int root_fd;      /* the container's root as it stands now; -1: not known */
	int proc_fd;      /* the host's /proc; -1: not opened yet */
	bool proc_closed; /* /proc is the container's by now: open_proc refuses */
	int console_fd;   /* the terminal's container side, given by a stage; -1: none */
	bool touched;     /* prepare or attach was entered: there may be something to undo */

	const struct ironbox_root_mount *root_mounts; /* of who asked */
	size_t root_mount_count;
	bool root_mounts_taken; /* by a stage */

	struct module *asleep; /* pipeline_hold: the modules of stages that sleep; owned */
	size_t asleep_count;

	struct ironbox_external *externals; /* what stages declared; owned */
	size_t external_count;

	/* of who restores, to the lifecycle; with `context` */
	int (*on_restoring)(void *context, pid_t pid, struct ironbox_error *error);
	int (*on_restored)(void *context, struct ironbox_error *error);

	/* answers of control phases; NULL: nobody listens */
	void (*on_number)(void *context, const char *name, uint64_t value);
	void (*on_process)(void *context, pid_t pid);
	void (*on_lack)(void *context, const char *text);
	void *context;
};

#define PIPELINE_NONE       \
	((struct pipeline){ \
		.clone = { .cgroup_fd = -1 }, .root_fd = -1, .proc_fd = -1, .console_fd = -1 })

/* What all stages of a pipeline are told. */
struct pipeline_subject {
	const char *container_id, *bundle, *root_path;
	uint32_t flags;
};

/* Loads the modules of the stages that the spec wakes and refuses what is asked of a stage that is
 * off. All dlopen(3) of a verb happens here, before any clone. */
int pipeline_load(struct pipeline *pipeline, const struct pipeline_subject *subject,
                  struct ironbox_error *error);
/* Loads the modules that made the container, as its record says, whatever the ini says today: all,
 * or with `serving` those alone that have this phase ("teardown"). Those that can't be loaded are
 * passed over when lenient (teardown must go on), and told to the log. */
int pipeline_load_recorded(struct pipeline *pipeline, const struct pipeline_subject *subject,
                           const char *serving, bool lenient, struct ironbox_error *error);
/* Besides the recorded ones, loads the stages that the spec wakes now: in exec the process may ask
 * for what the container did not. Refuses what is asked of a stage that is off. */
int pipeline_load_woken(struct pipeline *pipeline, struct ironbox_error *error);
/* For who keeps a recorded pipeline through many verbs, each in a fork of it: keeps what they would
 * find anew each time. The stages, by their phase `hold`; and which others sleep, so that
 * pipeline_load_woken reads no file but of one that is woken. */
int pipeline_hold(struct pipeline *pipeline, struct ironbox_error *error);
/* Besides the recorded ones, loads and configures the stages whose manifests name pipeline->verb.
 */
int pipeline_load_for_verb(struct pipeline *pipeline, const struct pipeline_subject *subject,
                           struct ironbox_error *error);
void pipeline_free(struct pipeline *pipeline);

int pipeline_run(struct pipeline *pipeline, enum phase phase, struct ironbox_error *error);
bool pipeline_has(const struct pipeline *pipeline, enum phase phase);
/* After prepare: does a stage want init to wait for attach? */
bool pipeline_needs_attach(const struct pipeline *pipeline);
/* Runs teardown through all stages in reverse, and goes on when one fails. The first error. */
int pipeline_undo(struct pipeline *pipeline, struct ironbox_error *error);
/* Writes which modules make the container into its record. */
int pipeline_record_modules(struct pipeline *pipeline, struct ironbox_error *error);
/* Tells the stages which process init is. */
void pipeline_set_init(struct pipeline *pipeline, pid_t pid, int pidfd);
/* Does a stage do what this path of the spec asks for? One that is on; of a container that was made
 * before, one that was on then. */
bool pipeline_does(const struct pipeline *pipeline, const char *path);
/* The container's namespace of a type ("pid"), made or joined. NULL: it is in the host's, also if
 * the spec names one and the stage that would do it is off. */
const struct ironbox_value *pipeline_namespace(const struct pipeline *pipeline, const char *type);
void pipeline_set_flag(struct pipeline *pipeline, uint32_t flag);
/* Opens the host's /proc for open_proc, and sees that it is one. */
int pipeline_open_proc(struct pipeline *pipeline, struct ironbox_error *error);
/* An O_CLOEXEC fd of a path below it, by which nothing can be led astray: see open_proc. */
int pipeline_open_below_proc(struct pipeline *pipeline, const char *path, int flags,
                             struct ironbox_error *error);
/* From here on the host's /proc is out of reach: init has changed its root. */
void pipeline_close_proc(struct pipeline *pipeline);

/* The struct that plugins call us by. */
extern const struct ironbox_host pipeline_host;

#endif
