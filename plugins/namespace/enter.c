/*
 * enter.c: into namespaces that stand already, and for the runtime the way back.
 *
 * Who enters? A pid namespace is for children alone, so the runtime enters it before the clone. All
 * others init could enter by itself; but once it is in a user namespace it has no rights over what
 * belongs to the host's. Then the runtime goes in before the clone and init is born there. Not so
 * for a cgroup namespace, from which the stages of cgroups and mounts would see another tree than
 * the host's: the cloner enters that.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

static int kind_of_flag(uint64_t flag)
{
	int kind = 0;

	while (kinds[kind].flag != flag)
		kind++;
	return kind;
}

static int process_namespaces_open(const struct ironbox_stage *stage, const char *process,
                                   struct ironbox_error *error)
{
	char path[32];

	snprintf(path, sizeof(path), "%s/ns", process);
	return stage->host->open_proc(stage, path, O_PATH | O_DIRECTORY | O_CLOEXEC, error);
}

uint64_t namespace_number(const struct ironbox_stage *stage, const char *process, uint64_t flag,
                          struct ironbox_error *error)
{
	const char *file = kinds[kind_of_flag(flag)].file;
	cleanup_close int directory_fd = process_namespaces_open(stage, process, error);
	char link[64] = "";
	uint64_t number = 0;

	if (directory_fd < 0)
		return 0;
	if (readlinkat(directory_fd, file, link, sizeof(link) - 1) < 0) {
		stage->host->fail(error, errno, "read /proc/%s/ns/%s", process, file);
		return 0;
	}
	/* namespaces(7): "net:[4026531840]" */
	if (sscanf(link, "%*[a-z]:[%" SCNu64 "]", &number) != 1 || number == 0) {
		stage->host->fail(error, 0, "/proc/%s/ns/%s is no namespace: %s", process, file,
		                  link);
		return 0;
	}
	return number;
}

int own_namespace_open(const struct ironbox_stage *stage, uint64_t flag,
                       struct ironbox_error *error)
{
	struct namespaces *namespaces = stage->data;
	int kind = kind_of_flag(flag);
	cleanup_close int directory_fd = process_namespaces_open(stage, "thread-self", error);

	if (directory_fd < 0)
		return -1;
	replace_fd(&namespaces->own_fd[kind],
	           openat(directory_fd, kinds[kind].file, O_RDONLY | O_CLOEXEC));
	if (namespaces->own_fd[kind] < 0)
		return stage->host->fail(error, errno, "open the runtime's own %s namespace",
		                         kinds[kind].type);
	return 0;
}

/* Joins one of those with a path. Without the rights to, it is no failure where we stand in it
 * already: a pod on the host's network names the host's own, also to a runtime without rights. */
int enter_joined(const struct ironbox_stage *stage, int kind, struct ironbox_error *error)
{
	const struct namespaces *namespaces = stage->data;
	int code;

	if (setns(namespaces->joined_fd[kind], (int)kinds[kind].flag) == 0)
		return 0;
	code = errno;
	if (code == EPERM && namespaces_has_own(stage, kinds[kind].flag, error) == 0)
		return 0;
	return stage->host->fail(error, code, "join the %s namespace %s", kinds[kind].type,
	                         namespaces->path[kind]);
}

/* Of the joined ones, those that stand open before the clone only. */
static uint64_t early_flags(const struct namespaces *namespaces)
{
	uint64_t flags = CLONE_NEWPID;

	if ((namespaces->made | namespaces->joined) & CLONE_NEWUSER)
		flags |= CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWTIME;
	return namespaces->joined & flags;
}

/* Has the cloner enter these of the joined ones. One that we stand in stays as it is. */
static int hand_over(struct ironbox_stage *stage, uint64_t flags, struct ironbox_error *error)
{
	struct namespaces *namespaces = stage->data;

	for (int i = 0; i < KINDS; i++) {
		int differs;

		if (!(namespaces->joined & flags & kinds[i].flag))
			continue;
		differs = namespaces_has_own(stage, kinds[i].flag, error);
		if (differs < 0)
			return -1;
		if (differs)
			stage->host->clone_in_namespace(stage, namespaces->joined_fd[i]);
		namespaces->by_cloner |= kinds[i].flag;
	}
	return 0;
}

/* The cloner is born in the container's cgroup, and goes in only then: to move from inside to a
 * cgroup that lies outside is refused where the host delegates (nsdelegate, cgroup-v2.rst). */
int hand_cgroup_to_cloner(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct namespaces *namespaces = stage->data;

	if (!((namespaces->made | namespaces->joined) & CLONE_NEWUSER))
		return 0; /* init has the right to enter it */
	return hand_over(stage, CLONE_NEWCGROUP, error);
}

