/*
 * Messages of protobuf that others wrote, read within bounds. Before protobuf-c allocates anything
 * for one, its bytes are walked along its descriptor: it does not look whether a text is UTF-8,
 * cuts it at a NUL, and knows no end of fields.
 */
#ifndef IRONBOX_TTRPC_MESSAGE_H
#define IRONBOX_TTRPC_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#define TTRPC_MESSAGE_MEMORY (16u << 20)
#define TTRPC_FIELDS_MAX     65536 /* of one message, those inside it not counted */
#define TTRPC_DEPTH_MAX      32

/* Whether the bytes are a message of this kind: fields inside their parents, texts of UTF-8 without
 * NUL, within the bounds above. Fields of numbers that are not known may hold anything. */
bool ttrpc_message_is_sound(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
                            size_t size);

/* The message, for ttrpc_message_free. NULL with errno: EBADMSG, they
 * are none; ENOMEM, no memory, or more than *memory, from which what it took is subtracted. */
ProtobufCMessage *ttrpc_message_unpack(const ProtobufCMessageDescriptor *descriptor,
                                       const uint8_t *bytes, size_t size, size_t *memory);
void ttrpc_message_free(ProtobufCMessage *message); /* or NULL */

/* The bytes of the UTF-8 character that text begins with; 0: it begins with none (RFC 3629). */
size_t ttrpc_utf8_size(const uint8_t *text, size_t size);

#endif
