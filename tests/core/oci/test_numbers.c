/* Integers at the edges of their types, also beyond the int64_t that jansson keeps them in. */
#include "document.h"

#include <inttypes.h>

struct numbers {
	int32_t int32;
	uint32_t uint32;
	int64_t int64;
	uint64_t uint64;
	bool has_uint64;
};

static const struct ironbox_field number_fields[] = {
	IRONBOX_FIELD(struct numbers, int32, "int32"),
	IRONBOX_FIELD(struct numbers, uint32, "uint32"),
	IRONBOX_FIELD(struct numbers, int64, "int64"),
	IRONBOX_FIELD_HAS(struct numbers, uint64, "uint64"),
	IRONBOX_FIELD_END,
};

/* Reads an object that stands in a document as an unknown field. */
static int read_numbers(struct numbers *numbers, const char *object, struct ironbox_error *error)
{
	cleanup_spec struct spec spec = SPEC_NONE;
	char text[512];

	snprintf(text, sizeof(text), CONFIG(", \"x\": %s"), object);
	spec = document(SPEC_CONFIG, text);
	return value_read(&spec, spec_at(&spec, "x"), number_fields, numbers, error);
}

static void edges_are_exact(void **state)
{
	struct numbers numbers = { 0 };
	ERROR_NONE(error);

	(void)state;
	assert_int_equal(read_numbers(&numbers,
	                              "{\"int32\": -2147483648, \"uint32\": 4294967295, "
	                              "\"int64\": -9223372036854775808, "
	                              "\"uint64\": 18446744073709551615}",
	                              &error),
	                 0);
	assert_int_equal(numbers.int32, INT32_MIN);
	assert_int_equal(numbers.uint32, UINT32_MAX);
	assert_true(numbers.int64 == INT64_MIN);
	assert_true(numbers.uint64 == UINT64_MAX);
	assert_true(numbers.has_uint64);
}

/* Each huge number is found again at its own place: lists, objects, strings and real numbers with
 * digits in them stand between. */
static void huge_numbers_keep_their_places(void **state)
{
	cleanup_spec struct spec spec = document(
		SPEC_CONFIG,
		CONFIG(", \"a 9 \\\" 99999999999999999999\": [1, -2.5e3, \"18446744073709551614\", "
	               "{\"uint64\": 18446744073709551613}, [18446744073709551612], -0, "
	               "{\"uint64\": 9223372036854775808}], "
	               "\"last\": {\"int64\": -7, \"uint64\": 9223372036854775807}"));
	static const struct {
		const char *path;
		uint64_t number;
	} expected[] = {
		{ "[3]", 18446744073709551613u },
		{ "[6]", 9223372036854775808u },
	};
	const struct ironbox_value *list = value_item(spec_at(&spec, ""), 2, NULL);
	struct numbers numbers = { 0 };
	ERROR_NONE(error);

	(void)state;
	assert_int_equal(value_count(list), 7);
	assert_string_equal(value_text(value_item(list, 2, NULL)), "18446744073709551614");
	assert_null(value_text(value_item(value_item(list, 4, NULL), 0, NULL)));
	for (size_t i = 0; i < 2; i++) {
		const struct ironbox_value *item =
			value_item(list, strtoul(expected[i].path + 1, NULL, 10), NULL);

		assert_int_equal(value_read(&spec, item, number_fields, &numbers, &error), 0);
		assert_true(numbers.uint64 == expected[i].number);
	}
	assert_int_equal(value_read(&spec, spec_at(&spec, "last"), number_fields, &numbers, &error),
	                 0);
	assert_true(numbers.uint64 == INT64_MAX);
	assert_true(numbers.int64 == -7);
}

static void many_huge_numbers(void **state)
{
	enum { COUNT = 1000 };
	cleanup_spec struct spec spec = SPEC_NONE;
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	(void)state;
	fprintf(stream, "{\"ociVersion\": \"1.0.2\", \"root\": {\"path\": \"r\"}, \"x\": [0");
	for (uint64_t i = 0; i < COUNT; i++)
		fprintf(stream, ", {\"uint64\": %" PRIu64 "}, %" PRIu64, UINT64_MAX - i, i);
	fprintf(stream, "]}");
	assert_int_equal(fclose(stream), 0);
	spec = document(SPEC_CONFIG, text);
	free(text);
	for (uint64_t i = 0; i < COUNT; i++) {
		struct numbers numbers = { 0 };
		ERROR_NONE(error);

		assert_int_equal(value_read(&spec, value_item(spec_at(&spec, "x"), 1 + 2 * i, NULL),
		                            number_fields, &numbers, &error),
		                 0);
		assert_true(numbers.uint64 == UINT64_MAX - i);
	}
}

