/* A program in the cache that the disk has changed: bytes are flipped, added and cut off. What is
 * taken all the same is what was stored. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache.h"
#include "harness.h"

static struct sock_filter filters[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 59, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

/* The state root, by an fd: it is mounted nowhere. */
static void root_path(char path[64])
{
	snprintf(path, 64, "/proc/self/fd/%d", private_folder());
}

static int open_entry(const struct key *key)
{
	char name[64];

	snprintf(name, sizeof(name), "seccomp/%016llx", (unsigned long long)key->hash);
	return openat(private_folder(), name, O_RDWR | O_CLOEXEC);
}

/* The file as cache_store(…) makes it, by hand where a mount that no path leads to takes no link.
 */
static size_t entry_of(const struct key *key, uint8_t *bytes, size_t room)
{
	const struct program program = { .filters = filters, .count = 4, .blocked_in_seal = 1 };
	cleanup_close int fd = -1;
	char root[64];
	ssize_t size;

	root_path(root);
	CHECK(cache_store(&program, key, "/proc/self/exe", root) == 0, "%s", strerror(errno));
	fd = open_entry(key);
	size = fd < 0 ? -1 : read(fd, bytes, room);
	CHECK(size > 0 && (size_t)size < room, "%s", strerror(errno));
	return (size_t)size;
}

static void check_found(const struct key *key, bool is_changed)
{
	struct program program = { 0 };
	char root[64];

	root_path(root);
	if (cache_find(&program, key, root) == 0) {
		CHECK(is_changed, "not found, and yet as it was stored");
		return;
	}
	CHECK(program.count == 4 && memcmp(program.filters, filters, sizeof(filters)) == 0 &&
	              program.blocked_in_seal == 1 && program.blocked_in_confine == 0,
	      "another program");
	program_free(&program);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t stored[4096]; /* one for all inputs */
	static size_t stored_size;
	static struct key key;
	struct input input = { data, size };
	uint8_t bytes[8192];
	size_t length, cut = (size_t)input_byte(&input) << 8;
	cleanup_close int fd = -1;

	if (!stored_size) {
		CHECK(key_make(&key, &(struct profile){ .where = "p" }) == 0, "no memory");
		stored_size = entry_of(&key, stored, sizeof(stored));
	}
	memcpy(bytes, stored, stored_size);
	cut |= input_byte(&input);
	length = cut % (stored_size + 64);
	if (length > stored_size)
		memset(bytes + stored_size, 0, length - stored_size);
	length = cut == 0xffff ? stored_size : length;
	while (input.left) {
		size_t at = (size_t)input_byte(&input) << 8;

		at |= input_byte(&input);
		bytes[at % stored_size] ^= input_byte(&input);
	}
	fd = open_entry(&key);
	CHECK(fd >= 0 && ftruncate(fd, 0) == 0, "%s", strerror(errno));
	CHECK(pwrite(fd, bytes, length, 0) == (ssize_t)length, "%s", strerror(errno));
	check_found(&key, length != stored_size || memcmp(bytes, stored, stored_size) != 0);
	return 0;
}
