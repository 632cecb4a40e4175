/* Options, units, suggestions, signals, tables and JSON: what the command is made of. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <ironbox/cleanup.h>

#include "cli/options.h"
#include "cli/suggest.h"
#include "cli/table.h"
#include "cli/units.h"
#include "cli/writer.h"
#include "support/signals.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- options ---- */

struct values {
	const char *bundle;
	struct option_list env;
	uint32_t count;
	struct option_duration interval;
	bool all, systemd;
};

static const struct option_row rows[] = {
	OPTION(struct values, bundle, "bundle", 'b', "DIR", "a string"),
	OPTION(struct values, env, "env", 'e', "NAME=VALUE", "a list"),
	OPTION(struct values, count, "preserve-fds", 0, "N", "a number"),
	OPTION(struct values, interval, "interval", 0, "DURATION", "a duration"),
	OPTION(struct values, all, "all", 'a', NULL, "a flag"),
	{ .name = "criu",
	  .kind = OPTION_STRING,
	  .metavar = "FILE",
	  .refused = "is said elsewhere" },
	{ .name = "systemd", .kind = OPTION_FLAG, .help = "no", .refused = "is not there yet" },
	OPTION_ROWS_END,
};

#define WORDS_MAX 8

/* What the words give, as one line: the values, then the arguments. */
static const struct good_line {
	const char *name, *words[WORDS_MAX];
	bool argument_ends;
	const char *expected;
} good_lines[] = {
	{ "nothing", { NULL }, false, "" },
	{ "a value behind a space", { "--bundle", "/b" }, false, "bundle=/b" },
	{ "a value behind an equals sign", { "--bundle=/b" }, false, "bundle=/b" },
	{ "an empty value is not given", { "--bundle=" }, false, "" },
	{ "an empty value behind a space", { "--bundle", "", "id" }, false, "[id]" },
	{ "an empty value takes back the one before", { "-b", "/b", "-b", "" }, false, "" },
	{ "an empty value of a list", { "-e", "" }, false, "env=" },
	{ "a refused option with an empty value", { "--criu", "", "id" }, false, "[id]" },
	{ "a value with an equals sign", { "--env=A=B=C" }, false, "env=A=B=C" },
	{ "a long option with one dash", { "-bundle", "/b", "-all" }, false, "bundle=/b all" },
	{ "a long option with one dash and a value", { "-bundle=/b" }, false, "bundle=/b" },
	{ "a letter", { "-b", "/b", "-a" }, false, "bundle=/b all" },
	{ "a letter with an equals sign", { "-b=/b" }, false, "bundle=/b" },
	{ "the last one counts", { "-b", "/1", "-b", "/2" }, false, "bundle=/2" },
	{ "a list", { "-e", "A=1", "--env", "B=2" }, false, "env=A=1 env=B=2" },
	{ "a value that looks like an option", { "-b", "--all" }, false, "bundle=--all" },
	{ "a number", { "--preserve-fds", "12" }, false, "count=12" },
	{ "the largest number", { "--preserve-fds", "4294967295" }, false, "count=4294967295" },
	{ "a duration", { "--interval=1m1s" }, false, "interval=61000" },
	{ "a flag that is true", { "--all=true" }, false, "all" },
	{ "a flag that is false", { "--all=false" }, false, "" },
	{ "a flag that is 1, then 0", { "--all=1", "--all=0" }, false, "" },
	{ "options behind an argument", { "id", "-a", "-b", "/b" }, false, "bundle=/b all [id]" },
	{ "options between arguments", { "id", "-a", "9" }, false, "all [id] [9]" },
	{ "two dashes end options", { "-a", "--", "-b", "--" }, false, "all [-b] [--]" },
	{ "one dash is an argument", { "-", "-a" }, false, "all [-]" },
	{ "an empty argument", { "" }, false, "[]" },
	{ "an argument ends options", { "-a", "id", "-b", "x" }, true, "all [id] [-b] [x]" },
	{ "an argument ends options: two dashes too", { "id", "--", "x" }, true, "[id] [--] [x]" },
	{ "two dashes, then the argument", { "--", "id", "-l" }, true, "[id] [-l]" },
	{ "a refused flag that is not wanted", { "--systemd=false" }, false, "" },
	{ "help", { "--help", "--nonsense" }, false, "help" },
	{ "help by its letter, behind others", { "-a", "-h" }, false, "all help" },
	{ "help that is not wanted", { "--help=false", "id" }, false, "[id]" },
};

