/*
 * Bytes as containerd sends and expects them: packed by Python's protobuf with the descriptors that
 * Debian's containerd-shim-runc-v2 (1.6.20) carries; those of newer messages by hand. Each is read,
 * looked at, and packed again to the same bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "messages/bootstrap.pb-c.h"
#include "messages/cgroup1.pb-c.h"
#include "messages/cgroup2.pb-c.h"
#include "messages/events.pb-c.h"
#include "messages/forward.pb-c.h"
#include "messages/runc.pb-c.h"
#include "messages/runtimeoptions.pb-c.h"
#include "messages/task.pb-c.h"
#include "messages/types.pb-c.h"

static size_t from_hex(uint8_t *bytes, const char *hex)
{
	size_t size = 0;

	for (; *hex; hex += 2) {
		char digits[3] = { hex[0], hex[1] };

		bytes[size++] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return size;
}

/* Who calls frees it. */
static void *read_message(const ProtobufCMessageDescriptor *descriptor, const char *name,
                          const char *hex)
{
	uint8_t bytes[256], again[256];
	size_t size = from_hex(bytes, hex);
	ProtobufCMessage *message = protobuf_c_message_unpack(descriptor, NULL, size, bytes);

	assert_string_equal(descriptor->name, name);
	assert_non_null(message);
	assert_null(message->unknown_fields);
	assert_int_equal(protobuf_c_message_get_packed_size(message), size);
	assert_int_equal(protobuf_c_message_pack(message, again), size);
	assert_memory_equal(again, bytes, size);
	return message;
}

static void done(void *message)
{
	protobuf_c_message_free_unpacked(message, NULL);
}

static void create_request(void **state)
{
	Containerd__Task__V2__CreateTaskRequest *request = read_message(
		&containerd__task__v2__create_task_request__descriptor,
		"containerd.task.v2.CreateTaskRequest",
		"0a047765623112022f621a230a076f7665726c617912076f7665726c61792202726f220b6c6f776572"
		"6469723d2f6c200132022f6f52200a1a636f6e7461696e6572642e72756e632e76312e4f7074696f6e"
		"7312024801");
	Containerd__Runc__V1__Options *options;

	(void)state;
	assert_string_equal(request->id, "web1");
	assert_string_equal(request->bundle, "/b");
	assert_int_equal(request->n_rootfs, 1);
	assert_string_equal(request->rootfs[0]->type, "overlay");
	assert_string_equal(request->rootfs[0]->source, "overlay");
	assert_int_equal(request->rootfs[0]->n_options, 2);
	assert_string_equal(request->rootfs[0]->options[1], "lowerdir=/l");
	assert_true(request->terminal);
	assert_string_equal(request->stdout, "/o");
	assert_string_equal(request->options->type_url,
	                    containerd__runc__v1__options__descriptor.name);
	options = containerd__runc__v1__options__unpack(NULL, request->options->value.len,
	                                                request->options->value.data);
	assert_non_null(options);
	assert_true(options->systemd_cgroup);
	done(options);
	done(request);
}

/* The zero time of Go: what a process that runs has as exited_at. */
static void state_response(void **state)
{
	Containerd__Task__V2__StateResponse *response =
		read_message(&containerd__task__v2__state_response__descriptor,
	                     "containerd.task.v2.StateResponse",
	                     "0a047765623118072004520b088092b8c398feffffff01");

	(void)state;
	assert_int_equal(response->pid, 7);
	assert_int_equal(response->status, CONTAINERD__V1__TYPES__STATUS__PAUSED);
	assert_true(response->exited_at->seconds == -62135596800);
	done(response);
}

static void update_request(void **state)
{
	Containerd__Task__V2__UpdateTaskRequest *request = read_message(
		&containerd__task__v2__update_task_request__descriptor,
		"containerd.task.v2.UpdateTaskRequest", "0a04776562311a060a016b120176");

	(void)state;
	assert_int_equal(request->n_annotations, 1);
	assert_string_equal(request->annotations[0]->key, "k");
	assert_string_equal(request->annotations[0]->value, "v");
	done(request);
}

