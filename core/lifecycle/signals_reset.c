#include "lifecycle/signals_reset.h"

#include <signal.h>
#include <stddef.h>

void signals_reset(void)
{
	struct sigaction standard = { .sa_handler = SIG_DFL }, now;
	sigset_t none;
	int number;

	/* Only what is ignored needs a call: handlers are reset by execve(2) itself. */
	for (number = 1; number < NSIG; number++)
		if (sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN)
			sigaction(number, &standard, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}
