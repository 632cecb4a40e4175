/* Files and programs that take the output. */
#include "box.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/time.h"

static void write_much(void)
{
	write_pattern(1, WHOLE, 65536);
}

/* The text with the box's folder for each @. */
static const char *in_folder(struct box *box, const char *text)
{
	static char texts[8][1024];
	static unsigned next;
	char *whole = texts[next++ % 8];
	size_t size = 0;

	for (; *text; text++)
		size += (size_t)snprintf(whole + size, sizeof(texts[0]) - size, "%.*s",
		                         *text == '@' ? 64 : 1, *text == '@' ? box->folder : text);
	return whole;
}

static void name_output(struct box *box, const char *text)
{
	snprintf(box->out, sizeof(box->out), "%s", in_folder(box, text));
	snprintf(box->err, sizeof(box->err), "%s", box->out);
}

/* A program in a folder that may be run from; in it $DIR is the box's folder. */
static void make_logger(struct box *box, const char *script)
{
	static char loggers[128];
	char text[2048];

	snprintf(loggers, sizeof(loggers), "%s/loggers", box->folder);
	mkdir(loggers, 0755);
	snprintf(text, sizeof(text), "#!/bin/sh\nDIR=%s\n%s", box->folder, script);
	write_file(in_folder(box, "@/loggers/log"), text, 0755);
	box->settings.loggers = loggers;
	name_output(box, "binary://@/loggers/log");
}

#define TAKE_ALL "exec 5>&-\ncat <&3 >$DIR/got &\ncat <&4 >$DIR/got.err\nwait\n"

/* ---- files ---- */

static void a_file_has_it_all(void **state)
{
	struct box *box = *state;
	struct stat status;

	name_output(box, "file://@/a/b/log");
	umask(022);
	box_start(box, write_much);
	box_await(box, &box->drained); /* not before it is written */
	assert_file_is_pattern(in_folder(box, "@/a/b/log"), WHOLE);
	assert_int_equal(stat(in_folder(box, "@/a/b/log"), &status), 0);
	assert_int_equal(status.st_mode, S_IFREG | 0644);
	assert_int_equal(stat(in_folder(box, "@/a"), &status), 0);
	assert_int_equal(status.st_mode, S_IFDIR | 0755);
}

static void write_in_turn(void)
{
	for (int i = 0; i < 1000; i++)
		if (write(1 + i % 2, i % 2 ? "e" : "o", 1) != 1)
			_exit(1);
}

static void a_file_is_appended_to_by_both_in_order(void **state)
{
	struct box *box = *state;
	char expected[1010] = "before", text[1100] = "";
	int fd;

	for (size_t i = 6; i < 1006; i++)
		expected[i] = i % 2 ? 'e' : 'o';
	write_file(in_folder(box, "@/log file"), "before", 0600);
	name_output(box, "file://@/log%20file?ignored=yes");
	box_start(box, write_in_turn);
	box_await(box, &box->drained);
	fd = open(in_folder(box, "@/log file"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, text, sizeof(text)), 1006);
	close(fd);
	assert_string_equal(text, expected);
}

static void a_path_of_a_regular_file_will_do(void **state)
{
	struct box *box = *state;

	name_output(box, "@/plain");
	write_file(box->out, "", 0600);
	snprintf(box->err, sizeof(box->err), "%s/other", box->folder);
	write_file(box->err, "", 0600);
	box_start(box, write_much);
	box_await(box, &box->drained);
	assert_file_is_pattern(box->out, WHOLE);
	assert_int_equal(file_size(box->err), 0);
}

static void a_file_with_the_shim_in_between(void **state)
{
	struct box *box = *state;

	box->settings.on_stall = STDIO_SPILL;
	name_output(box, "file://@/log");
	box_start(box, write_much);
	box_await(box, &box->drained);
	assert_file_is_pattern(in_folder(box, "@/log"), WHOLE);
}

static void say_hello(void)
{
	if (write(1, "hello\n", 6) < 0)
		_exit(1);
}

