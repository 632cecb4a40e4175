#include "cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#define FOLDER       "seccomp"
#define ENTRIES_MAX  128         /* files; the oldest goes when there is one more */
#define ENTRY_MAX    (128 << 10) /* bytes: 32 KiB of program, the rest its key */
#define ENTRY_FORMAT 1u

/* A file: this, the program, the key. In the byte order of whoever made it, for its own machine. */
struct entry {
	char magic[8];
	uint32_t format;
	uint32_t filters_count;
	uint32_t key_size;
	uint32_t blocked_in_confine, blocked_in_seal;
	uint32_t unused;
	uint64_t checksum; /* of what follows the header; 0 in the header while it is counted */
	/* the libseccomp that compiled it */
	uint64_t library_inode, library_size, library_seconds, library_nanoseconds;
	char library_path[256];
};

static const char entry_magic[8] = "ironbpf";

static size_t filters_size(const struct entry *entry)
{
	return entry->filters_count * sizeof(struct sock_filter);
}

static int entry_path(char path[PATH_MAX], const char *state_root, const struct key *key)
{
	int length = snprintf(path, PATH_MAX, "%s/" FOLDER "/%016llx", state_root,
	                      (unsigned long long)key->hash);

	return length > 0 && length < PATH_MAX ? 0 : -1;
}

/* Another library at this place may know other calls: an upgrade makes new programs. */
static bool describe_library(struct entry *entry, const char *path)
{
	struct stat status;

	if (strlen(path) >= sizeof(entry->library_path) || stat(path, &status) < 0)
		return false;
	memcpy(entry->library_path, path, strlen(path) + 1);
	entry->library_inode = status.st_ino;
	entry->library_size = (uint64_t)status.st_size;
	entry->library_seconds = (uint64_t)status.st_mtim.tv_sec;
	entry->library_nanoseconds = (uint64_t)status.st_mtim.tv_nsec;
	return true;
}

static bool has_same_library(const struct entry *entry)
{
	struct entry now = { 0 };

	return describe_library(&now, entry->library_path) &&
	       now.library_inode == entry->library_inode &&
	       now.library_size == entry->library_size &&
	       now.library_seconds == entry->library_seconds &&
	       now.library_nanoseconds == entry->library_nanoseconds;
}

static uint64_t checksum(const struct entry *entry, const void *filters, const void *key)
{
	struct entry header = *entry;

	header.checksum = 0;
	return hash_bytes(
		key, entry->key_size,
		hash_bytes(filters, filters_size(entry), hash_bytes(&header, sizeof(header), 0)));
}

/* Ours alone, and not longer than what we write. */
static bool is_trusted(int fd, struct stat *status)
{
	return fstat(fd, status) == 0 && S_ISREG(status->st_mode) && status->st_uid == geteuid() &&
	       !(status->st_mode & 077) && status->st_size >= (off_t)sizeof(struct entry) &&
	       status->st_size <= ENTRY_MAX;
}

static bool is_whole(const struct entry *entry, size_t size, const struct key *key)
{
	const char *filters = (const char *)(entry + 1);

	return memcmp(entry->magic, entry_magic, sizeof(entry_magic)) == 0 &&
	       entry->format == ENTRY_FORMAT && entry->filters_count > 0 &&
	       entry->filters_count <= BPF_MAXINSNS && entry->key_size == key->size &&
	       size == sizeof(*entry) + filters_size(entry) + key->size &&
	       memcmp(filters + filters_size(entry), key->bytes, key->size) == 0 &&
	       entry->library_path[sizeof(entry->library_path) - 1] == '\0' &&
	       entry->checksum == checksum(entry, filters, filters + filters_size(entry));
}

int cache_find(struct program *program, const struct key *key, const char *state_root)
{
	cleanup_free struct entry *entry = NULL;
	cleanup_close int fd = -1;
	char path[PATH_MAX];
	struct stat status;

	if (entry_path(path, state_root, key) < 0)
		return 0;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || !is_trusted(fd, &status))
		return 0;
	entry = malloc((size_t)status.st_size);
	if (!entry || read(fd, entry, (size_t)status.st_size) != status.st_size ||
	    !is_whole(entry, (size_t)status.st_size, key) || !has_same_library(entry))
		return 0;
	*program = (struct program){
		.filters = (struct sock_filter *)(entry + 1),
		.count = entry->filters_count,
		.memory = entry,
		.blocked_in_confine = entry->blocked_in_confine,
		.blocked_in_seal = entry->blocked_in_seal,
	};
	entry = NULL; /* the program's now */
	return 1;
}

