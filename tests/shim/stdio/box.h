/*
 * What the suites share: a folder of the test's own, a loop that reaps, a worker that opens the
 * streams and makes a process for them, and a client that reads what comes.
 */
#ifndef IRONBOX_TESTS_STDIO_BOX_H
#define IRONBOX_TESTS_STDIO_BOX_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* which needs the first four, but does not include them */

#include "stdio/stdio.h"
#include "support/time.h"
#include "worker/worker.h"

#define NEVER_MS 60000 /* what has to happen, on a machine that is busy */
#define WHOLE    (10u << 20)

struct client {
	struct watch watch;
	struct box *box;
	uint64_t got;
	bool wrong, ended; /* not the pattern; end of file */
	char text[4096];   /* the first bytes */
};

struct box {
	char folder[64], in[96], out[96], err[96], log[96];
	struct loop loop;
	struct workers workers;
	struct stdio_left left;
	struct watch signals;
	struct stdio_settings settings;
	struct stdio *stdio;
	struct client client, err_client;
	int master_fd; /* stdio's; -1: none */
	pid_t process;
	int status;
	int drain_ms;    /* for stdio_process_ended, which the box calls; -1: it does not */
	int deadline_ms; /* of the worker that opens the streams */
	bool exited, taken, drained, opened, terminal;
	char error[2048];
	pid_t stranger; /* the last of them */
	int stranger_status;
	unsigned reaped_loggers, strangers; /* children that died; strangers: nobody's */
};

int box_setup(void **state);
int box_teardown(void **state);
#define TEST(name) cmocka_unit_test_setup_teardown(name, box_setup, box_teardown)

/* Opens what the box names ("" : none) and runs `body` with it as 0, 1, 2. Fails the test if it
 * can't. */
void box_start(struct box *box, void (*body)(void));
/* The same with a request; false: refused, and box->error says why. */
bool box_try(struct box *box, const struct stdio_request *request, void (*body)(void));
struct stdio_request box_request(struct box *box);
void box_end(struct box *box);

/* Runs the loop until the bool is true; fails the test after NEVER_MS. */
void box_await(struct box *box, const bool *flag);
/* … until `holds` does. */
void box_await_that(struct box *box, bool (*holds)(struct box *box));
#define BOX_UNTIL(box, condition)                                                        \
	for (int64_t until = time_now_ms() + NEVER_MS; !(condition); box_run_ms(box, 1)) \
	assert_true(time_now_ms() < until)
/* … for a while, and wakes for nothing by itself. */
void box_run_ms(struct box *box, int ms);

void client_attach(struct box *box, struct client *client, const char *path);
void client_detach(struct box *box, struct client *client);
/* Looks no more at what comes, with the FIFO open. */
void client_stall(struct box *box, struct client *client);
void client_go_on(struct box *box, struct client *client);

/* A byte of the pattern that processes write; each line of reasoning about order rests on it. */
unsigned char pattern(uint64_t offset);
/* In a process: writes that much of it to the fd, in pieces of `piece`. */
void write_pattern(int fd, uint64_t size, size_t piece);
/* Whether the file holds just that much of it. */
void assert_file_is_pattern(const char *path, uint64_t size);
uint64_t file_size(const char *path);
/* How often the line stands in the log of the shim. */
unsigned times_logged(struct box *box, const char *line);
void make_fifo(const char *path);
unsigned open_fds(void);
/* A file of that text, in the box's folder. */
void write_file(const char *path, const char *text, mode_t mode);

#endif
