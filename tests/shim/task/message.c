#include "message.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* ---- from words ---- */

static void *member(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	return (char *)message + field->offset;
}

static int set_message(ProtobufCMessage **place, const ProtobufCFieldDescriptor *field,
                       const char *rest)
{
	const ProtobufCMessageDescriptor *descriptor = field->descriptor;

	if (!*place) {
		*place = calloc(1, descriptor->sizeof_message);
		protobuf_c_message_init(descriptor, *place);
	}
	return message_set(*place, rest);
}

static int set_value(void *place, const ProtobufCFieldDescriptor *field, const char *value)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		*(char **)place = strdup(value);
		return 0;
	case PROTOBUF_C_TYPE_BYTES:
		*(ProtobufCBinaryData *)place = (ProtobufCBinaryData){
			.len = strlen(value),
			.data = (uint8_t *)strdup(value),
		};
		return 0;
	case PROTOBUF_C_TYPE_UINT32:
		*(uint32_t *)place = (uint32_t)strtoul(value, NULL, 10);
		return 0;
	case PROTOBUF_C_TYPE_BOOL:
		*(protobuf_c_boolean *)place = strcmp(value, "true") == 0;
		return 0;
	default:
		return -1;
	}
}

int message_set(ProtobufCMessage *message, const char *word)
{
	size_t length = strcspn(word, ".=");
	char name[64];
	const ProtobufCFieldDescriptor *field;

	snprintf(name, sizeof(name), "%.*s", (int)length, word);
	field = protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
	if (!field || word[length] == '\0')
		return -1;
	if (word[length] == '.' && field->type == PROTOBUF_C_TYPE_MESSAGE)
		return set_message(member(message, field), field, word + length + 1);
	return word[length] == '=' ? set_value(member(message, field), field, word + length + 1)
	                           : -1;
}

/* ---- to words ---- */

static void print_fields(const ProtobufCMessage *message, const char *prefix, FILE *out,
                         char separator);

static void print_message(const ProtobufCMessage *message, const char *prefix, const char *name,
                          FILE *out, char separator)
{
	char longer[256];

	snprintf(longer, sizeof(longer), "%s%s.", prefix, name);
	print_fields(message, longer, out, separator);
}

static void print_value(const void *place, const ProtobufCFieldDescriptor *field,
                        const char *prefix, FILE *out, char separator)
{
	const ProtobufCBinaryData *bytes = place;

	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		if (**(char *const *)place)
			fprintf(out, "%s%s=%s%c", prefix, field->name, *(char *const *)place,
			        separator);
		break;
	case PROTOBUF_C_TYPE_BYTES:
		fprintf(out, "%s%s=%.*s%c", prefix, field->name, (int)bytes->len,
		        (const char *)bytes->data, separator);
		break;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_ENUM:
	case PROTOBUF_C_TYPE_BOOL:
		fprintf(out, "%s%s=%" PRIu32 "%c", prefix, field->name, *(const uint32_t *)place,
		        separator);
		break;
	case PROTOBUF_C_TYPE_INT64:
		fprintf(out, "%s%s=%" PRId64 "%c", prefix, field->name, *(const int64_t *)place,
		        separator);
		break;
	default:
		break;
	}
}

static void print_repeated(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                           const char *prefix, FILE *out, char separator)
{
	const char *base = (const char *)message;
	size_t count = *(const size_t *)(base + field->quantifier_offset);
	const ProtobufCMessage *const *items =
		*(const ProtobufCMessage *const *const *)(base + field->offset);
	char name[128];

	for (size_t i = 0; i < count && field->type == PROTOBUF_C_TYPE_MESSAGE; i++) {
		snprintf(name, sizeof(name), "%s.%zu", field->name, i);
		print_message(items[i], prefix, name, out, separator);
	}
}

static void print_fields(const ProtobufCMessage *message, const char *prefix, FILE *out,
                         char separator)
{
	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
		const void *place = (const char *)message + field->offset;

		if (field->label == PROTOBUF_C_LABEL_REPEATED)
			print_repeated(message, field, prefix, out, separator);
		else if (field->type != PROTOBUF_C_TYPE_MESSAGE)
			print_value(place, field, prefix, out, separator);
		else if (*(const ProtobufCMessage *const *)place)
			print_message(*(const ProtobufCMessage *const *)place, prefix, field->name,
			              out, separator);
	}
}

void message_print(const ProtobufCMessage *message, FILE *out, char separator)
{
	print_fields(message, "", out, separator);
}
