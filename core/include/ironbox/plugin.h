/*
 * ironbox/plugin.h: the plugin ABI. A stage of ironbox's pipeline is one .so that exports one
 * symbol, `ironbox_plugin`, and one ELF note, the manifest. It links nothing of ironbox: all that
 * the engine does for a stage comes as function pointers in struct ironbox_host.
 *
 * Three processes take part. The *runtime* is the command (or a worker of the shim). *init* is the
 * container's first process before its execve(2); it is a clone of the runtime, so it starts with a
 * copy of all memory and of all fds that prepare made. The *joiner* is the same for `exec`.
 *
 * A phase returns 0, or -1 with *error told by host->fail. The engine puts "STAGE: " in front.
 */
#ifndef IRONBOX_PLUGIN_H
#define IRONBOX_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <ironbox/field.h>

#define IRONBOX_ABI_MAJOR 1u /* grows when a promise breaks: the engine refuses the plugin */
#define IRONBOX_ABI_MINOR 1u /* grows when members are appended: both sides go by size */
#define IRONBOX_ABI       (IRONBOX_ABI_MAJOR << 16 | IRONBOX_ABI_MINOR)

struct ironbox_error; /* opaque; written only through host->fail and host->context */
struct ironbox_value; /* opaque; a value of config.json, owned by the engine till the verb ends */
struct ironbox_stage;
struct ironbox_external;
struct ironbox_root_mount;

typedef int ironbox_phase(struct ironbox_stage *stage, struct ironbox_error *error);
/* See host->write_attribute. */
typedef int ironbox_attribute_writer(struct ironbox_stage *stage, int fd,
                                     struct ironbox_error *error);

enum ironbox_log_level {
	IRONBOX_LOG_ERROR,
	IRONBOX_LOG_WARNING,
	IRONBOX_LOG_INFO,
	IRONBOX_LOG_DEBUG,
};

/*
 * The engine's services. A member that ends beyond `size` is not there (an older engine).
 * Where nothing else is said a call works in every process and phase, and the engine owns what it
 * returns. An fd that a call returns is O_CLOEXEC and the caller's to close.
 */
struct ironbox_host {
	uint32_t abi;  /* the engine's IRONBOX_ABI */
	uint32_t size; /* of this struct in the engine */

	/* ---- errors and log. No allocation. ---- */

	/* Begins the error: what was tried, on which path or field. code is an errno value, whose
	 * words are added, or 0 when no system call is to blame. Returns -1 always. */
	int (*fail)(struct ironbox_error *error, int code, const char *format, ...)
		__attribute__((format(printf, 3, 4)));
	/* Puts "…: " in front of an error that a callee began. Returns -1 always. */
	int (*context)(struct ironbox_error *error, const char *format, ...)
		__attribute__((format(printf, 2, 3)));
	/* One line without its end; the engine puts the container and the stage in front. */
	void (*log)(const struct ironbox_stage *stage, enum ironbox_log_level level,
	            const char *format, ...) __attribute__((format(printf, 3, 4)));

	/* ---- config.json, which was checked whole before any phase runs, and ironbox.ini ---- */

	/* The value at a path such as "linux.resources.memory" or "mounts"; NULL where the spec
	 * does not have it. In exec, "process" is the process that is to join. */
	const struct ironbox_value *(*spec)(const struct ironbox_stage *stage, const char *path);
	/* How many items an array, or members an object has; 0 for all else, and for NULL. */
	size_t (*count)(const struct ironbox_value *value);
	/* Item `index` of an array, or member `index` of an object; *key (may be NULL) gets the
	 * member's name, NULL in an array. */
	const struct ironbox_value *(*item)(const struct ironbox_value *value, size_t index,
	                                    const char **key);
	/* The text of a string value, or NULL if it is none. */
	const char *(*text)(const struct ironbox_value *value);
	/* Fills *out by a table of fields (ironbox/field.h); what value does not have keeps what
	 * *out held. value may be NULL. -1: a wrong type or range, told with the JSON path. */
	int (*read)(const struct ironbox_stage *stage, const struct ironbox_value *value,
	            const struct ironbox_field *fields, void *out, struct ironbox_error *error);
	/* The same for the stage's own section of ironbox.ini, by configure: a key that is not in
	 * the table is an error that names file and line. `enabled`, `module`, `wake` are not. */
	int (*settings)(const struct ironbox_stage *stage, const struct ironbox_field *fields,
	                void *out, struct ironbox_error *error);

	/* ---- the node ---- */

