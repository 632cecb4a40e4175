#include "cgroup_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "lifecycle/stats.h"

static void remove_all(void)
{
	int fd = openat(private_folder(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fdopendir(fd);
	const struct dirent *entry;

	CHECK(folder, "%s", strerror(errno));
	while ((entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			private_file_remove(entry->d_name);
	closedir(folder);
}

/* The next line "=== NAME", or the end. */
static const char *next_head(const char *text)
{
	const char *found = strstr(text, "\n=== ");

	return found ? found + 1 : text + strlen(text);
}

void cgroup_files_put(const char *text)
{
	const char *end;

	remove_all();
	if (strncmp(text, "=== ", 4) != 0)
		text = next_head(text);
	for (; *text; text = end) {
		size_t length = strcspn(text, "\n");
		char name[64] = "";

		end = next_head(text);
		if (length - 4 < sizeof(name))
			memcpy(name, text + 4, length - 4);
		if (text[length] && *name && name[0] != '.' && !strchr(name, '/'))
			private_file(name, text + length + 1, (size_t)(end - text) - length - 1);
	}
}

/* No value is invented: its digits stand in the files, as they are or in smaller units. */
static bool has_number(const char *text, uint64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
	return strstr(text, digits);
}

static bool is_derived(const char *text, const char *name, uint64_t value)
{
	const uint64_t tick_ns = 1000000000 / (uint64_t)sysconf(_SC_CLK_TCK);

	size_t length = strlen(name);
	char hundredths[32];

	if (length > 4 && strcmp(name + length - 4, "/100") == 0) {
		snprintf(hundredths, sizeof(hundredths), "%llu.%02llu",
		         (unsigned long long)value / 100, (unsigned long long)value % 100);
		return strstr(text, hundredths);
	}
	if (strcmp(name, "cgroup.version") == 0)
		return true;
	return value == 0 || (value == UINT64_MAX && strstr(text, "max")) ||
	       has_number(text, value) || (value % 1000 == 0 && has_number(text, value / 1000)) ||
	       (value % tick_ns == 0 && has_number(text, value / tick_ns)) ||
	       strncmp(name, "memory.swap.", 12) == 0 || /* a sum */
	       strncmp(name, "cpuset.", 7) == 0;         /* between the ends of a range */
}

static void report(struct paper_host *paper, const char *name, uint64_t value)
{
	struct reports *reports = paper->context;

	CHECK(is_derived(reports->text, name, value), "%s is %llu", name,
	      (unsigned long long)value);
	stats_put(reports->root, name, value);
}

void reports_begin(struct reports *reports, struct paper_host *paper, const char *text)
{
	reports->root = json_object();
	reports->text = text;
	paper->report = report;
	paper->context = reports;
}

void reports_end(struct reports *reports)
{
	cleanup_free char *printed = stats_dump(reports->root);
	json_error_t failure;
	json_t *again;

	CHECK(printed, "not printed");
	again = json_loads(printed, JSON_REJECT_DUPLICATES, &failure);
	/* a limit of 2^64-1 is more than jansson's integers hold */
	CHECK(again || json_error_code(&failure) == json_error_numeric_overflow, "%s: %s",
	      failure.text, printed);
	json_decref(again);
	json_decref(reports->root);
}
