/* deny CALL ERRNO COMMAND...: runs a command for which a system call, by its name, fails with an
 * errno value, in all that it starts: a kernel, or a sandbox around us, that does not have it. */
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int count, char **arguments)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int number = count > 3 ? seccomp_syscall_resolve_name(arguments[1]) : -1;

	if (!filter || number < 0) {
		fprintf(stderr, "deny CALL ERRNO COMMAND...\n");
		return 64;
	}
	/* no_new_privs would be inherited by the container */
	if (seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0) < 0 ||
	    seccomp_rule_add(filter, SCMP_ACT_ERRNO((unsigned)strtoul(arguments[2], NULL, 10)),
	                     number, 0) < 0 ||
	    seccomp_load(filter) < 0) {
		perror("deny");
		return 1;
	}
	seccomp_release(filter);
	execvp(arguments[3], arguments + 3);
	perror(arguments[3]);
	return 1;
}
