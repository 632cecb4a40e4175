/* probe FACT [ARGUMENT]... [FACT ...]: runs the facts in the order in which they are named. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe.h"

static const struct fact *const tables[] = { process_facts, kernel_facts, file_facts, deeds };
#define TABLES (sizeof(tables) / sizeof(tables[0]))

int print_failure(const char *what, const char *on)
{
	printf("%s%s%s: %s\n", what, *on ? " " : "", on, strerrorname_np(errno));
	return 1;
}

int print_file(const char *path, const char *prefix)
{
	char line[8192];
	FILE *file = fopen(path, "re");

	if (!file)
		return print_failure("open", path);
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		printf("%s%s\n", prefix, line);
	}
	if (ferror(file)) {
		fclose(file);
		return print_failure("read", path);
	}
	fclose(file);
	return 0;
}

long long number_of(const char *text)
{
	char *end;
	long long number;

	errno = 0;
	number = strtoll(text, &end, 0);
	if (errno || end == text || *end) {
		fprintf(stderr, "probe: %s: not a number\n", text);
		exit(64);
	}
	return number;
}

static const struct fact *find_fact(const char *name)
{
	for (size_t table = 0; table < TABLES; table++)
		for (const struct fact *fact = tables[table]; fact->name; fact++)
			if (strcmp(fact->name, name) == 0)
				return fact;
	return NULL;
}

static int usage(void)
{
	fputs("usage: probe FACT [ARGUMENT]... [FACT ...]\n", stderr);
	for (size_t table = 0; table < TABLES; table++)
		for (const struct fact *fact = tables[table]; fact->name; fact++)
			fprintf(stderr, "  %-18s %s\n", fact->name, fact->help);
	return 64; /* EX_USAGE of sysexits.h: not a code that a fact gives */
}

int main(int count, char **arguments)
{
	int worst = 0;

	setvbuf(stdout, NULL, _IOLBF, 0); /* a fact is out before the next one kills us */
	if (count < 2)
		return usage();
	for (int at = 1; at < count;) {
		const struct fact *fact = find_fact(arguments[at++]);
		int result;

		if (!fact || fact->count > count - at)
			return usage();
		result = fact->run(arguments + at);
		if (result > worst)
			worst = result;
		at = fact->count < 0 ? count : at + fact->count;
	}
	return worst;
}