	/* A fact of this node: the text of the host's file at an absolute path (at most 1 MiB),
	 * read once a verb; NULL with errno if there is none. validate asks the node through this
	 * alone, so that facts can be recorded. Runtime; allocates. */
	const char *(*fact)(struct ironbox_stage *stage, const char *path);
	/* An fd of `path` below the host's /proc, such as "sys/kernel/hostname" or
	 * "thread-self/attr". Nothing mounted over it, no symlink out of it and no magic link is
	 * followed, so it can't be led astray by a container (CVE-2025-52881). Runtime; init until
	 * pivot; not the joiner. */
	int (*open_proc)(const struct ironbox_stage *stage, const char *path, int flags,
	                 struct ironbox_error *error);

	/* ---- the container's root ---- */

	/* An fd of `path` below the container's root: openat2(2) with RESOLVE_IN_ROOT and
	 * RESOLVE_NO_MAGICLINKS, so symlinks in the image stay inside. -1 with errno kept.
	 * mode is for O_CREAT. Runtime, init; in a joiner after join. */
	int (*open_in_root)(const struct ironbox_stage *stage, const char *path, int flags,
	                    mode_t mode, struct ironbox_error *error);
	/* From here on open_in_root resolves below root_fd (the engine makes a copy of the fd): the
	 * rootfs stage says so when it has made the root a mount of its own, and after pivot. */
	int (*set_root)(struct ironbox_stage *stage, int root_fd, struct ironbox_error *error);
	/* Hands over a terminal: the engine makes peer_fd the controlling terminal and the stdio of
	 * the container's process, and sends master_fd to who asked for it. The engine owns both
	 * fds from the call on, also when it fails. Init in setup, joiner in join. */
	int (*give_console)(struct ironbox_stage *stage, int master_fd, int peer_fd,
	                    struct ironbox_error *error);

	/* ---- namespaces and the clone. type is a CLONE_NEW* flag. ---- */

	/* The container gets a namespace of this type made for it. */
	bool (*namespace_is_new)(const struct ironbox_stage *stage, uint64_t type);
	/* The path that linux.namespaces gives for this type, or NULL. */
	const char *(*namespace_path)(const struct ironbox_stage *stage, uint64_t type);
	/* Adds flags (CLONE_NEW*) to the clone3(2) of init. prepare. */
	void (*clone_flags)(struct ironbox_stage *stage, uint64_t flags);
	/* Makes init, or the joiner, begin its life in this cgroup (CLONE_INTO_CGROUP). The fd
	 * stays the stage's and must be open until attach or settle. prepare, join_prepare. */
	void (*clone_into_cgroup)(struct ironbox_stage *stage, int cgroup_fd);
	/* Makes a process that has joined this namespace the cloner of init: a user namespace, for
	 * the new ones to belong to, or one that the runtime would not find its way back from. Each
	 * call adds one; they are joined in turn. The fd stays the stage's. prepare. */
	void (*clone_in_namespace)(struct ironbox_stage *stage, int namespace_fd);

	/* ---- what outlives a phase or a verb ---- */

	/* Sends bytes and, if fd is not -1, an fd to the same stage at the other end: from prepare
	 * or attach to init's setup and later; from init or joiner to settle. At most 4 KiB. */
	int (*send)(struct ironbox_stage *stage, const void *bytes, size_t size, int fd,
	            struct ironbox_error *error);
	/* The next of them, in order: the size, and *fd the caller's (or -1); 0 with *fd -1 when
	 * there is none. More than capacity is an error. */
	ssize_t (*receive)(struct ironbox_stage *stage, void *bytes, size_t capacity, int *fd,
	                   struct ironbox_error *error);
	/* Keeps a short text in the container's record on disk until delete, for later verbs and
	 * for teardown: call it *before* making what it names. Runtime: prepare, attach, update. */
	int (*remember)(struct ironbox_stage *stage, const char *key, const char *value,
	                struct ironbox_error *error);
	/* What was remembered last under this key, by this verb or an earlier one; or NULL. Keys
	 * of the engine: "ironbox.state_root"; "ironbox.exec_cgroup", of exec --cgroup; from a
	 * joiner's confine on "ironbox.joiner_pid", as the runtime's pid namespace numbers it; and
	 * in checkpoint and restore the options of the verb, docs/checkpoint.md. */
	const char *(*recall)(const struct ironbox_stage *stage, const char *key);

	/* ---- answers of control phases ---- */

