/* Device rules by the files of v1: kernel, Documentation/admin-guide/cgroup-v1/devices.rst. */
#include <devices.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <ebpf.h>

#include "internal.h"

static bool overlap(int64_t one, int64_t other)
{
	return one == DEVICE_ANY || other == DEVICE_ANY || one == other;
}

/*
 * v1 knows "all but these": exceptions from one default, with no order among them. A rule that
 * takes back a part of what an exception said before ("allow c 10:*", "deny c 10:229") has no such
 * form; one that takes back the whole is not in the rules any more.
 */
static bool is_for_v1(const struct device_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct device_rule *rule = &rules->rules[i];

		if (rule->allow != rules->allow_rest)
			continue;
		for (size_t k = 0; k < i; k++) {
			const struct device_rule *before = &rules->rules[k];

			if (before->allow != rule->allow && before->access & rule->access &&
			    (before->type == 'a' || rule->type == 'a' ||
			     before->type == rule->type) &&
			    overlap(before->major, rule->major) &&
			    overlap(before->minor, rule->minor))
				return false;
		}
	}
	return true;
}

static int write_rule(const struct ironbox_stage *stage, int fd, const struct device_rule *rule,
                      char type, struct ironbox_error *error)
{
	char text[64];

	device_rule_text(rule, type, text, sizeof(text));
	if (write(fd, text, strlen(text)) < 0)
		return stage->host->fail(error, errno, "devices: %s %s (linux.resources.devices)",
		                         rule->allow ? "allow" : "deny", text);
	return 0;
}

/* One fd for all of them: each write(2) is a rule. */
static int write_exceptions(const struct ironbox_stage *stage, int directory_fd,
                            const struct device_rules *rules, struct ironbox_error *error)
{
	const char *file = rules->allow_rest ? "devices.deny" : "devices.allow";
	cleanup_close int fd = openat(directory_fd, file, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return stage->host->fail(error, errno, "devices: open %s", file);
	for (size_t i = 0; i < rules->count; i++) {
		const struct device_rule *rule = &rules->rules[i];

		if (rule->allow == rules->allow_rest)
			continue;
		if (rule->type != 'b' && write_rule(stage, fd, rule, 'c', error) < 0)
			return -1;
		if (rule->type != 'c' && write_rule(stage, fd, rule, 'b', error) < 0)
			return -1;
	}
	return 0;
}

static int write_v1(const struct ironbox_stage *stage, int directory_fd,
                    const struct device_rules *rules, struct ironbox_error *error)
{
	if (!rules->allow_rest) {
		cleanup_close int fd = openat(directory_fd, "devices.deny", O_WRONLY | O_CLOEXEC);

		if (fd < 0 || write(fd, "a", 1) != 1)
			return stage->host->fail(error, errno, "devices: write a to devices.deny");
	}
	return write_exceptions(stage, directory_fd, rules, error);
}

/* The program that v2 has for the same, on the cgroup that all processes are in, too. */
static int attach_program(const struct ironbox_stage *stage, struct hierarchies *all,
                          const struct device_rules *rules, struct ironbox_error *error)
{
	struct hierarchy *unified = hierarchies_with(all, V1_UNIFIED);
	cleanup_close int program_fd = -1;

	if (!unified)
		return limits_lack(stage, v1_name(V1_DEVICES), "linux.resources.devices", NULL,
		                   error);
	program_fd = device_program_load(rules);
	if (program_fd < 0 || hierarchy_directory(all, unified) < 0 ||
	    device_program_attach(unified->directory_fd, program_fd) < 0)
		return stage->host->fail(error, errno, "devices: attach the program to cgroup %s%s",
		                         unified->top, all->path);
	return 0;
}

int devices_write(const struct ironbox_stage *stage, const struct ironbox_value *devices,
                  struct hierarchies *all, struct ironbox_error *error)
{
	cleanup_device_rules struct device_rules rules = { 0 };
	struct hierarchy *hierarchy = hierarchies_with(all, V1_DEVICES);

	if (device_rules_read(stage, devices, &rules, error) < 0)
		return -1;
	if (device_rules_allow_all(&rules))
		return 0; /* it inherits what the parent allows, and more it cannot have */
	if (!hierarchy || !is_for_v1(&rules))
		return attach_program(stage, all, &rules, error);
	if (hierarchy_directory(all, hierarchy) < 0)
		return stage->host->fail(error, errno, "open cgroup %s%s", hierarchy->top,
		                         all->path);
	return write_v1(stage, hierarchy->directory_fd, &rules, error);
}
