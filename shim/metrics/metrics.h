/* The statistics of container_stats as the message that containerd's clients read: cgroups v2's
 * Metrics, or v1's where the container was made with cgroup v1. */
#ifndef IRONBOX_SHIM_METRICS_H
#define IRONBOX_SHIM_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "support/error.h"

/* *type_url: a constant; *bytes: malloc'ed. Runs in a worker. */
int metrics_pack(const char *stats_json, const char **type_url, uint8_t **bytes, size_t *size,
                 struct ironbox_error *error);

#endif
