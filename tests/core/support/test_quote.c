/* Names that want to be more than a name in a line. */
#include "support.h"

#include "support/quote.h"

static void quoted(const char *name, const char *text)
{
	char out[64];

	assert_string_equal(quote(out, sizeof(out), name), text);
}

static void names_stay_as_they_are(void **state)
{
	(void)state;
	quoted("", "");
	quoted("/usr/bin/env", "/usr/bin/env");
	quoted("größe €😀 \"a b\"", "größe €😀 \"a b\"");
}

static void what_breaks_a_line_is_escaped(void **state)
{
	(void)state;
	quoted("a\nb\r\tc", "a\\nb\\r\\tc");
	quoted("\033[31m\007\177", "\\x1b[31m\\x07\\x7f");
	quoted("a\\nb", "a\\\\nb");
	quoted("\302\205\302\237", "\\xc2\\x85\\xc2\\x9f");                       /* C1: NEL, APC */
	quoted("a\342\200\256b\342\200\250", "a\\xe2\\x80\\xaeb\\xe2\\x80\\xa8"); /* RLO, LS */
}

static void bytes_that_are_no_utf8_are_escaped(void **state)
{
	(void)state;
	quoted("\377", "\\xff");
	quoted("a\200b", "a\\x80b");
	quoted("\303", "\\xc3"); /* the sequence ends with the name */
	quoted("\342\202", "\\xe2\\x82");
	quoted("\300\257", "\\xc0\\xaf");                   /* "/", too long */
	quoted("\355\240\200", "\\xed\\xa0\\x80");          /* a surrogate */
	quoted("\364\220\200\200", "\\xf4\\x90\\x80\\x80"); /* beyond Unicode */
}

static void a_long_name_is_cut_between_its_letters(void **state)
{
	char out[16];

	(void)state;
	assert_string_equal(quote(out, sizeof(out), "123456789012345"), "123456789012345");
	assert_string_equal(quote(out, sizeof(out), "1234567890123456"), "123456789012…");
	assert_string_equal(quote(out, sizeof(out), "12345678901€€€"), "12345678901…");
	assert_string_equal(quote(out, sizeof(out), "12345678901\n\n\n"), "12345678901…");
}

/* Each length round the limit: whole or cut, never beyond the buffer. */
static void no_length_leaves_the_buffer(void **state)
{
	static const char *const letters[] = { "x", "\n", "\001", "€", "\377", "😀" };
	size_t i, length;

	(void)state;
	for (i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		for (length = 0; length < 40; length++) {
			char name[256] = "", *out = malloc(24);
			size_t j;

			assert_non_null(out);
			for (j = 0; j < length; j++)
				strcat(name, letters[i]);
			assert_true(strlen(quote(out, 24, name)) < 24);
			free(out);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_stay_as_they_are),
		cmocka_unit_test(what_breaks_a_line_is_escaped),
		cmocka_unit_test(bytes_that_are_no_utf8_are_escaped),
		cmocka_unit_test(a_long_name_is_cut_between_its_letters),
		cmocka_unit_test(no_length_leaves_the_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
