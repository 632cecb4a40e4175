/* Events, told to a containerd that comes, goes, is slow, and refuses. It is the library's own
 * server, in the same loop. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "events/publisher.h"
#include "messages/events.pb-c.h"
#include "messages/forward.pb-c.h"
#include "messages/google.pb-c.h"
#include "support/log.h"
#include "support/time.h"
#include "ttrpc/ttrpc.h"
#include "wrapped.h"

#define PATIENCE_MS 10000
#define TOLD_MAX    2048

typedef Containerd__Services__Events__Ttrpc__V1__ForwardRequest ForwardRequest;

struct fixture {
	struct loop loop;
	struct publisher *publisher;
	char folder[64], path[80];
	int log_fd;
	/* containerd */
	struct ttrpc_server *server;
	struct watch watch;
	uint32_t told[TOLD_MAX]; /* the pids in the events, in the order in which they came */
	unsigned told_count;
	bool holds;             /* it answers nothing */
	enum ttrpc_code answer; /* or TTRPC_OK */
	char *last_topic, *last_namespace, *last_type;
	Google__Protobuf__Timestamp last_time;
	unsigned flushed, left; /* left: that still waited then */
};

static void take_event(void *context, struct ttrpc_call *call, const void *message)
{
	struct fixture *fixture = context;
	const ForwardRequest *request = message;
	const Google__Protobuf__Any *any = request->envelope->event;
	Containerd__Events__TaskStart *start =
		containerd__events__task_start__unpack(NULL, any->value.len, any->value.data);

	assert_non_null(start);
	assert_true(fixture->told_count < TOLD_MAX);
	fixture->told[fixture->told_count++] = start->pid;
	containerd__events__task_start__free_unpacked(start, NULL);
	free(fixture->last_topic);
	free(fixture->last_namespace);
	free(fixture->last_type);
	fixture->last_topic = strdup(request->envelope->topic);
	fixture->last_namespace = strdup(request->envelope->namespace_);
	fixture->last_type = strdup(any->type_url);
	fixture->last_time = *request->envelope->timestamp;
	if (fixture->holds)
		return;
	if (fixture->answer)
		ttrpc_fail(call, fixture->answer, "event: \033[31mnot today");
	else
		ttrpc_reply(call, NULL);
}

static const struct ttrpc_method methods[] = {
	{ "containerd.services.events.ttrpc.v1.Events", "Forward",
	  &containerd__services__events__ttrpc__v1__forward_request__descriptor, take_event, NULL },
	{ .service = NULL },
};

static void serve_containerd(struct watch *watch, uint32_t events)
{
	struct fixture *fixture = watch->context;

	(void)events;
	ttrpc_server_serve(fixture->server);
}

static void containerd_comes(struct fixture *fixture)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ERROR_NONE(error);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", fixture->path);
	assert_return_code(bind(fd, (struct sockaddr *)&address, sizeof(address)), errno);
	assert_return_code(listen(fd, 10), errno);
	fixture->server = ttrpc_server_new(fd, methods, fixture);
	fixture->watch = (struct watch){ .fd = ttrpc_server_fd(fixture->server),
		                         .ready = serve_containerd,
		                         .context = fixture };
	assert_int_equal(loop_watch(&fixture->loop, &fixture->watch, EPOLLIN, &error), 0);
}

static void containerd_goes(struct fixture *fixture)
{
	loop_unwatch(&fixture->loop, &fixture->watch);
	ttrpc_server_free(fixture->server);
	fixture->server = NULL;
	assert_return_code(unlink(fixture->path), errno);
}

