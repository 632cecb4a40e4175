/* From config.json, or the node's default, to a program: out of the cache if it can be. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ironbox/cleanup.h>

#include "internal.h"
#include "libseccomp.h"

struct process_fields {
	bool no_new_privileges;
};

static const struct ironbox_field process_fields[] = {
	IRONBOX_FIELD(struct process_fields, no_new_privileges, "noNewPrivileges"),
	IRONBOX_FIELD_END,
};

static int open_default(struct source *source, const struct ironbox_stage *stage, const char *path,
                        struct ironbox_error *error);
static int compile(struct ironbox_stage *stage, struct ironbox_error *error);
static int check_own_calls(const struct ironbox_stage *stage, struct ironbox_error *error);

int program_find(struct ironbox_stage *stage, const char *default_profile,
                 struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	struct seccomp *seccomp = stage->data;
	struct process_fields process = { 0 };
	struct source source = {
		.host = host,
		.stage = stage,
		.value = host->spec(stage, "linux.seccomp"),
		.where = "config.json: linux.seccomp",
	};
	const char *state_root;

	if (host->count(source.value) == 0) { /* {} asks for nothing */
		if (!default_profile)
			return 0;
		if (open_default(&source, stage, default_profile, error) < 0)
			return -1;
	}
	seccomp->is_asked = true;
	if (host->read(stage, host->spec(stage, "process"), process_fields, &process, error) < 0 ||
	    profile_read(&seccomp->profile, &source, error) < 0 ||
	    kernel_check_flags(stage, &seccomp->profile, error) < 0)
		return -1;
	seccomp->no_new_privileges = process.no_new_privileges;
	if (key_make(&seccomp->key, &seccomp->profile) < 0)
		return host->fail(error, errno, "make the cache's key of %s", source.where);
	state_root = host->recall(stage, "ironbox.state_root");
	if ((!state_root || !cache_find(&seccomp->program, &seccomp->key, state_root)) &&
	    compile(stage, error) < 0)
		return -1;
	return check_own_calls(stage, error);
}

static int open_default(struct source *source, const struct ironbox_stage *stage, const char *path,
                        struct ironbox_error *error)
{
	struct seccomp *seccomp = stage->data;
	cleanup_free char *text = trusted_read(stage, path, error);

	if (!text)
		return -1;
	seccomp->document = document_parse(text, path, stage->host, error);
	if (!seccomp->document)
		return -1;
	source->document = seccomp->document;
	source->value = document_root(seccomp->document);
	source->where = path;
	return 0;
}

static int compile(struct ironbox_stage *stage, struct ironbox_error *error)
{
	cleanup_library struct libseccomp library = { 0 };
	struct seccomp *seccomp = stage->data;
	const char *path;

	if (kernel_check_actions(stage, &seccomp->profile, error) < 0 ||
	    libseccomp_open(&library, stage->host, error) < 0 ||
	    program_compile(&seccomp->program, &seccomp->profile, &library, stage->host, error) < 0)
		return -1;
	path = library_path(&library);
	seccomp->library_path = path ? strdup(path) : NULL;
	return 0;
}

/* A profile that stops the runtime's own last steps can't be for a container that is to run. */
static int check_own_calls(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct seccomp *seccomp = stage->data;
	bool late = seccomp->no_new_privileges;
	const char *name = blocked_name(late ? seccomp->program.blocked_in_seal
	                                     : seccomp->program.blocked_in_confine);

	if (!name)
		return 0;
	return stage->host->fail(error, 0, "%s: it stops %s, which the runtime still has to call%s",
	                         seccomp->profile.where, name,
	                         late ? "" : " where process.noNewPrivileges is false");
}

void program_keep(struct ironbox_stage *stage)
{
	const struct seccomp *seccomp = stage->data;
	const char *state_root = stage->host->recall(stage, "ironbox.state_root");

	if (!seccomp->library_path || !state_root ||
	    cache_store(&seccomp->program, &seccomp->key, seccomp->library_path, state_root) == 0)
		return;
	/* the next container will just be slower */
	stage->host->log(stage, IRONBOX_LOG_WARNING, "keep a compiled program below %s: %s",
	                 state_root, strerror(errno));
}
