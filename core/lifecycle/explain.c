#include "lifecycle/explain.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "lifecycle/explain_file.h"
#include "support/path.h"

#define ARGUMENT_MAX 131072 /* MAX_ARG_STRLEN: of one argument or variable, with its NUL */

static void words_of(char words[64], int code)
{
	const char *text = strerrordesc_np(code);

	snprintf(words, 64, "%s", text ? text : "unknown error");
	/* "No such file …", but "RPC …" */
	if (words[0] >= 'A' && words[0] <= 'Z' && words[1] >= 'a' && words[1] <= 'z')
		words[0] = (char)(words[0] - 'A' + 'a');
}

/* exec: "NAME": REASON: words. Each is put in front of the other: what does not fit is cut at the
 * front, and the words stay. */
static int tell(const char *name, const char *reason, int code, struct ironbox_error *error)
{
	char words[64];

	words_of(words, code);
	error_begin(error, 0, "%s", words);
	error->code = code;
	if (reason && *reason)
		error_context(error, "%s", reason);
	return error_context(error, "exec: \"%s\"", QUOTE(name));
}

static int tell_finding(const char *name, const struct finding *finding, int code,
                        struct ironbox_error *error)
{
	char reason[QUOTED_MAX + PREDICATE_MAX];

	snprintf(reason, sizeof(reason), "%s %s", QUOTE(finding->subject), finding->predicate);
	return tell(name, reason, code, error);
}

int explain_unusable(const char *name, int code, struct ironbox_error *error)
{
	struct finding finding;

	if (explain_path(&finding, name) && finding.code == code)
		return tell_finding(name, &finding, code, error);
	return tell(name, NULL, code, error);
}

static int tell_not_found(const char *name, const char *reason, struct ironbox_error *error)
{
	error_begin(error, 0, "executable file not found in $PATH");
	error->code = ENOENT;
	error_context(error, "%s", reason);
	return error_context(error, "exec: \"%s\"", QUOTE(name));
}

/* Not by stat(2): no magic link is to be followed. */
static bool is_there(const char *path)
{
	cleanup_close int fd =
		path_open(AT_FDCWD, path, O_PATH | O_NOFOLLOW, 0, RESOLVE_NO_MAGICLINKS);

	return fd >= 0;
}

/* The first candidate that is there after all, but is denied, or a symlink to nowhere. */
static bool find_candidate(struct finding *finding, const char *name, const char *folders, int code)
{
	const char *folder = folders;
	size_t length;

	for (;; folder += length + 1) {
		char path[PATH_MAX];

		length = strcspn(folder, ":");
		if (snprintf(path, sizeof(path), "%.*s%s%s", (int)length, folder,
		             length ? "/" : "./", name) < (int)sizeof(path) &&
		    is_there(path) && explain_path(finding, path) && finding->code == code)
			return true;
		if (!folder[length])
			return false;
	}
}

int explain_not_in_path(const char *name, const char *folders, bool is_default, bool denied,
                        struct ironbox_error *error)
{
	char shown[512], reason[QUOTED_MAX + PREDICATE_MAX];
	struct finding finding;

	if (denied && find_candidate(&finding, name, folders, EACCES))
		return tell_finding(name, &finding, EACCES, error);
	if (denied)
		return tell(name, NULL, EACCES, error);
	if (!*name)
		return tell_not_found(name, "the name is empty", error);
	if (find_candidate(&finding, name, folders, ENOENT))
		snprintf(reason, sizeof(reason), "%s %s", QUOTE(finding.subject),
		         finding.predicate);
	else
		snprintf(reason, sizeof(reason), "not in %s%s",
		         quote(shown, sizeof(shown), folders),
		         is_default ? ", where is looked without a PATH" : "");
	return tell_not_found(name, reason, error);
}

int explain_plainly(const struct container *container, int code, struct ironbox_error *error)
{
	char reason[QUOTED_MAX + 80];

	snprintf(reason, sizeof(reason), "%s or a loader or interpreter that it needs %s",
	         QUOTE(container->program),
	         code == ENOENT ? "is not in the image" : "can't be executed");
	return tell(container->process.args[0], reason, code, error);
}

/* The first of these that is longer than the kernel takes; how long they are together. */
static bool find_too_long(char *reason, size_t size, const char *what, const char *const *texts,
                          size_t *total)
{
	size_t i;

	for (i = 0; texts[i]; i++) {
		size_t length = strlen(texts[i]) + 1;

		*total += length + sizeof(char *);
		if (length > ARGUMENT_MAX) {
			snprintf(reason, size,
			         "process.%s[%zu] has %zu bytes, more than the kernel's %d", what,
			         i, length, ARGUMENT_MAX);
			return true;
		}
	}
	return false;
}

static void say_size(char *reason, size_t size, const struct oci_process *process)
{
	size_t total = 0;

	if (!find_too_long(reason, size, "args", process->args, &total) &&
	    !find_too_long(reason, size, "env", process->env, &total))
		snprintf(reason, size,
		         "process.args and process.env have %zu bytes together, and the kernel "
		         "takes a quarter of RLIMIT_STACK at most",
		         total);
}

void explain_execve(const struct container *container, struct ironbox_error *error)
{
	const char *name = container->process.args[0], *path = container->program;
	char reason[QUOTED_MAX + 128];
	struct finding finding;
	int code = error->code;

	switch (code) {
	case E2BIG:
		say_size(reason, sizeof(reason), &container->process);
		break;
	case EAGAIN:
		snprintf(reason, sizeof(reason), "uid %u has more processes than RLIMIT_NPROC",
		         getuid());
		break;
	case ETXTBSY:
		snprintf(reason, sizeof(reason), "%s is open for writing", QUOTE(path));
		break;
	case EPERM:
		if (!explain_capabilities(path))
			return;
		snprintf(reason, sizeof(reason),
		         "%s has file capabilities that are not in the bounding set", QUOTE(path));
		break;
	default:
		if (explain_file(&finding, path, code))
			tell_finding(name, &finding, code, error);
		return;
	}
	tell(name, reason, code, error);
}
