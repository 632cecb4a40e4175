/* Which stages a verb needs, and in which order. */
#ifndef IRONBOX_PIPELINE_SELECT_H
#define IRONBOX_PIPELINE_SELECT_H

#include "pipeline/module.h"
#include "pipeline/pipeline.h"

bool stage_is_enabled(const struct config *config, const char *stage);

/* Finds the module of an enabled stage and checks its place in the ini's order against what its
 * manifest declares. */
int select_find(const struct pipeline *pipeline, const char *stage, struct module *module,
                struct ironbox_error *error);
/* Does the verb, or the spec, wake it? */
bool select_wakes(const struct pipeline *pipeline, const char *stage, const struct module *module);
/* Both. 1: it is woken; 0: it may sleep; -1: an error. */
int select_stage(const struct pipeline *pipeline, const char *stage, struct module *module,
                 struct ironbox_error *error);

/* No module that was loaded is the variant that the caller asks for: -1, or 0 and a warning where
 * the ini lets what is off be left out. */
int select_miss_variant(const struct pipeline *pipeline, struct ironbox_error *error);
/* After loading: refuses a field that is asked for and that nobody carries out. */
int select_check_owners(const struct pipeline *pipeline, struct ironbox_error *error);

#endif