static int begin(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	ERROR_NONE(error);

	strcpy(fixture->folder, "/tmp/ironbox-events-XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	snprintf(fixture->path, sizeof(fixture->path), "%s/socket", fixture->folder);
	process_log.fd = fixture->log_fd = memfd_create("log", MFD_CLOEXEC);
	assert_int_equal(loop_open(&fixture->loop, &error), 0);
	containerd_comes(fixture);
	fixture->publisher = publisher_new(&fixture->loop, fixture->path, "k8s.io", &error);
	assert_non_null(fixture->publisher);
	*state = fixture;
	return 0;
}

static int end(void **state)
{
	struct fixture *fixture = *state;

	publisher_free(fixture->publisher);
	if (fixture->server)
		containerd_goes(fixture);
	loop_close(&fixture->loop);
	close(fixture->log_fd);
	free(fixture->last_topic);
	free(fixture->last_namespace);
	free(fixture->last_type);
	rmdir(fixture->folder);
	free(fixture);
	return 0;
}

static void send_event(struct fixture *fixture, uint32_t pid)
{
	Containerd__Events__TaskStart start = CONTAINERD__EVENTS__TASK_START__INIT;

	start.container_id = (char *)(uintptr_t) "web1";
	start.pid = pid;
	publisher_send(fixture->publisher, "/tasks/start", &start.base);
}

struct wait {
	struct fixture *fixture;
	struct timer timer;
	unsigned told, flushed;
	int64_t until_ms;
};

static void look(struct timer *timer)
{
	struct wait *wait = timer->context;

	if ((wait->fixture->told_count >= wait->told && wait->fixture->flushed >= wait->flushed) ||
	    time_now_ms() >= wait->until_ms)
		loop_stop(&wait->fixture->loop);
	else
		loop_arm(&wait->fixture->loop, timer, time_now_ms() + 1);
}

/* The loop runs until so many events were told and flushes done, and a little longer: for what
 * should not happen. */
static void run_until(struct fixture *fixture, unsigned told, unsigned flushed)
{
	for (unsigned round = 0; round < 2; round++) {
		struct wait wait = { .fixture = fixture, .told = told, .flushed = flushed };
		ERROR_NONE(error);

		if (round == 1)
			wait.told = UINT32_MAX;
		wait.until_ms = time_now_ms() + (round == 0 ? PATIENCE_MS : 20);
		wait.timer = (struct timer){ .due = look, .context = &wait };
		fixture->loop.stopped = false;
		loop_arm(&fixture->loop, &wait.timer, time_now_ms());
		assert_int_equal(loop_run(&fixture->loop, &error), 0);
	}
	assert_int_equal(fixture->told_count, told);
	assert_int_equal(fixture->flushed, flushed);
}

static void assert_told(const struct fixture *fixture, unsigned from, const uint32_t *pids,
                        unsigned count)
{
	assert_int_equal(fixture->told_count, from + count);
	assert_memory_equal(fixture->told + from, pids, count * sizeof(*pids));
}

/* Whether the log has this text. */
static bool log_says(const struct fixture *fixture, const char *text)
{
	char log[65536];
	ssize_t size = pread(fixture->log_fd, log, sizeof(log) - 1, 0);

	assert_return_code(size, errno);
	log[size] = '\0';
	return strstr(log, text) != NULL;
}

static void an_event_has_all_that_containerd_asks_for(void **state)
{
	struct fixture *fixture = *state;

	send_event(fixture, 42);
	run_until(fixture, 1, 0);
	assert_int_equal(fixture->told[0], 42);
	assert_string_equal(fixture->last_topic, "/tasks/start");
	assert_string_equal(fixture->last_namespace, "k8s.io");
	assert_string_equal(fixture->last_type, "containerd.events.TaskStart");
	assert_in_range(fixture->last_time.seconds, time(NULL) - 60, time(NULL));
	assert_in_range(fixture->last_time.nanos, 0, 999999999);
	assert_int_equal(publisher_waiting(fixture->publisher), 0);
}

static void events_come_in_order_one_at_a_time(void **state)
{
	struct fixture *fixture = *state;
	uint32_t pids[500];

	fixture->holds = true;
	for (uint32_t i = 0; i < 500; i++)
		send_event(fixture, pids[i] = i);
	run_until(fixture, 1, 0); /* no second one before the first is answered */
	assert_int_equal(publisher_waiting(fixture->publisher), 500);
	fixture->holds = false;
	fixture->told_count = 0;
	containerd_goes(fixture);
	containerd_comes(fixture);
	run_until(fixture, 0, 0);
	let_pass_ms(1000);
	run_until(fixture, 500, 0);
	assert_told(fixture, 0, pids, 500);
}

static void nothing_wakes_the_loop_when_nothing_waits(void **state)
{
	struct fixture *fixture = *state;

	assert_null(fixture->loop.timers);
	send_event(fixture, 1);
	assert_non_null(fixture->loop.timers);
	run_until(fixture, 1, 0);
	assert_null(fixture->loop.timers);
}

static void order_survives_a_restart_of_containerd(void **state)
{
	static const uint32_t expected[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct fixture *fixture = *state;

	for (uint32_t pid = 1; pid <= 3; pid++)
		send_event(fixture, pid);
	run_until(fixture, 3, 0);
	containerd_goes(fixture);
	for (uint32_t pid = 4; pid <= 6; pid++)
		send_event(fixture, pid);
	for (unsigned i = 0; i < 10; i++) {
		let_pass_ms(5000);
		run_until(fixture, 3, 0);
	}
	assert_int_equal(publisher_waiting(fixture->publisher), 3);
	containerd_comes(fixture);
	for (uint32_t pid = 7; pid <= 8; pid++)
		send_event(fixture, pid);
	let_pass_ms(5000);
	run_until(fixture, 8, 0);
	assert_told(fixture, 0, expected, 8);
	assert_int_equal(publisher_lost(fixture->publisher), 0);
	assert_true(log_says(fixture, "events: /tasks/start waits for containerd: "));
}

static void what_was_not_answered_is_sent_again_before_the_rest(void **state)
{
	static const uint32_t expected[] = { 1, 1, 2 };
	struct fixture *fixture = *state;

	fixture->holds = true;
	send_event(fixture, 1);
	send_event(fixture, 2);
	run_until(fixture, 1, 0);
	containerd_goes(fixture); /* with the first, which it had not stored maybe */
	fixture->holds = false;
	containerd_comes(fixture);
	run_until(fixture, 1, 0);
	let_pass_ms(1000);
	run_until(fixture, 3, 0);
	assert_told(fixture, 0, expected, 3);
}

static void a_call_has_five_seconds(void **state)
{
	static const uint32_t expected[] = { 1, 1, 2 };
	struct fixture *fixture = *state;

	fixture->holds = true;
	send_event(fixture, 1);
	send_event(fixture, 2);
	run_until(fixture, 1, 0);
	let_pass_ms(3000);
	run_until(fixture, 1, 0);
	assert_false(log_says(fixture, "no answer in time"));
	let_pass_ms(2000);
	run_until(fixture, 1, 0);
	assert_true(log_says(fixture, "no answer in time"));
	fixture->holds = false;
	let_pass_ms(1000);
	run_until(fixture, 3, 0);
	assert_told(fixture, 0, expected, 3);
}

static void pauses_grow_to_five_seconds(void **state)
{
	static const int64_t expected[] = { 1000, 2000, 3000, 4000, 5000, 5000, 5000 };
	struct fixture *fixture = *state;

	containerd_goes(fixture);
	send_event(fixture, 1);
	for (unsigned i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		int64_t pause = fixture->loop.timers->at_ms - time_now_ms();

		assert_in_range(pause, expected[i] - 900, expected[i]);
		let_pass_ms((long)pause);
		run_until(fixture, 0, 0);
	}
	containerd_comes(fixture); /* and after success they are short again */
	let_pass_ms(5000);
	run_until(fixture, 1, 0);
	containerd_goes(fixture);
	send_event(fixture, 2);
	assert_in_range(fixture->loop.timers->at_ms - time_now_ms(), 1, 1000);
}

static void what_containerd_refuses_five_times_is_lost(void **state)
{
	static const uint32_t expected[] = { 1, 1, 1, 1, 1, 2 };
	struct fixture *fixture = *state;

	fixture->answer = TTRPC_INVALID_ARGUMENT;
	send_event(fixture, 1);
	for (unsigned i = 1; i <= 4; i++) {
		run_until(fixture, i, 0);
		let_pass_ms(5000);
	}
	run_until(fixture, 5, 0);
	assert_int_equal(publisher_waiting(fixture->publisher), 0);
	assert_int_equal(publisher_lost(fixture->publisher), 1);
	assert_true(log_says(fixture, "events: /tasks/start is lost: event: "));
	assert_false(log_says(fixture, "\033"));
	fixture->answer = TTRPC_OK;
	send_event(fixture, 2);
	run_until(fixture, 6, 0);
	assert_told(fixture, 0, expected, 6);
}

static void the_oldest_are_kept_and_the_lost_are_counted(void **state)
{
	struct fixture *fixture = *state;

	containerd_goes(fixture);
	for (uint32_t i = 0; i < PUBLISHER_EVENTS_MAX + 6; i++)
		send_event(fixture, i);
	assert_int_equal(publisher_waiting(fixture->publisher), PUBLISHER_EVENTS_MAX);
	assert_int_equal(publisher_lost(fixture->publisher), 6);
	assert_true(log_says(fixture, "events: /tasks/start is lost: too many wait"));
	containerd_comes(fixture);
	let_pass_ms(1000);
	run_until(fixture, PUBLISHER_EVENTS_MAX, 0);
	for (uint32_t i = 0; i < PUBLISHER_EVENTS_MAX; i++)
		assert_int_equal(fixture->told[i], i);
	assert_true(log_says(fixture, "events: 6 were lost in a row, 6 of this shim"));
}

static void without_memory_one_event_is_lost(void **state)
{
	static const uint32_t expected[] = { 2 };
	struct fixture *fixture = *state;

	for (long allowed = 0; allowed < 2; allowed++) {
		fail_allocation_after(allowed);
		send_event(fixture, 1);
		assert_true(allocation_failed());
		assert_int_equal(publisher_lost(fixture->publisher), allowed + 1);
	}
	send_event(fixture, 2);
	run_until(fixture, 1, 0);
	assert_told(fixture, 0, expected, 1);
}

static void flushed(void *context)
{
	struct fixture *fixture = context;

	fixture->flushed++;
	fixture->left = publisher_waiting(fixture->publisher);
}

static void flushed_and_freed(void *context)
{
	struct fixture *fixture = context;

	fixture->flushed++;
	publisher_free(fixture->publisher);
	fixture->publisher = NULL;
}

static void a_flush_is_done_when_all_is_told(void **state)
{
	struct fixture *fixture = *state;

	publisher_flush(fixture->publisher, 3000, flushed, fixture);
	assert_int_equal(fixture->flushed, 1);
	fixture->holds = true;
	for (uint32_t i = 0; i < 3; i++)
		send_event(fixture, i);
	publisher_flush(fixture->publisher, 60000, flushed_and_freed, fixture);
	run_until(fixture, 1, 1);
	fixture->holds = false;
	containerd_goes(fixture);
	containerd_comes(fixture);
	run_until(fixture, 1, 1);
	let_pass_ms(1000);
	run_until(fixture, 4, 2);
	assert_null(fixture->publisher);
	assert_null(fixture->loop.timers);
}

static void a_flush_ends_after_its_time(void **state)
{
	struct fixture *fixture = *state;

	containerd_goes(fixture);
	send_event(fixture, 1);
	publisher_flush(fixture->publisher, 2500, flushed_and_freed, fixture);
	let_pass_ms(1000);
	run_until(fixture, 0, 0);
	let_pass_ms(1500);
	run_until(fixture, 0, 1);
	assert_null(fixture->publisher);
	assert_true(log_says(fixture, "events: 1 were never told to containerd"));
}

static void fail_until_the_pause_is_long(struct fixture *fixture)
{
	containerd_goes(fixture);
	send_event(fixture, 1);
	for (unsigned i = 0; i < 4; i++) {
		let_pass_ms(5000);
		run_until(fixture, fixture->told_count, 0);
	}
	assert_in_range(fixture->loop.timers->at_ms - time_now_ms(), 4000, 5000);
}

/* It does not wait for the next try of one that found nobody. */
static void a_flush_tries_at_once(void **state)
{
	struct fixture *fixture = *state;

	fail_until_the_pause_is_long(fixture);
	containerd_comes(fixture);
	publisher_flush(fixture->publisher, 2000, flushed, fixture);
	run_until(fixture, 1, 1);
	assert_int_equal(fixture->left, 0);
}

static void a_flush_goes_on_trying(void **state)
{
	struct fixture *fixture = *state;

	fail_until_the_pause_is_long(fixture);
	publisher_flush(fixture->publisher, 2000, flushed, fixture);
	let_pass_ms(1000);
	run_until(fixture, 0, 0);
	containerd_comes(fixture);
	let_pass_ms(250);
	run_until(fixture, 1, 1);
	assert_int_equal(fixture->left, 0);
}

static void a_sign_of_containerd_is_a_reason_to_try(void **state)
{
	struct fixture *fixture = *state;

	publisher_hurry(fixture->publisher); /* nothing waits */
	fail_until_the_pause_is_long(fixture);
	publisher_hurry(fixture->publisher);
	run_until(fixture, 0, 0);
	containerd_comes(fixture);
	publisher_hurry(fixture->publisher);
	run_until(fixture, 1, 0);
	assert_null(fixture->loop.timers);
}

/* That it is there is known then: what it does not take now it is not to lose for it. */
static void what_containerd_refuses_is_tried_no_sooner_for_a_sign_of_it(void **state)
{
	struct fixture *fixture = *state;

	fixture->answer = TTRPC_INVALID_ARGUMENT;
	send_event(fixture, 1);
	run_until(fixture, 1, 0);
	for (unsigned i = 0; i < 5; i++) {
		publisher_hurry(fixture->publisher);
		run_until(fixture, 1, 0);
	}
	assert_int_equal(publisher_waiting(fixture->publisher), 1);
}

static void an_address_is_an_absolute_path(void **state)
{
	static const char *const bad[] = { "",          "socket",  "unix://socket",
		                           "@abstract", "unix://", "vsock://3:1024",
		                           "./socket" };
	struct fixture *fixture = *state;
	char address[100];
	ERROR_NONE(error);

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error_reset(&error);
		assert_null(publisher_new(&fixture->loop, bad[i], "default", &error));
		snprintf(address, sizeof(address),
		         "publish events: TTRPC_ADDRESS %s: not an absolute path", bad[i]);
		assert_string_equal(error_text(&error), address);
	}
	error_reset(&error);
	assert_null(publisher_new(&fixture->loop, NULL, "default", &error));
	assert_true(error_is_told(&error));

	char long_path[200] = "/";
	memset(long_path + 1, 'x', 150);
	error_reset(&error);
	assert_null(publisher_new(&fixture->loop, long_path, "default", &error));
	assert_int_equal(error.code, ENAMETOOLONG);

	snprintf(address, sizeof(address), "unix://%s", fixture->path);
	publisher_free(fixture->publisher);
	error_reset(&error);
	fixture->publisher = publisher_new(&fixture->loop, address, "default", &error);
	send_event(fixture, 7);
	run_until(fixture, 1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_CONTAINERD(test) cmocka_unit_test_setup_teardown(test, begin, end)
		WITH_CONTAINERD(an_event_has_all_that_containerd_asks_for),
		WITH_CONTAINERD(events_come_in_order_one_at_a_time),
		WITH_CONTAINERD(nothing_wakes_the_loop_when_nothing_waits),
		WITH_CONTAINERD(order_survives_a_restart_of_containerd),
		WITH_CONTAINERD(what_was_not_answered_is_sent_again_before_the_rest),
		WITH_CONTAINERD(a_call_has_five_seconds),
		WITH_CONTAINERD(pauses_grow_to_five_seconds),
		WITH_CONTAINERD(what_containerd_refuses_five_times_is_lost),
		WITH_CONTAINERD(the_oldest_are_kept_and_the_lost_are_counted),
		WITH_CONTAINERD(without_memory_one_event_is_lost),
		WITH_CONTAINERD(a_flush_is_done_when_all_is_told),
		WITH_CONTAINERD(a_flush_ends_after_its_time),
		WITH_CONTAINERD(a_flush_tries_at_once),
		WITH_CONTAINERD(a_flush_goes_on_trying),
		WITH_CONTAINERD(a_sign_of_containerd_is_a_reason_to_try),
		WITH_CONTAINERD(what_containerd_refuses_is_tried_no_sooner_for_a_sign_of_it),
		WITH_CONTAINERD(an_address_is_an_absolute_path),
	};

	return cmocka_run_group_tests_name("publisher", tests, NULL, NULL);
}