	/* stats: one number; its name is the path in `events --stats`, such as
	 * "memory.usage.limit", "cpu.usage.percpu[0]", "hugetlb.2MB.usage" or
	 * "blkio.ioServiceBytesRecursive[8:0 Read]"; "cpu.psi.some.avg10/100" is given in
	 * hundredths. What has no place there stands below "cgroup": "cgroup.version", and the
	 * kernel's files by their names, "cgroup.memory.events.low". */
	void (*report)(struct ironbox_stage *stage, const char *name, uint64_t value);
	/* processes: one pid, as the runtime's pid namespace numbers it. */
	void (*report_process)(struct ironbox_stage *stage, pid_t pid);
	/* probe: one thing that this kernel lacks, in words. */
	void (*report_lack)(struct ironbox_stage *stage, const char *format, ...)
		__attribute__((format(printf, 2, 3)));

	/* ---- checkpoint and restore; since 1.1. Runtime. ---- */

	/* Declares what of the container belongs to the outside, so that no image of its processes
	 * can hold it. The engine copies the texts and the fd. checkpoint, restore. */
	int (*external)(struct ironbox_stage *stage, const struct ironbox_external *external,
	                struct ironbox_error *error);
	/* What the stages so far have declared, in their order; NULL behind the last. */
	const struct ironbox_external *(*external_at)(const struct ironbox_stage *stage,
	                                              size_t index);
	/* By the stage that makes the processes, in restore. First: that one is to be PID 1, its
	 * namespaces stand, and nothing of it is restored yet. The engine records it, and runs
	 * the hooks that come before pivot. It has to be a child of the runtime. */
	int (*restoring)(struct ironbox_stage *stage, pid_t pid, struct ironbox_error *error);
	/* Then: all is restored and stands still. The engine lets each stage verify that it is no
	 * more than config.json allows, and commits the state. -1: it must never run. */
	int (*restored)(struct ironbox_stage *stage, struct ironbox_error *error);

	/* ---- security labels; since 1.1 ---- */

	/* Has the container's process write an attribute of its own, which the kernel takes from no
	 * other: `write` is called in init, or the joiner, with an fd of its /proc/PID/attr/`name`
	 * ("apparmor/exec", "keycreate"), open for reading and writing, the engine's to close. The
	 * engine opens it through the host's procfs, so nothing that is mounted over /proc in the
	 * container, or raced into it, can take its place (CVE-2019-16884, CVE-2025-52881). Called
	 * behind the createContainer hooks, which are the host's, and in front of pivot; in a
	 * joiner behind join; in both before the session keyring is joined. What is set for
	 * execve(2) holds for the startContainer hooks too. name must outlive the verb. At most
	 * IRONBOX_ATTRIBUTES_MAX of all stages. prepare, join_prepare. */
	int (*write_attribute)(struct ironbox_stage *stage, const char *name,
	                       ironbox_attribute_writer *write, struct ironbox_error *error);
	/* Is this field asked for, and is the stage that owns it on? For what one stage does for
	 * the sake of another's field, as rootfs does for linux.mountLabel: where the ini has
	 * switched off the owner, nobody is to carry it out. */
	bool (*carried_out)(const struct ironbox_stage *stage, const char *path);

	/* ---- a root that is made of mounts; since 1.1 ---- */

	/* Takes on the mounts that make root.path what it is to be, of a snapshot of containerd's:
	 * how many there are (most often 0), and *mounts, the engine's till the verb ends. Till a
	 * stage has made them root.path is an empty directory. A container that has such mounts is
	 * refused when no stage has called this by the end of validate. */
	size_t (*take_root_mounts)(struct ironbox_stage *stage,
	                           const struct ironbox_root_mount **mounts);

	/* Says what is begun now and may take for ever, for who finds the verb hanging: "mount
	 * /srv/x". Till then it is the phase. Cut at a hundred bytes or so. Since 1.1. */
	void (*progress)(const struct ironbox_stage *stage, const char *what);
};

#define IRONBOX_ATTRIBUTES_MAX 8

/* What a checkpointer has to leave out of its images, and to put back in its place. */
enum ironbox_external_kind {
	/* path: the container's root. restore: fd is the mount namespace in which it is a mount and
	 * in which all paths of this list hold; who restores has to be in it. */
	IRONBOX_EXTERNAL_ROOT,
	/* name: the mount point as config.json has it. path: in checkpoint, where it is mounted in
	 * the container; in restore, what to bind there. */
	IRONBOX_EXTERNAL_MOUNT,
	/* name: "net", "pid", … of /proc/PID/ns. path, fd: the namespace that the container joined,
	 * or is to join. */
	IRONBOX_EXTERNAL_NAMESPACE,
	/* name: the controllers of the hierarchy, "" for cgroup v2. path: the container's cgroup
	 * below the hierarchy's root; fd: its directory. */
	IRONBOX_EXTERNAL_CGROUP,
};

