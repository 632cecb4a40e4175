/*
 * What the files of this folder share.
 *
 * Why pipes, when the process could be given containerd's FIFO itself: a process that holds the
 * FIFO blocks on a slow reader whatever the ini says, a grandchild that keeps it open keeps the
 * client from its end of file after Delete, and a FIFO of containerd's would have to be made
 * another user's. Between pipe and FIFO splice(2) only moves references to pages.
 *
 * Pipes are as large as they come (64 KiB): 1 GB/s goes through. With F_SETPIPE_SZ and 1 MiB it is
 * three times as much, for 10 KB of kernel memory a pipe, and 16 times as much behind each reader
 * that stalls.
 */
#ifndef IRONBOX_SHIM_STDIO_INTERNAL_H
#define IRONBOX_SHIM_STDIO_INTERNAL_H

#include "stdio/stdio.h"

/* What came of trying to move bytes. */
enum flow {
	FLOW_MOVED, /* some were, there may be more */
	FLOW_EMPTY, /* there are none to take now */
	FLOW_FULL,  /* there are, and no room for them */
	FLOW_END,   /* there are none, and there never will be */
	FLOW_GONE,  /* nobody will ever take them */
};

/* ---- flow.c: between two fds ---- */

/* What each end is; a pipe or a FIFO where it is neither. */
struct ends {
	int source_fd, target_fd;
	bool source_is_terminal, target_is_terminal;
};

/* At most `most` bytes; *moved grows by what was moved. */
enum flow flow_move(const struct ends *ends, size_t most, uint64_t *moved);
/* Reads and forgets at most `most` bytes; *gone grows. */
enum flow flow_discard(int source_fd, size_t most, uint64_t *gone);
/* Bytes that can be read from it now: ioctl(2) FIONREAD, on either end of a pipe. */
uint64_t flow_waiting(int fd);
bool flow_has_room(int target_fd);
/* Nobody has its other end any more; something may wait in it. */
bool flow_is_over(int source_fd);

/* ---- spill.c: a file between them ---- */

struct spill {
	int fd;
	uint64_t given, taken; /* offsets in the file: what is between waits */
};
#define SPILL_NONE ((struct spill){ .fd = -1 })

int spill_open(struct spill *spill, const char *folder, struct ironbox_error *error);
void spill_close(struct spill *spill);
uint64_t spill_waiting(const struct spill *spill);
/* From the source, at most `most` bytes. FLOW_FULL with errno: ENOSPC and the like; 0 when `limit`
 * waits already. */
enum flow spill_take(struct spill *spill, int source_fd, bool source_is_terminal, size_t most,
                     uint64_t limit, uint64_t *taken);
/* To the target, what was taken first. Not to be called when nothing waits. */
enum flow spill_give(struct spill *spill, int target_fd);

/* ---- stream.c: one of the three, in the loop ---- */

struct stream {
	struct stdio *stdio;
	const char *name;                      /* "stdout" */
	struct watch source, target;           /* their fds are its own; -1: closed, or none */
	uint32_t source_events, target_events; /* that are watched for; 0: it is not watched */
	bool source_is_terminal, target_is_terminal;
	bool logged;   /* a logger reads its target */
	bool direct;   /* a logger reads the pipe itself; ours is a second reading end */
	bool unwanted; /* nobody asked for it: read so that the process goes on */
	bool cut;      /* its time is up: what is in the pipe, `rest` at most, and no more */
	bool lingers;  /* see linger.c; source is an inotify instance then, or -1 */
	bool no_spill; /* there is no file to be had: as if on_stall were block */
	bool dropping; /* [stdio] on_stall = drop, and the time to wait is over */
	struct spill spill;
	struct timer patience; /* with drop: how long the process waits for its reader */
	int64_t stalled_ms;    /* since when; 0: it is not */
	int64_t told_ms;       /* when dropping was last said */
	int look_ms;           /* see linger.c: the pause till the next look */
	uint64_t rest, moved, dropped;
	uint64_t written; /* when the process ended: of moved, and what waited to be */
};

void stream_init(struct stream *stream, struct stdio *stdio, const char *name);
/* Moves what can be moved, and waits for what comes next. Tells nobody: see stdio_settle. */
void output_run(struct stream *output);
void input_run(struct stream *input);
/* The client is done: what is in the FIFO, and then the end of file. */
void input_close(struct stream *input);
/* No more than what it holds now. */
void output_cut(struct stream *output);
/* Its logger is no more: what the process writes is thrown away, counted. */
void output_orphan(struct stream *output);
/* Nothing of it waits for us any more. */
bool output_is_given(const struct stream *output);
/* Closes all; what waited is counted as dropped, and that is said. */
void stream_end(struct stream *stream);

void stream_close_source(struct stream *stream);
void stream_close_target(struct stream *stream);
/* 0: for nothing. */
void stream_watch_source(struct stream *stream, uint32_t events);
void stream_watch_target(struct stream *stream, uint32_t events);

/* ---- linger.c: the last bytes, in a FIFO that nobody reads ---- */

/* All is in the FIFO: lets go of it, now or when a client has come for it. */
void linger_begin(struct stream *output);
void linger_look(struct stream *output);
/* The stream ends: whether who had it open was a client is not to be waited for any longer. */
void linger_look_again(struct stream *output);

/* ---- reader.c: what the client has to take before it hears of the end ---- */

/* The process has ended. */
void reader_await(struct stdio *stdio);
/* It is not waited for any longer. */
void reader_done(struct stdio *stdio);

/* ---- logger.c: a child that writes for us ---- */

struct logger {
	struct stdio *stdio; /* NULL: it was left behind by stdio_end */
	struct stdio_left *left;
	struct logger *next; /* of those that were left behind */
	struct loop *loop;
	pid_t pid;
	struct watch watch; /* of its pidfd */
	struct timer timer; /* till SIGKILL */
};

/* NULL, with nothing told: it is dead. NULL, with the error told: failed. */
struct logger *logger_begin(struct stdio *stdio, pid_t pid, uint64_t birth,
                            struct ironbox_error *error);
/* SIGTERM: it has seen its end of file and is still there. */
void logger_terminate(struct logger *logger);
/* SIGTERM now, SIGKILL in a while; it frees itself. Harmless when it was left before. */
void logger_leave(struct logger *logger);
void logger_free(struct logger *logger);

/* ---- stdio.c ---- */

struct stdio {
	struct loop *loop;
	struct stdio_left *left;
	char *name, *spill_folder;
	enum stdio_on_stall on_stall;
	uint64_t spill_limit;
	int master_fd; /* the terminal's; -1: none. stdout's source is a copy of it */
	struct stream in, outputs[2];
	struct logger *loggers[STDIO_LOGGERS]; /* of outputs; one may be of both */
	bool ended;                            /* the process is dead */
	bool told;                             /* drained was called */
	bool loggers_may_end;                  /* they had their time to end by themselves */
	struct timer deadline, check;
	struct timer look;      /* see reader.c, as of the next four */
	int64_t quiet_since_ms; /* nothing was taken by a client */
	int pause_ms;
	uint64_t taken;
	bool all_taken; /* taken_by_client was called */
	void (*taken_by_client)(void *context), (*drained)(void *context);
	void *context;
};

/* Calls drained, if it is time. The caller then touches nothing more of stdio. */
void stdio_settle(struct stdio *stdio);
/* Frees it. */
void stdio_logger_died(struct stdio *stdio, struct logger *logger);
/* An output's source is at its end, and a logger has to read what is left. */
void stdio_check_loggers(struct stdio *stdio);

#endif
