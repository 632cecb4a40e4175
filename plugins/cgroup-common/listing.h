/* The directories in a directory of cgroups. */
#ifndef CGROUP_COMMON_LISTING_H
#define CGROUP_COMMON_LISTING_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static inline void close_listing(DIR **listing)
{
	int saved = errno;

	if (*listing)
		closedir(*listing);
	errno = saved;
}
#define cleanup_listing __attribute__((cleanup(close_listing)))

/* From the first entry on, whoever else reads directory_fd, which stays the caller's. */
static inline DIR *open_listing(int directory_fd)
{
	int fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *listing = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && !listing)
		close(fd);
	return listing;
}

/* The next directory, or NULL at the end. */
static inline const struct dirent *next_directory(DIR *listing)
{
	const struct dirent *entry;

	while ((entry = readdir(listing)))
		if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			return entry;
	return NULL;
}

#endif
