#include "command/info.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "cli/features.h"
#include "cli/version.h"
#include "cli/writer.h"
#include "command/bootstrap.h"
#include "messages/types.pb-c.h"
#include "support/file.h"

#define STDIN_WAIT_MS 1000

static char runtime_name[] = "io.containerd.ironbox.v1";
static char features_type[] = "types.containerd.io/opencontainers/runtime-spec/1/features/Features";

/* The options come back as they were: containerd asks what becomes of them. */
static int print_info(const struct bootstrap *bootstrap, char *features, size_t features_size,
                      struct ironbox_error *error)
{
	char version_text[] = IRONBOX_VERSION, commit[] = IRONBOX_COMMIT;
	Containerd__Types__RuntimeInfo info = CONTAINERD__TYPES__RUNTIME_INFO__INIT;
	Containerd__Types__RuntimeVersion version = CONTAINERD__TYPES__RUNTIME_VERSION__INIT;
	Google__Protobuf__Any options = GOOGLE__PROTOBUF__ANY__INIT;
	Google__Protobuf__Any feature_document = GOOGLE__PROTOBUF__ANY__INIT;
	cleanup_free uint8_t *bytes = NULL;
	size_t size;

	version.version = version_text;
	version.revision = commit;
	feature_document.type_url = features_type;
	feature_document.value.data = (uint8_t *)features;
	feature_document.value.len = features_size;
	info.name = runtime_name;
	info.version = &version;
	info.features = &feature_document;
	if (bootstrap->options_type) {
		options.type_url = bootstrap->options_type;
		options.value.data = bootstrap->options;
		options.value.len = bootstrap->options_size;
		info.options = &options;
	}
	size = containerd__types__runtime_info__get_packed_size(&info);
	bytes = malloc(size);
	if (!bytes)
		return error_begin(error, errno, "pack what the runtime can do");
	containerd__types__runtime_info__pack(&info, bytes);
	if (file_write_all(STDOUT_FILENO, bytes, size) < 0)
		return error_begin(error, errno, "write what the runtime can do");
	return 0;
}

int info_run(const struct arguments *arguments, struct ironbox_error *error)
{
	cleanup_bootstrap struct bootstrap bootstrap = { 0 };
	cleanup_free char *features = NULL;
	size_t size = 0;
	FILE *document;

	/* containerd may hand on a stdin that nobody ever closes */
	if (bootstrap_read(&bootstrap, STDIN_FILENO, STDIN_WAIT_MS, arguments, error) < 0 &&
	    error->code != ETIMEDOUT)
		return -1;
	error_reset(error);
	document = open_memstream(&features, &size);
	if (!document)
		return error_begin(error, errno, "write the features");
	features_write(document, NULL);
	if (fclose(document) != 0)
		return error_begin(error, errno, "write the features");
	return print_info(&bootstrap, features, size, error);
}

int version_run(struct ironbox_error *error)
{
	printf("containerd-shim-ironbox-v1:\n  Version:  %s\n  Revision: %s\n", IRONBOX_VERSION,
	       IRONBOX_COMMIT);
	if (output_end(stdout) < 0)
		return error_begin(error, errno, "write the version");
	return 0;
}
