#include "pipeline/facts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include <ironbox/cleanup.h>

#include "support/file.h"

#define FACT_SIZE_MAX (1 << 20)

struct fact {
	struct fact *next;
	char *path, *text; /* text NULL: there is none, and why is in code */
	int code;
};

static struct fact *read_fact(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct fact *fact = calloc(1, sizeof(*fact));
	size_t size;

	if (!fact)
		return NULL;
	fact->code = errno;
	fact->path = strdup(path);
	if (fd >= 0) {
		fact->text = file_read(fd, FACT_SIZE_MAX, &size);
		fact->code = errno;
	}
	return fact;
}

const char *facts_get(struct fact **facts, const char *path)
{
	struct fact *fact;

	for (fact = *facts; fact; fact = fact->next)
		if (!strcmp(fact->path, path))
			break;
	if (!fact) {
		fact = read_fact(path);
		if (!fact || !fact->path) {
			free(fact);
			return NULL;
		}
		fact->next = *facts;
		*facts = fact;
	}
	errno = fact->code;
	return fact->text;
}

void facts_free(struct fact *facts)
{
	while (facts) {
		struct fact *next = facts->next;

		free(facts->path);
		free(facts->text);
		free(facts);
		facts = next;
	}
}