struct ironbox_external {
	enum ironbox_external_kind kind;
	int fd; /* -1: none */
	const char *name, *path;
};

/* To be mounted on root.path, one over the other in their order. All is as mount(8) has it. */
struct ironbox_root_mount {
	const char *type, *source; /* NULL: not given */
	const char *target; /* a path below the root as it stands by then; NULL or "": the root */
	const char *const *options; /* NULL-terminated; NULL: none */
};

/* What the verb was asked for, as far as stages care; bits of ironbox_stage.flags. */
enum {
	IRONBOX_NO_PIVOT = 1 << 0,    /* --no-pivot: a root on a ramdisk */
	IRONBOX_ROOTLESS = 1 << 1,    /* the runtime lacks the host's root rights */
	IRONBOX_KILLED_INIT = 1 << 2, /* teardown: nothing of the container is alive any more */
	IRONBOX_NO_CGROUP = 1 << 3,   /* --cgroup-manager disabled: it stays in the caller's */
	IRONBOX_RESTORE = 1 << 4,     /* no clone follows prepare: a stage restores the processes */
};

/* One stage at work on one container. All pointers and fds are the engine's, but *data. */
struct ironbox_stage {
	uint32_t size;
	uint32_t flags;
	const struct ironbox_host *host;
	const char *container_id;
	const char *bundle;    /* absolute path */
	const char *root_path; /* root.path, absolute; NULL where the verb has no bundle */
	int init_pidfd;        /* -1 while there is no init (until attach; in teardown maybe) */
	pid_t init_pid;        /* as the runtime's pid namespace numbers it; 0 likewise */
	/* The stage's to set: one fd of its own that confine, drop and seal need. All others are
	 * closed in init and joiner before confine (CVE-2024-21626). -1: none. */
	int seal_fd;
	/* data_size bytes, zeroed, for one verb; from the clone on, runtime and init each have
	 * a copy. fds in it that init must not keep are to be O_CLOEXEC, as all are. */
	void *data;
};

/*
 * What a plugin is. The engine copies min(size, its own) bytes into a zeroed struct, so a plugin
 * built for an older minor ABI just has fewer phases. Each phase may be NULL.
 */
struct ironbox_plugin {
	uint32_t abi;         /* IRONBOX_ABI as compiled in */
	uint32_t size;        /* sizeof(struct ironbox_plugin) as compiled in */
	const char *version;  /* the plugin's own */
	const char *manifest; /* ironbox_manifest.text */
	size_t data_size;     /* of ironbox_stage.data */

	/* ---- create and run, in the order of their calls ---- */

	/* Runtime, in every verb: the ini section, and nothing else. */
	ironbox_phase *configure;
	/* Runtime: can this node give what the spec asks? Makes nothing. */
	ironbox_phase *validate;
	/* Runtime, before the clone: what must exist first. Also before restore, with the flag. */
	ironbox_phase *prepare;
	/* Runtime, right after the clone: what only the outside can do, and what need not stand in
	 * init's way. Done before the program runs. Whether init waits for it: needs_attach. */
	ironbox_phase *attach;
	/* Init, in its namespaces, the host's tree still visible. umask is 0 till drop, and the
	 * working directory is a stage's to move. */
	ironbox_phase *setup;
	/* … the engine: prestart, createRuntime hooks (runtime), createContainer hooks (init) */
	/* Init: the new root; the rootfs stage's. */
	ironbox_phase *pivot;
	/* Init, inside the new root. */
	ironbox_phase *enter;
	/* … the engine: rlimits, keyring, cwd, scheduling, fds, terminal, groups, the program */
	/* Init or joiner, still privileged: bounding set; a seccomp filter where no_new_privs is
	 * not asked for. */
	ironbox_phase *confine;
	/* … the engine: gid, uid with PR_SET_KEEPCAPS, umask, no_new_privs */
	/* Init or joiner, after the change of user: capset(2), ambient set. */
	ironbox_phase *drop;
	/* Runtime, drop is done: takes what init or joiner sent, closes what the clone needed. The
	 * program may run by then. */
	ironbox_phase *settle;
	/* Init or joiner, start has come; execve(2) follows at once. */
	ironbox_phase *seal;

	/* ---- exec: join_prepare, join, then confine, drop, settle, seal as above ---- */

