/* Which bytes are a message, by what is looked at before protobuf-c sees them. */
#include "peer.h"
#include "ttrpc/message.h"

static bool is_sound(const void *bytes, size_t size)
{
	return ttrpc_message_is_sound(&test__nested__descriptor, bytes, size);
}

#define SOUND(text) is_sound(text, sizeof(text) - 1)

static void texts_are_utf8_without_a_nul(void **state)
{
	(void)state;
	assert_true(SOUND("\x12\x04gr\xc3\xbc"));
	assert_false(SOUND("\x12\x03gr\xc3")); /* a character that is cut */
	assert_false(SOUND("\x12\x03\xc3(x"));
	assert_false(SOUND("\x12\x03"
	                   "a\0b"));
	assert_false(SOUND("\x12\x03\xed\xa0\x80"));  /* a surrogate */
	assert_false(SOUND("\x12\x02\xc0\x80"));      /* a longer form */
	assert_false(SOUND("\x0a\x04\x12\x02\xc3(")); /* also further inside */
	assert_true(SOUND("\x1a\x02\xc3("));          /* but bytes may be anything */
}

static void lengths_stay_inside(void **state)
{
	(void)state;
	assert_true(SOUND("\x1a\x02xy"));
	assert_false(SOUND("\x1a\x03xy"));
	assert_false(SOUND("\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01xy"));
	assert_false(SOUND("\x0a\x02\x1a\x03"
	                   "xyz")); /* the inner one beyond its parent */
	assert_false(SOUND("\x1a"));
	assert_false(SOUND("\x28\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01")); /* 11 bytes */
}

static void unknown_fields_are_passed_over_and_groups_are_not(void **state)
{
	(void)state;
	assert_true(SOUND("\x7a\x02\xc3(")); /* field 15 */
	assert_true(SOUND("\x79"
	                  "12345678"));
	assert_false(SOUND("\x7b\x7c")); /* a group, and its end */
	assert_false(SOUND("\x02\x00")); /* field 0 */
}

static void nesting_and_number_are_bounded(void **state)
{
	uint8_t nested[2 * 64], *many = malloc(2 * (TTRPC_FIELDS_MAX + 1));

	(void)state;
	for (unsigned depth = 1; depth <= TTRPC_DEPTH_MAX; depth++) {
		for (unsigned i = 0; i < depth; i++) {
			nested[2 * i] = 0x0a;
			nested[2 * i + 1] = (uint8_t)(2 * (depth - 1 - i));
		}
		assert_int_equal(is_sound(nested, (size_t)2 * depth), depth < TTRPC_DEPTH_MAX);
	}
	for (unsigned i = 0; i <= TTRPC_FIELDS_MAX; i++)
		memcpy(many + (size_t)2 * i, "\x28\x01", 2);
	assert_true(is_sound(many, (size_t)2 * TTRPC_FIELDS_MAX));
	assert_false(is_sound(many, (size_t)2 * (TTRPC_FIELDS_MAX + 1)));
	free(many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_utf8_without_a_nul),
		cmocka_unit_test(lengths_stay_inside),
		cmocka_unit_test(unknown_fields_are_passed_over_and_groups_are_not),
		cmocka_unit_test(nesting_and_number_are_bounded),
	};

	return cmocka_run_group_tests_name("ttrpc: messages", tests, NULL, NULL);
}
