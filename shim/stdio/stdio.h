/*
 * The three streams of one process: between the pipes or the terminal that it has and what
 * containerd named in Create or Exec: FIFOs, `file://`, `binary://`, or nothing.
 *
 * Opening what containerd named can hang (a FUSE file system whose server is gone), so it is done
 * in a worker, by stdio_open; the ends that the shim needs come back to it as fds. What is written
 * to a regular file is written by a process of its own, for the same reason: the loop only ever
 * copies between pipes, FIFOs and a terminal's master, all of them O_NONBLOCK, by splice(2) where
 * it can, and holds no output in memory.
 */
#ifndef IRONBOX_SHIM_STDIO_H
#define IRONBOX_SHIM_STDIO_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "config/config.h"
#include "loop/loop.h"

/* What is done when a reader does not take what the process writes. */
enum stdio_on_stall {
	STDIO_BLOCK, /* the process waits, as with runc: nothing is lost */
	STDIO_SPILL, /* kept in a file without a name, up to spill_limit; then it waits */
	STDIO_DROP,  /* the newest is thrown away, counted, and said in the log */
};

/* [stdio] of ironbox.ini. */
struct stdio_settings {
	enum stdio_on_stall on_stall;
	uint64_t spill_limit;     /* bytes, for each stream */
	const char *spill_folder; /* NULL: the container's state directory's file system */
	const char *loggers;      /* folders that binary:// may run from, by spaces */
};
int stdio_settings_read(const struct config *config, struct stdio_settings *settings,
                        struct ironbox_error *error);

struct stdio_request {
	const char *in, *out, *err; /* as containerd sent them; "" or NULL: none */
	bool terminal;
	uid_t uid; /* who is to own the pipes, so that /dev/stdout can be opened again */
	gid_t gid;
	const char *container_id, *namespace; /* for a logger's environment */
	const struct stdio_settings *settings;
};

/* Plain numbers, which cross a socket beside the fds. */
enum { STDIO_SHIM_FDS = 6 };
struct stdio_ends {
	int process[3]; /* the process's own 0, 1, 2: the worker's to close; -1: by a terminal */
	int shim[STDIO_SHIM_FDS]; /* for stdio_begin; -1: none */
	pid_t loggers[2];         /* children of the shim that write for it; 0: none */
};

/* In a worker: opens all that was named. On failure nothing is left. */
int stdio_open(const struct stdio_request *request, struct stdio_ends *ends,
               struct ironbox_error *error);

/* In the loop. */
struct stdio;

/* ends->shim become its own, and master_fd (the terminal's; -1: none). drained is called once, when
 * all that the process, and whoever else has its pipes, wrote has been given away, or given up. */
struct stdio *stdio_begin(struct loop *loop, const struct stdio_ends *ends, int master_fd,
                          const struct stdio_settings *settings, void (*drained)(void *context),
                          void *context, struct ironbox_error *error);
/* The process is dead: goes on for at most timeout_ms with what is still on its way. */
void stdio_process_ended(struct stdio *stdio, int timeout_ms);
/* The client says that no more input comes. */
void stdio_close_input(struct stdio *stdio);
/* 0, also where there is no terminal; -1 with errno. */
int stdio_resize(struct stdio *stdio, uint16_t width, uint16_t height);
/* Bytes that were thrown away, for the log and for who looks inside. */
uint64_t stdio_dropped(const struct stdio *stdio);
/* One line on each stream: what it is, how much waits. */
void stdio_describe(const struct stdio *stdio, FILE *out);
/* A logger of it was reaped: true. */
bool stdio_reaped(struct stdio *stdio, pid_t pid, int status);
/* Ends all at once: fds closed, loggers told to end (SIGTERM, and SIGKILL later by the loop). */
void stdio_end(struct stdio *stdio);

#endif
