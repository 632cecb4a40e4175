/* The processes of a cgroup and of all cgroups below it. */
#ifndef CGROUP_COMMON_PROCESSES_H
#define CGROUP_COMMON_PROCESSES_H

#include <ironbox/plugin.h>

/* 0 goes on; all else ends the walk and is its result. */
typedef int cgroup_process_visit(void *context, pid_t pid);

/* Calls visit for each pid in cgroup.procs, here and below. What vanishes meanwhile is left out.
 * 0, what visit returned, or -1 with errno. */
int cgroup_visit_processes(int cgroup_fd, cgroup_process_visit *visit, void *context);

/* The same for the pids in a file that is open: one a line, or with a blank behind each. */
int cgroup_visit_pids(int fd, cgroup_process_visit *visit, void *context);

/* Calls visit for each directory below (not for cgroup_fd itself), parents first; its fd is closed
 * after the call. 0, what it returned, or -1 with errno. */
typedef int cgroup_directory_visit(void *context, int directory_fd);
int cgroup_visit_directories(int cgroup_fd, cgroup_directory_visit *visit, void *context);

/* Sends a signal to each of them by pidfd. A process that ends meanwhile is no failure. The number
 * of processes that got it, or -1 with errno. Freeze them first, or loop: they may fork. */
int cgroup_signal_processes(int cgroup_fd, int number);

/* "process 12 (sleep), state D, in rpc_wait_bit_killable": one that is in the cgroup or below, for
 * the text of an error; "no process" if there is none. *error is written over: tell it after. */
void cgroup_describe_process(const struct ironbox_stage *stage, int cgroup_fd, char *text,
                             size_t size, struct ironbox_error *error);

/* Its letter in proc(5)'s stat, by an fd of /proc/PID; '?' if it cannot be had. */
char cgroup_process_state(int process_fd);

/* Milliseconds of CLOCK_MONOTONIC, and a nap: for deadlines. */
uint64_t cgroup_now_ms(void);
void cgroup_sleep_ms(unsigned ms);

#endif
