#include "worker/files.h"

void files_raise(struct rlimit *before)
{
	struct rlimit most;

	if (getrlimit(RLIMIT_NOFILE, before) < 0)
		return;
	most = (struct rlimit){ .rlim_cur = before->rlim_max, .rlim_max = before->rlim_max };
	(void)setrlimit(RLIMIT_NOFILE, &most);
}

void files_restore(const struct rlimit *before)
{
	if (before->rlim_max > 0)
		(void)setrlimit(RLIMIT_NOFILE, before);
}
