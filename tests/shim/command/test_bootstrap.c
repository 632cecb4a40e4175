/* What stands on stdin, by the version of containerd, and what is answered. */
#include "command.h"

#include <unistd.h>

#include "command/bootstrap.h"
#include "messages/bootstrap.pb-c.h"
#include "messages/google.pb-c.h"

typedef Containerd__Runtime__Bootstrap__V1__BootstrapParams parameters;
typedef Containerd__Runtime__Bootstrap__V1__BootstrapResult result_message;

static const struct arguments web1 = { .namespace = "k8s.io", .id = "web1" };

static size_t pack(uint8_t *bytes, const void *message)
{
	assert_in_range(protobuf_c_message_get_packed_size(message), 1, 1024);
	return protobuf_c_message_pack(message, bytes);
}

static int parse(struct bootstrap *bootstrap, const void *message, struct ironbox_error *error)
{
	uint8_t bytes[1024];
	size_t size = pack(bytes, message);

	error_reset(error);
	return bootstrap_parse(bootstrap, bytes, size, &web1, error);
}

/* ---- until 2.2 ---- */

static void options_alone(void **state)
{
	char type[] = "containerd.runc.v1.Options";
	uint8_t value[] = { 0x48, 1 };
	Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;
	struct bootstrap bootstrap;
	struct ironbox_error error;

	(void)state;
	any.type_url = type;
	any.value.data = value;
	any.value.len = sizeof(value);
	assert_int_equal(parse(&bootstrap, &any, &error), 0);
	assert_false(bootstrap.has_parameters);
	assert_string_equal(bootstrap.options_type, type);
	assert_int_equal(bootstrap.options_size, sizeof(value));
	assert_memory_equal(bootstrap.options, value, sizeof(value));
	assert_null(bootstrap.socket_dir);
	bootstrap_free(&bootstrap);
}

/* An Any is also a BootstrapParams by its bytes: even one whose type is our id is none while its
 * value is not our namespace. */
static void options_that_look_like_parameters(void **state)
{
	char type[] = "web1";
	uint8_t value[] = "default";
	Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;
	struct bootstrap bootstrap;
	struct ironbox_error error;

	(void)state;
	any.type_url = type;
	any.value.data = value;
	any.value.len = sizeof(value) - 1;
	assert_int_equal(parse(&bootstrap, &any, &error), 0);
	assert_false(bootstrap.has_parameters);
	assert_string_equal(bootstrap.options_type, "web1");
	bootstrap_free(&bootstrap);
}

static void nothing(void **state)
{
	struct bootstrap bootstrap;
	ERROR_NONE(error);

	(void)state;
	assert_int_equal(bootstrap_parse(&bootstrap, NULL, 0, &web1, &error), 0);
	assert_false(bootstrap.has_parameters);
	assert_null(bootstrap.options_type);
}

static void bytes_that_are_no_message(void **state)
{
	struct bootstrap bootstrap;
	ERROR_NONE(error);

	(void)state;
	assert_int_equal(bootstrap_parse(&bootstrap, (const uint8_t *)"{}", 2, &web1, &error), -1);
	assert_string_equal(error_text(&error), "stdin: neither the runtime's options nor the "
	                                        "parameters of containerd 2.3");
	assert_null(bootstrap.options_type);
}

/* ---- since 2.3 ---- */

static void set_parameters(parameters *message, const char *id, const char *namespace)
{
	static char socket_dir[] = "/run/x/s", ttrpc[] = "/run/t.ttrpc", grpc[] = "/run/t";

	containerd__runtime__bootstrap__v1__bootstrap_params__init(message);
	message->instance_id = strdup(id);
	message->namespace_ = strdup(namespace);
	message->socket_dir = socket_dir;
	message->containerd_ttrpc_address = ttrpc;
	message->containerd_grpc_address = grpc;
}

static void unset_parameters(parameters *message)
{
	free(message->instance_id);
	free(message->namespace_);
}

static void parameters_of_this_container(void **state)
{
	parameters message;
	struct bootstrap bootstrap;
	struct ironbox_error error;

	(void)state;
	set_parameters(&message, "web1", "k8s.io");
	assert_int_equal(parse(&bootstrap, &message, &error), 0);
	assert_true(bootstrap.has_parameters);
	assert_false(bootstrap.debug);
	assert_string_equal(bootstrap.socket_dir, "/run/x/s");
	assert_string_equal(bootstrap.ttrpc_address, "/run/t.ttrpc");
	assert_string_equal(bootstrap.grpc_address, "/run/t");
	assert_null(bootstrap.options_type);
	bootstrap_free(&bootstrap);
	unset_parameters(&message);
}

