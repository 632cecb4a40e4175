/* Options that more than one verb has. */
#ifndef IRONBOX_CLI_CREATE_H
#define IRONBOX_CLI_CREATE_H

#include "cli/command.h"

struct create_options {
	const char *bundle, *console_socket, *pidfd_socket, *pid_file;
	uint32_t preserve_fds;
	bool no_pivot, no_new_keyring;
};

uint64_t create_preserved_fds(const struct create_options *options);
struct create_request create_request_from(const struct create_options *options, const char *id);

/* Rows of a struct that has these members. */
#define CONSOLE_OPTIONS(type)                                                          \
	OPTION(type, console_socket, "console-socket", 0, "SOCKET",                    \
	       "send the terminal's master end to this Unix socket"),                  \
		OPTION(type, pidfd_socket, "pidfd-socket", 0, "SOCKET",                \
	               "send a pidfd of the container's process to this Unix socket"), \
		OPTION(type, pid_file, "pid-file", 0, "FILE",                          \
	               "write the process's pid to this file")

#define PRESERVE_FDS_OPTION(type)                          \
	OPTION(type, preserve_fds, "preserve-fds", 0, "N", \
	       "hand N more fds, from 3 on, to the container")

#define CREATE_OPTIONS(type)                                                                \
	OPTION(type, bundle, "bundle", 'b', "DIR", "the bundle (default: this directory)"), \
		CONSOLE_OPTIONS(type),                                                      \
		OPTION(type, no_pivot, "no-pivot", 0, NULL,                                 \
	               "no pivot_root(2): for a root on a ramdisk; weaker"),                \
		OPTION(type, no_new_keyring, "no-new-keyring", 0, NULL,                     \
	               "keep the caller's session keyring"),                                \
		PRESERVE_FDS_OPTION(type)

#endif
