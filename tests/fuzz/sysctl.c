/* linux.sysctl: which namespaces are the container's own, then a key and a value, a line each. What
 * is taken is what an independent rule takes. */
#include <jansson.h>
#include <string.h>

#include "harness.h"
#include "internal.h"
#include "paper_host.h"

static uint64_t own_namespaces; /* of the run that goes on */

int namespaces_has_own(const struct ironbox_stage *stage, uint64_t flag,
                       struct ironbox_error *error)
{
	(void)stage;
	(void)error;
	return (own_namespaces & flag) != 0;
}

/* sysctl.d(5), by the first separator: dots become slashes, and slashes dots, or nothing does. */
static void normalise(char *key)
{
	if (key[strcspn(key, "./")] != '.')
		return;
	for (; *key; key++)
		*key = *key == '.' ? '/' : *key == '/' ? '.' : *key;
}

/* Names that lead nowhere else: no empty one, none of dots alone. */
static bool is_path(char *path)
{
	char *name;

	while ((name = strsep(&path, "/"))) {
		if (!*name || name[strspn(name, ".")] == '\0')
			return false;
		if (name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		                      "0123456789_.-")])
			return false;
	}
	return true;
}

/* namespaces(7): whose it is; 0: the node's (CVE-2022-0811). */
static uint64_t family(const char *path)
{
	static const char *const ipc[] = { "msgmax", "msgmnb", "msgmni", "sem",
		                           "shmall", "shmmax", "shmmni", "shm_rmid_forced" };

	if (strncmp(path, "net/", 4) == 0)
		return CLONE_NEWNET;
	if (strncmp(path, "fs/mqueue/", 10) == 0)
		return CLONE_NEWIPC;
	if (strcmp(path, "kernel/domainname") == 0)
		return CLONE_NEWUTS;
	for (size_t i = 0; i < sizeof(ipc) / sizeof(ipc[0]); i++)
		if (strncmp(path, "kernel/", 7) == 0 && strcmp(path + 7, ipc[i]) == 0)
			return CLONE_NEWIPC;
	return 0;
}

static bool is_right(const char *key, const char *value)
{
	cleanup_free char *path = strdup(key), *parts = NULL;

	CHECK(path, "no memory");
	normalise(path);
	parts = strdup(path);
	return parts && strlen(key) < 256 && is_path(parts) && family(path) & own_namespaces &&
	       *value && !strchr(value, '\n') && !strchr(value, '\r');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	uint8_t flags = input_byte(&input);
	cleanup_free char *key = input_text(&input, '\n'), *value = input_rest(&input),
			  *text = NULL;
	json_t *document = json_pack("{s:s, s:{s:s}, s:{s:{s:s}}}", "ociVersion", "1.0.2", "root",
	                             "path", "/", "linux", "sysctl", key, value);
	struct paper_host paper;
	bool taken;

	text = document ? json_dumps(document, 0) : NULL;
	json_decref(document);
	paper_host_begin(&paper, NULL);
	if (!text || !paper_host_parse(&paper, SPEC_CONFIG, text, strlen(text)))
		return 0;
	own_namespaces = (flags & 1 ? CLONE_NEWNET : 0) | (flags & 2 ? CLONE_NEWIPC : 0) |
	                 (flags & 4 ? CLONE_NEWUTS : 0);
	taken = sysctl_validate(&paper.stage, &paper.error) == 0;
	CHECK(taken == is_right(key, value), "%s = %s: %s", key, value,
	      taken ? "taken" : error_text(&paper.error));
	if (taken)
		CHECK(sysctl_has(&paper.stage, own_namespaces) ||
		              __builtin_popcountll(own_namespaces) > 1,
		      "%s: whose is it?", key);
	else
		paper_host_check_error(&paper.error);
	paper_host_end(&paper);
	return 0;
}
