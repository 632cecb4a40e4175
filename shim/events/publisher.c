/* Events, one after the other: the first is sent until it is taken. */
#include "events/publisher.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ironbox/cleanup.h>

#include "messages/forward.pb-c.h"
#include "support/log.h"
#include "support/quote.h"
#include "support/time.h"
#include "ttrpc/ttrpc.h"

#define EVENTS_SERVICE  "containerd.services.events.ttrpc.v1.Events"
#define CALL_TIMEOUT_MS 5000
#define BACKOFF_MS      1000 /* after one failure; twice that after two, … */
#define BACKOFF_MAX_MS  5000
#define FLUSH_PAUSE_MS  250 /* between tries, while who flushes waits */
#define REFUSALS_MAX    5   /* of one event, by a containerd that answers */

struct event {
	struct event *next;
	char topic[32]; /* for the log */
	size_t size;
	uint8_t bytes[]; /* a ForwardRequest */
};

struct publisher {
	struct loop *loop;
	struct ttrpc_client *client;
	struct watch watch;
	struct timer timer; /* armed only while something waits */
	char *namespace;
	struct event *first, *last;
	unsigned waiting, lost, lost_untold;
	bool in_flight;      /* the first */
	int64_t retry_at_ms; /* 0: at once */
	bool away;           /* at the last try nobody was there to take it */
	unsigned failures, refusals;
	void (*flushed)(void *context); /* NULL: nobody waits */
	void *flush_context;
	int64_t flush_until_ms;
};

static void send_first(struct publisher *publisher);
static void arm_timer(struct publisher *publisher);
static void client_ready(struct watch *watch, uint32_t events);
static void timer_due(struct timer *timer);

struct publisher *publisher_new(struct loop *loop, const char *address, const char *namespace,
                                struct ironbox_error *error)
{
	struct publisher *publisher = calloc(1, sizeof(*publisher));
	const char *path = address;

	if (path && strncmp(path, "unix://", strlen("unix://")) == 0)
		path += strlen("unix://");
	if (!publisher) {
		error_begin(error, errno, "publish events");
	} else if (!path || *path != '/') { /* never an abstract name, CVE-2020-15257 */
		error_begin(error, 0, "publish events: TTRPC_ADDRESS %s: not an absolute path",
		            QUOTE(address ? address : ""));
	} else if (!(publisher->namespace = strdup(namespace)) ||
	           !(publisher->client = ttrpc_client_new(path))) {
		error_begin(error, errno, "publish events to %s", QUOTE(path));
	} else {
		publisher->loop = loop;
		publisher->timer = (struct timer){ .due = timer_due, .context = publisher };
		publisher->watch = (struct watch){ .fd = ttrpc_client_fd(publisher->client),
			                           .ready = client_ready,
			                           .context = publisher };
		if (loop_watch(loop, &publisher->watch, EPOLLIN, error) == 0)
			return publisher;
	}
	publisher_free(publisher);
	return NULL;
}

static void drop_first(struct publisher *publisher)
{
	struct event *event = publisher->first;

	publisher->first = event->next;
	if (!publisher->first)
		publisher->last = NULL;
	publisher->waiting--;
	publisher->failures = 0;
	publisher->refusals = 0;
	free(event);
}

void publisher_free(struct publisher *publisher)
{
	if (!publisher)
		return;
	if (publisher->waiting)
		log_write(IRONBOX_LOG_WARNING, "events: %u were never told to containerd",
		          publisher->waiting);
	if (publisher->client) {
		loop_disarm(publisher->loop, &publisher->timer);
		loop_unwatch(publisher->loop, &publisher->watch);
		ttrpc_client_free(publisher->client);
	}
	while (publisher->first)
		drop_first(publisher);
	free(publisher->namespace);
	free(publisher);
}

/* The first of a row is told at once, the rest in one line when containerd is there again. */
static void lose(struct publisher *publisher, const char *topic, const char *why)
{
	if (!publisher->lost_untold++)
		log_write(IRONBOX_LOG_WARNING, "events: %s is lost: %s", topic, QUOTE(why));
	publisher->lost++;
}

static void tell_lost(struct publisher *publisher)
{
	if (publisher->lost_untold > 1)
		log_write(IRONBOX_LOG_WARNING, "events: %u were lost in a row, %u of this shim",
		          publisher->lost_untold, publisher->lost);
	publisher->lost_untold = 0;
}

/* The ForwardRequest, packed; NULL: no memory. */
static struct event *pack(const struct publisher *publisher, const char *topic,
                          const ProtobufCMessage *message)
{
	Containerd__Services__Events__Ttrpc__V1__ForwardRequest request =
		CONTAINERD__SERVICES__EVENTS__TTRPC__V1__FORWARD_REQUEST__INIT;
	Containerd__Services__Events__Ttrpc__V1__Envelope envelope =
		CONTAINERD__SERVICES__EVENTS__TTRPC__V1__ENVELOPE__INIT;
	Google__Protobuf__Timestamp timestamp = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;
	size_t value_size = protobuf_c_message_get_packed_size(message), size;
	cleanup_free uint8_t *value = malloc(value_size + 1);
	struct timespec now;
	struct event *event;

	if (!value)
		return NULL;
	clock_gettime(CLOCK_REALTIME, &now);
	timestamp.seconds = now.tv_sec;
	timestamp.nanos = (int32_t)now.tv_nsec;
	any.type_url = (char *)(uintptr_t)message->descriptor->name; /* only read, as the others */
	any.value = (ProtobufCBinaryData){ protobuf_c_message_pack(message, value), value };
	envelope.timestamp = &timestamp;
	envelope.namespace_ = publisher->namespace;
	envelope.topic = (char *)(uintptr_t)topic;
	envelope.event = &any;
	request.envelope = &envelope;
	size = protobuf_c_message_get_packed_size(&request.base);
	event = malloc(sizeof(*event) + size);
	if (!event)
		return NULL;
	*event = (struct event){ .size = size };
	snprintf(event->topic, sizeof(event->topic), "%s", topic);
	protobuf_c_message_pack(&request.base, event->bytes);
	return event;
}

