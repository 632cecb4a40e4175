/* Where no libFuzzer drives a target, this does: once with each file of the folders that it is
 * given. It prints each name before, so that the last one is the culprit, and their number. */
#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void replay_file(int folder_fd, const char *name)
{
	cleanup_close int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC);
	cleanup_free uint8_t *bytes = NULL;
	struct stat status;

	CHECK(fd >= 0 && fstat(fd, &status) == 0, "%s: %s", name, strerror(errno));
	bytes = malloc((size_t)status.st_size + !status.st_size);
	CHECK(bytes && read(fd, bytes, (size_t)status.st_size) == status.st_size, "%s: %s", name,
	      strerror(errno));
	LLVMFuzzerTestOneInput(bytes, (size_t)status.st_size);
}

static unsigned replay_folder(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	unsigned count = 0;

	if (!folder && errno == ENOENT) /* no bug was found yet: no regress/TARGET */
		return 0;
	CHECK(folder, "%s: %s", path, strerror(errno));
	while ((entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		printf("%s/%s\n", path, entry->d_name);
		fflush(stdout);
		replay_file(dirfd(folder), entry->d_name);
		count++;
	}
	closedir(folder);
	return count;
}

int main(int count, char **folders)
{
	unsigned files = 0;

	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	for (int i = 1; i < count; i++)
		files += replay_folder(folders[i]);
	printf("%s: %u files replayed\n", folders[0], files);
	return files ? EXIT_SUCCESS : EXIT_FAILURE; /* nothing replayed proves nothing */
}