static const struct bad_line {
	const char *name, *words[WORDS_MAX], *error;
} bad_lines[] = {
	{ "a mistyped option", { "--bundel" }, "unknown option --bundel (did you mean --bundle?)" },
	{ "a letter is missing",
	  { "--bundl=x" },
	  "unknown option --bundl (did you mean --bundle?)" },
	{ "one dash", { "-evn", "x" }, "unknown option -evn (did you mean --env?)" },
	{ "nothing near", { "--zzz" }, "unknown option --zzz" },
	{ "no clusters", { "-ab" }, "unknown option -ab" },
	{ "a letter with two dashes", { "--b", "x" }, "unknown option --b" },
	{ "an unknown letter", { "-z" }, "unknown option -z" },
	{ "a name's beginning is not enough", { "--a" }, "unknown option --a" },
	{ "no name", { "--=x" }, "unknown option --" },
	{ "a missing value", { "--bundle" }, "--bundle needs a value: DIR" },
	{ "a missing value of a letter", { "-e" }, "-e needs a value: NAME=VALUE" },
	{ "a wrong number",
	  { "--preserve-fds", "x" },
	  "--preserve-fds: \"x\" is not a number of 0 or more" },
	{ "a negative number",
	  { "--preserve-fds=-1" },
	  "--preserve-fds: \"-1\" is not a number of 0 or more" },
	{ "a number and more",
	  { "--preserve-fds", "1 " },
	  "--preserve-fds: \"1 \" is not a number of 0 or more" },
	{ "an empty number",
	  { "--preserve-fds=" },
	  "--preserve-fds: \"\" is not a number of 0 or more" },
	{ "a number too large",
	  { "--preserve-fds=4294967296" },
	  "--preserve-fds: \"4294967296\" is not a number of 0 or more" },
	{ "a wrong duration",
	  { "--interval", "5" },
	  "--interval: \"5\" is not a duration such as 5s or 1m30s" },
	{ "a flag with a strange value",
	  { "--all=maybe" },
	  "--all: \"maybe\" is neither true nor false" },
	{ "a flag with an empty value", { "--all=" }, "--all: \"\" is neither true nor false" },
	{ "a refused option", { "--systemd" }, "--systemd is not there yet" },
	{ "a refused option with a value", { "--criu", "x" }, "--criu is said elsewhere" },
	{ "a refused option without one", { "--criu" }, "--criu is said elsewhere" },
	{ "a refused option, one dash", { "-systemd=true" }, "--systemd is not there yet" },
};

static char *line_of(const struct values *values, bool help, char *const *arguments)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	if (values->bundle)
		fprintf(out, "bundle=%s ", values->bundle);
	for (size_t i = 0; i < values->env.count; i++)
		fprintf(out, "env=%s ", values->env.items[i]);
	if (values->count)
		fprintf(out, "count=%u ", values->count);
	if (values->interval.ms)
		fprintf(out, "interval=%lu ", (unsigned long)values->interval.ms);
	if (values->all)
		fputs("all ", out);
	if (help)
		fputs("help ", out);
	for (; *arguments; arguments++)
		fprintf(out, "[%s] ", *arguments);
	fclose(out);
	if (size > 0)
		text[size - 1] = '\0';
	return text;
}

/* A copy: parsing moves the words about. */
static void copy_words(char *words[WORDS_MAX + 1], const char *const from[WORDS_MAX])
{
	for (size_t i = 0; i < WORDS_MAX; i++) {
		words[i] = from[i] ? strdup(from[i]) : NULL;
		words[WORDS_MAX] = NULL;
	}
}

static void good_line(void **state)
{
	const struct good_line *row = *state;
	struct values values = { 0 };
	struct option_parse parse = {
		.rows = rows,
		.values = &values,
		.argument_ends = row->argument_ends,
	};
	char *words[WORDS_MAX + 1], *kept[WORDS_MAX + 1];
	cleanup_free char *line = NULL;
	ERROR_NONE(error);
	int count;

	copy_words(words, row->words);
	memcpy(kept, words, sizeof(words));
	count = options_parse(&parse, words, &error);
	assert_string_equal(error_text(&error), "");
	assert_true(count >= 0);
	line = line_of(&values, parse.help, words);
	assert_string_equal(line, row->expected);
	assert_null(words[count]);
	options_free(rows, &values);
	for (size_t i = 0; i < WORDS_MAX; i++)
		free(kept[i]);
}

static void bad_line(void **state)
{
	const struct bad_line *row = *state;
	struct values values = { 0 };
	struct option_parse parse = { .rows = rows, .values = &values };
	char *words[WORDS_MAX + 1];
	ERROR_NONE(error);

	copy_words(words, row->words);
	assert_int_equal(options_parse(&parse, words, &error), -1);
	assert_string_equal(error_text(&error), row->error);
	options_free(rows, &values);
	for (size_t i = 0; i < WORDS_MAX; i++)
		free(words[i]);
}

