#include <stdio.h>
#include <stdlib.h>

#include "listener.h"

static void write_quoted(FILE *out, const char *text)
{
	fputc('"', out);
	for (; text && *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte == '"' || byte == '\\')
			fprintf(out, "\\%c", byte);
		else if (byte < ' ')
			fprintf(out, "\\u%04x", byte);
		else
			fputc(byte, out); /* UTF-8: config.json was */
	}
	fputc('"', out);
}

static void write_member(FILE *out, const char *name, const char *text)
{
	write_quoted(out, name);
	fputc(':', out);
	write_quoted(out, text);
	fputc(',', out);
}

static void write_annotations(FILE *out, const struct ironbox_stage *stage)
{
	const struct ironbox_host *host = stage->host;
	const struct ironbox_value *annotations = host->spec(stage, "annotations");
	size_t i, count = host->count(annotations);

	fputs("\"annotations\":{", out);
	for (i = 0; i < count; i++) {
		const char *key = NULL;
		const struct ironbox_value *value = host->item(annotations, i, &key);

		if (i)
			fputc(',', out);
		write_quoted(out, key);
		fputc(':', out);
		write_quoted(out, host->text(value));
	}
	fputc('}', out);
}

/* The state of runtime.md, as `state` tells it too. */
static void write_state(FILE *out, const struct ironbox_stage *stage, const char *version,
                        pid_t pid, bool joins)
{
	fputs("\"state\":{", out);
	write_member(out, "ociVersion", version);
	write_member(out, "id", stage->container_id);
	write_member(out, "status", joins ? "running" : "creating");
	fprintf(out, "\"pid\":%d,", (int)(joins ? stage->init_pid : pid));
	write_member(out, "bundle", stage->bundle);
	write_annotations(out, stage);
	fputc('}', out);
}

char *message_make(const struct ironbox_stage *stage, const struct profile *profile, pid_t pid,
                   bool joins)
{
	const char *version = stage->host->text(stage->host->spec(stage, "ociVersion"));
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fputc('{', out);
	write_member(out, "ociVersion", version);
	fputs("\"fds\":[\"seccompFd\"],", out);
	fprintf(out, "\"pid\":%d,", (int)pid);
	if (profile->listener_metadata)
		write_member(out, "metadata", profile->listener_metadata);
	write_state(out, stage, version, pid, joins);
	fputc('}', out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
