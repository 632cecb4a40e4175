/* Device rules: linux.resources.devices on top of "deny all", then the default nodes (E5). */
#ifndef CGROUP_COMMON_DEVICES_H
#define CGROUP_COMMON_DEVICES_H

#include <ironbox/cleanup.h>
#include <ironbox/plugin.h>

enum { /* bits of device_rule.access: those of bpf.h's BPF_DEVCG_ACC_ */
       DEVICE_MKNOD = 1 << 0,
       DEVICE_READ = 1 << 1,
       DEVICE_WRITE = 1 << 2,
       DEVICE_ALL = DEVICE_MKNOD | DEVICE_READ | DEVICE_WRITE,
};

#define DEVICE_ANY (-1) /* any major or minor */

struct device_rule {
	bool allow;
	char type;            /* 'b', 'c', or 'a': both */
	unsigned char access; /* DEVICE_ bits */
	int64_t major, minor; /* DEVICE_ANY: all */
};

/* Normalised: nothing that a later rule makes void is in it. For each kind of access that is asked
 * for, the last rule that matches and names it decides; where none does, allow_rest. */
struct device_rules {
	bool allow_rest;
	size_t count;
	struct device_rule *rules;
};

static inline void device_rules_free(struct device_rules *rules)
{
	ironbox_free_at_end(&rules->rules);
}
#define cleanup_device_rules __attribute__((cleanup(device_rules_free)))

/* From linux.resources.devices (may be NULL), deny all before it and the default nodes behind it.
 * Allocates; end it by device_rules_free or cleanup_device_rules. */
int device_rules_read(const struct ironbox_stage *stage, const struct ironbox_value *devices,
                      struct device_rules *rules, struct ironbox_error *error);

/* They let everything pass: no program, no list is needed. */
static inline bool device_rules_allow_all(const struct device_rules *rules)
{
	return rules->allow_rest && rules->count == 0;
}

/* The rule as v1's devices.allow and devices.deny want it, "c 1:3 rwm". A type 'a' with a major or
 * minor has no such form: write it for 'b' and for 'c'. text: at least 64 bytes. */
void device_rule_text(const struct device_rule *rule, char type, char *text, size_t size);

#endif
