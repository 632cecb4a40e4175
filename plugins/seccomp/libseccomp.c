#include "libseccomp.h"

#define SYMBOL(member, function) LIBRARY_SYMBOL(struct libseccomp, member, function)

static const struct library_symbol libseccomp_symbols[] = {
	SYMBOL(api_set, seccomp_api_set),
	SYMBOL(version, seccomp_version),
	SYMBOL(arch_native, seccomp_arch_native),
	SYMBOL(init, seccomp_init),
	SYMBOL(release, seccomp_release),
	SYMBOL(arch_add, seccomp_arch_add),
	SYMBOL(resolve, seccomp_syscall_resolve_name),
	SYMBOL(resolve_for, seccomp_syscall_resolve_name_arch),
	SYMBOL(rule_add, seccomp_rule_add_array),
	SYMBOL(priority, seccomp_syscall_priority),
	SYMBOL(export_bpf, seccomp_export_bpf),
	{ NULL, 0 },
};

int libseccomp_open(struct libseccomp *library, const struct ironbox_host *host,
                    struct ironbox_error *error)
{
	/* the soname since libseccomp 2.0: another number is another ABI */
	return library_open(library, "libseccomp.so.2", libseccomp_symbols, host, error);
}
