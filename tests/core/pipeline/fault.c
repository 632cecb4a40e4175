/* fault: a stage that fails where `[fault] fail_in` says, in words, by exit or by a signal, or
 * stops there for a test to look around. It lives in tests alone, and shows that a failure at any
 * phase leaves nothing behind. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <ironbox/plugin.h>

IRONBOX_MANIFEST("name = fault\n");

struct fault {
	const char *fail_in; /* the name of a phase */
	const char *how;     /* error (as it is if absent), exit, signal, stop */
};

static const struct ironbox_field settings[] = {
	IRONBOX_FIELD(struct fault, fail_in, "fail_in"),
	IRONBOX_FIELD(struct fault, how, "how"),
	IRONBOX_FIELD_END,
};

/* Till SIGUSR1 comes. Not by SIGSTOP: PID 1 is deaf to its own. Told by its name, for there is no
 * file that could be written from every phase. */
static int stop(void)
{
	static const struct timespec minute = { .tv_sec = 60 };
	char name[16];
	sigset_t wanted, before;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGUSR1);
	sigprocmask(SIG_BLOCK, &wanted, &before);
	prctl(PR_GET_NAME, name);
	prctl(PR_SET_NAME, "stopped");
	sigtimedwait(&wanted, NULL, &minute);
	prctl(PR_SET_NAME, name);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return 0;
}

static int reach(struct ironbox_stage *stage, const char *phase, struct ironbox_error *error)
{
	const struct fault *fault = stage->data;

	if (!fault->fail_in || strcmp(fault->fail_in, phase) != 0)
		return 0;
	if (fault->how && !strcmp(fault->how, "exit"))
		_exit(3);
	if (fault->how && !strcmp(fault->how, "signal")) {
		kill(getpid(), SIGKILL);
		__builtin_trap(); /* PID 1 is deaf to its own SIGKILL, and not to a fault: SIGILL */
	}
	if (fault->how && !strcmp(fault->how, "stop"))
		return stop();
	return stage->host->fail(error, 0, "asked to fail in %s", phase);
}

static int fault_configure(struct ironbox_stage *stage, struct ironbox_error *error)
{
	if (stage->host->settings(stage, settings, stage->data, error) < 0)
		return -1;
	return reach(stage, "configure", error);
}

#define FAULT_PHASE(phase)                                                                 \
	static int fault_##phase(struct ironbox_stage *stage, struct ironbox_error *error) \
	{                                                                                  \
		return reach(stage, #phase, error);                                        \
	}

FAULT_PHASE(validate)
FAULT_PHASE(prepare)
FAULT_PHASE(attach)
FAULT_PHASE(setup)
FAULT_PHASE(pivot)
FAULT_PHASE(enter)
FAULT_PHASE(confine)
FAULT_PHASE(drop)
FAULT_PHASE(settle)
FAULT_PHASE(seal)
FAULT_PHASE(join_prepare)
FAULT_PHASE(join)
FAULT_PHASE(pause)
FAULT_PHASE(resume)
FAULT_PHASE(stats)
FAULT_PHASE(processes)
FAULT_PHASE(teardown)

static int fault_signal(struct ironbox_stage *stage, int number, struct ironbox_error *error)
{
	(void)number;
	return reach(stage, "signal", error);
}

static int fault_update(struct ironbox_stage *stage, const struct ironbox_value *resources,
                        struct ironbox_error *error)
{
	(void)resources;
	return reach(stage, "update", error);
}

const struct ironbox_plugin ironbox_plugin = {
	.abi = IRONBOX_ABI,
	.size = sizeof(struct ironbox_plugin),
	.version = "1.0",
	.manifest = ironbox_manifest.text,
	.data_size = sizeof(struct fault),
	.configure = fault_configure,
	.validate = fault_validate,
	.prepare = fault_prepare,
	.attach = fault_attach,
	.setup = fault_setup,
	.pivot = fault_pivot,
	.enter = fault_enter,
	.confine = fault_confine,
	.drop = fault_drop,
	.settle = fault_settle,
	.seal = fault_seal,
	.join_prepare = fault_join_prepare,
	.join = fault_join,
	.signal = fault_signal,
	.pause = fault_pause,
	.resume = fault_resume,
	.update = fault_update,
	.stats = fault_stats,
	.processes = fault_processes,
	.teardown = fault_teardown,
};
