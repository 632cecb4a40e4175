/* Where the runtime says things: --log, --log-format, --debug. */
#ifndef IRONBOX_SUPPORT_LOG_H
#define IRONBOX_SUPPORT_LOG_H

#include <stdbool.h>

#include <ironbox/plugin.h> /* enum ironbox_log_level */

#define LOG_NOWHERE (-2)

struct log {
	int fd; /* -1: stderr */
	bool json, debug;
};

/* The process's log: one per process, for it is where warnings of all depths go. */
extern struct log process_log;

/* text: `time="…" level=warning msg="…"`; json: {"level":"warning","msg":"…","time":"RFC 3339"}.
 * One write(2) a line. Keeps errno. debug lines only with --debug. */
void log_write(enum ironbox_log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
