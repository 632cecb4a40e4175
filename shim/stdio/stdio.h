/*
 * The three streams of one process: between the pipes or the terminal that it has and what
 * containerd named in Create or Exec: FIFOs, `file://`, `binary://`, or nothing.
 *
 * Opening what containerd named can hang (a FUSE file system whose server is gone), so it is done
 * in a worker, by stdio_open; the ends that the shim needs come back to it as fds. What is written
 * to a regular file is written by a process of its own, for the same reason: the loop only ever
 * copies between pipes, FIFOs and a terminal's master, all of them O_NONBLOCK, by splice(2) where
 * it can, and holds no output in memory. SIGPIPE has to be ignored in the loop's process.
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
	STDIO_DROP,  /* it waits a second; then the newest is thrown away, counted, and said */
};

/* [stdio] of ironbox.ini. */
struct stdio_settings {
	enum stdio_on_stall on_stall;
	uint64_t spill_limit;     /* bytes, for each stream */
	const char *spill_folder; /* absolute */
	const char *loggers;      /* what binary:// may run, by spaces: see docs/ironbox.ini.md */
};
/* Texts are the config's, which has to live as long. */
int stdio_settings_read(const struct config *config, struct stdio_settings *settings,
                        struct ironbox_error *error);

struct stdio_request {
	const char *in, *out, *err; /* as containerd sent them; "" or NULL: none */
	bool terminal;
	uid_t uid; /* who is to own the pipes, so that /dev/stdout can be opened again */
	gid_t gid;
	const char *container_id, *namespace; /* for a logger's environment */
	const struct stdio_settings *settings;
	int client_ms; /* how long each output's FIFO is to wait for its client */
};

/* Plain numbers, which cross a socket beside the fds. */
enum { STDIO_SHIM_FDS = 6, STDIO_LOGGERS = 2 };
struct stdio_ends {
	int process[3]; /* the process's own 0, 1, 2: the worker's to close; -1: by a terminal */
	int shim[STDIO_SHIM_FDS];       /* for stdio_begin; -1: none */
	pid_t loggers[STDIO_LOGGERS];   /* children of the shim that write for it; 0: none */
	uint64_t births[STDIO_LOGGERS]; /* and their start times, so that no other is taken for one
	                                 */
};
#define STDIO_ENDS_NONE \
	((struct stdio_ends){ .process = { -1, -1, -1 }, .shim = { -1, -1, -1, -1, -1, -1 } })

/* In a worker: opens all that was named. On failure nothing is left. */
int stdio_open(const struct stdio_request *request, struct stdio_ends *ends,
               struct ironbox_error *error);
/* In the worker, when it is done: what the process has now, and it no longer needs. */
void stdio_close_process(struct stdio_ends *ends);
/* In the worker, when the process could not be made, or in the loop, when the ends come too late:
 * all is closed, the loggers are killed. */
void stdio_undo(struct stdio_ends *ends);

/* In the loop. */
struct stdio;

/* Loggers that stdio_end left behind: told to end, and killed when they have not after 3 s. Of that
 * the loop takes care, so it should not end before. All 0 at first. */
struct stdio_left {
	struct logger *first;
	void (*gone)(void *context); /* NULL: nobody waits */
	void *context;
};
/* Calls gone, once, when there is none of them: at once, or when the last has ended or was killed.
 */
void stdio_await_left(struct stdio_left *left, void (*gone)(void *context), void *context);

struct stdio_place {
	struct loop *loop;
	struct stdio_left *left;               /* outlives it */
	const char *name;                      /* "web1", "web1/exec1": for the log; copied */
	const struct stdio_settings *settings; /* copied as well */
	/* Called once, after stdio_process_ended, maybe from within it: the client has taken what
	 * the process wrote, or does not take it. Before that it should not hear of the end. */
	void (*taken_by_client)(void *context);
	/* The same way, before it or after: all that the process, and whoever else has its pipes,
	 * wrote has been given away, or its time was up. It may call stdio_end. What still waits
	 * for its reader then goes on to wait until stdio_end. */
	void (*drained)(void *context);
	void *context;
};

/* ends->shim become its own, and master_fd (the terminal's; -1: none): also when it fails. */
struct stdio *stdio_begin(const struct stdio_place *place, const struct stdio_ends *ends,
                          int master_fd, struct ironbox_error *error);
/* The process is dead. Who else has its pipes may write to them for timeout_ms more. drained is
 * called by then at the latest. */
void stdio_process_ended(struct stdio *stdio, int timeout_ms);
/* The client says that no more input comes. */
void stdio_close_input(struct stdio *stdio);
/* 0, also where there is no terminal; -1 with errno. */
int stdio_resize(struct stdio *stdio, uint16_t width, uint16_t height);
/* Bytes that were thrown away, for the log and for who looks inside. */
uint64_t stdio_dropped(const struct stdio *stdio);
/* One line on each stream: what it is, how much waits. */
void stdio_describe(const struct stdio *stdio, FILE *out);
/* To be called for each child that was reaped and is not known otherwise. true: it was a logger of
 * this one. (Those that stdio_end left behind are nobody's.) */
bool stdio_reaped(struct stdio *stdio, pid_t pid);
/* We end, and the process lives on: so do its loggers, which stdio_end is to leave as they are. */
void stdio_keep_loggers(struct stdio *stdio);
/* Ends all at once, and frees it: fds closed, loggers told to end, and left behind. What was not
 * given away is counted as dropped and said. NULL: nothing to end. */
void stdio_end(struct stdio *stdio);

#endif
