/*
 * with_mounts: the command `ironbox`, but that what it creates, runs and restores has a root made
 * of mounts, as the shim hands them over: those of the file that FSTAB in the environment names. It
 * is such as fstab(5), with "/" for the root itself. With PROGRESS, a file holds struct runtime's
 * progress, as who waits for a verb would find it. The linker puts us in front of these three calls
 * (--wrap).
 */
#include <fcntl.h>
#include <mntent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <ironbox/cleanup.h>

#include "cli/seal.h"
#include "lifecycle/lifecycle.h"
#include "support/progress.h"

enum { MOUNTS_MAX = 16, OPTIONS_MAX = 64, LINE_SIZE = 1 << 16 };

struct mounts {
	struct ironbox_root_mount items[MOUNTS_MAX];
	const char *options[MOUNTS_MAX][OPTIONS_MAX + 1];
	char lines[MOUNTS_MAX][LINE_SIZE];
	size_t count;
};

int __real_container_create(const struct runtime *, const struct create_request *,
                            struct ironbox_error *);
int __real_container_run(const struct runtime *, const struct run_request *, int *,
                         struct ironbox_error *);
int __real_container_restore(const struct runtime *, const struct restore_request *, int *,
                             struct ironbox_error *);
int __wrap_container_create(const struct runtime *, const struct create_request *,
                            struct ironbox_error *);
int __wrap_container_run(const struct runtime *, const struct run_request *, int *,
                         struct ironbox_error *);
int __wrap_container_restore(const struct runtime *, const struct restore_request *, int *,
                             struct ironbox_error *);

int seal_check(struct ironbox_error *error)
{
	(void)error; /* a test's container does not get at us */
	return 0;
}

/* Commas in quotation marks are a label's. */
static char *next_option(char **rest)
{
	char *option = *rest, *at;
	bool quoted = false;

	for (at = option; at && *at && (quoted || *at != ','); at++)
		quoted ^= *at == '"';
	*rest = at && *at ? at + 1 : NULL;
	if (at && *at)
		*at = '\0';
	return option;
}

static void read_options(const char **options, char *text)
{
	char *option;
	size_t count = 0;

	while (count < OPTIONS_MAX && (option = next_option(&text)))
		options[count++] = option;
	options[count] = NULL;
}

/* Puts them into a request; they live as long as the process. */
static int add_mounts(struct create_request *request, struct ironbox_error *error)
{
	static struct mounts mounts;
	const char *path = getenv("FSTAB");
	FILE *file = path ? setmntent(path, "re") : NULL;
	struct mntent entry;

	while (file && mounts.count < MOUNTS_MAX &&
	       getmntent_r(file, &entry, mounts.lines[mounts.count], LINE_SIZE)) {
		read_options(mounts.options[mounts.count], entry.mnt_opts);
		mounts.items[mounts.count] = (struct ironbox_root_mount){
			.type = entry.mnt_type,
			.source = entry.mnt_fsname,
			.target = strcmp(entry.mnt_dir, "/") == 0 ? NULL : entry.mnt_dir,
			.options = mounts.options[mounts.count],
		};
		mounts.count++;
	}
	if (file)
		endmntent(file);
	if (mounts.count == 0)
		return error_begin(error, 0, "no mounts in FSTAB");
	request->rootfs_mounts = mounts.items;
	request->rootfs_mount_count = mounts.count;
	return 0;
}

static struct runtime with_progress(const struct runtime *given)
{
	struct runtime runtime = *given;
	const char *path = getenv("PROGRESS");
	cleanup_close int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;

	if (fd < 0 || ftruncate(fd, PROGRESS_SIZE) < 0)
		return runtime;
	runtime.progress = mmap(NULL, PROGRESS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return runtime;
}

int __wrap_container_create(const struct runtime *given_runtime, const struct create_request *given,
                            struct ironbox_error *error)
{
	struct runtime runtime = with_progress(given_runtime);
	struct create_request request = *given;

	return add_mounts(&request, error) < 0 ? -1
	                                       : __real_container_create(&runtime, &request, error);
}

int __wrap_container_run(const struct runtime *runtime, const struct run_request *given,
                         int *exit_code, struct ironbox_error *error)
{
	struct run_request request = *given;

	return add_mounts(&request.create, error) < 0
	               ? -1
	               : __real_container_run(runtime, &request, exit_code, error);
}

int __wrap_container_restore(const struct runtime *runtime, const struct restore_request *given,
                             int *exit_code, struct ironbox_error *error)
{
	struct restore_request request = *given;

	return add_mounts(&request.create, error) < 0
	               ? -1
	               : __real_container_restore(runtime, &request, exit_code, error);
}
