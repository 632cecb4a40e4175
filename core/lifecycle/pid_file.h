/* --pid-file */
#ifndef IRONBOX_LIFECYCLE_PID_FILE_H
#define IRONBOX_LIFECYCLE_PID_FILE_H

#include <sys/types.h>

#include "support/error.h"

/* Written whole: its reader (conmon, a shim) sees no half of a number. */
int pid_file_write(const char *path, pid_t pid, struct ironbox_error *error);

#endif
