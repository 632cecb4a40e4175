/* protobuf-c messages made by the names of their fields, from values of the statistics' JSON. */
#ifndef IRONBOX_SHIM_MESSAGE_H
#define IRONBOX_SHIM_MESSAGE_H

#include <jansson.h>
#include <stdbool.h>

#include <protobuf-c/protobuf-c.h>

/* One message being made. All calls do nothing once there was no memory. */
struct making {
	const json_t *stats;
	bool out_of_memory;
};

/* Where a field's value is in the statistics, divided by `divide` (0: as it is). */
struct message_row {
	const char *field, *path;
	unsigned divide;
};

/* malloc'ed, all fields at their defaults; protobuf_c_message_free_unpacked frees it. */
ProtobufCMessage *message_new(struct making *making, const ProtobufCMessageDescriptor *descriptor);

/* A new message in a field of a message: its one, or one more of a repeated field. */
ProtobufCMessage *message_add(struct making *making, ProtobufCMessage *message, const char *field);

/* Sets a number; one that is not there, or none, leaves the field as it is. */
void message_set(struct making *making, ProtobufCMessage *message, const char *field,
                 const json_t *value, unsigned divide);
void message_set_text(struct making *making, ProtobufCMessage *message, const char *field,
                      const char *text);
/* One more number of a repeated field. */
void message_append(struct making *making, ProtobufCMessage *message, const char *field,
                    const json_t *value);

/* By a table, which ends with a NULL field. */
void message_fill(struct making *making, ProtobufCMessage *message, const struct message_row *rows);
/* Each number field from the member of an object that has its name. */
void message_fill_same(struct making *making, ProtobufCMessage *message, const json_t *object);

/* The value at "memory.usage.limit", or NULL. */
const json_t *stats_at(const json_t *stats, const char *path);

#endif
