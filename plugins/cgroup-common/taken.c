#include "taken.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define ATTRIBUTE "trusted.ironbox.taken_by"
#define KEY_TAKEN "taken" /* of host->remember: the mark, which no other container has */

static const char *choose_mark(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct timespec now;
	char mark[64];

	if (stage->host->recall(stage, KEY_TAKEN)) /* v1: one for all hierarchies */
		return stage->host->recall(stage, KEY_TAKEN);
	clock_gettime(CLOCK_BOOTTIME, &now); /* cannot fail with this clock */
	snprintf(mark, sizeof(mark), "%lld.%09ld %d", (long long)now.tv_sec, now.tv_nsec, getpid());
	if (stage->host->remember(stage, KEY_TAKEN, mark, error) < 0)
		return NULL;
	return stage->host->recall(stage, KEY_TAKEN);
}

int cgroup_take(struct ironbox_stage *stage, int cgroup_fd, struct ironbox_error *error)
{
	const char *mark = choose_mark(stage, error);

	if (!mark)
		return -1;
	if (fsetxattr(cgroup_fd, ATTRIBUTE, mark, strlen(mark), 0) < 0)
		stage->host->log(stage, IRONBOX_LOG_DEBUG, "set " ATTRIBUTE " of the cgroup: %s",
		                 strerrordesc_np(errno));
	return 0;
}

enum mark {
	MARK_NONE,
	MARK_OURS,
	MARK_ANOTHERS,
};

static enum mark read_mark(const struct ironbox_stage *stage, int cgroup_fd)
{
	const char *ours = stage->host->recall(stage, KEY_TAKEN);
	char found[64];
	ssize_t size = fgetxattr(cgroup_fd, ATTRIBUTE, found, sizeof(found));

	if (size < 0)
		return MARK_NONE;
	if (ours && (size_t)size == strlen(ours) && memcmp(found, ours, (size_t)size) == 0)
		return MARK_OURS;
	return MARK_ANOTHERS;
}

void cgroup_let_go(const struct ironbox_stage *stage, int cgroup_fd)
{
	if (read_mark(stage, cgroup_fd) == MARK_OURS && fremovexattr(cgroup_fd, ATTRIBUTE) < 0)
		stage->host->log(stage, IRONBOX_LOG_DEBUG, "remove " ATTRIBUTE " of the cgroup: %s",
		                 strerrordesc_np(errno));
}

bool cgroup_is_taken(const struct ironbox_stage *stage, int cgroup_fd)
{
	return read_mark(stage, cgroup_fd) == MARK_ANOTHERS;
}
