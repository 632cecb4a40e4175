/* idmap.h: what idmap.c and idmap_helper.c share. */
#ifndef NAMESPACE_IDMAP_H
#define NAMESPACE_IDMAP_H

#include "internal.h"

struct idmap_range {
	uint32_t container_id, host_id, size;
};

/* uids, then gids */
struct idmap_kind {
	const char *path;   /* in the spec */
	const char *file;   /* below /proc/PID */
	const char *helper; /* of the package uidmap */
};

extern const struct idmap_kind idmap_kinds[2];

/* Has newuidmap(1) or newgidmap(1) write the map: they may do so for ids that /etc/subuid and
 * /etc/subgid grant to the caller. */
int idmap_helper_run(const struct ironbox_stage *stage, const struct idmap_kind *kind,
                     const struct idmap_range *ranges, size_t count, struct ironbox_error *error);

#endif
