#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int fail_with(struct ironbox_error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int fail_with(struct ironbox_error *error, int code, const char *format, ...)
{
	va_list arguments;
	size_t length;

	va_start(arguments, format);
	vsnprintf(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
	length = strlen(error->text);
	if (code)
		snprintf(error->text + length, sizeof(error->text) - length, ": %s",
		         strerror(code));
	return -1;
}

const struct ironbox_host test_host = {
	.abi = IRONBOX_ABI,
	.size = sizeof(struct ironbox_host),
	.fail = fail_with,
};

int read_profile(struct read_profile *read, const char *text, struct ironbox_error *error)
{
	struct source source = { .host = &test_host, .where = "p" };

	*read = (struct read_profile){ 0 };
	read->document = document_parse(text, "p", &test_host, error);
	if (!read->document)
		return -1;
	source.document = read->document;
	source.value = document_root(read->document);
	return profile_read(&read->profile, &source, error);
}

void read_profile_free(struct read_profile *read)
{
	profile_free_rules(&read->profile);
	document_free(read->document);
}

char *profile_text(const char *name)
{
	char path[512], *text = calloc(1, 1 << 20);
	FILE *file;

	snprintf(path, sizeof(path), PROFILES "/%s.json", name);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
	fclose(file);
	return text;
}

void compile_text(struct program *program, const char *text)
{
	struct ironbox_error error = { "" };
	struct libseccomp library = { 0 };
	struct read_profile read;

	*program = (struct program){ 0 };
	if (read_profile(&read, text, &error) < 0 ||
	    libseccomp_open(&library, &test_host, &error) < 0 ||
	    program_compile(program, &read.profile, &library, &test_host, &error) < 0)
		fail_msg("%s", error.text);
	library_close(&library);
	read_profile_free(&read);
}