/*
 * What the runtime starts from belongs to the host, and without the host's rights it could not come
 * back (setns(2)): its hooks would run in the container's namespaces. So a process that need not
 * come back enters them. Root of a user namespace, as podman's, has rights over what it has made
 * before, and takes the container's user namespace last. An ordinary user has no rights but in his
 * user namespaces: he takes that first, and init the rest.
 */
int hand_to_cloner(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct namespaces *namespaces = stage->data;
	int user = kind_of_flag(CLONE_NEWUSER);
	bool joins_user = namespaces->joined & CLONE_NEWUSER;
	bool user_first = joins_user && geteuid() != 0;
	uint64_t flags = user_first ? CLONE_NEWPID : early_flags(namespaces);

	if (user_first)
		stage->host->clone_in_namespace(stage, namespaces->joined_fd[user]);
	else if (hand_cgroup_to_cloner(stage, error) < 0)
		return -1;
	if (hand_over(stage, flags, error) < 0)
		return -1;
	if (joins_user && !user_first)
		stage->host->clone_in_namespace(stage, namespaces->joined_fd[user]);
	return 0;
}

int enter_before_clone(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct namespaces *namespaces = stage->data;
	uint64_t flags = early_flags(namespaces);

	for (int i = 0; i < KINDS; i++) {
		if (!(namespaces->joined & flags & kinds[i].flag))
			continue;
		if (own_namespace_open(stage, kinds[i].flag, error) < 0 ||
		    enter_joined(stage, i, error) < 0)
			return -1;
		namespaces->entered |= kinds[i].flag;
	}
	return 0;
}

int go_back(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct namespaces *namespaces = stage->data;
	int result = 0;

	for (int i = 0; i < KINDS; i++) {
		if (!(namespaces->entered & kinds[i].flag))
			continue;
		if (setns(namespaces->own_fd[i], (int)kinds[i].flag) < 0 && result == 0)
			result = stage->host->fail(error, errno,
			                           "go back to the runtime's own %s namespace",
			                           kinds[i].type);
		namespaces->entered &= ~kinds[i].flag;
		replace_fd(&namespaces->own_fd[i], -1);
	}
	return result;
}

int enter_by_pidfd(const struct ironbox_stage *stage, uint64_t flag, struct ironbox_error *error)
{
	struct namespaces *namespaces = stage->data;

	if (own_namespace_open(stage, flag, error) < 0)
		return -1;
	if (setns(stage->init_pidfd, (int)flag) < 0) /* Linux 5.8 */
		return stage->host->fail(error, errno, "enter the container's %s namespace",
		                         kinds[kind_of_flag(flag)].type);
	namespaces->entered |= flag;
	return 0;
}

int enter_in_init(const struct ironbox_stage *stage, uint64_t flags, struct ironbox_error *error)
{
	const struct namespaces *namespaces = stage->data;
	uint64_t left = namespaces->joined & flags &
	                ~(namespaces->entered | namespaces->by_cloner | (uint64_t)CLONE_NEWUSER);

	for (int i = 0; i < KINDS; i++)
		if (left & kinds[i].flag && enter_joined(stage, i, error) < 0)
			return -1;
	return 0;
}

/* podman's --group-add keep-groups; the engine says the same of the process itself. */
static bool keeps_groups(const struct ironbox_stage *stage)
{
	const struct ironbox_host *host = stage->host;
	const struct ironbox_value *annotations = host->spec(stage, "annotations"), *item;
	const char *key;

	for (size_t i = 0; (item = host->item(annotations, i, &key)); i++)
		if (strcmp(key, "run.oci.keep_original_groups") == 0)
			return stage->flags & IRONBOX_ROOTLESS && host->text(item) &&
			       strcmp(host->text(item), "1") == 0;
	return false;
}

/* A process that comes to a user namespace has all capabilities there, but still the ids of the
 * host: what it would make in a file system would belong to no one (user_namespaces(7)). */
int become_root(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	/* EPERM: setgroups(2) is denied there, and there is nothing that we could do about it */
	if (!keeps_groups(stage) && setgroups(0, NULL) < 0 && errno != EPERM)
		return stage->host->fail(error, errno, "give up the host's supplementary groups");
	if (setresgid(0, 0, 0) < 0)
		return stage->host->fail(error, errno, "become gid 0 of the user namespace");
	if (setresuid(0, 0, 0) < 0)
		return stage->host->fail(error, errno, "become uid 0 of the user namespace");
	return 0;
}
