/* What `start` gets on stdin. */
#include <string.h>

#include "command/bootstrap.h"
#include "harness.h"
#include "paper_host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct arguments arguments = { .namespace = "ns", .id = "t1" };
	cleanup_bootstrap struct bootstrap bootstrap;
	cleanup_free uint8_t *bytes = malloc(size ? size : 1);
	ERROR_NONE(error);

	bootstrap = (struct bootstrap){ 0 };
	if (!bytes)
		return 0;
	memcpy(bytes, data, size);
	if (bootstrap_parse(&bootstrap, bytes, size, &arguments, &error) < 0) {
		paper_host_check_error(&error);
		CHECK(!bootstrap.has_parameters && !bootstrap.options && !bootstrap.options_type &&
		              !bootstrap.socket_dir,
		      "refused, and something is kept");
		return 0;
	}
	CHECK(!bootstrap.has_parameters ||
	              (memmem(bytes, size, "t1", 2) && memmem(bytes, size, "ns", 2)),
	      "parameters that name neither us nor our namespace");
	CHECK(bootstrap.has_parameters || (!bootstrap.socket_dir && !bootstrap.ttrpc_address &&
	                                   !bootstrap.grpc_address && !bootstrap.debug),
	      "options alone that say more");
	CHECK(bootstrap.options_size <= size, "%zu bytes of options out of %zu",
	      bootstrap.options_size, size);
	CHECK(!bootstrap.options_size == !bootstrap.options, "a size without bytes");
	return 0;
}
