/* What `exec --process` takes: it means the same as the process of a config.json. */
#include <string.h>

#include "harness.h"
#include "spec_checks.h"

#define CONFIG "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"/\"},\"process\":"

static bool parse_within_config(struct spec *spec, const char *text)
{
	size_t size = strlen(CONFIG) + strlen(text) + 2;
	cleanup_free char *config = malloc(size);
	ERROR_NONE(error);

	CHECK(config, "no memory");
	snprintf(config, size, CONFIG "%s}", text);
	return spec_parse(spec, SPEC_CONFIG, "config.json", config, size - 1, &error) == 0;
}

static const char own[] = CONFIG "{\"cwd\":\"/\",\"args\":[\"a\"],\"noNewPrivileges\":true,"
				 "\"capabilities\":{\"bounding\":[]},\"rlimits\":[]}}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *text = bytes_copy(data, size);
	cleanup_spec struct spec process = SPEC_NONE, config = SPEC_NONE, container = SPEC_NONE;
	bool is_one_text = !memchr(data, '\0', size), accepted;
	ERROR_NONE(error);

	accepted = spec_parse(&process, SPEC_PROCESS, "process", text, size, &error) == 0;
	/* {} is no process, and in a config.json "process": {} is as good as none */
	if (is_one_text && accepted)
		CHECK(parse_within_config(&config, text), "a config.json does not take it");
	if (!accepted) {
		check_document_error(&error, "process");
		return 0;
	}
	check_printed_again(&process, SPEC_PROCESS);
	CHECK(spec_parse(&container, SPEC_CONFIG, "own", own, strlen(own), &error) == 0, "%s",
	      error_text(&error));
	spec_replace_process(&container, &process);
	CHECK(!process.root, "it was not taken");
	CHECK(spec_at(&container, "process.noNewPrivileges"), "confined less for not saying so");
	CHECK(spec_at(&container, "process.capabilities") || strstr(text, "capabilities"),
	      "capabilities are not inherited");
	check_process(&container);
	return 0;
}
