/* The reader of #! lines; what the kernel makes of the same bytes stands beside. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lifecycle/explain_script.h"

/* errno of execve(2) for a file of these bytes, or 0. */
static int kernel_says(const void *bytes, size_t size)
{
	int writer = memfd_create("script", 0), reader, status;
	char *const arguments[] = { (char[]){ "script" }, NULL };
	char path[32];
	pid_t pid;

	assert_true(writer >= 0);
	assert_int_equal(write(writer, bytes, size), (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", writer);
	reader = open(path, O_RDONLY);
	assert_true(reader >= 0);
	close(writer); /* what is open for writing can't be run */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", reader);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		execve(path, arguments, NULL);
		_exit(errno);
	}
	close(reader);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

static struct script read_exactly(const void *bytes, size_t size)
{
	char *copy = malloc(size ? size : 1);
	struct script script;

	assert_non_null(copy);
	memcpy(copy, bytes, size);
	script_read(&script, copy, size);
	free(copy);
	return script;
}

static const struct row {
	const char *bytes;
	size_t size; /* 0: as long as the text */
	enum script_kind kind;
	const char *interpreter;
	int code; /* of the kernel */
} rows[] = {
	{ "", 0, SCRIPT_NONE, "", ENOEXEC },
	{ "#", 0, SCRIPT_NONE, "", ENOEXEC },
	{ " #!/nowhere\n", 0, SCRIPT_NONE, "", ENOEXEC },
	{ "#!/nowhere/sh\n", 0, SCRIPT_NAMES, "/nowhere/sh", ENOENT },
	{ "#!/nowhere/sh", 0, SCRIPT_NAMES, "/nowhere/sh", ENOENT },
	{ "#! \t/nowhere/sh -e  \nnext", 0, SCRIPT_NAMES, "/nowhere/sh", ENOENT },
	{ "#!/nowhere/sh\r\n", 0, SCRIPT_NAMES, "/nowhere/sh\r", ENOENT },
	{ "#!\r\n", 0, SCRIPT_NAMES, "\r", ENOENT },
	{ "#!/nowhere\0/sh\n", 15, SCRIPT_NAMES, "/nowhere", ENOENT },
	{ "#!/etc/passwd/sh\n", 0, SCRIPT_NAMES, "/etc/passwd/sh", ENOTDIR },
	{ "#!\n", 0, SCRIPT_NAMES_NONE, "", ENOEXEC },
	{ "#! \t \n/bin/sh", 0, SCRIPT_NAMES_NONE, "", ENOEXEC },
	{ "#!", 0, SCRIPT_NAMES_NONE, "", EACCES }, /* "", the working directory */
	{ "#! ", 0, SCRIPT_NAMES_NONE, "", EACCES },
};

static void a_line_is_read_as_the_kernel_reads_it(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t size = rows[i].size ? rows[i].size : strlen(rows[i].bytes);
		struct script script = read_exactly(rows[i].bytes, size);

		print_message("row %zu\n", i);
		assert_int_equal(script.kind, rows[i].kind);
		assert_string_equal(script.interpreter, rows[i].interpreter);
		assert_int_equal(script.ends_in_cr, strchr(rows[i].interpreter, '\r') != NULL);
		assert_int_equal(kernel_says(rows[i].bytes, size), rows[i].code);
	}
}

/* Each length round the kernel's limit, with each end that a name may have, and none. */
static void the_longest_line_is_the_kernels(void **state)
{
	static const char ends[] = "\n \t\0x";
	size_t length, end;

	(void)state;
	for (length = 250; length < 260; length++)
		for (end = 0; end < sizeof(ends) - 1; end++) {
			char bytes[300];
			struct script script;
			int code;

			memset(bytes, 'x', sizeof(bytes));
			memcpy(bytes, "#!/", 3);
			bytes[length] = ends[end];
			script = read_exactly(bytes, sizeof(bytes));
			code = kernel_says(bytes, sizeof(bytes));
			assert_int_equal(script.kind,
			                 code == ENOEXEC ? SCRIPT_TOO_LONG : SCRIPT_NAMES);
			if (script.kind == SCRIPT_NAMES) {
				assert_int_equal(code, ENOENT);
				assert_int_equal(strlen(script.interpreter), length - 2);
			}
		}
}

static void blanks_to_the_end_name_nothing(void **state)
{
	char bytes[300];

	(void)state;
	memset(bytes, ' ', sizeof(bytes));
	memcpy(bytes, "#!", 2);
	assert_int_equal(read_exactly(bytes, sizeof(bytes)).kind, SCRIPT_NAMES_NONE);
	assert_int_equal(kernel_says(bytes, sizeof(bytes)), ENOEXEC);
}

static void text_and_other_bytes_are_told_apart(void **state)
{
	(void)state;
	assert_true(script_is_text("echo \"größer\"\r\n\tls\n", 19));
	assert_false(script_is_text("", 0));
	assert_false(script_is_text("a\0b", 3));
	assert_false(script_is_text("a\033b", 3));
	assert_false(script_is_text("\177", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_read_as_the_kernel_reads_it),
		cmocka_unit_test(the_longest_line_is_the_kernels),
		cmocka_unit_test(blanks_to_the_end_name_nothing),
		cmocka_unit_test(text_and_other_bytes_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
