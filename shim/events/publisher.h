/*
 * Events on their way to containerd: one at a time, in order, kept while containerd is away, up to
 * a bound; what is beyond it is counted and told to the log.
 *
 * An event whose call was not answered is sent again, so that containerd may see it twice; none is
 * overtaken by a later one.
 */
#ifndef IRONBOX_SHIM_PUBLISHER_H
#define IRONBOX_SHIM_PUBLISHER_H

#include <stdbool.h>

#include <protobuf-c/protobuf-c.h>

#include "loop/loop.h"

#define PUBLISHER_EVENTS_MAX 1024

struct publisher;

/* address: TTRPC_ADDRESS, an absolute path with or without unix://. It connects at the first
 * event. NULL with the error told. */
struct publisher *publisher_new(struct loop *loop, const char *address, const char *namespace,
                                struct ironbox_error *error);
/* topic: "/tasks/start". The message is packed at once, under its own full name
 * ("containerd.events.TaskStart"), with the time of now. Where PUBLISHER_EVENTS_MAX wait, or there
 * is no memory, it is lost. */
void publisher_send(struct publisher *publisher, const char *topic,
                    const ProtobufCMessage *message);
/* That containerd has not taken yet. */
unsigned publisher_waiting(const struct publisher *publisher);
unsigned publisher_lost(const struct publisher *publisher);
/* There is a sign that containerd is there: what waits for it is tried now. */
void publisher_hurry(struct publisher *publisher);
/* When nothing waits any more (which may be now, and is tried now), or after timeout_ms: done is
 * called, once, and may free the publisher. */
void publisher_flush(struct publisher *publisher, int timeout_ms, void (*done)(void *context),
                     void *context);
/* What waits is lost. */
void publisher_free(struct publisher *publisher);

#endif
