/* libseccomp, which only a cache miss needs. */
#ifndef SECCOMP_LIBSECCOMP_H
#define SECCOMP_LIBSECCOMP_H

#include <seccomp.h>

#include <ironbox/plugin.h>

#include "library.h"

/* The functions of libseccomp that compile.c calls, each of the type that its header gives it. */
struct libseccomp {
	void *handle; /* of dlopen(3); first */
	__typeof__(seccomp_api_set) *api_set;
	__typeof__(seccomp_version) *version;
	__typeof__(seccomp_arch_native) *arch_native;
	__typeof__(seccomp_init) *init;
	__typeof__(seccomp_release) *release;
	__typeof__(seccomp_arch_add) *arch_add;
	__typeof__(seccomp_syscall_resolve_name) *resolve;
	__typeof__(seccomp_syscall_resolve_name_arch) *resolve_for;
	__typeof__(seccomp_rule_add_array) *rule_add;
	__typeof__(seccomp_syscall_priority) *priority;
	__typeof__(seccomp_export_bpf) *export_bpf;
};

int libseccomp_open(struct libseccomp *library, const struct ironbox_host *host,
                    struct ironbox_error *error);

#endif
