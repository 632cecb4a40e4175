/* hooks.* of the spec, typed. */
#ifndef IRONBOX_OCI_HOOKS_H
#define IRONBOX_OCI_HOOKS_H

#include "oci/spec.h"

enum hook_kind {
	HOOK_PRESTART,
	HOOK_CREATE_RUNTIME,
	HOOK_CREATE_CONTAINER,
	HOOK_START_CONTAINER,
	HOOK_POSTSTART,
	HOOK_POSTSTOP,
	HOOK_KINDS,
};

extern const char *const hook_names[HOOK_KINDS]; /* "prestart", … as the spec spells them */

struct oci_hook {
	const char *path;  /* absolute */
	const char **args; /* NULL-terminated, owned array; {path, NULL} if the spec gives none */
	const char **env;  /* NULL-terminated, owned array; empty if the spec gives none */
	uint32_t timeout;  /* seconds; 0: none */
};

struct oci_hooks {
	struct oci_hook *items; /* owned */
	size_t count;
};

/* The hooks of one kind, in order; a wrong one is an error that names "hooks.prestart[1].path". */
int hooks_read(struct oci_hooks *hooks, const struct spec *spec, enum hook_kind kind,
               struct ironbox_error *error);
bool hooks_asked(const struct spec *spec, enum hook_kind kind);
void hooks_free(struct oci_hooks *hooks);
#define cleanup_hooks __attribute__((cleanup(hooks_free)))

#endif
