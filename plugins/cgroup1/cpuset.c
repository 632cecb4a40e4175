/* What a new cpuset lacks: kernel, Documentation/admin-guide/cgroup-v1/cpusets.rst, 1.5. */
#include <errno.h>
#include <fcntl.h>

#include <files.h>

#include "internal.h"

static int inherit_file(const struct ironbox_stage *stage, int directory_fd, const char *parents,
                        const char *file, bool is_new, struct ironbox_error *error)
{
	char text[4096]; /* "0,2,4,…" of 1024 CPUs is below that */

	if (!is_new && cgroup_read(directory_fd, file, text, sizeof(text)) > 0 && *text)
		return 0; /* who made it chose these */
	if (cgroup_read(directory_fd, parents, text, sizeof(text)) < 0)
		return stage->host->fail(error, errno, "cpuset: read %s", parents);
	if (!*text) { /* a parent that someone made and left so; the root's never is */
		cleanup_close int parent_fd =
			openat(directory_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (parent_fd < 0)
			return stage->host->fail(error, errno, "cpuset: open the parent");
		if (cpuset_inherit(stage, parent_fd, false, error) < 0)
			return -1;
		if (cgroup_read(directory_fd, parents, text, sizeof(text)) < 0)
			return stage->host->fail(error, errno, "cpuset: read %s", parents);
	}
	return cgroup_write(stage, directory_fd, file, text, NULL, error);
}

int cpuset_inherit(const struct ironbox_stage *stage, int directory_fd, bool is_new,
                   struct ironbox_error *error)
{
	if (inherit_file(stage, directory_fd, "../cpuset.cpus", "cpuset.cpus", is_new, error) < 0)
		return -1;
	return inherit_file(stage, directory_fd, "../cpuset.mems", "cpuset.mems", is_new, error);
}
