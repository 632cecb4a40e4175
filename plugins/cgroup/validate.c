/* Can this host give what linux.resources asks for, as the ini wants it? Nothing is made here. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"
#include "no_cgroup.h"
#include "path.h"

static int check_unified(const struct ironbox_stage *stage, const struct ironbox_value *unified,
                         struct ironbox_error *error);

static const struct ironbox_field settings[] = {
	IRONBOX_FIELD(struct cgroup_data, missing_controller, "missing_controller"),
	IRONBOX_FIELD_END,
};

int cgroup_configure(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct cgroup_data *data = stage->data;

	data->missing_controller = "refuse";
	if (stage->host->settings(stage, settings, data, error) < 0)
		return -1;
	if (strcmp(data->missing_controller, "refuse") != 0 &&
	    strcmp(data->missing_controller, "warn") != 0)
		return stage->host->fail(error, 0,
		                         "[cgroup] missing_controller: %s: expected refuse or warn",
		                         data->missing_controller);
	return 0;
}

bool cgroup_is_unwanted(const struct ironbox_stage *stage)
{
	const struct cgroup_data *data = stage->data;

	return no_cgroup_is_wanted(stage, resources_controllers(stage, &data->resources) != 0);
}

int cgroup_validate(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct cgroup_data *data = stage->data;
	const struct ironbox_host *host = stage->host;
	const char *path = host->text(host->spec(stage, "linux.cgroupsPath"));

	if (resources_read(stage, host->spec(stage, "linux.resources"), RESOURCES_CREATE,
	                   &data->resources, error) < 0)
		return -1;
	if (no_cgroup_check(stage, resources_controllers(stage, &data->resources) != 0, error) < 0)
		return -1;
	if (path && *path && cgroup_path_check(stage, "linux.cgroupsPath", path, error) < 0)
		return -1;
	if (cgroup_check_resources(stage, &data->resources, error) < 0)
		return -1;
	return cgroup_check_controllers(stage, &data->resources, &data->left_out, error);
}

int cgroup_miss(const struct ironbox_stage *stage, struct ironbox_error *error, const char *format,
                ...)
{
	const struct cgroup_data *data = stage->data;
	char line[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	if (strcmp(data->missing_controller, "warn") != 0)
		return stage->host->fail(error, 0, "%s", line);
	stage->host->log(stage, IRONBOX_LOG_WARNING, "%s: left out", line);
	return 0;
}

/* The first field that is asked for and that v2 has no file for, in any kernel. */
static const char *field_of_v1(const struct ironbox_stage *stage,
                               const struct cgroup_resources *resources)
{
	const struct resources_memory *memory = &resources->memory;
	const struct resources_cpu *cpu = &resources->cpu;
	const struct resources_network *network = &resources->network;

	return memory->has_kernel_tcp                    ? "linux.resources.memory.kernelTCP"
	       : memory->has_swappiness                  ? "linux.resources.memory.swappiness"
	       : memory->disable_oom_killer              ? "linux.resources.memory.disableOOMKiller"
	       : cpu->has_realtime_runtime               ? "linux.resources.cpu.realtimeRuntime"
	       : cpu->has_realtime_period                ? "linux.resources.cpu.realtimePeriod"
	       : resources->block_io.has_leaf_weight     ? "linux.resources.blockIO.leafWeight"
	       : network->has_class_id                   ? "linux.resources.network.classID"
	       : stage->host->count(network->priorities) ? "linux.resources.network.priorities"
	                                                 : NULL;
}

int cgroup_check_resources(const struct ironbox_stage *stage,
                           const struct cgroup_resources *resources, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const struct resources_block_io *block_io = &resources->block_io;
	const char *field = field_of_v1(stage, resources);

	if (field && cgroup_miss(stage, error, "%s: cgroup v2 has no such limit", field) < 0)
		return -1;
	if (resources->memory.has_kernel) /* the spec lets it be ignored; no kernel has it now */
		host->log(stage, IRONBOX_LOG_WARNING,
		          "linux.resources.memory.kernel: cgroup v2 has no such limit: left out");
	if (block_io->has_weight && (block_io->weight < 10 || block_io->weight > 1000))
		return host->fail(error, 0,
		                  "linux.resources.blockIO.weight: %u: expected 10 to 1000",
		                  block_io->weight);
	return check_unified(stage, resources->unified, error);
}

/* These move, kill or stop processes, which is no limit: a config.json must not reach others'. */
static bool is_control_file(const char *file)
{
	static const char *const control[] = { "cgroup.procs", "cgroup.threads", "cgroup.kill",
		                               "cgroup.freeze" };

	for (size_t i = 0; i < sizeof(control) / sizeof(control[0]); i++)
		if (strcmp(control[i], file) == 0)
			return true;
	return false;
}

static int check_unified(const struct ironbox_stage *stage, const struct ironbox_value *unified,
                         struct ironbox_error *error)
{
	const char *key;

	for (size_t i = 0; stage->host->item(unified, i, &key); i++) {
		if (strchr(key, '/') || !strchr(key, '.') || key[0] == '.')
			return stage->host->fail(
				error, 0, "linux.resources.unified: %s is no cgroup file", key);
		if (is_control_file(key))
			return stage->host->fail(error, 0,
			                         "linux.resources.unified: %s is no limit", key);
	}
	return 0;
}

int cgroup_check_controllers(struct ironbox_stage *stage, const struct cgroup_resources *resources,
                             uint32_t *missing, struct ironbox_error *error)
{
	uint32_t asked = resources_controllers(stage, resources);
	const char *available;

	*missing = 0;
	if (!asked)
		return 0;
	available = stage->host->fact(stage, MOUNT "/cgroup.controllers");
	*missing = asked & ~controllers_from_text(available ? available : "");
	for (unsigned i = 0; i < CONTROLLER_COUNT; i++)
		if ((*missing & CONTROLLER_BIT(i)) &&
		    cgroup_miss(stage, error, "%s: this host's cgroup v2 lacks the controller (%s)",
		                controller_name(i), resources_field_of(stage, resources, i)) < 0)
			return -1;
	return 0;
}