static void runc_options(void **state)
{
	Containerd__Runc__V1__Options *options = read_message(
		&containerd__runc__v1__options__descriptor, "containerd.runc.v1.Options",
		"08011a022f7320e80728643a022f7248015a022f77");

	(void)state;
	assert_true(options->no_pivot_root);
	assert_false(options->no_new_keyring);
	assert_string_equal(options->shim_cgroup, "/s");
	assert_int_equal(options->io_uid, 1000);
	assert_int_equal(options->io_gid, 100);
	assert_string_equal(options->root, "/r");
	assert_string_equal(options->criu_work_path, "/w");
	done(options);
}

static void runtime_options(void **state)
{
	Runtimeoptions__V1__Options *options =
		read_message(&runtimeoptions__v1__options__descriptor, "runtimeoptions.v1.Options",
	                     "0a01741204"
	                     "2f696e69"
	                     "1a03613d31");

	(void)state;
	assert_string_equal(options->config_path, "/ini");
	assert_int_equal(options->config_body.len, 3);
	assert_memory_equal(options->config_body.data, "a=1", 3);
	done(options);
}

/* A descriptor's name is what stands as type_url in the envelope. */
static void event(void **state)
{
	Containerd__Services__Events__Ttrpc__V1__ForwardRequest *request = read_message(
		&containerd__services__events__ttrpc__v1__forward_request__descriptor,
		"containerd.services.events.ttrpc.v1.ForwardRequest",
		"0a400a02080112066b38732e696f1a0c2f7461736b732f737461727422240a1b636f6e7461696e6572"
		"642e6576656e74732e5461736b537461727412050a01611005");
	Containerd__Services__Events__Ttrpc__V1__Envelope *envelope = request->envelope;
	Containerd__Events__TaskStart *start;

	(void)state;
	assert_true(envelope->timestamp->seconds == 1);
	assert_string_equal(envelope->namespace_, "k8s.io");
	assert_string_equal(envelope->topic, "/tasks/start");
	assert_string_equal(envelope->event->type_url,
	                    containerd__events__task_start__descriptor.name);
	start = containerd__events__task_start__unpack(NULL, envelope->event->value.len,
	                                               envelope->event->value.data);
	assert_non_null(start);
	assert_string_equal(start->container_id, "a");
	assert_int_equal(start->pid, 5);
	done(start);
	done(request);
}

static void exit_event(void **state)
{
	Containerd__Events__TaskExit *exited = read_message(
		&containerd__events__task_exit__descriptor, "containerd.events.TaskExit",
		"0a0477656231120265311880808002208901"
		"2a0808e0cf94d8061005");

	(void)state;
	assert_string_equal(exited->id, "e1");
	assert_int_equal(exited->pid, 4194304);
	assert_int_equal(exited->exit_status, 137);
	assert_true(exited->exited_at->seconds == 1795500000);
	assert_int_equal(exited->exited_at->nanos, 5);
	done(exited);
}

static void names_of_events(void **state)
{
	(void)state;
#define NAMED(member, text)                                                  \
	assert_string_equal(containerd__events__##member##__descriptor.name, \
	                    "containerd.events." text)
	NAMED(task_create, "TaskCreate");
	NAMED(task_delete, "TaskDelete");
	NAMED(task_oom, "TaskOOM");
	NAMED(task_exec_added, "TaskExecAdded");
	NAMED(task_exec_started, "TaskExecStarted");
	NAMED(task_paused, "TaskPaused");
	NAMED(task_resumed, "TaskResumed");
	NAMED(task_checkpointed, "TaskCheckpointed");
	assert_string_equal(containerd__runc__v1__process_details__descriptor.name,
	                    "containerd.runc.v1.ProcessDetails");
	assert_string_equal(containerd__runc__v1__checkpoint_options__descriptor.name,
	                    "containerd.runc.v1.CheckpointOptions");
}

static void metrics_of_cgroup2(void **state)
{
	Io__Containerd__Cgroups__V2__Metrics *metrics =
		read_message(&io__containerd__cgroups__v2__metrics__descriptor,
	                     "io.containerd.cgroups.v2.Metrics",
	                     "0a0d080310ffffffffffffffffff01120308ac022207800280209802013207"
	                     "0a0508081880044202"
	                     "2802");

	(void)state;
	assert_int_equal(metrics->pids->current, 3);
	assert_true(metrics->pids->limit == UINT64_MAX);
	assert_int_equal(metrics->cpu->usage_usec, 300);
	assert_int_equal(metrics->memory->usage, 4096);
	assert_int_equal(metrics->memory->swap_limit, 1);
	assert_int_equal(metrics->io->n_usage, 1);
	assert_int_equal(metrics->io->usage[0]->rbytes, 512);
	assert_int_equal(metrics->memory_events->oom_kill, 2);
	done(metrics);
}