/* ---- units ---- */

static void numbers(void **state)
{
	static const struct {
		const char *text;
		int result;
		int64_t number;
	} signed_rows[] = {
		{ "0", 0, 0 },     { "-1", 0, -1 },  { "9223372036854775807", 0, INT64_MAX },
		{ "", -1, 0 },     { "-", -1, 0 },   { "9223372036854775808", -1, 0 },
		{ "+1", -1, 0 },   { " 1", -1, 0 },  { "1x", -1, 0 },
		{ "0x10", -1, 0 }, { "--1", -1, 0 }, { "99999999999999999999", -1, 0 },
		{ "007", 0, 7 },   { "1e3", -1, 0 }, { "1.0", -1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(signed_rows); i++) {
		int64_t number = 0;

		print_message("%s\n", signed_rows[i].text);
		assert_int_equal(signed_from_text(signed_rows[i].text, &number),
		                 signed_rows[i].result);
		assert_int_equal(number, signed_rows[i].number);
	}
}

static void sizes(void **state)
{
	static const struct {
		const char *text;
		int64_t bytes; /* -2: refused */
	} size_rows[] = {
		{ "0", 0 },
		{ "512", 512 },
		{ "-1", -1 },
		{ "-2", -2 },
		{ "1k", 1024 },
		{ "1K", 1024 },
		{ "1kb", 1024 },
		{ "1KiB", 1024 },
		{ "1kiB", 1024 },
		{ "2m", 2 << 20 },
		{ "512M", 512 << 20 },
		{ "1g", 1 << 30 },
		{ "1.5k", 1536 },
		{ "1 m", 1 << 20 },
		{ "1t", 1LL << 40 },
		{ "1p", 1LL << 50 },
		{ "10b", 10 },
		{ "10B", 10 },
		{ "", -2 },
		{ "k", -2 },
		{ "m1", -2 },
		{ "1x", -2 },
		{ "1kk", -2 },
		{ "1ib", -2 },
		{ "1.", -2 },
		{ ".5k", -2 },
		{ "9000p", -2 },
		{ "1k ", -2 },
		{ "nan", -2 },
		{ "1mm", -2 },
		{ "9223372036854775807", INT64_MAX },
		{ "9223372036854775808", -2 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(size_rows); i++) {
		int64_t bytes = 0;
		int result = size_from_text(size_rows[i].text, &bytes);

		print_message("%s\n", size_rows[i].text);
		assert_int_equal(result == 0 ? bytes : -2, size_rows[i].bytes);
	}
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1: refused */
	} duration_rows[] = {
		{ "0", 0 },
		{ "5s", 5000 },
		{ "500ms", 500 },
		{ "1m30s", 90000 },
		{ "1.5h", 5400000 },
		{ "1h1m1s1ms", 3661001 },
		{ "1us", 1 },
		{ "2000us", 2 },
		{ "1000000ns", 1 },
		{ "0s", 0 },
		{ "5000µs", 5 },
		{ "", -1 },
		{ "5", -1 },
		{ "s", -1 },
		{ "-5s", -1 },
		{ "5x", -1 },
		{ "5s ", -1 },
		{ "1s1", -1 },
		{ "99999999999999999999s", -1 },
		{ "18446744073709551615h", -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(duration_rows); i++) {
		uint64_t ms = 0;
		int result = duration_from_text(duration_rows[i].text, &ms);

		print_message("%s\n", duration_rows[i].text);
		assert_int_equal(result == 0 ? (int64_t)ms : -1, duration_rows[i].ms);
	}
}

static void signals(void **state)
{
	const struct {
		const char *text;
		int number;
	} signal_rows[] = {
		{ "1", SIGHUP },
		{ "15", SIGTERM },
		{ "64", 64 },
		{ "TERM", SIGTERM },
		{ "SIGTERM", SIGTERM },
		{ "sigterm", SIGTERM },
		{ "term", SIGTERM },
		{ "SigKill", SIGKILL },
		{ "USR1", SIGUSR1 },
		{ "WINCH", SIGWINCH },
		{ "SIGIO", SIGIO },
		{ "POLL", SIGIO },
		{ "CLD", SIGCHLD },
		{ "IOT", SIGABRT },
		{ "SYS", SIGSYS },
		{ "RTMIN", SIGRTMIN },
		{ "RTMIN+3", SIGRTMIN + 3 },
		{ "SIGRTMIN+1", SIGRTMIN + 1 },
		{ "rtmax-2", SIGRTMAX - 2 },
		{ "SIGRTMAX", SIGRTMAX },
		{ "009", 9 },
		{ "0", 0 },
		{ "65", -1 },
		{ "-9", -1 },
		{ "+9", -1 },
		{ "", -1 },
		{ "SIG", -1 },
		{ "FOO", -1 },
		{ "SIGSIGTERM", -1 },
		{ "TERMX", -1 },
		{ "RTMIN-1", -1 },
		{ "RTMIN+", -1 },
		{ "RTMIN+99", -1 },
		{ "RTMAX+1", -1 },
		{ "RTMIN3", -1 },
		{ "9 ", -1 },
		{ "99999999999", -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(signal_rows); i++) {
		print_message("%s\n", signal_rows[i].text);
		assert_int_equal(signal_from_text(signal_rows[i].text), signal_rows[i].number);
	}
}

/* ---- output ---- */

static void suggestions(void **state)
{
	static const struct {
		const char *wrong, *best;
	} suggest_rows[] = {
		{ "crate", "create" },
		{ "strat", "start" },
		{ "kil", "kill" },
		{ "delet", "delete" },
		{ "x", NULL },
		{ "", NULL },
		{ "completely", NULL },
		{ "starting", NULL },
		{ "a-word-of-far-more-than-thirty-two-letters", NULL },
	};
	static const char *const words[] = { "create", "start", "state", "kill", "delete" };

	(void)state;
	for (size_t i = 0; i < COUNT(suggest_rows); i++) {
		struct suggestion suggestion =
			suggest_for(suggest_rows[i].wrong, strlen(suggest_rows[i].wrong));

		for (size_t word = 0; word < COUNT(words); word++)
			suggest_word(&suggestion, words[word]);
		if (suggest_rows[i].best)
			assert_string_equal(suggestion.best, suggest_rows[i].best);
		else
			assert_null(suggestion.best);
	}
}

static void table_is_as_wide_as_its_cells(void **state)
{
	struct table table = TABLE_NONE(3);
	static const char *const cells[] = { "A", "B", "C", "twelve_chars", "\xc3\xa9", "x\ty\n" };
	char text[256] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	(void)state;
	for (size_t i = 0; i < COUNT(cells); i++)
		assert_int_equal(table_add(&table, cells[i]), 0);
	table_print(&table, out);
	fclose(out);
	table_free(&table);
	assert_string_equal(text, "A              B           C\n"
	                          "twelve_chars   \xc3\xa9           x?y?\n");
}

static void json_is_escaped_as_go_does(void **state)
{
	char text[256] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");
	struct json_writer json = { .out = out };

	(void)state;
	writer_begin_object(&json, NULL);
	writer_string(&json, "a\"b", "\\ \n\r\t\x01 <&> \xc3\xa9");
	writer_begin_array(&json, "empty");
	writer_end_array(&json);
	writer_begin_array(&json, "some");
	writer_integer(&json, NULL, -1);
	writer_bool(&json, NULL, true);
	writer_null(&json, NULL);
	writer_end_array(&json);
	writer_end_object(&json);
	fclose(out);
	assert_string_equal(text,
	                    "{\"a\\\"b\":\"\\\\ \\n\\r\\t\\u0001 \\u003c\\u0026\\u003e \xc3\xa9\","
	                    "\"empty\":[],\"some\":[-1,true,null]}");
}

int main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(sizes),
		cmocka_unit_test(durations),
		cmocka_unit_test(signals),
		cmocka_unit_test(suggestions),
		cmocka_unit_test(table_is_as_wide_as_its_cells),
		cmocka_unit_test(json_is_escaped_as_go_does),
	};
	struct CMUnitTest good[COUNT(good_lines)], bad[COUNT(bad_lines)];

	for (size_t i = 0; i < COUNT(good_lines); i++)
		good[i] = (struct CMUnitTest){ good_lines[i].name, good_line, NULL, NULL,
			                       (void *)(uintptr_t)&good_lines[i] };
	for (size_t i = 0; i < COUNT(bad_lines); i++)
		bad[i] = (struct CMUnitTest){ bad_lines[i].name, bad_line, NULL, NULL,
			                      (void *)(uintptr_t)&bad_lines[i] };
	return cmocka_run_group_tests_name("command lines", good, NULL, NULL) +
	       cmocka_run_group_tests_name("wrong command lines", bad, NULL, NULL) +
	       cmocka_run_group_tests_name("others", others, NULL, NULL);
}
