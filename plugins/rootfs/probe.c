/* probe.c: what this kernel lacks of what the stage needs. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

/* Called so that it fails: only a kernel, or an outer filter, that does not let it through says
 * ENOSYS or EPERM. */
static bool is_missing(long result)
{
	return result < 0 && (errno == ENOSYS || errno == EPERM);
}

int rootfs_probe(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	struct mount_attr attr = { 0 };
	cleanup_close int fd = (int)syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof(how));

	(void)error; /* what is lacking is an answer, no failure */
	if (fd < 0)
		host->report_lack(stage, "openat2(2), Linux 5.6: no container can be made");
	if (is_missing(fsopen("", FSOPEN_CLOEXEC)))
		host->report_lack(stage, "fsopen(2), Linux 5.2: no container can be made");
	if (is_missing(open_tree(-1, "", OPEN_TREE_CLOEXEC)))
		host->report_lack(stage, "open_tree(2), Linux 5.2: no container can be made");
	if (is_missing(move_mount(-1, "", -1, "", 0)))
		host->report_lack(stage, "move_mount(2), Linux 5.2: no container can be made");
	if (is_missing(mount_setattr(-1, "", 0, &attr, sizeof(attr))))
		host->report_lack(stage, "mount_setattr(2), Linux 5.12: no read-only paths, "
		                         "recursive options, idmap");
	return 0;
}
