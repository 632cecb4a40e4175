/* A D-Bus that is not there, does not answer, or hangs up: each call ends, and says why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bus.h"
#include "paper_host.h"
#include "processes.h"

#define PATIENCE_MS 300
#define SLACK_MS    5000 /* of a machine that is busy: well below libsystemd's own 25 s and 90 s */

static struct libsystemd library;

/* A socket that systemd is looked for at; backlog -1: nobody listens. */
static int pretend_bus(int backlog)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char name[32], variable[64];

	snprintf(name, sizeof(name), "ironbox-bus-%d", getpid());
	memcpy(address.sun_path + 1, name, strlen(name));
	snprintf(variable, sizeof(variable), "unix:abstract=%s", name);
	setenv("DBUS_SYSTEM_BUS_ADDRESS", variable, 1);
	assert_int_equal(
		bind(fd, (struct sockaddr *)&address,
	             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name))),
		0);
	if (backlog >= 0)
		assert_int_equal(listen(fd, backlog), 0);
	return fd;
}

static void all_fail(int status, int code, const char *words)
{
	const struct unit unit = { .slice = "a.slice", .scope = "web1.scope" };
	struct properties properties = {
		.given = { [PROPERTY_TASKS_MAX] = true, [PROPERTY_CPUS] = true },
		.sets = { { .bits = { 1 }, .size = 1 } }
	};
	uint64_t begun = cgroup_now_ms();
	struct bus_result result;

	bus_start_scope(&library, &unit, "test", &properties, PATIENCE_MS, &result);
	assert_int_equal(result.status, status);
	assert_int_equal(result.code, code);
	assert_string_equal(result.words, words);
	bus_set_properties(&library, "web1.scope", &properties, PATIENCE_MS, &result);
	assert_int_equal(result.status, status);
	assert_string_equal(result.words, words);
	bus_stop_unit(&library, "web1.scope", PATIENCE_MS, &result);
	assert_int_equal(result.status, status);
	assert_string_equal(result.words, words);
	assert_true(cgroup_now_ms() - begun < 3 * PATIENCE_MS + SLACK_MS);
}

static void nobody_is_there(void **state)
{
	int fd = pretend_bus(-1);

	(void)state;
	all_fail(BUS_REFUSED, ECONNREFUSED, "reach the system's D-Bus");
	close(fd);
}

static void nobody_answers(void **state)
{
	int fd = pretend_bus(8);

	(void)state;
	all_fail(BUS_FAILED, ETIMEDOUT, "wait for systemd");
	close(fd);
}

/* The backlog is full: not even the connection comes about. */
static void nobody_takes_the_connection(void **state)
{
	int fd = pretend_bus(0), other = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;
	socklen_t size = sizeof(address);

	(void)state;
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(connect(other, (struct sockaddr *)&address, size), 0);
	all_fail(BUS_REFUSED, EAGAIN, "reach the system's D-Bus");
	close(other);
	close(fd);
}

static int open_library(void **state)
{
	static struct paper_host paper;

	(void)state;
	paper_host_begin(&paper, SPEC_RESOURCES, "{}", NULL);
	return libsystemd_open(&library, &paper.stage, &paper.error);
}

static int close_library(void **state)
{
	(void)state;
	library_close(&library);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_there),
		cmocka_unit_test(nobody_answers),
		cmocka_unit_test(nobody_takes_the_connection),
	};

	return cmocka_run_group_tests(tests, open_library, close_library);
}
