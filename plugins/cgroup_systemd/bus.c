#include "bus.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "processes.h"

#define SERVICE   "org.freedesktop.systemd1"
#define OBJECT    "/org/freedesktop/systemd1"
#define INTERFACE SERVICE ".Manager"

/* One call and, if it makes a job, the wait for that. */
struct call {
	const struct libsystemd *library;
	sd_bus *bus;
	sd_bus_message *message;
	struct bus_result *result;
	uint64_t deadline; /* of cgroup_now_ms */
	bool makes_job;
	bool over;
	char job[128]; /* its object; "": not known yet */
};

static void call_end(struct call *call)
{
	call->library->unref_message(call->message); /* either may be NULL */
	call->library->close_unref(call->bus);
}
#define cleanup_call __attribute__((cleanup(call_end)))

static void fail(struct call *call, int code, const char *words)
{
	call->over = true;
	call->result->status = BUS_FAILED;
	call->result->code = code < 0 ? -code : code;
	snprintf(call->result->words, sizeof(call->result->words), "%s", words);
}

/* Of systemd, and not of the bus or our side of it, which may have lost one. */
static bool is_answer(const char *name)
{
	return strcmp(name, SD_BUS_ERROR_NO_REPLY) != 0 &&
	       strcmp(name, SD_BUS_ERROR_TIMEOUT) != 0 &&
	       strcmp(name, SD_BUS_ERROR_DISCONNECTED) != 0;
}

static int on_reply(sd_bus_message *reply, void *context, sd_bus_error *unused)
{
	struct call *call = context;
	const sd_bus_error *error = call->library->get_error(reply);
	const char *job;

	(void)unused;
	if (error) {
		fail(call, 0, error->message ? error->message : error->name);
		if (strcmp(error->name, SERVICE ".NoSuchUnit") == 0)
			call->result->status = BUS_UNKNOWN;
		else if (is_answer(error->name))
			call->result->status = BUS_REFUSED;
	} else if (!call->makes_job) {
		call->over = true;
	} else if (call->library->read(reply, "o", &job) < 0) {
		fail(call, EBADMSG, "systemd's answer");
	} else {
		snprintf(call->job, sizeof(call->job), "%s", job);
	}
	return 1;
}

/* Each job of the host that ends is told of: ours is the one that the answer named, and comes after
 * it. */
static int on_job_removed(sd_bus_message *signal, void *context, sd_bus_error *unused)
{
	struct call *call = context;
	const char *job, *unit, *how;
	char words[128];
	uint32_t number;

	(void)unused;
	if (call->library->read(signal, "uoss", &number, &job, &unit, &how) < 0 ||
	    strcmp(job, call->job) != 0)
		return 0;
	call->over = true;
	if (strcmp(how, "done") != 0) {
		snprintf(words, sizeof(words), "systemd's job ended with \"%s\"", how);
		fail(call, 0, words);
	}
	return 0;
}

/* Nothing waits in here: connection, greeting and match are on their way when the call is. */
static int begin(struct call *call, const char *member)
{
	const struct libsystemd *library = call->library;
	int result = library->is_users ? library->open_user(&call->bus)
	                               : library->open_system(&call->bus);

	if (result >= 0 && call->makes_job)
		result = library->match_signal(call->bus, NULL, SERVICE, OBJECT, INTERFACE,
		                               "JobRemoved", on_job_removed, NULL, call);
	if (result >= 0)
		result = library->new_call(call->bus, &call->message, SERVICE, OBJECT, INTERFACE,
		                           member);
	if (result >= 0)
		return 0;
	fail(call, result,
	     library->is_users ? "reach the user's D-Bus (DBUS_SESSION_BUS_ADDRESS, or the socket "
	                         "bus in XDG_RUNTIME_DIR)"
	                       : "reach the system's D-Bus");
	call->result->status = BUS_REFUSED;
	return -1;
}

static void await(struct call *call)
{
	int result = call->library->call(call->bus, NULL, call->message, on_reply, call,
	                                 UINT64_MAX); /* ours is the shorter one */

	while (result >= 0 && !call->over) {
		uint64_t now = cgroup_now_ms();

		if (now >= call->deadline) {
			fail(call, ETIMEDOUT, "wait for systemd");
			return;
		}
		result = call->library->process(call->bus, NULL); /* 0: all that came is done */
		if (result == 0 && !call->over)
			result = call->library->wait(call->bus, (call->deadline - now) * 1000);
		if (result == -EINTR)
			result = 0;
	}
	if (!call->over)
		fail(call, result, "talk on D-Bus");
}

