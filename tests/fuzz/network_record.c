/* A moved network device as the record has it: what is read of it, written again, is the same. */
#include <string.h>

#include "harness.h"
#include "record.h"

static void check_device(const struct device *device)
{
	CHECK(device->count <= ADDRESSES_MAX, "%zu addresses", device->count);
	CHECK(device->link.hardware_size <= HARDWARE_ADDRESS_MAX, "%zu",
	      device->link.hardware_size);
	CHECK(strlen(device->link.name) < sizeof(device->link.name) && *device->link.name,
	      "no name");
	for (size_t i = 0; i < device->count; i++)
		CHECK(device->addresses[i].prefix <= 128, "/%u", device->addresses[i].prefix);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	cleanup_free char *text = input_rest(&input);
	struct device device, again;
	char printed[8192], twice[8192];

	if (device_from_text(text, &device) < 0)
		return 0;
	check_device(&device);
	CHECK(device_to_text(&device, printed, sizeof(printed)) == 0, "not written: %s", text);
	CHECK(device_from_text(printed, &again) == 0, "not read: %s", printed);
	CHECK(device_to_text(&again, twice, sizeof(twice)) == 0 && strcmp(printed, twice) == 0,
	      "%s is %s", printed, twice);
	return 0;
}
