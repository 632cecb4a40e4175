#include "lifecycle/explain_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "lifecycle/explain_elf.h"
#include "lifecycle/explain_script.h"
#include "support/path.h"

#define SCRIPTS_MAX 5    /* the kernel follows so many from one to the next, execve(2) */
#define HEADERS_MAX 4096 /* bytes of program headers that are looked at */

static bool find_in_file(struct finding *finding, const char *path, int scripts, int code);

/* For reading, and sure to be a regular file: to open a device or a FIFO may have consequences. */
static int open_to_read(const char *path)
{
	cleanup_close int path_fd = path_open(AT_FDCWD, path, O_PATH, 0, RESOLVE_NO_MAGICLINKS);
	cleanup_close int fd = -1;
	struct stat seen, opened;

	if (path_fd < 0 || fstat(path_fd, &seen) < 0 || !S_ISREG(seen.st_mode))
		return -1;
	fd = path_open(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, RESOLVE_NO_MAGICLINKS);
	if (fd < 0 || fstat(fd, &opened) < 0 || opened.st_dev != seen.st_dev ||
	    opened.st_ino != seen.st_ino)
		return -1;
	return steal_fd(&fd);
}

/* How many bytes were there: 0 for an offset that no file has. */
static size_t read_at(int fd, void *bytes, size_t size, uint64_t offset)
{
	size_t done = 0;

	while (done < size && offset <= INT64_MAX - done) {
		ssize_t got = pread(fd, (char *)bytes + done, size - done, (off_t)(offset + done));

		if (got <= 0)
			break;
		done += (size_t)got;
	}
	return done;
}

/* What the file needs is at fault: "PATH needs the loader X, which is not in the image". */
static bool tell_needed(struct finding *finding, const char *clause, const char *path,
                        const char *needed, const struct finding *found)
{
	finding->code = found->code;
	memcpy(finding->subject, path, strlen(path) + 1);
	explain_join(finding->predicate, clause, needed, found);
	return true;
}

static bool tell_file(struct finding *finding, const char *path, const char *predicate)
{
	finding->code = ENOEXEC;
	memcpy(finding->subject, path, strlen(path) + 1);
	snprintf(finding->predicate, sizeof(finding->predicate), "%s", predicate);
	return true;
}

static bool tell_foreign(struct finding *finding, const char *path, const struct elf *elf, int code)
{
	char buffer[48];

	tell_file(finding, path, "");
	finding->code = code;
	snprintf(finding->predicate, sizeof(finding->predicate), "is built for %s, %s%s%s",
	         elf_machine(elf, buffer),
	         elf_is_compat(elf) ? "which this kernel does not run on " : "this node is ",
	         elf_native(),
	         code == ENOENT /* binfmt_misc, without the flag F */
	                 ? ", and the emulator that binfmt_misc names is not in the image"
	                 : "");
	return code == ENOEXEC || code == ENOENT;
}

/* The loader's own file: a kernel that does not like it says ELIBBAD, or EIO if it is short. */
static bool find_in_loader(struct finding *finding, const char *path, const struct elf *program,
                           int code)
{
	cleanup_close int fd = open_to_read(path);
	unsigned char bytes[ELF_HEADER_MAX];
	char clause[96], buffers[2][48];
	struct elf elf;

	if (fd < 0)
		return false;
	elf_read(&elf, bytes, read_at(fd, bytes, sizeof(bytes), 0));
	if (elf.is_elf && elf.machine == program->machine && elf.is_64 == program->is_64 &&
	    elf.is_big_endian == program->is_big_endian)
		return false;
	if (elf.is_elf && !elf.is_cut)
		snprintf(clause, sizeof(clause), "is built for %s and not for %s",
		         elf_machine(&elf, buffers[0]), elf_machine(program, buffers[1]));
	else
		snprintf(clause, sizeof(clause), "is no whole ELF file");
	tell_file(finding, path, clause);
	finding->code = code;
	return code == ELIBBAD || code == EIO;
}

static bool find_in_elf(struct finding *finding, const char *path, int fd, const struct elf *elf,
                        int code)
{
	unsigned char headers[HEADERS_MAX];
	char loader[ELF_INTERPRETER_MAX + 1] = { 0 }, clause[QUOTED_MAX + 32];
	struct elf_interpreter place;
	struct finding found;
	size_t size = (size_t)elf->header_count * elf->header_size;

	if (!elf_has_headers(elf))
		return tell_file(finding, path, "has an ELF header without program headers");
	if (size > sizeof(headers))
		size = sizeof(headers);
	if (read_at(fd, headers, size, elf->headers_offset) < size)
		return tell_file(finding, path, "ends within its program headers");
	place = elf_find_interpreter(elf, headers, size);
	if (!place.found)
		return false;
	if (place.size < 2 || place.size > ELF_INTERPRETER_MAX ||
	    read_at(fd, loader, place.size, place.offset) < place.size || loader[place.size - 1]) {
		tell_file(finding, path, "has a damaged PT_INTERP in its ELF headers");
		finding->code = code; /* the kernel has three for it */
		return code == ENOEXEC || code == EINVAL || code == EIO;
	}
	if (!explain_path(&found, loader) && !find_in_loader(&found, loader, elf, code))
		return false;
	snprintf(clause, sizeof(clause), "needs the loader %s", QUOTE(loader));
	return tell_needed(finding, clause, path, loader, &found);
}

