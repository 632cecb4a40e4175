/*
 * Ends of processes, and the order in which they are told: a start before its exit, each exec's
 * exit before init's, the want of memory before the exit that it caused. And after its client has
 * taken what it wrote.
 */
#ifndef IRONBOX_SHIM_EXIT_H
#define IRONBOX_SHIM_EXIT_H

#include "task/state.h"

/* It was reaped, with this status of waitpid(2). */
void process_ended(struct process *process, int status);
/* Tells what is due: when an end came, and when what held it up is over. */
void process_tell_end(struct process *process);
/* The same for all of a task: its memory was looked at a last time, an exec has ended. */
void task_tell_end(struct task *task);
/* An exec that never ran has come to its end all the same: who waits for it hears so. */
void process_never_ran(struct process *process);

/* For stdio: its client may hear of the end; its output is all given away. */
void process_output_taken(void *process);
void process_drained(void *process);

#endif
