/* hook: does what it is told, nothing; but if the runtime that ran it is dead, and the sweep is its
 * parent now, it stays for ever. So a runtime whose hooks outlive it is found out. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
	char bytes[4096], path[64], name[32] = "";
	FILE *file;

	while (read(0, bytes, sizeof(bytes)) > 0)
		;
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)getppid());
	file = fopen(path, "re");
	if (file && fgets(name, sizeof(name), file) && strcmp(name, "dying\n") == 0)
		pause();
	if (file)
		fclose(file);
	return 0;
}
