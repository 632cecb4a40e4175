/* internal.h: what the files of the rootfs stage share. */
#ifndef ROOTFS_INTERNAL_H
#define ROOTFS_INTERNAL_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <ironbox/cleanup.h>
#include <ironbox/plugin.h>

/* What the container's mount namespace is. */
enum tree {
	TREE_OWN,    /* made for it: the stage builds the whole */
	TREE_JOINED, /* another's, by its path: it is entered as it stands */
	TREE_HOSTS,  /* none was asked for: chroot(2) is all that can be done */
};

/* ironbox_stage.data */
struct rootfs {
	enum tree tree;
	bool in_user_namespace; /* the container's own, made or joined */
	int root_fd;            /* the container's root; -1 until setup (exec: until join) */
	int dev_fd;             /* its /dev; -1 until setup, or not needed */
	bool dev_is_ours;       /* a file system that nobody else has is mounted on /dev */
	bool dev_is_bound;      /* /dev is the host's, or whoever's: no node is to be made there */
	bool has_proc;          /* a procfs was mounted on /proc */
	bool has_late_readonly; /* a tmpfs waits for mounts_finish */
	bool own_cgroups;       /* a cgroup namespace that is not the runtime's */
	const char *callers_cgroups; /* /proc/self/cgroup of a runtime without root's rights */
	bool runtime_enters;         /* the runtime makes the copies of sources, from prepare on */
	const char *mount_label;     /* linux.mountLabel, or NULL where none is to be given */

	const struct ironbox_root_mount *snapshot; /* the mounts that make the root */
	size_t snapshot_count;
	bool snapshot_stands;  /* they are made */
	bool snapshot_is_root; /* … and one of them is the root itself */
	bool host_visible;     /* the ini: they are made where the host sees them */

	bool left_home; /* the runtime is in another mount namespace than its own: */
	int home_mounts_fd, home_directory_fd; /* the way back */
};

enum { PROPAGATIONS_MAX = 4 };
enum { MOUNT_DATA_SIZE = 4096 }; /* mount(2) takes one page, its end included */

/* mounts[].options, read. */
struct mount_options {
	unsigned long flags;      /* MS_* of mount(2), MS_BIND and MS_REC for binds */
	uint64_t recursive_set;   /* MOUNT_ATTR_* for the mount and all below it */
	uint64_t recursive_clear; /* likewise */
	unsigned propagation_count;
	struct {
		uint64_t type; /* MS_SHARED, … */
		bool recursive;
	} propagation[PROPAGATIONS_MAX];
	bool idmap, idmap_recursive;
	bool copy_up;
	char data[MOUNT_DATA_SIZE]; /* the words that are the file system's */
};

/* One of mounts[]. The strings are the document's. */
struct mount {
	size_t index;
	const char *destination, *type, *source;
	const struct ironbox_value *words, *uid_mappings, *gid_mappings;
	struct mount_options options;
};

/* ---- path.c: below the container's root, by openat2(2) alone ---- */

/* An O_CLOEXEC fd, or -1 with errno. */
int path_at(int directory_fd, const char *path, int flags, uint64_t resolve);
/* Symlinks are followed, and stay inside. */
int path_in_root(int root_fd, const char *path, int flags);
/* ELOOP if a symlink is on the way. */
int path_without_links(int root_fd, const char *path, int flags);
/* An fd of the directory or the empty file that is made at a path which was seen to be missing,
 * with all directories on the way; dangling symlinks are followed inside. If it is there by now: of
 * that. */
int path_make(int root_fd, const char *path, bool directory);
/* "stat" for "//./proc/stat" and "proc", "" for "/proc"; NULL if the path is neither. */
const char *path_below(const char *path, const char *name);

/* ---- options.c ---- */

/* Takes in one word. -1: there is no room for it. */
int mount_options_add(struct mount_options *options, const char *word);
/* Reads mounts[index]: the words of its options and what is said of it in the specification. */
int mount_read(const struct ironbox_stage *stage, const struct ironbox_value *mounts, size_t index,
               struct mount *mount, struct ironbox_error *error);
bool mount_is_bind(const struct mount *mount);
bool mount_is_cgroup(const struct mount *mount);
/* MOUNT_ATTR_* that the MS_* of mount(2) stand for; *mask is what attr_clr has to have. */
uint64_t attributes_of_flags(unsigned long flags, uint64_t *clear);
/* Does the data of a mount, "mode=755,nr_inodes=1k", have a word that begins so? */
bool data_has(const char *data, const char *key);
/* Cuts the first word off *rest, and takes its quotation marks away: in them a comma is none. NULL:
 * that was all. */
char *data_next(char **rest);

/* ---- mounts.c ---- */

