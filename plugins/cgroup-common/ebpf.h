/* Device rules as a BPF_PROG_TYPE_CGROUP_DEVICE program: cgroup v2 has no file for them. */
#ifndef CGROUP_COMMON_EBPF_H
#define CGROUP_COMMON_EBPF_H

#include <linux/bpf.h>

#include "devices.h"

/* How many instructions device_program_build writes at most. */
size_t device_program_size(const struct device_rules *rules);

/* Writes the program; returns the number of its instructions. */
size_t device_program_build(const struct device_rules *rules, struct bpf_insn *instructions);

/* Loads the program: its fd, or -1 with errno. Allocates for the time of the call. */
int device_program_load(const struct device_rules *rules);

/* Attaches it to a cgroup that has no program of ours yet. -1 with errno. */
int device_program_attach(int cgroup_fd, int program_fd);

/* The same for a cgroup that existed before: a single program there is replaced, in one step, so
 * that there is no moment without one. -1 with errno. */
int device_program_replace(int cgroup_fd, int program_fd);

#endif
