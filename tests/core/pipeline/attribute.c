/* attribute: a stage that has the container's process write its attribute "exec" `times` times. It
 * lives in tests alone. On a kernel without AppArmor and SELinux nobody takes the write, but the
 * kernel first looks who writes: EPERM, who was opened as another process; EACCES, to a file of
 * another; EINVAL is left for a process and its own file (proc_pid_attr_write of the kernel). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ironbox/plugin.h>

IRONBOX_MANIFEST("name = attribute\n");

struct attribute {
	uint32_t times;
	const char *name;
};

static int attribute_configure(struct ironbox_stage *stage, struct ironbox_error *error)
{
	static const struct ironbox_field settings[] = {
		IRONBOX_FIELD(struct attribute, times, "times"),
		IRONBOX_FIELD(struct attribute, name, "name"),
		IRONBOX_FIELD_END,
	};

	*(struct attribute *)stage->data = (struct attribute){ 1, "exec" };
	return stage->host->settings(stage, settings, stage->data, error);
}

static int write_it(struct ironbox_stage *stage, int fd, struct ironbox_error *error)
{
	ssize_t written = write(fd, "x", 1);

	(void)stage;
	(void)error;
	dprintf(STDERR_FILENO, "write: %s\n", written < 0 ? strerrorname_np(errno) : "ok");
	return 0;
}

static int attribute_prepare(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct attribute *attribute = stage->data;

	for (uint32_t i = 0; i < attribute->times; i++)
		if (stage->host->write_attribute(stage, attribute->name, write_it, error) < 0)
			return -1;
	return 0;
}

const struct ironbox_plugin ironbox_plugin = {
	.abi = IRONBOX_ABI,
	.size = sizeof(struct ironbox_plugin),
	.version = "1.0",
	.manifest = ironbox_manifest.text,
	.data_size = sizeof(struct attribute),
	.configure = attribute_configure,
	.prepare = attribute_prepare,
	.join_prepare = attribute_prepare,
};
