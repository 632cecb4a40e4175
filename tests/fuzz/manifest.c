/* The manifest of a module: its ELF note is read before it is known whose file that is. */
#include <string.h>
#include <sys/mman.h>

#include "harness.h"
#include "paper_host.h"
#include "pipeline/manifest.h"

static int count_word(void *context, const char *word)
{
	CHECK(*word && !strpbrk(word, " \t\n"), "\"%s\"", word);
	++*(unsigned *)context;
	return 0;
}

/* A line of the note as it stands there: each key once. */
static unsigned count_lines(const char *text, const char *key)
{
	size_t size = strlen(key);
	unsigned count = 0;

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
		if (strncmp(text, key, size) == 0 && text[size + strspn(text + size, " \t")] == '=')
			count++;
	return count;
}

static void check_manifest(const struct manifest *manifest)
{
	const struct {
		const char *key, *value;
	} rows[] = {
		{ "name", manifest->name },       { "after", manifest->after },
		{ "before", manifest->before },   { "wakes_on", manifest->wakes_on },
		{ "fits", manifest->fits },       { "otherwise", manifest->otherwise },
		{ "verbs", manifest->verbs },     { "variants", manifest->variants },
		{ "variant", manifest->variant },
	};
	unsigned words = 0;

	CHECK(memchr(manifest->text, '\0', sizeof(manifest->text)), "a text without an end");
	CHECK(*manifest->name, "no name");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK(!strchr(rows[i].value, '\n'), "%s: %s", rows[i].key, rows[i].value);
		CHECK(count_lines(manifest->text, rows[i].key) <= 1, "%s twice", rows[i].key);
		CHECK(!*rows[i].value || strstr(manifest->text, rows[i].value), "%s: %s",
		      rows[i].key, rows[i].value);
		list_each_word(rows[i].value, count_word, &words);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_close int fd = memfd_create("module", MFD_CLOEXEC);
	struct manifest manifest;
	ERROR_NONE(error);

	memset(&manifest, 'x', sizeof(manifest));
	CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size, "no file");
	if (manifest_read(&manifest, fd, "x.so", &error) < 0)
		paper_host_check_error(&error);
	else
		check_manifest(&manifest);
	return 0;
}
