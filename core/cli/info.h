/* What `state` and `list` tell of a container, as JSON. */
#ifndef IRONBOX_CLI_INFO_H
#define IRONBOX_CLI_INFO_H

#include "cli/writer.h"
#include "lifecycle/lifecycle.h"

/* One object with runc's members in runc's order. owner: state tells none, list does. */
void info_print(struct json_writer *json, const struct container_info *info, const char *owner);

#endif