	/* Runtime, before the clone: opens all that is needed. */
	ironbox_phase *join_prepare;
	/* Joiner: enters what runs. Out of sight of the container, for the engine makes the process
	 * that is in its pid namespace too only now, by one more clone; data is copied again. */
	ironbox_phase *join;

	/* ---- control of what runs: runtime, a later process than the one that created ---- */
	/* Sends a signal to every process of the container. */
	int (*signal)(struct ironbox_stage *stage, int number, struct ironbox_error *error);
	ironbox_phase *pause;
	ironbox_phase *resume;
	/* 1: paused, 0: not, -1: failed. */
	int (*paused)(struct ironbox_stage *stage, struct ironbox_error *error);
	/* Applies linux.resources as given, leaving alone what it does not name. */
	int (*update)(struct ironbox_stage *stage, const struct ironbox_value *resources,
	              struct ironbox_error *error);
	ironbox_phase *stats;     /* by host->report */
	ironbox_phase *processes; /* by host->report_process */
	/* An fd, the caller's, that becomes readable (drain it by read(2)) when the container may
	 * have run out of memory; stats then has "memory.oomKills". -1: failed. */
	int (*watch)(struct ironbox_stage *stage, struct ironbox_error *error);
	/* Runtime. Stages declare what is external (host->external); the one that stands last
	 * takes that list, and writes images of the processes. They go on if it fails. */
	ironbox_phase *checkpoint;
	/* Runtime, after prepare, in the place of the clone: the same, and the last one makes the
	 * processes, from images that nobody trusts. What attach and setup do for a new container a
	 * stage does here, if it is not in the images. settle follows. */
	ironbox_phase *restore;
	/* Runtime, in host->restored: does init_pid have no more than config.json gives? Read back
	 * from the kernel; -1 ends it. */
	ironbox_phase *verify;

	/* Undoes prepare and attach, whole or half done, once or twice; maybe in a later process
	 * than the one that created, so it goes by recall and not by data. Also the rollback, in
	 * reverse order of the stages. Must not stop at its first error: do all, tell the first. */
	ironbox_phase *teardown;

	/* `ironbox plugins`: tells by host->report_lack what this kernel lacks. No container. */
	ironbox_phase *probe;

	/* Asked after prepare: does init have to wait for attach before its setup? That costs two
	 * context switches. NULL, with an attach: yes. */
	bool (*needs_attach)(const struct ironbox_stage *stage);

	/* Asked after validate; since 1.1: is anything to be undone that does not end with the
	 * processes? Else no later verb loads the module for its teardown; it is the rollback all
	 * the same. NULL, with a teardown: yes. */
	bool (*needs_teardown)(const struct ironbox_stage *stage);

	/* Runtime; since 1.1. The container is kept open for many execs, each done by a fork of
	 * this process: find here, and keep in data, what join_prepare would find again each time.
	 * What the joining process asks for is not known yet: the spec's process is the
	 * container's. A fork works on a copy of data, and so of what it points to; fds in it are
	 * shared. */
	ironbox_phase *hold;
};

/* The one symbol that a plugin exports, by this name. */
extern const struct ironbox_plugin ironbox_plugin __attribute__((visibility("default")));

/*
 * Declarations as ini lines in an ELF note, which the engine reads without loading the file
 * (`readelf -n` shows them). Keys, each at most once, lists by spaces:
 *   name       the stage that this module is for
 *   after, before   stages it must stand behind, in front of, where both are in the pipeline
 *   wakes_on   spec paths; the module is loaded if any is asked for; without the line, always.
 *              A path may pick items of an array: linux.namespaces[type=network]
 *   verbs      the module is loaded for these verbs alone (`checkpoint restore`), and is not kept
 *              in the record; without the line, for all that make a container or work on it
 *   fits, otherwise   for `module = auto`: this module fits nodes that have that path; on others
 *              the module named by otherwise is taken
 *   variants   for `module = auto`: the modules for callers who ask for a variant of the stage,
 *              as WORD=FILE.so (`systemd`, of --systemd-cgroup)
 *   variant    the one that this module is; refused is a caller whose variant no stage is
 */
#define IRONBOX_MANIFEST(lines)                                           \
	static const struct {                                             \
		uint32_t name_size, text_size, type;                      \
		char name[8], text[sizeof(lines)];                        \
	} ironbox_manifest __attribute__((section(".note.ironbox"), used, \
	                                  aligned(4))) = { 8, sizeof(lines), 1, "ironbox", lines }

#endif