static void metrics_of_cgroup1(void **state)
{
	Io__Containerd__Cgroups__V1__Metrics *metrics =
		read_message(&io__containerd__cgroups__v1__metrics__descriptor,
	                     "io.containerd.cgroups.v1.Metrics",
	                     "120208031a0b0a0908e8072204d80490032209"
	                     "1080208a02030880402a0c120a0a04526561641808"
	                     "28024a021801");

	(void)state;
	assert_int_equal(metrics->pids->current, 3);
	assert_int_equal(metrics->cpu->usage->total, 1000);
	assert_int_equal(metrics->cpu->usage->n_per_cpu, 2);
	assert_int_equal(metrics->memory->rss, 4096);
	assert_int_equal(metrics->memory->usage->limit, 8192);
	assert_string_equal(metrics->blkio->io_serviced_recursive[0]->op, "Read");
	assert_int_equal(metrics->memory_oom_control->oom_kill, 1);
	done(metrics);
}

/* A negative number of an enum takes ten bytes. */
static void bootstrap_parameters(void **state)
{
	Containerd__Runtime__Bootstrap__V1__BootstrapParams *parameters =
		read_message(&containerd__runtime__bootstrap__v1__bootstrap_params__descriptor,
	                     "containerd.runtime.bootstrap.v1.BootstrapParams",
	                     "0a0477656231120161"
	                     "18fcffffffffffffffff01"
	                     "22012e"
	                     "2a022f74"
	                     "32022f67"
	                     "4205"
	                     "0a030a0178"
	                     "4a022f73");

	(void)state;
	assert_string_equal(parameters->instance_id, "web1");
	assert_string_equal(parameters->namespace_, "a");
	assert_int_equal(parameters->log_level,
	                 CONTAINERD__RUNTIME__BOOTSTRAP__V1__LOG_LEVEL__DEBUG);
	assert_string_equal(parameters->containerd_ttrpc_address, "/t");
	assert_string_equal(parameters->containerd_grpc_address, "/g");
	assert_int_equal(parameters->n_extensions, 1);
	assert_string_equal(parameters->extensions[0]->value->type_url, "x");
	assert_string_equal(parameters->socket_dir, "/s");
	done(parameters);
}

static void runtime_info(void **state)
{
	Containerd__Types__RuntimeInfo *info = read_message(
		&containerd__types__runtime_info__descriptor, "containerd.types.RuntimeInfo",
		"0a016e"
		"12060a013112"
		"0172"
		"1a030a016f"
		"22030a0166"
		"2a060a016b120176");

	(void)state;
	assert_string_equal(info->name, "n");
	assert_string_equal(info->version->revision, "r");
	assert_string_equal(info->options->type_url, "o");
	assert_string_equal(info->features->type_url, "f");
	assert_string_equal(info->annotations[0]->value, "v");
	done(info);
}

/* What is cut off is no message. */
static void truncated(void **state)
{
	uint8_t bytes[64];
	size_t size = from_hex(bytes, "0a0477656231120265311880808002");

	(void)state;
	for (size_t cut = 1; cut < 6; cut++)
		assert_null(containerd__events__task_exit__unpack(NULL, cut, bytes));
	assert_null(containerd__events__task_exit__unpack(NULL, size - 1, bytes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(create_request),
		cmocka_unit_test(state_response),
		cmocka_unit_test(update_request),
		cmocka_unit_test(runc_options),
		cmocka_unit_test(runtime_options),
		cmocka_unit_test(event),
		cmocka_unit_test(exit_event),
		cmocka_unit_test(names_of_events),
		cmocka_unit_test(metrics_of_cgroup2),
		cmocka_unit_test(metrics_of_cgroup1),
		cmocka_unit_test(bootstrap_parameters),
		cmocka_unit_test(runtime_info),
		cmocka_unit_test(truncated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
