#include "library.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>

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
