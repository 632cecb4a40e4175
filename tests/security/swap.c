/* swap A B: exchanges two names by renameat2(2), as fast as it can, until it is killed. */
#include <fcntl.h>
#include <stdio.h>

int main(int count, char **arguments)
{
	if (count != 3) {
		fprintf(stderr, "swap A B\n");
		return 64;
	}
	while (renameat2(AT_FDCWD, arguments[1], AT_FDCWD, arguments[2], RENAME_EXCHANGE) == 0)
		;
	perror("swap");
	return 1;
}
