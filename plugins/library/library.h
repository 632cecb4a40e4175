/* Libraries that a module needs at times only: opened then, by dlopen(3), and closed again. */
#ifndef PLUGIN_LIBRARY_H
#define PLUGIN_LIBRARY_H

#include <stddef.h>

#include <ironbox/plugin.h>

/* A function to look up, and where in the library's struct its address goes. */
struct library_symbol {
	const char *name; /* NULL: the end */
	size_t offset;
};

/* A row of a table of them, which { NULL, 0 } ends: LIBRARY_SYMBOL(struct jansson, loads,
 * json_loads) */
#define LIBRARY_SYMBOL(type, member, function)    \
	{                                         \
#function, offsetof(type, member) \
	}

/* library: a struct that begins with its handle. */
int library_open(void *library, const char *name, const struct library_symbol *symbols,
                 const struct ironbox_host *host, struct ironbox_error *error);
void library_close(void *library);
/* The file that it was loaded from; the library's until it is closed. NULL: not known. */
const char *library_path(const void *library);

#define cleanup_library __attribute__((cleanup(library_close)))

#endif