/* (sv) with an array of bytes in it. */
static int append_set(const struct call *call, const char *name, const struct property_set *set)
{
	const struct libsystemd *library = call->library;
	sd_bus_message *message = call->message;
	int result = library->open_container(message, 'r', "sv");

	if (result >= 0)
		result = library->append(message, "s", name);
	if (result >= 0)
		result = library->open_container(message, 'v', "ay");
	if (result >= 0)
		result = library->append_array(message, 'y', set->bits, set->size);
	if (result >= 0)
		result = library->close_container(message);
	if (result >= 0)
		result = library->close_container(message);
	return result;
}

static int append_limits(const struct call *call, const struct properties *properties)
{
	int result = 0;

	for (int i = 0; i < PROPERTY_COUNT && result >= 0; i++) {
		const char *name = property_name((enum property)i);

		if (!properties->given[i])
			continue;
		if (i < PROPERTY_NUMBERS)
			result = call->library->append(call->message, "(sv)", name, "t",
			                               properties->numbers[i]);
		else
			result = append_set(call, name, &properties->sets[i - PROPERTY_NUMBERS]);
	}
	return result;
}

/*
 * Delegate: what is below is ours, and all controllers are there. PIDs: 0 is who calls, by whatever
 * number systemd's pid namespace knows it. CollectMode: a scope whose last process was killed has
 * failed, and would stay to be looked at.
 */
static int append_scope(const struct call *call, const struct unit *unit, const char *description)
{
	return call->library->append(call->message, "(sv)(sv)(sv)(sv)(sv)(sv)(sv)(sv)(sv)(sv)",
	                             "Description", "s", description, "Slice", "s", unit->slice,
	                             "PIDs", "au", 1, 0, "Delegate", "b", 1, "DefaultDependencies",
	                             "b", 0, "CollectMode", "s", "inactive-or-failed",
	                             "CPUAccounting", "b", 1, "IOAccounting", "b", 1,
	                             "MemoryAccounting", "b", 1, "TasksAccounting", "b", 1);
}

static struct call call_of(const struct libsystemd *library, struct bus_result *result,
                           unsigned deadline_ms, bool makes_job)
{
	memset(result, 0, sizeof(*result));
	return (struct call){ .library = library,
		              .result = result,
		              .deadline = cgroup_now_ms() + deadline_ms,
		              .makes_job = makes_job };
}

/* appended: of the message's last part. */
static void finish(struct call *call, int appended)
{
	if (appended < 0)
		fail(call, appended, "write the message");
	else
		await(call);
}

void bus_start_scope(const struct libsystemd *library, const struct unit *unit,
                     const char *description, const struct properties *properties,
                     unsigned deadline_ms, struct bus_result *result)
{
	cleanup_call struct call call = call_of(library, result, deadline_ms, true);
	int appended;

	if (begin(&call, "StartTransientUnit") < 0)
		return;
	appended = library->append(call.message, "ss", unit->scope, "fail");
	if (appended >= 0)
		appended = library->open_container(call.message, 'a', "(sv)");
	if (appended >= 0)
		appended = append_scope(&call, unit, description);
	if (appended >= 0)
		appended = append_limits(&call, properties);
	if (appended >= 0)
		appended = library->close_container(call.message);
	if (appended >= 0)
		appended = library->append(call.message, "a(sa(sv))", 0);
	finish(&call, appended);
}

void bus_set_properties(const struct libsystemd *library, const char *scope,
                        const struct properties *properties, unsigned deadline_ms,
                        struct bus_result *result)
{
	cleanup_call struct call call = call_of(library, result, deadline_ms, false);
	int appended;

	if (begin(&call, "SetUnitProperties") < 0)
		return;
	appended = library->append(call.message, "sb", scope, 1); /* till it is gone */
	if (appended >= 0)
		appended = library->open_container(call.message, 'a', "(sv)");
	if (appended >= 0)
		appended = append_limits(&call, properties);
	if (appended >= 0)
		appended = library->close_container(call.message);
	finish(&call, appended);
}

void bus_stop_unit(const struct libsystemd *library, const char *scope, unsigned deadline_ms,
                   struct bus_result *result)
{
	cleanup_call struct call call = call_of(library, result, deadline_ms, true);

	if (begin(&call, "StopUnit") == 0)
		finish(&call, library->append(call.message, "ss", scope, "replace"));
}

int bus_fail(const struct ironbox_stage *stage, const struct bus_result *result, const char *what,
             const char *scope, struct ironbox_error *error)
{
	return stage->host->fail(error, result->code, "%s %s: %s", what, scope, result->words);
}