static bool find_in_program(struct finding *finding, const char *path, int fd,
                            const struct elf *elf, int code)
{
	if (elf->is_cut)
		return tell_file(finding, path, "ends within its ELF header");
	if (!elf_is_native(elf) && !elf_is_compat(elf))
		return tell_foreign(finding, path, elf, code);
	if (elf_is_no_program(elf))
		return tell_file(finding, path, elf_is_no_program(elf));
	if (find_in_elf(finding, path, fd, elf, code) && finding->code == code)
		return true;
	return elf_is_compat(elf) && code == ENOEXEC && tell_foreign(finding, path, elf, code);
}

static bool find_in_script(struct finding *finding, const char *path, const struct script *script,
                           int scripts, int code)
{
	struct finding found;
	char clause[QUOTED_MAX + 128];

	if (script->kind == SCRIPT_NAMES_NONE || script->kind == SCRIPT_TOO_LONG) {
		tell_file(finding, path,
		          script->kind == SCRIPT_TOO_LONG
		                  ? "has a #! line that is longer than the kernel's 256 bytes"
		                  : "has a #! line that names no interpreter");
		/* where the file ends behind #! the kernel opens "", and finds a directory */
		if (script->kind == SCRIPT_NAMES_NONE && code == EACCES)
			finding->code = code;
		return true;
	}
	snprintf(clause, sizeof(clause), "%sneeds the interpreter %s",
	         script->ends_in_cr ? "has a #! line that ends in a carriage return (DOS line "
	                              "ends), so that it "
	                            : "",
	         QUOTE(script->interpreter));
	if (explain_path(&found, script->interpreter))
		return tell_needed(finding, clause, path, script->interpreter, &found);
	if (scripts == SCRIPTS_MAX) {
		snprintf(clause, sizeof(clause), "is the %dth script in a row", scripts + 1);
		tell_file(finding, path, clause);
		finding->code = ELOOP;
		return true;
	}
	return find_in_file(&found, script->interpreter, scripts + 1, code) &&
	       tell_needed(finding, clause, path, script->interpreter, &found);
}

static bool find_in_other(struct finding *finding, const char *path, const void *bytes, size_t size)
{
	static const struct {
		const char *magic, *predicate;
	} known[] = {
		{ "MZ", "is a program for Windows" },
		{ "\xcf\xfa\xed\xfe", "is a program for macOS" },
		{ "\xca\xfe\xba\xbe", "is a program for macOS or Java" },
		{ "\xef\xbb\xbf#!", "begins with a byte order mark, which hides its #! line" },
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (size >= strlen(known[i].magic) &&
		    !memcmp(bytes, known[i].magic, strlen(known[i].magic)))
			return tell_file(finding, path, known[i].predicate);
	if (size == 0)
		return tell_file(finding, path, "is empty");
	if (script_is_text(bytes, size))
		return tell_file(finding, path,
		                 "is a text without a #! line, which a shell may run, but not the "
		                 "kernel");
	return tell_file(finding, path, "is neither an ELF file nor a script with a #! line");
}

/* scripts: how many led to this file. */
static bool find_in_file(struct finding *finding, const char *path, int scripts, int code)
{
	cleanup_close int fd = open_to_read(path);
	unsigned char bytes[SCRIPT_LINE_MAX];
	struct script script;
	struct elf elf;
	size_t size;

	if (fd < 0 || strlen(path) >= PATH_MAX)
		return false;
	size = read_at(fd, bytes, sizeof(bytes), 0);
	elf_read(&elf, bytes, size);
	if (elf.is_elf)
		return find_in_program(finding, path, fd, &elf, code);
	script_read(&script, bytes, size);
	if (script.kind != SCRIPT_NONE)
		return find_in_script(finding, path, &script, scripts, code);
	return find_in_other(finding, path, bytes, size);
}

bool explain_file(struct finding *finding, const char *path, int code)
{
	return (explain_path(finding, path) || find_in_file(finding, path, 0, code)) &&
	       finding->code == code;
}

bool explain_capabilities(const char *path)
{
	cleanup_close int fd = open_to_read(path);
	struct vfs_ns_cap_data data;
	ssize_t size = fd < 0 ? -1 : fgetxattr(fd, "security.capability", &data, sizeof(data));
	int i;

	if (size < (ssize_t)XATTR_CAPS_SZ_2 || !(data.magic_etc & VFS_CAP_FLAGS_EFFECTIVE))
		return false;
	for (i = 0; i <= CAP_LAST_CAP; i++)
		if (data.data[i / 32].permitted >> (i % 32) & 1 &&
		    prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 0)
			return true;
	return false;
}
