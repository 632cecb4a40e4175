/* Messages as words, for tests: by what their descriptors say of them. */
#ifndef IRONBOX_TEST_MESSAGE_H
#define IRONBOX_TEST_MESSAGE_H

#include <stdio.h>

#include <protobuf-c/protobuf-c.h>

/* Of "field=value", or "field.field=value" for a message in it; 0, or -1: there is no such field.
 */
int message_set(ProtobufCMessage *message, const char *word);
/* "field=value" for each field; the separator stands behind each. Empty ones are left out. */
void message_print(const ProtobufCMessage *message, FILE *out, char separator);

#endif
