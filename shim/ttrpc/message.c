/* Protobuf from outside: looked through first, then unpacked by protobuf-c within a bound. */
#include "ttrpc/message.h"

#include <errno.h>
#include <stdlib.h>

enum wire_type { WIRE_VARINT, WIRE_64_BITS, WIRE_LENGTH, WIRE_GROUP, WIRE_GROUP_END, WIRE_32_BITS };

struct wire {
	const uint8_t *at;
	size_t left;
};

size_t ttrpc_utf8_size(const uint8_t *text, size_t size)
{
	/* What the second byte may be keeps out longer forms, surrogates and what is above
	 * U+10FFFF. */
	static const struct {
		uint8_t first, last, size, second_first, second_last;
	} forms[] = {
		{ 0x00, 0x7f, 1, 0, 0 },       { 0xc2, 0xdf, 2, 0x80, 0xbf },
		{ 0xe0, 0xe0, 3, 0xa0, 0xbf }, { 0xe1, 0xec, 3, 0x80, 0xbf },
		{ 0xed, 0xed, 3, 0x80, 0x9f }, { 0xee, 0xef, 3, 0x80, 0xbf },
		{ 0xf0, 0xf0, 4, 0x90, 0xbf }, { 0xf1, 0xf3, 4, 0x80, 0xbf },
		{ 0xf4, 0xf4, 4, 0x80, 0x8f },
	};

	for (size_t i = 0; size && i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (text[0] < forms[i].first || text[0] > forms[i].last)
			continue;
		if (size < forms[i].size)
			return 0;
		if (forms[i].size > 1 &&
		    (text[1] < forms[i].second_first || text[1] > forms[i].second_last))
			return 0;
		for (size_t k = 2; k < forms[i].size; k++)
			if ((text[k] & 0xc0) != 0x80)
				return 0;
		return forms[i].size;
	}
	return 0;
}

static bool is_text(const uint8_t *bytes, size_t size)
{
	while (size) {
		size_t length = *bytes ? ttrpc_utf8_size(bytes, size) : 0;

		if (!length)
			return false;
		bytes += length;
		size -= length;
	}
	return true;
}

static bool read_varint(struct wire *wire, uint64_t *number)
{
	*number = 0;
	for (unsigned shift = 0; shift < 70 && wire->left; shift += 7) {
		uint8_t byte = *wire->at++;

		wire->left--;
		*number |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

/* Where the value of a field lies. Groups, which proto3 has not, are refused. */
static bool read_value(struct wire *wire, unsigned type, struct wire *value)
{
	uint64_t length = 0;

	value->at = wire->at;
	if (type == WIRE_VARINT)
		return read_varint(wire, &length);
	if (type == WIRE_64_BITS || type == WIRE_32_BITS)
		length = type == WIRE_64_BITS ? 8 : 4;
	else if (type != WIRE_LENGTH || !read_varint(wire, &length))
		return false;
	if (length > wire->left)
		return false;
	*value = (struct wire){ wire->at, (size_t)length };
	wire->at += length;
	wire->left -= (size_t)length;
	return true;
}

static bool is_sound(const ProtobufCMessageDescriptor *descriptor, struct wire wire, unsigned depth)
{
	for (unsigned fields = 0; wire.left; fields++) {
		const ProtobufCFieldDescriptor *field;
		struct wire value = { 0 };
		uint64_t tag;

		if (fields == TTRPC_FIELDS_MAX || !read_varint(&wire, &tag) || !(tag >> 3) ||
		    tag >> 3 > 0x1fffffff || !read_value(&wire, tag & 7, &value))
			return false;
		field = protobuf_c_message_descriptor_get_field(descriptor, (unsigned)(tag >> 3));
		if (!field || (tag & 7) != WIRE_LENGTH)
			continue; /* skipped, or protobuf-c's to read or refuse */
		if (field->type == PROTOBUF_C_TYPE_STRING && !is_text(value.at, value.left))
			return false;
		if (field->type == PROTOBUF_C_TYPE_MESSAGE &&
		    (depth == TTRPC_DEPTH_MAX || !is_sound(field->descriptor, value, depth + 1)))
			return false;
	}
	return true;
}

bool ttrpc_message_is_sound(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
                            size_t size)
{
	return is_sound(descriptor, (struct wire){ bytes, size }, 1);
}

struct budget {
	size_t left;
	bool exceeded;
};

static void *budget_alloc(void *budget_given, size_t size)
{
	struct budget *budget = budget_given;
	void *memory = size <= budget->left ? malloc(size) : NULL;

	budget->exceeded |= !memory;
	if (memory)
		budget->left -= size;
	return memory;
}

static void budget_free(void *budget, void *memory)
{
	(void)budget; /* what was freed meanwhile counts all the same: it was work too */
	free(memory);
}

ProtobufCMessage *ttrpc_message_unpack(const ProtobufCMessageDescriptor *descriptor,
                                       const uint8_t *bytes, size_t size, size_t *memory)
{
	struct budget budget = { .left = *memory };
	ProtobufCAllocator allocator = { budget_alloc, budget_free, &budget };
	ProtobufCMessage *message = NULL;

	if (ttrpc_message_is_sound(descriptor, bytes, size))
		message = protobuf_c_message_unpack(descriptor, &allocator, size, bytes);
	*memory = budget.left;
	if (!message)
		errno = budget.exceeded ? ENOMEM : EBADMSG;
	return message;
}

void ttrpc_message_free(ProtobufCMessage *message)
{
	struct budget budget = { .left = 0 };
	ProtobufCAllocator allocator = { budget_alloc, budget_free, &budget };

	if (message)
		protobuf_c_message_free_unpacked(message, &allocator);
}
