/* One call of the lifecycle library for one task, done by a worker. */
#ifndef IRONBOX_SHIM_JOB_H
#define IRONBOX_SHIM_JOB_H

#include "task/state.h"

struct job {
	struct task *task;
	struct process *process; /* an exec; NULL: it is about init, or all */
	struct ttrpc_call *call; /* NULL: nobody waits for an answer */
	const void *request;     /* the call's */
	/* Runs in the worker, which has all of the shim's tree as it was at the fork. */
	int (*run)(const struct job *job, struct worker_reply *reply, struct ironbox_error *error);
	/* Or it runs in a fork of this keeper, with these bytes: see worker.h. */
	struct keeper *keeper;
	kept_function *kept_run;
	const void *bytes;
	size_t size;
	/* In the loop, once. error: NULL, or why it failed. */
	void (*done)(struct job *job, struct worker_reply *reply,
	             const struct ironbox_error *error);
	/* In done: the worker did not come to its end, so it left what it made. */
	bool cut_off;
	/* What the verbs need beside it. */
	int signal;
};

#define JOB_DEADLINE_MS 60000

/* In numbers[0] of what a worker hands back: it came to its end. job_start sees to it, but for
 * kept_run, which does itself. */
#define JOB_SPOKE 1

/* verb: "create", for errors and for who looks inside. The job is copied. done is also called,
 * maybe from within, where no worker could be made. */
void job_start(const struct job *job, const char *verb);

/* In the worker: the library's runtime for the task, by its own ini. */
struct job_runtime {
	struct config config;
	struct runtime runtime;
};
int job_runtime_open(struct job_runtime *runtime, const struct task *task,
                     struct worker_reply *reply, struct ironbox_error *error);
void job_runtime_close(struct job_runtime *runtime);
#define cleanup_job_runtime __attribute__((cleanup(job_runtime_close)))
#define JOB_RUNTIME_NONE    ((struct job_runtime){ .config = CONFIG_NONE })

#endif