static void a_terminals_output_goes_to_a_file(void **state)
{
	struct box *box = *state;

	box->terminal = true;
	name_output(box, "file://@/log");
	box_start(box, say_hello);
	box_await(box, &box->drained);
	assert_int_equal(file_size(in_folder(box, "@/log")), 7); /* "\r\n" */
}

static void refused(struct box *box, const char *out, const char *expected)
{
	struct stdio_request request = box_request(box);

	request.out = out;
	assert_false(box_try(box, &request, say_hello));
	assert_string_equal(box->error, in_folder(box, expected));
}

/* TF4 */
static void files_are_not_followed_to_elsewhere(void **state)
{
	struct box *box = *state;

	assert_int_equal(symlink("/tmp/ironbox-stdio-nowhere", in_folder(box, "@/link")), 0);
	refused(box, in_folder(box, "file://@/link"), "stdout: @/link: not a regular file");
	refused(box, in_folder(box, "file://@"), "stdout: @: not a regular file");
	refused(box, in_folder(box, "file://@/out"), "stdout: @/out: not a regular file");
	refused(box, "file:///dev/null", "stdout: /dev/null: not a regular file");
	refused(box, "file:///../x",
	        "stdout: file:///../x: expected an absolute path without \"..\": Invalid argument");
	refused(box, "file:///tmp/%2e%2e/x",
	        "stdout: file:///tmp/%2e%2e/x: expected an absolute path without \"..\": Invalid "
	        "argument");
	refused(box, "file://relative",
	        "stdout: file://relative: expected an absolute path without \"..\": Invalid "
	        "argument");
	assert_int_equal(access("/tmp/ironbox-stdio-nowhere", F_OK), -1);
}

/* ---- loggers ---- */

static void a_logger_gets_it_all(void **state)
{
	struct box *box = *state;

	make_logger(box, TAKE_ALL);
	box_start(box, write_much);
	box_await(box, &box->drained);
	assert_file_is_pattern(in_folder(box, "@/got"), WHOLE);
}

static void a_logger_with_the_shim_in_between(void **state)
{
	struct box *box = *state;

	box->settings.on_stall = STDIO_DROP;
	make_logger(box, TAKE_ALL);
	box_start(box, write_in_turn);
	box_await(box, &box->drained);
	assert_int_equal(file_size(in_folder(box, "@/got")), 500);
	assert_int_equal(file_size(in_folder(box, "@/got.err")), 500);
}

static void a_logger_of_a_terminal(void **state)
{
	struct box *box = *state;

	box->terminal = true;
	make_logger(box, TAKE_ALL);
	box_start(box, say_hello);
	box_await(box, &box->drained);
	assert_int_equal(file_size(in_folder(box, "@/got")), 7);
}

static void is_text(const char *path, const char *expected)
{
	char text[2048] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) >= 0);
	close(fd);
	assert_string_equal(text, expected);
}

/* argv, environment, fds, directory, group and signals are as containerd's documentation says, and
 * hold nothing of the shim's. */
