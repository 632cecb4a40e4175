/* worker.c: what a process has to do that will not come back to the host's namespaces. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "internal.h"

enum { STACK_SIZE = 256 << 10 };

struct work {
	struct ironbox_stage *stage;
	ironbox_phase *phase;
	struct ironbox_error *error;
	int result;
};

static int work_main(void *given)
{
	struct work *work = given;

	work->result = work->phase(work->stage, work->error);
	return 0;
}

int worker_run(struct ironbox_stage *stage, ironbox_phase *phase, struct ironbox_error *error)
{
	struct work work = { stage, phase, error, -1 };
	char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
	                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	int status = 0;
	pid_t pid;

	if (stack == MAP_FAILED)
		return stage->host->fail(error, errno, "map a stack");
	/* as posix_spawn(3) does it: we stand still as long as it uses our memory. Its fds are its
	 * own; none that it opens is left in the memory for us. */
	pid = clone(work_main, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | SIGCHLD, &work);
	if (pid < 0)
		stage->host->fail(error, errno, "clone a process to enter namespaces");
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	munmap(stack, STACK_SIZE);
	if (pid > 0 && WIFSIGNALED(status))
		return stage->host->fail(error, 0, "a process in the joined namespaces died");
	return work.result;
}
