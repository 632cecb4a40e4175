/*
 * What `start` and `-info` are given on stdin, and how they answer on stdout. Until containerd 2.2
 * it is a google.protobuf.Any with the runtime's options, or nothing, and the answer is the
 * socket's address. Since 2.3 it is BootstrapParams, and the answer is a BootstrapResult.
 */
#ifndef IRONBOX_SHIM_BOOTSTRAP_H
#define IRONBOX_SHIM_BOOTSTRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command/arguments.h"
#include "support/error.h"

struct bootstrap {
	bool has_parameters; /* BootstrapParams */
	bool debug;
	char *socket_dir, *ttrpc_address, *grpc_address; /* owned; NULL: not said */
	char *options_type;                              /* owned; of the options; NULL: none */
	uint8_t *options;                                /* owned */
	size_t options_size;
};

/* Reads fd to its end, unless it is a terminal. -1 with code ETIMEDOUT: there was none in time. */
int bootstrap_read(struct bootstrap *bootstrap, int fd, int timeout_ms,
                   const struct arguments *arguments, struct ironbox_error *error);
int bootstrap_parse(struct bootstrap *bootstrap, const uint8_t *bytes, size_t size,
                    const struct arguments *arguments, struct ironbox_error *error);
void bootstrap_free(struct bootstrap *bootstrap);
#define cleanup_bootstrap __attribute__((cleanup(bootstrap_free)))

/* Writes the answer in the form in which the call came. */
int bootstrap_answer(const struct bootstrap *bootstrap, int fd, const char *address,
                     struct ironbox_error *error);

#endif
