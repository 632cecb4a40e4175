/* holds-lock FILE COUNT: locks FILE by flock(2) and its first byte by fcntl(2), and then writes a
 * growing number into COUNT. Static: it runs in a bundle of its own. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	int fd, i;

	if (argc != 3)
		return 2;
	fd = open(argv[1], O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0 || flock(fd, LOCK_EX) < 0 || fcntl(fd, F_SETLK, &lock) < 0)
		return 1;
	for (i = 1;; i++) {
		FILE *count = fopen(argv[2], "we");

		if (!count || fprintf(count, "%d\n", i) < 0 || fclose(count) != 0)
			return 1;
		usleep(50000);
	}
}
