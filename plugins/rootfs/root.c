/* root.c: root.path becomes a mount of the container's own, cut off from the host. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "internal.h"

unsigned long root_propagation(const struct ironbox_stage *stage)
{
	static const struct {
		const char *name;
		unsigned long flags;
	} rows[] = {
		{ "private", MS_PRIVATE },       { "rprivate", MS_PRIVATE | MS_REC },
		{ "shared", MS_SHARED },         { "rshared", MS_SHARED | MS_REC },
		{ "slave", MS_SLAVE },           { "rslave", MS_SLAVE | MS_REC },
		{ "unbindable", MS_UNBINDABLE }, { "runbindable", MS_UNBINDABLE | MS_REC },
	};
	const char *word = stage->host->text(stage->host->spec(stage, "linux.rootfsPropagation"));
	size_t i;

	for (i = 0; word && i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(word, rows[i].name) == 0)
			return rows[i].flags;
	return 0;
}

bool root_is_readonly(const struct ironbox_stage *stage)
{
	struct {
		bool readonly;
	} root = { false };
	static const struct ironbox_field fields[] = {
		{ "readonly", IRONBOX_BOOL, 0, IRONBOX_NO_HAS, false },
		IRONBOX_FIELD_END,
	};

	/* the type was checked with the whole document: it cannot fail */
	stage->host->read(stage, stage->host->spec(stage, "root"), fields, &root, NULL);
	return root.readonly;
}

int root_clone(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	cleanup_close int root_fd = open_tree(AT_FDCWD, stage->root_path,
	                                      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);

	if (root_fd < 0)
		return host->fail(error, errno, "root.path: copy the mount of %s",
		                  stage->root_path);
	/* At its own place, because hooks look for the container's mounts there. */
	if (move_mount(root_fd, "", AT_FDCWD, stage->root_path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return host->fail(error, errno, "root.path: mount %s upon itself",
		                  stage->root_path);
	return steal_fd(&root_fd);
}

/* shared waits until the host's tree is gone (pivot.c). */
int root_cut_off(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	unsigned long type = root_propagation(stage) & MS_PRIVATE ? MS_PRIVATE : MS_SLAVE;

	if (mount(NULL, "/", NULL, type | MS_REC, NULL) < 0)
		return stage->host->fail(error, errno, "cut the mounts off from the host's");
	return 0;
}

/* What was mounted on it is our own already. */
static int open_mounted(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	int fd = open(stage->root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? stage->host->fail(error, errno, "root.path: open %s", stage->root_path)
	              : fd;
}

int root_mount(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct rootfs *rootfs = stage->data;

	if (root_cut_off(stage, error) < 0)
		return -1;
	if (source_is_sent(stage, NULL)) {
		/* From where init can't look, the runtime has mounted it for us (source.c). */
		rootfs->root_fd = source_receive(stage, NULL, error);
	} else {
		bool stood = rootfs->snapshot_stands; /* where the host sees it */

		if (snapshot_mount(stage, error) < 0)
			return -1;
		rootfs->root_fd = rootfs->snapshot_is_root && !stood ? open_mounted(stage, error)
		                                                     : root_clone(stage, error);
	}
	return rootfs->root_fd < 0 ? -1 : stage->host->set_root(stage, rootfs->root_fd, error);
}

int root_enter(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct rootfs *rootfs = stage->data;

	if (fchdir(rootfs->root_fd) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return stage->host->fail(error, errno, "change the root to %s", stage->root_path);
	return 0;
}
