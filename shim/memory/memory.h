/*
 * Death by want of memory, told: that it happened, who was killed, how much it held and which limit
 * it was, from the kernel's own record (/dev/kmsg), or the word unknown.
 */
#ifndef IRONBOX_SHIM_MEMORY_H
#define IRONBOX_SHIM_MEMORY_H

#include <stdint.h>
#include <stdio.h>

#include "lifecycle/lifecycle.h"
#include "loop/loop.h"
#include "worker/worker.h"

struct memory_watch;

/* watch_fd, oom_kills: from container_watch_memory; the fd becomes the watch's. killed is called
 * for each time that the count grew, with one line in words. */
struct memory_watch *memory_watch_begin(struct loop *loop, struct workers *workers,
                                        const struct runtime *runtime, const char *id, int watch_fd,
                                        uint64_t oom_kills,
                                        void (*killed)(void *context, const char *words),
                                        void *context, struct ironbox_error *error);
/* The container's init is dead: looks a last time, while its cgroup is there. looked is called once
 * (at once when nothing happened since the last look), so that the exit is told after the cause. */
void memory_watch_last_look(struct memory_watch *watch, void (*looked)(void *context),
                            void *context);
void memory_watch_end(struct memory_watch *watch); /* no call comes after it */

#endif
