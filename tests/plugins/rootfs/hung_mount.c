/* hung_mount DIRECTORY: mounts a file system there whose server, which is us, never answers. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	char options[64];

	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	if (argc < 2 || fd < 0 || mount("hung", argv[1], "fuse", 0, options) < 0) {
		perror("hung_mount");
		return 1;
	}
	for (;;)
		pause();
}
