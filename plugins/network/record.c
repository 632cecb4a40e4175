/*
 * record.c: a moved device as text:
 *   INDEX NAME INNER_NAME up|down virtual|physical HARDWARE
 * [ADDRESS/PREFIX,PEER,BROADCAST,FLAGS,METRIC]… with "-" for what is not there. The kernel lets no
 * blank into a device's name.
 */
#include "record.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WORD_SIZE 256 /* three addresses of INET6_ADDRSTRLEN and three numbers are shorter */

static const char *ip_to_text(const struct address *address, const uint8_t *ip, bool given,
                              char text[INET6_ADDRSTRLEN])
{
	return given ? inet_ntop(address->family, ip, text, INET6_ADDRSTRLEN) : "-";
}

static int address_to_text(const struct address *address, char *text, size_t size)
{
	char local[INET6_ADDRSTRLEN], peer[INET6_ADDRSTRLEN], broadcast[INET6_ADDRSTRLEN];

	return snprintf(text, size, " %s/%u,%s,%s,%" PRIu32 ",%" PRIu32,
	                ip_to_text(address, address->local, true, local), address->prefix,
	                ip_to_text(address, address->peer, address->has_peer, peer),
	                ip_to_text(address, address->broadcast, address->has_broadcast, broadcast),
	                address->flags, address->metric);
}

int device_to_text(const struct device *device, char *text, size_t size)
{
	const struct link *link = &device->link;
	char hardware[2 * HARDWARE_ADDRESS_MAX + 1] = "-";
	size_t length;

	for (size_t i = 0; i < link->hardware_size; i++)
		snprintf(hardware + 2 * i, 3, "%02x", link->hardware[i]);
	length = (size_t)snprintf(text, size, "%d %s %s %s %s %s", link->index, link->name,
	                          device->inner_name, link->up ? "up" : "down",
	                          link->is_virtual ? "virtual" : "physical", hardware);
	for (size_t i = 0; i < device->count && length < size; i++)
		length += (size_t)address_to_text(&device->addresses[i], text + length,
		                                  size - length);
	return length < size ? 0 : -1;
}

static int ip_from_text(int family, const char *text, uint8_t *ip, bool *given)
{
	*given = strcmp(text, "-") != 0;
	return !*given || inet_pton(family, text, ip) == 1 ? 0 : -1;
}

/* Copies a word and moves behind it and its blank. False: none, or a longer one. */
static bool take_word(const char **text, char *word, size_t size)
{
	size_t length = strcspn(*text, " ");

	if (length == 0 || length >= size)
		return false;
	memcpy(word, *text, length);
	word[length] = '\0';
	*text += length + ((*text)[length] == ' ');
	return true;
}

/* sscanf(3) takes signs, and numbers that do not fit by their lower bits: so it is written again.
 */
static bool is_as_written(const struct address *address, const char *text)
{
	char written[WORD_SIZE + 1];

	address_to_text(address, written, sizeof(written));
	return strcmp(written + 1, text) == 0;
}

static int address_from_text(const char *text, struct address *address)
{
	char local[INET6_ADDRSTRLEN], peer[INET6_ADDRSTRLEN], broadcast[INET6_ADDRSTRLEN];
	bool has_local;

	*address = (struct address){ 0 };
	if (sscanf(text, "%45[^/]/%" SCNu8 ",%45[^,],%45[^,],%" SCNu32 ",%" SCNu32, local,
	           &address->prefix, peer, broadcast, &address->flags, &address->metric) != 6)
		return -1;
	address->family = strchr(local, ':') ? AF_INET6 : AF_INET;
	if (ip_from_text(address->family, local, address->local, &has_local) < 0 || !has_local ||
	    ip_from_text(address->family, peer, address->peer, &address->has_peer) < 0 ||
	    ip_from_text(address->family, broadcast, address->broadcast, &address->has_broadcast) <
	            0)
		return -1;
	if (address->prefix > (address->family == AF_INET ? 32 : 128))
		return -1;
	return is_as_written(address, text) ? 0 : -1;
}

/* "-", or two digits a byte. */
static int hardware_from_text(const char *text, struct link *link)
{
	if (strcmp(text, "-") == 0)
		return 0;
	if (text[strspn(text, "0123456789abcdef")] || strlen(text) % 2)
		return -1;
	for (; *text; text += 2)
		if (sscanf(text, "%2" SCNx8, &link->hardware[link->hardware_size++]) != 1)
			return -1;
	return 0;
}

static int link_from_words(const char *index, const char *up, const char *kind,
                           const char *hardware, struct link *link)
{
	char written[16];

	if (sscanf(index, "%d", &link->index) != 1)
		return -1;
	snprintf(written, sizeof(written), "%d", link->index);
	link->up = strcmp(up, "up") == 0;
	link->is_virtual = strcmp(kind, "virtual") == 0;
	if (strcmp(written, index) != 0 || (!link->up && strcmp(up, "down") != 0) ||
	    (!link->is_virtual && strcmp(kind, "physical") != 0))
		return -1;
	return hardware_from_text(hardware, link);
}

int device_from_text(const char *text, struct device *device)
{
	char index[16], up[8], kind[16], hardware[2 * HARDWARE_ADDRESS_MAX + 1], word[WORD_SIZE];
	struct link *link = &device->link;

	*device = (struct device){ .count = 0 };
	errno = EINVAL; /* of the answer -1 */
	if (!take_word(&text, index, sizeof(index)) ||
	    !take_word(&text, link->name, sizeof(link->name)) ||
	    !take_word(&text, device->inner_name, sizeof(device->inner_name)) ||
	    !take_word(&text, up, sizeof(up)) || !take_word(&text, kind, sizeof(kind)) ||
	    !take_word(&text, hardware, sizeof(hardware)) ||
	    link_from_words(index, up, kind, hardware, link) < 0)
		return -1;
	while (*text)
		if (device->count == ADDRESSES_MAX || !take_word(&text, word, sizeof(word)) ||
		    address_from_text(word, &device->addresses[device->count++]) < 0)
			return -1;
	return 0;
}