static void options_among_extensions(void **state)
{
	char strange_type[] = "containerd.io/nri.v1.PluginConfig";
	char type[] = "types.containerd.io/runtimeoptions.v1.Options";
	Google__Protobuf__Any strange = GOOGLE__PROTOBUF__ANY__INIT;
	Google__Protobuf__Any options = GOOGLE__PROTOBUF__ANY__INIT;
	Containerd__Runtime__Bootstrap__V1__Extension extensions[3] = {
		CONTAINERD__RUNTIME__BOOTSTRAP__V1__EXTENSION__INIT, /* without a value */
		CONTAINERD__RUNTIME__BOOTSTRAP__V1__EXTENSION__INIT,
		CONTAINERD__RUNTIME__BOOTSTRAP__V1__EXTENSION__INIT,
	};
	Containerd__Runtime__Bootstrap__V1__Extension *list[] = { &extensions[0], &extensions[1],
		                                                  &extensions[2] };
	parameters message;
	struct bootstrap bootstrap;
	struct ironbox_error error;

	(void)state;
	strange.type_url = strange_type;
	options.type_url = type;
	extensions[1].value = &strange;
	extensions[2].value = &options;
	set_parameters(&message, "web1", "k8s.io");
	message.extensions = list;
	message.n_extensions = 3;
	assert_int_equal(parse(&bootstrap, &message, &error), 0);
	assert_true(bootstrap.has_parameters);
	assert_string_equal(bootstrap.options_type, type);
	assert_int_equal(bootstrap.options_size, 0);
	bootstrap_free(&bootstrap);
	unset_parameters(&message);
}

static void levels_below_info_are_debug(void **state)
{
	static const struct {
		Containerd__Runtime__Bootstrap__V1__LogLevel level;
		bool debug;
	} rows[] = {
		{ CONTAINERD__RUNTIME__BOOTSTRAP__V1__LOG_LEVEL__DEBUG, true },
		{ CONTAINERD__RUNTIME__BOOTSTRAP__V1__LOG_LEVEL__TRACE, true },
		{ CONTAINERD__RUNTIME__BOOTSTRAP__V1__LOG_LEVEL__WARN, false },
	};
	parameters message;
	struct bootstrap bootstrap;
	struct ironbox_error error;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		set_parameters(&message, "web1", "k8s.io");
		message.log_level = rows[i].level;
		assert_int_equal(parse(&bootstrap, &message, &error), 0);
		assert_int_equal(bootstrap.debug, rows[i].debug);
		bootstrap_free(&bootstrap);
		unset_parameters(&message);
	}
}

/* ---- answers ---- */

static size_t answered(const struct bootstrap *bootstrap, char *text, size_t size)
{
	ERROR_NONE(error);
	int ends[2];
	ssize_t got;

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(bootstrap_answer(bootstrap, ends[1], "unix:///s/1", &error), 0);
	close(ends[1]);
	got = read(ends[0], text, size);
	close(ends[0]);
	assert_true(got > 0);
	return (size_t)got;
}

/* Not a byte more: 1.7 takes a newline for a part of the address. */
static void an_address(void **state)
{
	const struct bootstrap bootstrap = { 0 };
	char text[128];

	(void)state;
	assert_int_equal(answered(&bootstrap, text, sizeof(text)), 11);
	assert_memory_equal(text, "unix:///s/1", 11);
}

static void a_result(void **state)
{
	const struct bootstrap bootstrap = { .has_parameters = true };
	uint8_t bytes[128];
	size_t size;
	result_message *result;

	(void)state;
	size = answered(&bootstrap, (char *)bytes, sizeof(bytes));
	result = containerd__runtime__bootstrap__v1__bootstrap_result__unpack(NULL, size, bytes);
	assert_non_null(result);
	assert_int_equal(result->version, 2);
	assert_string_equal(result->address, "unix:///s/1");
	assert_string_equal(result->protocol, "ttrpc");
	containerd__runtime__bootstrap__v1__bootstrap_result__free_unpacked(result, NULL);
}

static void an_answer_that_nobody_takes(void **state)
{
	const struct bootstrap bootstrap = { 0 };
	ERROR_NONE(error);

	(void)state;
	assert_int_equal(bootstrap_answer(&bootstrap, -1, "unix:///s/1", &error), -1);
	assert_string_equal(error_text(&error), "answer containerd on stdout: Bad file descriptor");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_alone),
		cmocka_unit_test(options_that_look_like_parameters),
		cmocka_unit_test(nothing),
		cmocka_unit_test(bytes_that_are_no_message),
		cmocka_unit_test(parameters_of_this_container),
		cmocka_unit_test(options_among_extensions),
		cmocka_unit_test(levels_below_info_are_debug),
		cmocka_unit_test(an_address),
		cmocka_unit_test(a_result),
		cmocka_unit_test(an_answer_that_nobody_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
