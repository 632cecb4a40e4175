/* The options table of containerd's config, as it comes in config_body: TOML, by runc's names. */
#ifndef IRONBOX_SHIM_OPTIONS_TABLE_H
#define IRONBOX_SHIM_OPTIONS_TABLE_H

#include "options/options.h"

/* What it took before it failed is freed by task_options_free. */
int options_table_read(struct task_options *options, const char *text, size_t size,
                       struct ironbox_error *error);

#endif