static void a_logger_sees_what_is_promised(void **state)
{
	struct box *box = *state;

	make_logger(box, "tr '\\0' '\\n' </proc/$$/environ >$DIR/environment\n"
	                 "for a in \"$@\"; do echo \"[$a]\"; done >$DIR/arguments\n"
	                 /* 10 is the script, as dash has it open; what is gone was the glob's */
	                 "fds=; for fd in /proc/$$/fd/*; do fd=${fd##*/}\n"
	                 "[ $fd = 10 ] || [ ! -e /proc/$$/fd/$fd ] || fds=\"$fds$fd \"; done\n"
	                 "echo \"$fds\" >$DIR/fds\n"
	                 "pwd >$DIR/directory\n"
	                 "while read -r key value; do case $key in SigBlk:|SigIgn:)\n"
	                 "echo \"$key $value\";; esac; done </proc/$$/status >$DIR/signals\n"
	                 "[ $(cut -d' ' -f5 /proc/$$/stat) = $$ ] && echo own >$DIR/group\n"
	                 "first=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2)\n"
	                 "echo \"$first\" >$DIR/first\n"
	                 "echo >&5\n" TAKE_ALL);
	name_output(box, "binary-v2://@/loggers/log?key=a%20b&x&c=d+e&key=again#f");
	setenv("SECRET", "of the shim", 1);
	box_start(box, say_hello);
	box_await(box, &box->drained);
	is_text(in_folder(box, "@/environment"), "CONTAINER_ID=web1\nCONTAINER_NAMESPACE=tests\n");
	is_text(in_folder(box, "@/arguments"), "[key]\n[a b]\n[x]\n[]\n[c]\n[d e]\n");
	is_text(in_folder(box, "@/fds"), "0 1 2 3 4 5 \n");
	is_text(in_folder(box, "@/directory"), "/\n");
	is_text(in_folder(box, "@/signals"), "SigBlk: 0000000000000000\n"
	                                     "SigIgn: 0000000000000000\n");
	is_text(in_folder(box, "@/group"), "own\n");
	is_text(in_folder(box, "@/first"), "/dev/null\n/dev/null\n/dev/null\n");
	is_text(in_folder(box, "@/got"), "hello\n");
}

/* TF4: an image's label became a log URI, CVE-2026-53488. */
static void loggers_are_those_of_the_list(void **state)
{
	struct box *box = *state;

	refused(box, "binary:///bin/sh?-c=touch%20/tmp/x",
	        "logger /bin/sh: not among [stdio] loggers of ironbox.ini, which would have to "
	        "say: loggers =  /bin/sh");
	make_logger(box, TAKE_ALL);
	write_file(in_folder(box, "@/elsewhere"), "#!/bin/sh\n", 0755);
	refused(box, in_folder(box, "binary://@/elsewhere"),
	        "logger @/elsewhere: not among [stdio] loggers of ironbox.ini, which would have "
	        "to say: loggers = @/loggers @/elsewhere");
	refused(box, in_folder(box, "binary://@/loggers/../elsewhere"),
	        "stdout: binary://@/loggers/../elsewhere: expected an absolute path without "
	        "\"..\": Invalid argument");
	refused(box, "binary://loggers/log",
	        "stdout: binary://loggers/log: expected an absolute path without \"..\": Invalid "
	        "argument");
	refused(box, "gelf://host",
	        "stdout: gelf://host: expected a path, or fifo, file, binary or binary-v2: "
	        "Invalid argument");
}

static void an_entry_may_ask_for_a_key(void **state)
{
	struct box *box = *state;
	char loggers[256];

	make_logger(box, TAKE_ALL);
	snprintf(loggers, sizeof(loggers), "/usr/bin %s/loggers/log?_LOGGING", box->folder);
	box->settings.loggers = loggers;
	name_output(box, "binary://@/loggers/log?run=x&_LOGGING=y");
	refused(box, box->out,
	        "logger @/loggers/log: not among [stdio] loggers of ironbox.ini, which would have "
	        "to say: loggers = /usr/bin @/loggers/log?_LOGGING @/loggers/log");
	name_output(box, "binary://@/loggers/log?_LOGGING=y");
	box_start(box, say_hello);
	box_await(box, &box->drained);
	is_text(in_folder(box, "@/got"), "hello\n");
}