int mounts_validate(const struct ironbox_stage *stage, struct ironbox_error *error);
/* setup: makes all of mounts[], in their order. */
int mounts_make(struct ironbox_stage *stage, struct ironbox_error *error);
/* setup, when all stands: what others were to be made in first becomes read-only. */
int mounts_finish(const struct ironbox_stage *stage, struct ironbox_error *error);
/* An O_PATH fd of the mount point, seen not to be forbidden. If it is missing it is made, as a
 * directory or, if source_fd is no directory, as a file. */
int mount_point_open(const struct ironbox_stage *stage, const struct mount *mount, int source_fd,
                     bool *made, struct ironbox_error *error);
/* Says that it is this one's turn: its source may be on a file system that hangs. */
void mount_progress(const struct ironbox_stage *stage, const struct mount *mount);
/* Puts a detached mount on a mount point. */
int mount_place(const struct ironbox_stage *stage, int mount_fd, int point_fd, const char *where,
                struct ironbox_error *error);

/* ---- filesystem.c: mounts of a type ---- */

int filesystem_mount(const struct ironbox_stage *stage, struct mount *mount,
                     struct ironbox_error *error);
/* MS_* of mount(2) for a mount of its own: there is nothing below it, so what is asked for
 * recursively is asked for it alone. */
unsigned long filesystem_flags(const struct mount_options *options);
/* A new, detached mount. */
int filesystem_make(const struct ironbox_stage *stage, const char *type, const char *source,
                    const struct mount_options *options, struct ironbox_error *error);

/* ---- label.c: linux.mountLabel ---- */

/* validate: is it to be given? */
int label_find(struct ironbox_stage *stage, struct ironbox_error *error);
/* The label for a new file system of that type and data, or NULL. */
const char *label_of(const struct ironbox_stage *stage, const char *type, const char *data);
/* Adds it to the data of a mount(2). */
int label_add(const struct ironbox_stage *stage, const struct mount *mount, char *data, size_t size,
              struct ironbox_error *error);
/* mqueue is made with its IPC namespace, and takes a label only once it is there. */
bool label_is_set_apart(const struct ironbox_stage *stage, const char *type);
int label_set(const struct ironbox_stage *stage, int mount_fd, struct ironbox_error *error);

/* ---- copyup.c ---- */

/* Copies what is below a directory of the image into another, which is ours alone. */
int copy_up(const struct ironbox_stage *stage, int from_fd, int to_fd, struct ironbox_error *error);

/* ---- bind.c, source.c: binds ---- */

int bind_mount(struct ironbox_stage *stage, const struct mount *mount, int early_fd,
               struct ironbox_error *error);
/* Gives a mount, detached or not, the attributes and the propagation that its options ask for. */
int bind_set_attributes(const struct ironbox_stage *stage, int mount_fd,
                        const struct mount_options *options, struct ironbox_error *error);

/* A detached copy of what a bind shows: one resolution, one fd. */
int source_clone(const struct ironbox_stage *stage, const struct mount *mount,
                 struct ironbox_error *error);
/* Is the copy made by the runtime? mount NULL: the root. */
bool source_is_sent(const struct ironbox_stage *stage, const struct mount *mount);
/* init: takes it. */
int source_receive(struct ironbox_stage *stage, const struct mount *mount,
                   struct ironbox_error *error);
/* Runtime, prepare and attach: makes them and sends them. */
int sources_prepare(struct ironbox_stage *stage, struct ironbox_error *error);
int sources_attach(struct ironbox_stage *stage, struct ironbox_error *error);
bool sources_need_attach(const struct ironbox_stage *stage);

/* ---- snapshot.c, overlay.c: the mounts that make the root, where it is a snapshot's ---- */

int snapshot_validate(struct ironbox_stage *stage, struct ironbox_error *error);
/* Runtime: makes them, where init is not to. */
int snapshot_prepare(struct ironbox_stage *stage, struct ironbox_error *error);
/* Makes them on root.path, in the mount namespace that this process is in, unless they stand. */
int snapshot_mount(const struct ironbox_stage *stage, struct ironbox_error *error);
/* teardown: takes away what was made where the host sees it. */
int snapshot_unmount(struct ironbox_stage *stage, struct ironbox_error *error);

struct overlay {
	const char *source, *point;
	const char *layers; /* lowerdir, of any length */
	const char *data;   /* the other options */
	unsigned long flags;
};
int overlay_mount(const struct ironbox_stage *stage, const struct overlay *overlay,
                  struct ironbox_error *error);

/* ---- home.c ---- */

/* The mount namespace that this process is in. */
int own_mounts_open(const struct ironbox_stage *stage, struct ironbox_error *error);
/* Takes the runtime to the mount namespace of a process, or with -1 to a new one. home_return leads
 * back from there, in teardown at the latest: also when this has failed. */
