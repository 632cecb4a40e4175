/* leak: a stage that loses what it allocated, if `[leak] leak` says so: shows that the suite of
 * leaks would see one. */
#include <stdlib.h>

#include <ironbox/plugin.h>

IRONBOX_MANIFEST("name = leak\n");

struct leak {
	bool leak;
};

static const struct ironbox_field settings[] = {
	IRONBOX_FIELD(struct leak, leak, "leak"),
	IRONBOX_FIELD_END,
};

static int leak_configure(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct leak *data = stage->data;
	void *volatile lost;

	if (stage->host->settings(stage, settings, stage->data, error) < 0)
		return -1;
	if (data->leak) {
		lost = malloc(1234);
		lost = NULL;
		(void)lost;
	}
	return 0;
}

const struct ironbox_plugin ironbox_plugin = {
	.abi = IRONBOX_ABI,
	.size = sizeof(struct ironbox_plugin),
	.version = "1.0",
	.manifest = ironbox_manifest.text,
	.data_size = sizeof(struct leak),
	.configure = leak_configure,
};
