/*
 * What a reader did not take yet, in a file without a name. Bytes are copied out of it, though
 * splice(2) could hand over its pages: a page that a FIFO refers to is still the file's, and to
 * punch a hole there, to give room back, would change what the reader gets.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stdio/internal.h"

#define COPY_SIZE  16384      /* on the stack, whose pages stay ours */
#define PUNCH_SIZE (1U << 20) /* given back to the file system at once */

int spill_open(struct spill *spill, const char *folder, struct ironbox_error *error)
{
	*spill = SPILL_NONE;
	spill->fd = open(folder, O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	return spill->fd < 0 ? error_begin(error, errno, "make a file without a name in %s", folder)
	                     : 0;
}

void spill_close(struct spill *spill)
{
	if (spill->fd >= 0)
		close(spill->fd);
	*spill = SPILL_NONE;
}

uint64_t spill_waiting(const struct spill *spill)
{
	return spill->taken - spill->given;
}

static enum flow take_from_pipe(struct spill *spill, int source_fd, size_t most)
{
	off_t offset = (off_t)spill->taken;
	ssize_t size = splice(source_fd, NULL, spill->fd, &offset, most, SPLICE_F_NONBLOCK);

	if (size > 0) {
		spill->taken += (uint64_t)size;
		return FLOW_MOVED;
	}
	if (size == 0)
		return FLOW_END;
	return errno == EAGAIN || errno == EINTR ? FLOW_EMPTY : FLOW_FULL;
}

/* The room is there before the bytes are read: they could not be put back. */
static enum flow take_from_terminal(struct spill *spill, int source_fd, size_t most)
{
	char bytes[COPY_SIZE];
	ssize_t size;

	if (most > sizeof(bytes))
		most = sizeof(bytes);
	if (fallocate(spill->fd, FALLOC_FL_KEEP_SIZE, (off_t)spill->taken, (off_t)most) < 0)
		return FLOW_FULL;
	size = read(source_fd, bytes, most);
	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return FLOW_EMPTY;
	if (size <= 0)
		return FLOW_END;
	if (pwrite(spill->fd, bytes, (size_t)size, (off_t)spill->taken) != size)
		return FLOW_FULL;
	spill->taken += (uint64_t)size;
	return FLOW_MOVED;
}

enum flow spill_take(struct spill *spill, int source_fd, bool source_is_terminal, size_t most,
                     uint64_t limit, uint64_t *taken)
{
	uint64_t room = limit - spill_waiting(spill), before = spill->taken;
	enum flow flow;

	errno = 0;
	if (room == 0)
		return FLOW_FULL;
	if (most > room)
		most = (size_t)room;
	flow = source_is_terminal ? take_from_terminal(spill, source_fd, most)
	                          : take_from_pipe(spill, source_fd, most);
	*taken += spill->taken - before;
	return flow;
}

/* The file holds what waits, and no more than PUNCH_SIZE besides. */
static void give_room_back(struct spill *spill)
{
	off_t before = (off_t)(spill->given - spill->given % PUNCH_SIZE);

	/* Where either fails, the file is larger than it need be until it is closed. */
	if (spill->given == spill->taken) {
		if (ftruncate(spill->fd, 0) == 0)
			spill->given = spill->taken = 0;
	} else if (spill->given % PUNCH_SIZE < COPY_SIZE && before > 0) {
		(void)fallocate(spill->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, before);
	}
}

enum flow spill_give(struct spill *spill, int target_fd)
{
	char bytes[COPY_SIZE];
	uint64_t waiting = spill_waiting(spill);
	size_t most = waiting < sizeof(bytes) ? (size_t)waiting : sizeof(bytes);
	ssize_t size = pread(spill->fd, bytes, most, (off_t)spill->given);

	if (size <= 0) /* a file system that lost it: nobody will ever get it */
		return FLOW_GONE;
	size = write(target_fd, bytes, (size_t)size);
	if (size < 0)
		return errno == EAGAIN || errno == EINTR ? FLOW_FULL : FLOW_GONE;
	spill->given += (uint64_t)size;
	give_room_back(spill);
	return FLOW_MOVED;
}
