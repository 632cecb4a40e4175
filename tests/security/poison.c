/* poison.so: what a hostile image has instead of each library. Whoever loads it has lost. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((constructor)) static void poison(void)
{
	const char *where = getenv("POISON");
	int fd = open(where ? where : "/pwned", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
}
