/* The two messages. */
#ifndef IRONBOX_SHIM_METRICS_VERSIONS_H
#define IRONBOX_SHIM_METRICS_VERSIONS_H

#include "metrics/message.h"

/* The root of each; NULL: no memory. */
ProtobufCMessage *metrics_make_v1(struct making *making);
ProtobufCMessage *metrics_make_v2(struct making *making);

/* Calls visit for each member of the object at a path; its order is the text's. */
typedef void metrics_visit(struct making *making, ProtobufCMessage *message, const char *key,
                           const json_t *value);
void metrics_each(struct making *making, ProtobufCMessage *message, const char *path,
                  metrics_visit *visit);
/* rdma: the same message in both. */
void metrics_fill_rdma(struct making *making, ProtobufCMessage *rdma);

#endif
