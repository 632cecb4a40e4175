/*
 * with_mounts: containers whose root is made of mounts, which the shim has and the command has not.
 *
 *   with_mounts create|run|restore STATE_ROOT INI BUNDLE ID FSTAB PID_FILE [IMAGES]
 *
 * FSTAB is a file such as fstab(5), with "/" for the root itself. With NO_PIVOT in the environment
 * it is as with --no-pivot. All else is for `ironbox` to do.
 */
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lifecycle/lifecycle.h"

enum { MOUNTS_MAX = 16, OPTIONS_MAX = 64, LINE_MAX_SIZE = 1 << 16 };

struct mounts {
	struct ironbox_root_mount items[MOUNTS_MAX];
	const char *options[MOUNTS_MAX][OPTIONS_MAX + 1];
	size_t count;
};

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

static void read_fstab(struct mounts *mounts, const char *path)
{
	FILE *file = setmntent(path, "re");
	struct mntent entry;

	while (file && mounts->count < MOUNTS_MAX) {
		char *line = malloc(LINE_MAX_SIZE), *rest, *option;
		const char **options = mounts->options[mounts->count];
		size_t count = 0;

		if (!line || !getmntent_r(file, &entry, line, LINE_MAX_SIZE))
			break;
		rest = entry.mnt_opts;
		while (count < OPTIONS_MAX && (option = next_option(&rest)))
			options[count++] = option;
		mounts->items[mounts->count++] = (struct ironbox_root_mount){
			.type = entry.mnt_type,
			.source = entry.mnt_fsname,
			.target = strcmp(entry.mnt_dir, "/") == 0 ? NULL : entry.mnt_dir,
			.options = options,
		};
	}
}

static int run(const struct runtime *runtime, const char *verb, const struct create_request *create,
               const char *images, int *exit_code, struct ironbox_error *error)
{
	struct run_request run = { .create = *create };
	struct restore_request restore = { .create = *create, .detach = true };

	restore.options.image_path = images;
	*exit_code = 0;
	if (strcmp(verb, "run") == 0)
		return container_run(runtime, &run, exit_code, error);
	if (strcmp(verb, "restore") == 0)
		return container_restore(runtime, &restore, exit_code, error);
	return container_create(runtime, create, error);
}

int main(int argc, char **argv)
{
	static struct mounts mounts;
	struct config config = CONFIG_NONE;
	struct runtime runtime = { .config = &config };
	struct create_request create = { 0 };
	int exit_code = 0;
	ERROR_NONE(error);

	if (argc < 8)
		return 2;
	umask(022);
	read_fstab(&mounts, argv[6]);
	runtime.state_root = argv[2];
	create = (struct create_request){ .bundle = argv[4],
		                          .id = argv[5],
		                          .pid_file = argv[7],
		                          .no_pivot = getenv("NO_PIVOT") != NULL,
		                          .rootfs_mounts = mounts.items,
		                          .rootfs_mount_count = mounts.count };
	if (config_load(&config, argv[3], &error) == 0 &&
	    run(&runtime, argv[1], &create, argv[8], &exit_code, &error) == 0)
		return exit_code;
	fprintf(stderr, "%s\n", error_text(&error));
	return 1;
}
