/* Libraries that only a cache miss needs, opened then and closed again. */
#ifndef SECCOMP_LIBRARY_H
#define SECCOMP_LIBRARY_H

#include <seccomp.h>
#include <stddef.h>

#include <ironbox/plugin.h>

/* The functions of libseccomp that compile.c calls, each of the type that its header gives it. */
struct libseccomp {
	void *handle; /* of dlopen(3); first, as in every library's struct */
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

/* A function to look up, and where in the library's struct its address goes. */
struct library_symbol {
	const char *name; /* NULL: the end */
	size_t offset;
};

int libseccomp_open(struct libseccomp *library, const struct ironbox_host *host,
                    struct ironbox_error *error);

/* library: a struct that begins with its handle. */
int library_open(void *library, const char *name, const struct library_symbol *symbols,
                 const struct ironbox_host *host, struct ironbox_error *error);
void library_close(void *library);
/* The file that it was loaded from; the library's until it is closed. NULL: not known. */
const char *library_path(const void *library);

#define cleanup_library __attribute__((cleanup(library_close)))

#endif
