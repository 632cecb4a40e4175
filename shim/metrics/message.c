#include "metrics/message.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "oci/document.h"

const json_t *stats_at(const json_t *stats, const char *path)
{
	char name[64];

	while (stats && *path) {
		size_t size = strcspn(path, ".");

		if (size >= sizeof(name))
			return NULL;
		memcpy(name, path, size);
		name[size] = '\0';
		stats = json_object_get(stats, name);
		path += size + (path[size] == '.');
	}
	return stats;
}

static const ProtobufCFieldDescriptor *field_of(const ProtobufCMessage *message, const char *name)
{
	return protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
}

static void *place_of(ProtobufCMessage *message, unsigned offset)
{
	return (char *)message + offset;
}

ProtobufCMessage *message_new(struct making *making, const ProtobufCMessageDescriptor *descriptor)
{
	ProtobufCMessage *message =
		making->out_of_memory ? NULL : malloc(descriptor->sizeof_message);

	if (message)
		protobuf_c_message_init(descriptor, message);
	making->out_of_memory = !message;
	return message;
}

/* One more element of a repeated field: where it is to be; NULL: no memory. */
static void *grow(struct making *making, ProtobufCMessage *message,
                  const ProtobufCFieldDescriptor *field, size_t size)
{
	size_t *count = place_of(message, field->quantifier_offset);
	char **items = place_of(message, field->offset);
	char *grown = reallocarray(*items, *count + 1, size);

	making->out_of_memory = !grown;
	if (!grown)
		return NULL;
	*items = grown;
	return grown + size * (*count)++;
}

ProtobufCMessage *message_add(struct making *making, ProtobufCMessage *message, const char *name)
{
	const ProtobufCFieldDescriptor *field;
	ProtobufCMessage *added, **place;

	if (making->out_of_memory)
		return NULL;
	field = field_of(message, name);
	added = message_new(making, field->descriptor);
	if (!added)
		return NULL;
	place = field->label == PROTOBUF_C_LABEL_REPEATED
	                ? grow(making, message, field, sizeof(added))
	                : place_of(message, field->offset);
	if (place)
		*place = added;
	else
		protobuf_c_message_free_unpacked(added, NULL);
	return place ? added : NULL;
}

static void put(void *place, ProtobufCType type, uint64_t number)
{
	if (type == PROTOBUF_C_TYPE_UINT64)
		*(uint64_t *)place = number;
	else if (type == PROTOBUF_C_TYPE_UINT32) /* "max" is the largest of it, too */
		*(uint32_t *)place = number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

void message_set(struct making *making, ProtobufCMessage *message, const char *name,
                 const json_t *value, unsigned divide)
{
	const ProtobufCFieldDescriptor *field;
	uint64_t number;

	if (making->out_of_memory || !value)
		return;
	field = field_of(message, name);
	if (field->type == PROTOBUF_C_TYPE_DOUBLE && json_is_number(value))
		*(double *)place_of(message, field->offset) = json_number_value(value);
	else if (number_read(value, 0, UINT64_MAX, &number) == NUMBER_FITS)
		put(place_of(message, field->offset), field->type,
		    divide ? number / divide : number);
}

void message_set_text(struct making *making, ProtobufCMessage *message, const char *name,
                      const char *text)
{
	char *copy;

	if (making->out_of_memory)
		return;
	copy = strdup(text);
	making->out_of_memory = !copy;
	if (copy)
		*(char **)place_of(message, field_of(message, name)->offset) = copy;
}

void message_append(struct making *making, ProtobufCMessage *message, const char *name,
                    const json_t *value)
{
	const ProtobufCFieldDescriptor *field;
	uint64_t number, *place;

	if (making->out_of_memory)
		return;
	field = field_of(message, name);
	if (number_read(value, 0, UINT64_MAX, &number) != NUMBER_FITS)
		return;
	place = grow(making, message, field, sizeof(number));
	if (place)
		*place = number;
}

void message_fill(struct making *making, ProtobufCMessage *message, const struct message_row *rows)
{
	for (; rows->field; rows++)
		message_set(making, message, rows->field, stats_at(making->stats, rows->path),
		            rows->divide);
}

void message_fill_same(struct making *making, ProtobufCMessage *message, const json_t *object)
{
	if (making->out_of_memory)
		return;
	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];

		if (field->type == PROTOBUF_C_TYPE_MESSAGE)
			continue;
		message_set(making, message, field->name, json_object_get(object, field->name), 0);
	}
}
