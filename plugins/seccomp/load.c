#include <sys/syscall.h>
#include <unistd.h>

#include "listener.h"

/* Not seccomp_load(3): it sets no_new_privs by itself, which is the container's to ask for. */
int filter_load(const struct program *program, unsigned flags)
{
	struct sock_fprog filter = {
		.len = (unsigned short)program->count,
		.filter = program->filters,
	};

	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
}