void publisher_send(struct publisher *publisher, const char *topic, const ProtobufCMessage *message)
{
	struct event *event;

	if (publisher->waiting == PUBLISHER_EVENTS_MAX) {
		lose(publisher, topic, "too many wait for containerd");
		return;
	}
	event = pack(publisher, topic, message);
	if (!event) {
		lose(publisher, topic, "no memory");
		return;
	}
	if (publisher->last)
		publisher->last->next = event;
	else
		publisher->first = event;
	publisher->last = event;
	publisher->waiting++;
	send_first(publisher);
	arm_timer(publisher);
}

/* The first stays the first: it is tried again after a while. */
static void retry_later(struct publisher *publisher, const char *why)
{
	int64_t pause_ms = (int64_t)BACKOFF_MS * ++publisher->failures;

	if (publisher->flushed && publisher->away)
		pause_ms = FLUSH_PAUSE_MS;
	if (publisher->failures == 1)
		log_write(IRONBOX_LOG_WARNING, "events: %s waits for containerd: %s",
		          publisher->first->topic, QUOTE(why));
	publisher->retry_at_ms =
		time_now_ms() + (pause_ms < BACKOFF_MAX_MS ? pause_ms : BACKOFF_MAX_MS);
}

static void answered(void *context, enum ttrpc_code code, const char *text, const uint8_t *payload,
                     size_t size)
{
	struct publisher *publisher = context;

	(void)payload, (void)size; /* an Empty */
	publisher->in_flight = false;
	publisher->away = code == TTRPC_UNAVAILABLE;
	if (code == TTRPC_OK) {
		drop_first(publisher);
		tell_lost(publisher);
	} else if (code == TTRPC_UNAVAILABLE || code == TTRPC_DEADLINE_EXCEEDED ||
	           ++publisher->refusals < REFUSALS_MAX) {
		retry_later(publisher, text);
	} else { /* or it would stand in the way of all others for ever */
		lose(publisher, publisher->first->topic, text);
		drop_first(publisher);
	}
}

static void send_first(struct publisher *publisher)
{
	struct event *event = publisher->first;

	if (!event || publisher->in_flight || publisher->retry_at_ms)
		return;
	publisher->in_flight = true;
	if (ttrpc_client_call(publisher->client, EVENTS_SERVICE, "Forward", event->bytes,
	                      event->size, CALL_TIMEOUT_MS, answered, publisher) < 0) {
		publisher->in_flight = false;
		publisher->away = true;
		retry_later(publisher, strerrordesc_np(errno));
	}
}

static int64_t earlier(int64_t one, int64_t other)
{
	return one < 0 || (other >= 0 && other < one) ? other : one;
}

static void arm_timer(struct publisher *publisher)
{
	int64_t at = ttrpc_client_deadline(publisher->client);

	if (publisher->retry_at_ms)
		at = earlier(at, publisher->retry_at_ms);
	if (publisher->flushed)
		at = earlier(at, publisher->flush_until_ms);
	if (at >= 0)
		loop_arm(publisher->loop, &publisher->timer, at);
	else
		loop_disarm(publisher->loop, &publisher->timer);
}

/* Whatever happened: the next is sent, the timer set. The publisher may be gone after it. */
static void go_on(struct publisher *publisher)
{
	void (*flushed)(void *context) = publisher->flushed;

	if (publisher->retry_at_ms && publisher->retry_at_ms <= time_now_ms())
		publisher->retry_at_ms = 0;
	send_first(publisher);
	if (flushed && (!publisher->waiting || publisher->flush_until_ms <= time_now_ms()))
		publisher->flushed = NULL;
	arm_timer(publisher);
	if (flushed && !publisher->flushed)
		flushed(publisher->flush_context);
}

static void client_ready(struct watch *watch, uint32_t events)
{
	struct publisher *publisher = watch->context;

	(void)events;
	ttrpc_client_serve(publisher->client);
	go_on(publisher);
}

static void timer_due(struct timer *timer)
{
	struct publisher *publisher = timer->context;

	ttrpc_client_serve(publisher->client);
	go_on(publisher);
}

unsigned publisher_waiting(const struct publisher *publisher)
{
	return publisher->waiting;
}

unsigned publisher_lost(const struct publisher *publisher)
{
	return publisher->lost;
}

/* What it refused it is not asked again before its time. */
void publisher_hurry(struct publisher *publisher)
{
	if (!publisher->retry_at_ms || !publisher->away)
		return;
	publisher->retry_at_ms = 0;
	go_on(publisher);
}

void publisher_flush(struct publisher *publisher, int timeout_ms, void (*done)(void *context),
                     void *context)
{
	publisher->flushed = done;
	publisher->flush_context = context;
	publisher->flush_until_ms = time_now_ms() + timeout_ms;
	publisher->retry_at_ms = 0; /* it may be there again, and there is no later */
	go_on(publisher);
}
