/* A process is its pidfd; on disk it is its pid with its start time, so that a recycled pid is
 * never taken for it. */
#ifndef IRONBOX_SUPPORT_PROCESS_ID_H
#define IRONBOX_SUPPORT_PROCESS_ID_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* pidfd_open(2), or -1 with errno. */
int process_open(pid_t pid);

/* Field 22 of /proc/PID/stat in clock ticks since boot, and its state letter in *state (may be
 * NULL); 0 with errno when it can't be read. */
uint64_t process_start_time(pid_t pid, char *state);

/* The same from the text of that file; 0: it is none. */
uint64_t process_stat_start_time(const char *text, char *state);

/* A pidfd of the process with that pid and start time, or -1: ESRCH, it is no more;
 * another errno, nothing is known of it. */
int process_open_exactly(pid_t pid, uint64_t start_time);

/* pidfd_send_signal(2). */
int process_signal(int pidfd, int number);

/* Waits until the process is dead; true: it is; false: still alive after timeout_ms (-1: never). */
bool process_wait_dead(int pidfd, int timeout_ms);

#endif
