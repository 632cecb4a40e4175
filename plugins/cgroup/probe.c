/* What of cgroup v2 this host lacks. */
#include <errno.h>
#include <string.h>

#include <ironbox/cleanup.h>

#include "ebpf.h"
#include "internal.h"

int cgroup_probe(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const char *text = host->fact(stage, MOUNT "/cgroup.controllers");
	const struct device_rules deny = { 0 };
	cleanup_close int program_fd = -1;
	uint32_t controllers;

	(void)error;
	if (!text) {
		host->report_lack(stage, "no cgroup v2 at " MOUNT);
		return 0;
	}
	controllers = controllers_from_text(text);
	for (unsigned i = 0; i < CONTROLLER_COUNT; i++)
		if (i != CONTROLLER_MISC && !(controllers & CONTROLLER_BIT(i)))
			host->report_lack(stage, "no controller %s in cgroup v2",
			                  controller_name(i));
	program_fd = device_program_load(&deny);
	if (program_fd < 0)
		host->report_lack(stage, "no device programs: %s", strerrordesc_np(errno));
	return 0;
}
