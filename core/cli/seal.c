/* Is this process the sealed copy? The file itself says so: a variable could be an attacker's. */
#include "cli/seal.h"

#include <fcntl.h>

#include <ironbox/cleanup.h>

int seal_check(struct ironbox_error *error)
{
#if IRONBOX_SEAL
	cleanup_close int exe_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int seals = exe_fd < 0 ? -1 : fcntl(exe_fd, F_GET_SEALS);

	if (seals < 0 || !(seals & F_SEAL_WRITE))
		return error_begin(error, 0,
		                   "refused: not run from a sealed copy of itself; start "
		                   "`ironbox`, which makes one");
#else
	(void)error; /* a build for debuggers */
#endif
	return 0;
}
