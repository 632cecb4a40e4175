/* Which name a socket has: of the group in config.json, and hashed as containerd's tools do. */
#include "command.h"

#include "command/group.h"
#include "command/sha256.h"
#include "command/socket.h"

/* ---- groups ---- */

static void group_is(const char *config, const char *expected)
{
	ERROR_NONE(error);
	char *group;

	assert_int_equal(group_of_text(config, strlen(config), &group, &error), 0);
	if (expected)
		assert_string_equal(group, expected);
	else
		assert_null(group);
	free(group);
}

static void annotations_name_the_group(void **state)
{
	(void)state;
	group_is("{\"annotations\":{\"io.kubernetes.cri.sandbox-id\":\"pod1\"}}", "pod1");
	group_is("{\"annotations\":{\"io.containerd.runc.v2.group\":\"g\"}}", "g");
	group_is("{\"annotations\":{\"io.containerd.ironbox.v1.group\":\"g\"}}", "g");
	group_is("{\"annotations\":{\"io.kubernetes.cri.sandbox-id\":\"pod1\","
	         "\"io.containerd.runc.v2.group\":\"g\"}}",
	         "g");
	group_is("{\"annotations\":{\"io.containerd.runc.v2.group\":\"\","
	         "\"io.kubernetes.cri.sandbox-id\":\"p\\u006fd1\"}}",
	         "pod1");
}

static void the_rest_is_passed_over(void **state)
{
	(void)state;
	group_is("{}", NULL);
	group_is("", NULL);
	group_is("{\"annotations\":{}}", NULL);
	group_is("{\"annotations\":null}", NULL);
	group_is("{\"annotations\":{\"a\":\"b\"}}", NULL);
	group_is(" \n{ \"a\" : [ { \"annotations\" : 1 }, \"}]\\\"\" ] , \"b\":-1.5e3,\"c\":true,\n"
	         "\t\"annotations\" :\t{ \"io.containerd.runc.v2.group\" : \"g\" } }\n",
	         "g");
	group_is("{\"a\":\"annotations\",\"b\":{\"annotations\":"
	         "{\"io.containerd.runc.v2.group\":\"g\"}}}",
	         NULL);
}

/* What is no JSON is for Create to tell; here it only must not be read beyond its end. */
static void broken_documents_have_none(void **state)
{
	static const char whole[] = "{\"a\":[{\"b\":\"\\\"\"}],\"annotations\":"
				    "{\"io.containerd.runc.v2.group\":\"g\",\"x\":\"\\u0041\"}}";

	(void)state;
	for (size_t size = 0; size < sizeof(whole) - 2; size++) {
		char *cut = malloc(size ? size : 1); /* on the heap: a sanitizer sees its end */
		char *group;
		ERROR_NONE(error);

		assert_non_null(cut);
		memcpy(cut, whole, size);
		group_of_text(cut, size, &group, &error);
		assert_null(group);
		free(cut);
	}
	group_is("[]", NULL);
	group_is("{\"a\"]}", NULL);
	group_is("{\"a\":}}}}", NULL);
	group_is("\"annotations\"", NULL);
}

static void wrong_groups_are_told(void **state)
{
	static const char *const wrong[] = { "..", ".", "a/b", "a\\n", "\\u007f" };
	char config[256];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		ERROR_NONE(error);
		char *group;

		snprintf(config, sizeof(config),
		         "{\"annotations\":{\"io.containerd.runc.v2.group\":\"%s\"}}", wrong[i]);
		assert_int_equal(group_of_text(config, strlen(config), &group, &error), -1);
		assert_non_null(
			strstr(error_text(&error), "annotations: io.containerd.runc.v2.group: \""));
		assert_null(group);
	}
}

/* ---- sockets ---- */

static void sha256_of_its_standard(void **state)
{
	char hex[SHA256_HEX_SIZE], million[1000];

	(void)state;
	sha256_hex(hex, "abc", 3); /* FIPS 180-4's examples */
	assert_string_equal(hex,
	                    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sha256_hex(hex, "", 0);
	assert_string_equal(hex,
	                    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	sha256_hex(hex, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56);
	assert_string_equal(hex,
	                    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	memset(million, 'a',
	       sizeof(million)); /* of `printf … | sha256sum`, each near a block's end */
	sha256_hex(hex, million, 55);
	assert_string_equal(hex,
	                    "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
	sha256_hex(hex, million, 64);
	assert_string_equal(hex,
	                    "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
	sha256_hex(hex, million, 1000);
	assert_string_equal(hex,
	                    "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3");
}

static void named(const char *folder, const char *containerd, const char *path)
{
	struct shim_socket socket;
	ERROR_NONE(error);

	assert_int_equal(socket_name(&socket, folder, containerd, "default", "t1", &error), 0);
	assert_string_equal(socket.name.sun_path, path);
}

/* printf %s /run/containerd/containerd.sock/default/t1 | sha256sum */
#define T1 "df6a0c5cd2e9a1a16d9a3f2447365d9fc6021bc1d3d9a4caa2f5b2c4f773758f"

static void paths_as_containerds_tools_compute_them(void **state)
{
	(void)state;
	named(NULL, "/run/containerd/containerd.sock", "/run/containerd/s/" T1);
	named(NULL, "unix:///run/containerd/containerd.sock", "/run/containerd/s/" T1);
	named(NULL, "/run/containerd/containerd.sock/", "/run/containerd/s/" T1);
	named("/run/x/s", "/run/containerd/containerd.sock", "/run/x/s/" T1);
}

static void folders_that_leave_no_room_are_refused(void **state)
{
	struct shim_socket socket;
	ERROR_NONE(error);

	(void)state;
	named("/23456789/123456789/123456789/123456789/12", "/c",
	      "/23456789/123456789/123456789/123456789/12/"
	      "e961ef6353213aff8aa37a4057a0b337ddd0a9c098ed8ccd7fce17612ba02e7a");
	assert_int_equal(socket_name(&socket, "/23456789/123456789/123456789/123456789/123", "/c",
	                             "a", "b", &error),
	                 -1);
	error_reset(&error);
	assert_int_equal(socket_name(&socket, "s", "/c", "a", "b", &error), -1);
	assert_string_equal(error_text(&error),
	                    "folder of sockets s: not an absolute path of at most 42 bytes");
}

static void addresses_and_back(void **state)
{
	struct shim_socket socket, again;
	char address[SOCKET_ADDRESS_SIZE];
	ERROR_NONE(error);

	(void)state;
	assert_int_equal(socket_name(&socket, NULL, "/c", "a", "b", &error), 0);
	socket_address(&socket, address);
	assert_int_equal(strncmp(address, "unix:///run/containerd/s/", 25), 0);
	assert_int_equal(socket_of_address(&again, address), 0);
	assert_string_equal(again.name.sun_path, socket.name.sun_path);
	assert_int_equal(socket_of_address(&again, "/run/containerd/s/x"), -1);
	assert_int_equal(socket_of_address(&again, "unix://@x"), -1);
	assert_int_equal(socket_of_address(&again, "unix://"), -1);
	assert_int_equal(socket_of_address(&again, ""), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(annotations_name_the_group),
		cmocka_unit_test(the_rest_is_passed_over),
		cmocka_unit_test(broken_documents_have_none),
		cmocka_unit_test(wrong_groups_are_told),
		cmocka_unit_test(sha256_of_its_standard),
		cmocka_unit_test(paths_as_containerds_tools_compute_them),
		cmocka_unit_test(folders_that_leave_no_room_are_refused),
		cmocka_unit_test(addresses_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