static void loggers_are_roots_alone(void **state)
{
	struct box *box = *state;
	char log[128];

	make_logger(box, TAKE_ALL);
	snprintf(log, sizeof(log), "%s/loggers/log", box->folder);
	assert_int_equal(symlink("log", in_folder(box, "@/loggers/link")), 0);
	refused(box, in_folder(box, "binary://@/loggers/link"),
	        "logger @/loggers/link: a symbolic link, which is not followed: Too many levels "
	        "of "
	        "symbolic links");
	refused(box, in_folder(box, "binary://@/loggers/missing"),
	        "logger @/loggers/missing: open: No such file or directory");
	assert_int_equal(chmod(log, 0644), 0);
	refused(box, box->out, "logger @/loggers/log: not a program: Permission denied");
	assert_int_equal(chmod(log, 0757), 0);
	refused(box, box->out,
	        "logger @/loggers/log: @/loggers/log: others than root may write to it (mode "
	        "0757)");
	assert_int_equal(chmod(log, 0755), 0);
	assert_int_equal(chown(log, 1234, 1234), 0);
	refused(box, box->out,
	        "logger @/loggers/log: @/loggers/log: owned by user 1234 and not by root");
	assert_int_equal(chown(log, 0, 0), 0);
	assert_int_equal(chmod(in_folder(box, "@/loggers"), 0777), 0);
	refused(box, box->out,
	        "logger @/loggers/log: @/loggers: others than root may write to it (mode 0777)");
	assert_int_equal(access(in_folder(box, "@/got"), F_OK), -1); /* none of them ran */
}

static void a_logger_that_cannot_run_says_why(void **state)
{
	struct box *box = *state;

	make_logger(box, TAKE_ALL);
	write_file(in_folder(box, "@/loggers/log"), "#!/no/such/shell\n", 0755);
	refused(box, box->out, "logger @/loggers/log: run it: No such file or directory");
	make_logger(box, "exit 0\n"); /* closes fd 5, as a word that it is ready */
	name_output(box, "binary-v2://@/loggers/log");
	refused(box, box->out,
	        "logger @/loggers/log: it ended, or closed fd 5, without being ready");
}

