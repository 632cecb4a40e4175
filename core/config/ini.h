/* ironbox.ini's text as entries, by inih. */
#ifndef IRONBOX_CONFIG_INI_H
#define IRONBOX_CONFIG_INI_H

#include <stddef.h>

#include "config/config.h"

/* Fills config's text and entries; what they hold is config_free's to free, also after an error,
 * which names config->path and the line. */
int ini_read(struct config *config, const char *text, size_t size, struct ironbox_error *error);

/* Begins the error "/etc/ironbox/ironbox.ini:12: [seccomp] enabled: …" about an entry. Returns -1.
 */
int ini_fail(const struct config *config, const struct config_entry *entry,
             struct ironbox_error *error, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
