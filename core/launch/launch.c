/*
 * `ironbox`, and the shim, as they lie on disk: a program without a libc that carries the real one,
 * ironbox-engine or shim-engine, copies it into a sealed memfd and runs that, with an environment
 * that it has weeded. PROGRAM is its name, and KEPT_ALSO what this one needs of the environment.
 *
 * Why: a process of a container can reach the runtime that makes or joins it by /proc/PID/exe and
 * could write to it (CVE-2019-5736). Here that file is a copy that nobody can write, and which
 * ends with the call. And the dynamic linker of the engine must not listen to the caller's LD_*.
 * Why without a libc: the engine could run itself a second time, but a start of glibc costs 0.65 ms
 * in a virtual machine, whose CPUID instructions trap (a dozen times what this program takes).
 */
#include <linux/fcntl.h>
#include <linux/memfd.h>
#include <stdbool.h>
#include <stddef.h>

#if defined(__x86_64__)
#include "x86_64.h"
#elif defined(__aarch64__)
#include "aarch64.h"
#else
#error "core/launch has no header for this architecture"
#endif

#ifndef MFD_EXEC /* Linux 6.3, like F_SEAL_EXEC */
#define MFD_EXEC 0x0010U
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020
#endif

enum {
	ERROR_INTERRUPTED = 4, /* errno values: there is no libc that has them */
	ERROR_BUSY = 16,
	ERROR_INVALID = 22,
	SEAL_TRIES = 20, /* 3 s */
};

/* The engine, as the build made it. */
__asm__(".pushsection .rodata.engine, \"a\"\n"
        ".balign 4096\n"
        "engine: .incbin \"" ENGINE_PATH "\"\n"
        "engine_end:\n"
        ".popsection\n");
extern const char engine[] __attribute__((visibility("hidden")));
extern const char engine_end[] __attribute__((visibility("hidden")));

/* What the engine gets of its caller's environment; "=" ends a name, "*" all names so begun. All
 * else is left out: LD_*, GCONV_PATH, GLIBC_TUNABLES, LOCPATH, MALLOC_*, TZ and the like make a
 * libc read files or change its ways, and the engine runs as root for others. */
static const char *const kept_variables[] = {
	"PATH=",          "HOME=",
	"TERM=",          "XDG_RUNTIME_DIR=",
	"NOTIFY_SOCKET=", "LISTEN_FDS=",
	"LISTEN_PID=",    "LISTEN_FDNAMES=",
	"TTRPC_ADDRESS=", "DBUS_SESSION_BUS_ADDRESS=",
	"_CONTAINERS_*",  "CONTAINERS_CONF=",
	"IRONBOX_*",
#ifdef KEPT_ALSO
	KEPT_ALSO,
#endif
#ifdef KEEP_SANITIZER_OPTIONS
	"ASAN_OPTIONS=",  "LSAN_OPTIONS=",
	"UBSAN_OPTIONS=",
#endif
};

static size_t length_of(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	return length;
}

static void say(const char *text)
{
	system_call(__NR_write, 2, (long)text, (long)length_of(text), 0, 0);
}

/* "ironbox: make a sealed copy of itself: memfd_create: error 12", and the end. */
static _Noreturn void fail(const char *what, long result)
{
	char digits[8], *at = digits + sizeof(digits) - 1;

	*at = '\0';
	for (long code = -result; at > digits && code > 0; code /= 10)
		*--at = (char)('0' + code % 10);
	say(PROGRAM ": make a sealed copy of itself: ");
	say(what);
	say(": error ");
	say(at);
	say(" (see errno(3))\n");
	for (;;)
		system_call(__NR_exit_group, 1, 0, 0, 0, 0);
}

static bool is_kept(const char *variable)
{
	for (size_t row = 0; row < sizeof(kept_variables) / sizeof(kept_variables[0]); row++) {
		const char *name = kept_variables[row], *at = variable;

		while (*name == *at && *name != '=' && *name != '\0') {
			name++;
			at++;
		}
		if (*name == '*' || (*name == '=' && *at == '='))
			return true;
	}
	return false;
}

/* In place: the array is this process's own, and execveat(2) copies it. */
static void weed(char **environment)
{
	char **kept = environment;

	for (char **variable = environment; *variable; variable++)
		if (is_kept(*variable))
			*kept++ = *variable;
	*kept = NULL;
}

/* A caller may leave 0, 1 or 2 closed; the next file that we or the engine open would become the
 * container's stdin, or get our error messages. */
static void fill_standard_fds(void)
{
	long fd;

	do {
		fd = system_call(__NR_openat, AT_FDCWD, (long)"/dev/null", O_RDWR, 0, 0);
		if (fd < 0)
			fail("open /dev/null", fd);
	} while (fd < 3);
	system_call(__NR_close, fd, 0, 0, 0, 0);
}

static long make_memory_file(long *seals)
{
	long flags = MFD_CLOEXEC | MFD_ALLOW_SEALING, fd;

	*seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_EXEC;
	fd = system_call(__NR_memfd_create, (long)PROGRAM, flags | MFD_EXEC, 0, 0, 0);
	if (fd == -ERROR_INVALID) { /* before Linux 6.3 all memfds are executable */
		*seals &= ~(long)F_SEAL_EXEC;
		fd = system_call(__NR_memfd_create, (long)PROGRAM, flags, 0, 0, 0);
	}
	if (fd < 0)
		fail("memfd_create", fd);
	return fd;
}

static void copy_engine(long fd)
{
	for (const char *from = engine; from < engine_end;) {
		long size = system_call(__NR_write, fd, (long)from, engine_end - from, 0, 0);

		if (size < 0 && size != -ERROR_INTERRUPTED)
			fail("write", size);
		if (size > 0)
			from += size;
	}
}

/* Busy: somebody else holds a page of it for a moment, as reclaim and compaction do. The kernel
 * itself waits some 0.15 s for them to let go, each time (memfd_wait_for_pins). */
static void seal(long fd, long seals)
{
	long tries = SEAL_TRIES, result;

	do {
		result = system_call(__NR_fcntl, fd, F_ADD_SEALS, seals, 0, 0);
	} while (result == -ERROR_BUSY && --tries > 0);
	if (result < 0)
		fail("fcntl F_ADD_SEALS", result);
}

/* The kernel's initial stack: the number of arguments, the arguments, NULL, the environment, NULL.
 */
_Noreturn void launch(long *stack)
{
	char **arguments = (char **)(stack + 1);
	char **environment = arguments + stack[0] + 1;
	long seals, fd = make_memory_file(&seals), result;

	if (fd < 3) { /* the lowest free number is told for nothing: one of 0, 1, 2 was closed */
		system_call(__NR_close, fd, 0, 0, 0, 0);
		fill_standard_fds();
		fd = make_memory_file(&seals);
	}
	copy_engine(fd);
	seal(fd, seals);
	weed(environment);
	result = system_call(__NR_execveat, fd, (long)"", (long)arguments, (long)environment,
	                     AT_EMPTY_PATH);
	fail("execveat", result);
}