static void a_logger_that_is_never_ready_is_ended(void **state)
{
	struct box *box = *state;
	int64_t begun_ms = time_now_ms();
	char text[32] = "";
	int fd;

	make_logger(box, "echo $$ >$DIR/pid\nexec sleep 1000\n");
	refused(box, box->out, "logger @/loggers/log: not ready after 10 s");
	assert_in_range(time_now_ms() - begun_ms, 10000, NEVER_MS);
	fd = open(in_folder(box, "@/pid"), O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	box_run_ms(box, 100);
	assert_int_equal(kill((pid_t)strtol(text, NULL, 10), 0), -1);
}

static void a_dead_logger_kills_no_process(void **state)
{
	struct box *box = *state;

	make_logger(box, "exec 5>&-\nhead -c 1000000 <&3 >$DIR/got\n");
	box_start(box, write_much);
	box_await(box, &box->drained);
	assert_true(WIFEXITED(box->status) && WEXITSTATUS(box->status) == 0);
	assert_int_equal(file_size(in_folder(box, "@/got")), 1000000);
	/* head(1) reads ahead: what it had read is not ours to count */
	assert_in_range(stdio_dropped(box->stdio), WHOLE - 1000000 - 65536, WHOLE - 1000000);
	assert_int_equal(times_logged(box, "box: the logger of stdout has ended before"), 1);
}

static void a_dead_logger_behind_the_shim_kills_no_process(void **state)
{
	struct box *box = *state;

	box->settings.on_stall = STDIO_DROP;
	make_logger(box, "exit 0\n");
	box_start(box, write_much);
	box_await(box, &box->drained);
	assert_true(WIFEXITED(box->status) && WEXITSTATUS(box->status) == 0);
	assert_in_range(stdio_dropped(box->stdio), WHOLE - 65536, WHOLE);
}

/* It reads to its end of file, and stays. */
static void a_logger_that_does_not_end_is_told_to(void **state)
{
	struct box *box = *state;
	int64_t begun_ms;

	make_logger(box, "trap 'echo told >$DIR/told; exit' TERM\n"
	                 "exec 5>&-\ncat <&3 >$DIR/got\nwhile :; do sleep 0.05; done\n");
	box_start(box, write_much);
	begun_ms = time_now_ms();
	box_await(box, &box->drained);
	assert_in_range(time_now_ms() - begun_ms, 0, NEVER_MS / 2);
	assert_file_is_pattern(in_folder(box, "@/got"), WHOLE); /* not before it had read all */
	is_text(in_folder(box, "@/told"), "told\n");
}

static bool logger_is_gone(struct box *box)
{
	char text[32] = "";
	int fd = open(in_folder(box, "@/pid"), O_RDONLY | O_CLOEXEC);
	pid_t pid;

	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	pid = (pid_t)strtol(text, NULL, 10);
	return kill(pid, 0) < 0;
}

static void set_flag(void *context)
{
	*(bool *)context = true;
}

static void a_logger_that_stays_is_killed_in_the_end(void **state)
{
	struct box *box = *state;
	bool gone = false;
	int64_t begun_ms;

	make_logger(box, "trap '' TERM\necho $$ >$DIR/pid\nexec 5>&-\n"
	                 "while :; do sleep 0.1; done\n");
	box->drain_ms = 100;
	box_start(box, say_hello);
	box_await(box, &box->drained);
	begun_ms = time_now_ms();
	box_end(box);
	assert_in_range(time_now_ms() - begun_ms, 0, 500); /* waits for nobody */
	assert_false(logger_is_gone(box));
	stdio_await_left(&box->left, set_flag, &gone);
	assert_false(gone);
	box_await(box, &gone);
	box_await_that(box, logger_is_gone);
	assert_in_range(time_now_ms() - begun_ms, 2900, NEVER_MS / 2);
}

/* One is told of the end of the other, which has ended by itself, and of nothing when there is
 * none. */
static void loggers_that_are_left_are_waited_for(void **state)
{
	struct box *box = *state;
	bool gone = false;

	stdio_await_left(&box->left, set_flag, &gone);
	assert_true(gone);
	gone = false;
	make_logger(box, "trap 'exec sleep 0.2' TERM\necho $$ >$DIR/pid\nexec 5>&-\n"
	                 "while :; do sleep 0.1; done\n");
	box->drain_ms = 100;
	box_start(box, say_hello);
	box_await(box, &box->drained);
	box_end(box);
	stdio_await_left(&box->left, set_flag, &gone);
	assert_false(gone);
	box_await(box, &gone);
	box_await_that(box, logger_is_gone); /* and reaped */
}

static void loggers_leave_no_fd(void **state)
{
	struct box *box = *state;
	unsigned before = 0;

	make_logger(box, TAKE_ALL);
	for (int i = 0; i < 30; i++) {
		box_start(box, say_hello);
		box_await(box, &box->drained);
		box_end(box);
		if (i == 0)
			before = open_fds();
	}
	assert_int_equal(open_fds(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_has_it_all),
		TEST(a_file_is_appended_to_by_both_in_order),
		TEST(a_path_of_a_regular_file_will_do),
		TEST(a_file_with_the_shim_in_between),
		TEST(a_terminals_output_goes_to_a_file),
		TEST(files_are_not_followed_to_elsewhere),
		TEST(a_logger_gets_it_all),
		TEST(a_logger_with_the_shim_in_between),
		TEST(a_logger_of_a_terminal),
		TEST(a_logger_sees_what_is_promised),
		TEST(loggers_are_those_of_the_list),
		TEST(an_entry_may_ask_for_a_key),
		TEST(loggers_are_roots_alone),
		TEST(a_logger_that_cannot_run_says_why),
		TEST(a_logger_that_is_never_ready_is_ended),
		TEST(a_dead_logger_kills_no_process),
		TEST(a_dead_logger_behind_the_shim_kills_no_process),
		TEST(a_logger_that_does_not_end_is_told_to),
		TEST(a_logger_that_stays_is_killed_in_the_end),
		TEST(loggers_that_are_left_are_waited_for),
		TEST(loggers_leave_no_fd),
	};

	return cmocka_run_group_tests_name("shim.stdio.logger", tests, NULL, NULL);
}
