/* rdma.rst: "mlx4_0 hca_handle=2 hca_object=2000" for each device; in rdma.max also "max". */
#include "rdma.h"

#include <stdio.h>
#include <string.h>

#include "files.h"

static void report_word(struct ironbox_stage *stage, const char *file, const char *device,
                        const char *word)
{
	static const char *const resources[] = { "hca_handle", "hca_object" };
	char name[160];
	uint64_t value;

	for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++) {
		size_t length = strlen(resources[i]);

		if (strncmp(word, resources[i], length) != 0 || word[length] != '=' ||
		    !cgroup_parse_number(word + length + 1, &value, NULL))
			continue;
		snprintf(name, sizeof(name), "cgroup.%s.%s.%s", file, device, resources[i]);
		stage->host->report(stage, name, value);
	}
}

/* The line ends in '\0'. */
static void report_line(struct ironbox_stage *stage, const char *file, const char *line)
{
	char device[80] = "";
	int length = 0;

	if (sscanf(line, "%79[^ .[]%n", device, &length) != 1 || line[length] != ' ')
		return;
	for (line += length; *line; line += strcspn(line, " ")) {
		line += strspn(line, " ");
		report_word(stage, file, device, line);
	}
}

static void report_file(struct ironbox_stage *stage, int cgroup_fd, const char *file)
{
	char text[4096], *line, *rest = text;

	if (cgroup_read(cgroup_fd, file, text, sizeof(text)) < 0)
		return;
	while ((line = strsep(&rest, "\n")))
		report_line(stage, file, line);
}

void cgroup_report_rdma(struct ironbox_stage *stage, int cgroup_fd)
{
	report_file(stage, cgroup_fd, "rdma.current");
	report_file(stage, cgroup_fd, "rdma.max");
}