/* The folder, made if it is not there; others may not even look into it. */
static int open_folder(const char *state_root)
{
	cleanup_close int fd = -1;
	char path[PATH_MAX];
	struct stat status;

	if (snprintf(path, sizeof(path), "%s/" FOLDER, state_root) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -1;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) < 0)
		return -1;
	if (status.st_uid != geteuid() || status.st_mode & 077) {
		errno = EACCES;
		return -1;
	}
	return steal_fd(&fd);
}

/* Room for one more: the oldest goes. */
static void make_room(int folder_fd)
{
	char oldest[NAME_MAX + 1] = "";
	struct timespec age = { 0 };
	struct dirent *found;
	size_t count = 0;
	int fd = fcntl(folder_fd, F_DUPFD_CLOEXEC, 0);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);

	if (!folder) {
		ironbox_close_at_end(&fd);
		return;
	}
	while ((found = readdir(folder))) {
		struct stat status;

		if (found->d_name[0] == '.' ||
		    fstatat(folder_fd, found->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		count++;
		if (!*oldest || status.st_mtim.tv_sec < age.tv_sec ||
		    (status.st_mtim.tv_sec == age.tv_sec && status.st_mtim.tv_nsec < age.tv_nsec)) {
			age = status.st_mtim;
			memcpy(oldest, found->d_name, sizeof(oldest));
		}
	}
	closedir(folder);
	if (count >= ENTRIES_MAX)
		unlinkat(folder_fd, oldest, 0); /* if it fails, the next one tries again */
}

/* Without a name till it is whole: no one reads half of it. */
static int write_entry(int fd, const struct entry *entry, const struct program *program,
                       const struct key *key)
{
	struct iovec parts[] = {
		{ (void *)(uintptr_t)entry, sizeof(*entry) }, /* writev(2) only reads them */
		{ program->filters, filters_size(entry) },
		{ key->bytes, key->size },
	};
	size_t size = parts[0].iov_len + parts[1].iov_len + parts[2].iov_len;
	ssize_t written;

	if (size > ENTRY_MAX) {
		errno = EFBIG;
		return -1;
	}
	written = writev(fd, parts, 3);
	if (written >= 0 && (size_t)written != size)
		errno = ENOSPC;
	return written >= 0 && (size_t)written == size ? 0 : -1;
}

/* Gives the file its name, in the place of whatever has it: that was not to be trusted. */
static int name_entry(int fd, int folder_fd, const char *name)
{
	char self[64];

	/* as open(2) says for O_TMPFILE: by fd alone it takes CAP_DAC_READ_SEARCH */
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, self, folder_fd, name, AT_SYMLINK_FOLLOW) == 0)
		return 0;
	if (errno != EEXIST || unlinkat(folder_fd, name, 0) < 0)
		return -1;
	return linkat(AT_FDCWD, self, folder_fd, name, AT_SYMLINK_FOLLOW);
}

int cache_store(const struct program *program, const struct key *key, const char *library_path,
                const char *state_root)
{
	struct entry entry = {
		.format = ENTRY_FORMAT,
		.filters_count = (uint32_t)program->count,
		.key_size = (uint32_t)key->size,
		.blocked_in_confine = program->blocked_in_confine,
		.blocked_in_seal = program->blocked_in_seal,
	};
	cleanup_close int folder_fd = -1, fd = -1;
	char path[PATH_MAX];

	memcpy(entry.magic, entry_magic, sizeof(entry.magic));
	if (!library_path || !describe_library(&entry, library_path) ||
	    entry_path(path, state_root, key) < 0)
		return -1;
	entry.checksum = checksum(&entry, program->filters, key->bytes);
	folder_fd = open_folder(state_root);
	if (folder_fd < 0)
		return -1;
	make_room(folder_fd);
	fd = openat(folder_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0 || write_entry(fd, &entry, program, key) < 0)
		return -1;
	return name_entry(fd, folder_fd, strrchr(path, '/') + 1);
}