static const struct {
	const char *object, *error;
} bad_numbers[] = {
	{ "{\"int32\": 2147483648}",
	  "x.int32: expected an integer from -2147483648 to 2147483647" },
	{ "{\"int32\": -2147483649}",
	  "x.int32: expected an integer from -2147483648 to 2147483647" },
	{ "{\"uint32\": -1}", "x.uint32: expected an integer from 0 to 4294967295" },
	{ "{\"uint32\": 4294967296}", "x.uint32: expected an integer from 0 to 4294967295" },
	{ "{\"uint32\": 18446744073709551615}",
	  "x.uint32: expected an integer from 0 to 4294967295" },
	{ "{\"int64\": 9223372036854775808}",
	  "x.int64: expected an integer from -9223372036854775808 to 9223372036854775807" },
	{ "{\"int64\": -9223372036854775809}",
	  "x.int64: expected an integer from -9223372036854775808 to 9223372036854775807" },
	{ "{\"uint64\": -1}", "x.uint64: expected an integer from 0 to 18446744073709551615" },
	{ "{\"uint64\": -18446744073709551615}",
	  "x.uint64: expected an integer from 0 to 18446744073709551615" },
	{ "{\"uint64\": 18446744073709551616}",
	  "x.uint64: expected an integer from 0 to 18446744073709551615" },
	{ "{\"uint64\": 1000000000000000000000000000000000000000000000000000000000000}",
	  "x.uint64: expected an integer from 0 to 18446744073709551615" },
	{ "{\"uint64\": 18446744073709551615.0}", "x.uint64: expected an integer" },
	{ "{\"uint64\": 1e19}", "x.uint64: expected an integer" },
	{ "{\"uint64\": \"18446744073709551615\"}", "x.uint64: expected an integer" },
	{ "{\"uint64\": \"1\"}", "x.uint64: expected an integer" },
};

static void numbers_outside_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_numbers) / sizeof(bad_numbers[0]); i++) {
		struct numbers numbers = { 0 };
		ERROR_NONE(error);

		assert_int_equal(read_numbers(&numbers, bad_numbers[i].object, &error), -1);
		assert_string_equal(error_text(&error), bad_numbers[i].error);
	}
}

/* A text with a huge number and a fault is told the fault, at its own line and column. */
static void faults_beside_huge_numbers(void **state)
{
	static const char text[] = "{\"a\": 18446744073709551615,\n \"b\": }";
	struct spec spec = SPEC_NONE;
	ERROR_NONE(error);

	(void)state;
	assert_int_equal(
		spec_parse(&spec, SPEC_CONFIG, "config.json", text, sizeof(text) - 1, &error), -1);
	assert_string_equal(error_text(&error), "config.json:2:7: unexpected token near '}'");
}

/* What is no number of JSON's is none beside a huge one either, however many digits it has. */
static void tokens_that_are_no_numbers(void **state)
{
	static const char *const tokens[] = {
		"018446744073709551616",
		"-018446744073709551616",
		"1844674407370955161618446744073709551616x",
		"18446744073709551616-18446744073709551616",
		"18446744073709551616+1",
		"18446744073709551616abcdefghijklmnopqrstuvwxyz",
		"1abcdfghijklmnopqrstuvwxyz",
		"-abcdfghijklmnopqrstuvwxyzabcdfghijklmno",
		"--18446744073709551616000000",
		"00000000000000000000000000",
		"-",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
		struct spec spec = SPEC_NONE;
		char text[256];
		ERROR_NONE(error);

		snprintf(text, sizeof(text), CONFIG(", \"a\": 18446744073709551615, \"x\": %s"),
		         tokens[i]);
		if (spec_parse(&spec, SPEC_CONFIG, "config.json", text, strlen(text), &error) == 0)
			fail_msg("%s was taken", tokens[i]);
		assert_non_null(strstr(error_text(&error), "config.json:1:"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edges_are_exact),
		cmocka_unit_test(huge_numbers_keep_their_places),
		cmocka_unit_test(many_huge_numbers),
		cmocka_unit_test(numbers_outside_are_refused),
		cmocka_unit_test(faults_beside_huge_numbers),
		cmocka_unit_test(tokens_that_are_no_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
