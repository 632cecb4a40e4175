#include "lifecycle/signals_reset.h"

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KERNEL_SIGNALS 64 /* _NSIG of the kernel: glibc hides two of them, 32 and 33 */

/* struct sigaction as rt_sigaction(2) takes it. By the system call, for a caller may ignore also
 * the two signals that glibc keeps for itself. */
struct kernel_sigaction {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

void signals_reset(void)
{
	const struct kernel_sigaction standard = { .handler = SIG_DFL };
	int number;

	/* Only what is ignored needs it: handlers are reset by execve(2) itself. */
	for (number = 1; number <= KERNEL_SIGNALS; number++) {
		struct kernel_sigaction now;

		if (syscall(SYS_rt_sigaction, number, NULL, &now, sizeof(now.mask)) == 0 &&
		    now.handler == SIG_IGN)
			syscall(SYS_rt_sigaction, number, &standard, NULL, sizeof(now.mask));
	}
	signals_unblock();
}

void signals_unblock(void)
{
	const uint64_t none = 0;

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));
}
