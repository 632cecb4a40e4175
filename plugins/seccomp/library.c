#include "library.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>

#define SYMBOL(member, function)                              \
	{                                                     \
		function, offsetof(struct libseccomp, member) \
	}

static const struct library_symbol libseccomp_symbols[] = {
	SYMBOL(api_set, "seccomp_api_set"),
	SYMBOL(version, "seccomp_version"),
	SYMBOL(arch_native, "seccomp_arch_native"),
	SYMBOL(init, "seccomp_init"),
	SYMBOL(release, "seccomp_release"),
	SYMBOL(arch_add, "seccomp_arch_add"),
	SYMBOL(resolve, "seccomp_syscall_resolve_name"),
	SYMBOL(resolve_for, "seccomp_syscall_resolve_name_arch"),
	SYMBOL(rule_add, "seccomp_rule_add_array"),
	SYMBOL(priority, "seccomp_syscall_priority"),
	SYMBOL(export_bpf, "seccomp_export_bpf"),
	{ NULL, 0 },
};

int libseccomp_open(struct libseccomp *library, const struct ironbox_host *host,
                    struct ironbox_error *error)
{
	/* the soname since libseccomp 2.0: another number is another ABI */
	return library_open(library, "libseccomp.so.2", libseccomp_symbols, host, error);
}

int library_open(void *library, const char *name, const struct library_symbol *symbols,
                 const struct ironbox_host *host, struct ironbox_error *error)
{
	void **handle = library;

	*handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
	if (!*handle)
		return host->fail(error, 0, "load %s: %s", name, dlerror());
	for (; symbols->name; symbols++) {
		void *address = dlsym(*handle, symbols->name);

		if (!address)
			return host->fail(error, 0, "%s has no %s", name, symbols->name);
		memcpy((char *)library + symbols->offset, &address, sizeof(address));
	}
	return 0;
}

void library_close(void *library)
{
	void **handle = library;

	if (*handle)
		dlclose(*handle);
	*handle = NULL;
}

const char *library_path(const void *library)
{
	void *const *handle = library;
	struct link_map *map = NULL;

	return dlinfo(*handle, RTLD_DI_LINKMAP, &map) == 0 && map ? map->l_name : NULL;
}