int home_leave(struct ironbox_stage *stage, int pidfd, struct ironbox_error *error);
/* Does nothing where the runtime is at home. */
int home_return(struct ironbox_stage *stage, struct ironbox_error *error);

/* ---- idmap.c ---- */

/* Shows a detached mount with other ids: those of its own mappings, or of the container's user
 * namespace where it has none. Runtime. */
int idmap_apply(const struct ironbox_stage *stage, const struct mount *mount, int mount_fd,
                struct ironbox_error *error);

/* ---- cgroups.c ---- */

/* Runtime, prepare: whose is the cgroup namespace? */
int cgroups_prepare(struct ironbox_stage *stage, struct ironbox_error *error);
int cgroups_mount(const struct ironbox_stage *stage, struct mount *mount,
                  struct ironbox_error *error);
/* Where the cgroup that /proc/PID/cgroup names so (length bytes) is seen below the directory of its
 * hierarchy. In a container without a cgroup namespace the mount there is of that container's
 * cgroup alone, whose name is taken off. mountinfo may be long: it is read where the whole name is
 * not there. The path need not exist. */
int cgroup_find(const struct ironbox_stage *stage, const char *directory, const char *name,
                size_t length, char path[PATH_MAX], struct ironbox_error *error);
/* callers.c: a detached mount of a hierarchy that the host has at `directory`. Where it shows the
 * caller's cgroup, and not one of the container's, it becomes read-only. */
int cgroups_protect_callers(const struct ironbox_stage *stage, int mount_fd,
                            const char *controllers, const char *directory,
                            struct ironbox_error *error);

/* ---- devices.c ---- */

int devices_validate(const struct ironbox_stage *stage, struct ironbox_error *error);
int devices_make(const struct ironbox_stage *stage, struct ironbox_error *error);
/* The path in the container of each node that devices_make makes; NULL behind the last. */
const char *devices_path(const struct ironbox_stage *stage, size_t index);

/* ---- console.c ---- */

int console_make(struct ironbox_stage *stage, struct ironbox_error *error);
int console_join(struct ironbox_stage *stage, struct ironbox_error *error);
bool console_is_asked(const struct ironbox_stage *stage);

/* ---- masks.c ---- */

int masks_validate(const struct ironbox_stage *stage, struct ironbox_error *error);
int masks_make(const struct ironbox_stage *stage, struct ironbox_error *error);

/* ---- mountinfo.c ---- */

/* A line of proc_pid_mountinfo(5); the strings are in the text that was read. */
struct mount_line {
	int id, parent;
	const char *device, *root, *point, *options, *type;
};

struct mount_table {
	char *text;
	struct mount_line *lines;
	size_t count;
};

/* process: a pid, or "thread-self". */
int mount_table_read(const struct ironbox_stage *stage, struct mount_table *table,
                     const char *process, struct ironbox_error *error);
void mount_table_free(struct mount_table *table);
#define cleanup_mount_table __attribute__((cleanup(mount_table_free)))
/* The mount that a path leads to below the root, or NULL. */
const struct mount_line *mount_table_at(const struct mount_table *table, int root_fd,
                                        const char *path);
/* The options of a mount have this word. */
bool mount_line_has(const struct mount_line *line, const char *word);
/* "/sub/dir" for "/data/sub/dir" and "/data"; NULL for what is not below. */
const char *mount_point_below(const char *point, const char *base);
/* The root of init, as it sees it. */
int init_root_open(const struct ironbox_stage *stage, struct ironbox_error *error);

/* ---- checkpoint.c, restore.c, verify.c ---- */

ironbox_phase rootfs_checkpoint, rootfs_restore, rootfs_verify;

/* ---- root.c, pivot.c, probe.c ---- */

/* No mount of ours may reach the host, while those of the host may come in: slave, unless the spec
 * wants none (private). */
int root_cut_off(const struct ironbox_stage *stage, struct ironbox_error *error);
/* setup: the root as a mount of the container's own, cut off from the host's propagation. */
int root_mount(struct ironbox_stage *stage, struct ironbox_error *error);
/* A recursive, detached copy of root.path; attached at its own place. */
int root_clone(const struct ironbox_stage *stage, struct ironbox_error *error);
int root_enter(const struct ironbox_stage *stage, struct ironbox_error *error);
/* rootfsPropagation as MS_* flags; 0 if it is not given. */
unsigned long root_propagation(const struct ironbox_stage *stage);
bool root_is_readonly(const struct ironbox_stage *stage);

int rootfs_pivot(struct ironbox_stage *stage, struct ironbox_error *error);
int rootfs_probe(struct ironbox_stage *stage, struct ironbox_error *error);

/* The same file system as magic says (statfs(2))? */
bool is_on(int fd, unsigned long magic);

#endif
