/* config.json, its process and its hooks. */
#include "harness.h"
#include "spec_checks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *text = bytes_copy(data, size);
	cleanup_spec struct spec spec = SPEC_NONE;
	ERROR_NONE(error);

	if (spec_parse(&spec, SPEC_CONFIG, "config.json", text, size, &error) < 0) {
		check_document_error(&error, "config.json");
		CHECK(!spec.root && !spec.text, "refused, and yet there");
		return 0;
	}
	check_printed_again(&spec, SPEC_CONFIG);
	check_asked(&spec);
	check_process(&spec);
	check_hooks(&spec);
	return 0;
}
