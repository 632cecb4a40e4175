/* record.h: a moved device as one line of text, from which a later process can give it back. */
#ifndef NETWORK_RECORD_H
#define NETWORK_RECORD_H

#include "link.h"

struct device {
	struct link link; /* as it was on the host */
	char inner_name[IFNAMSIZ];
	size_t count;
	struct address addresses[ADDRESSES_MAX];
};

enum { RECORD_SIZE = 16384 };

/* -1: does not fit. */
int device_to_text(const struct device *device, char *text, size_t size);
/* -1: not a text of ours. */
int device_from_text(const char *text, struct device *device);

#endif
