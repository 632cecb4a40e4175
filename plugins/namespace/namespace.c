/* namespace: the container's namespaces, made or joined, and what is set inside of them first. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

IRONBOX_MANIFEST("name = namespace\n"
                 "before = cgroup rootfs network\n"
                 "wakes_on = linux.namespaces linux.uidMappings linux.gidMappings "
                 "linux.timeOffsets linux.sysctl hostname domainname\n");

static int namespace_configure(struct ironbox_stage *stage, struct ironbox_error *error)
{
	static const struct ironbox_field none[] = { IRONBOX_FIELD_END };

	return stage->host->settings(stage, none, NULL, error);
}

static int namespace_validate(struct ironbox_stage *stage, struct ironbox_error *error)
{
	if (namespaces_read(stage, error) < 0 || namespaces_open(stage, error) < 0 ||
	    idmap_validate(stage, error) < 0 || timens_validate(stage, error) < 0 ||
	    names_validate(stage, error) < 0 || sysctl_validate(stage, error) < 0)
		return -1;
	return 0;
}

static int enter_as_root(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct namespaces *namespaces = stage->data;

	/* before the user namespace, in which the cloner has no more rights over the host's */
	if (hand_cgroup_to_cloner(stage, error) < 0)
		return -1;
	for (int i = 0; i < KINDS; i++)
		if (kinds[i].flag == CLONE_NEWUSER && namespaces->joined & CLONE_NEWUSER)
			stage->host->clone_in_namespace(stage, namespaces->joined_fd[i]);
	if (enter_before_clone(stage, error) < 0)
		return -1;
	/* What init had not the right to enter, it has not the right to change either. And the ipc
	 * sysctls are for the host's root alone on Linux 6.1 (not so on 6.18), also those of an ipc
	 * namespace that belongs to the user namespace. */
	namespaces->set_by_runtime = namespaces->entered;
	if ((namespaces->made | namespaces->joined) & CLONE_NEWUSER &&
	    namespaces->made & CLONE_NEWIPC && sysctl_has(stage, CLONE_NEWIPC))
		namespaces->set_by_runtime |= CLONE_NEWIPC;
	return 0;
}

static int namespace_prepare(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct namespaces *namespaces = stage->data;
	bool rootless = stage->flags & IRONBOX_ROOTLESS;

	if (stage->flags & IRONBOX_RESTORE)
		return 0; /* who restores makes those that are made, and joins the others itself */
	/* Offsets are written before the first process is in a time namespace, and a cgroup
	 * namespace is made where init stands in its final cgroup: neither in the clone. */
	stage->host->clone_flags(stage, namespaces->made & ~(CLONE_NEWCGROUP | CLONE_NEWTIME));
	if ((rootless ? hand_to_cloner(stage, error) : enter_as_root(stage, error)) < 0)
		return -1;
	return namespaces->made & CLONE_NEWTIME ? timens_make(stage, error) : 0;
}

static bool namespace_needs_attach(const struct ironbox_stage *stage)
{
	const struct namespaces *namespaces = stage->data;

	return namespaces->entered || namespaces->set_by_runtime || namespaces->by_cloner ||
	       namespaces->made & CLONE_NEWUSER;
}

/* The host name and the sysctls of these namespaces, by a process that is in them. */
static int set_inside(const struct ironbox_stage *stage, uint64_t flags,
                      struct ironbox_error *error)
{
	if (flags & CLONE_NEWUTS && names_set(stage, error) < 0)
		return -1;
	return sysctl_write(stage, flags, error);
}

/* The same for what the runtime can't come back from: by a process that ends with it. */
static int set_by_worker(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct namespaces *namespaces = stage->data;
	uint64_t flags = namespaces->by_cloner & ~(uint64_t)CLONE_NEWPID;

	for (int i = 0; i < KINDS; i++)
		if (flags & kinds[i].flag && enter_joined(stage, i, error) < 0)
			return -1;
	return set_inside(stage, flags, error);
}

static int namespace_attach(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct namespaces *namespaces = stage->data;

	if (namespaces->by_cloner & (CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) &&
	    worker_run(stage, set_by_worker, error) < 0)
		return -1;
	if ((namespaces->set_by_runtime & ~namespaces->entered &&
	     enter_by_pidfd(stage, CLONE_NEWIPC, error) < 0) ||
	    set_inside(stage, namespaces->set_by_runtime, error) < 0 || go_back(stage, error) < 0)
		return -1;
	return namespaces->made & CLONE_NEWUSER ? idmap_write(stage, error) : 0;
}

static int namespace_setup(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct namespaces *namespaces = stage->data;

	if ((namespaces->made | namespaces->joined) & CLONE_NEWUSER &&
	    become_root(stage, error) < 0)
		return -1;
	if (enter_in_init(stage, ~(uint64_t)CLONE_NEWNS, error) < 0)
		return -1;
	if (namespaces->made & CLONE_NEWCGROUP && unshare(CLONE_NEWCGROUP) < 0)
		return stage->host->fail(error, errno, "make a cgroup namespace");
	if (set_inside(stage, ~(namespaces->set_by_runtime | namespaces->by_cloner), error) < 0)
		return -1;
	return enter_in_init(stage, CLONE_NEWNS, error); /* takes the host's /proc away */
}

static int namespace_settle(struct ironbox_stage *stage, struct ironbox_error *error)
{
	return go_back(stage, error); /* exec has no attach */
}

/* Is init's namespace of this type not this process's own? 1, 0, or -1. */
static int namespace_differs(const struct ironbox_stage *stage, uint64_t flag,
                             struct ironbox_error *error)
{
	char pid[16];
	uint64_t of_init, own;

	snprintf(pid, sizeof(pid), "%d", stage->init_pid);
	of_init = namespace_number(stage, pid, flag, error);
	own = of_init ? namespace_number(stage, "thread-self", flag, error) : 0;
	return own ? of_init != own : -1;
}

/* Types of which setns(2) would fail into one's own. User: with EINVAL, always, and to go by EINVAL
 * could leave out one that the container has. What was joined: for lack of rights over the host's,
 * where we have none; create stays in it then as well (enter_joined). A mount namespace is entered
 * all the same, for setns(2) goes to its root. */
static uint64_t maybe_ours(const struct ironbox_stage *stage)
{
	const struct namespaces *namespaces = stage->data;
	uint64_t flags = CLONE_NEWUSER;

	if (stage->flags & IRONBOX_ROOTLESS)
		flags |= namespaces->joined & ~(uint64_t)CLONE_NEWNS;
	return flags & namespaces->by_pidfd;
}

static int namespace_join_prepare(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct namespaces *namespaces = stage->data;
	uint64_t looked_at;

	if (namespaces_read(stage, error) < 0)
		return -1;
	namespaces->by_pidfd = namespaces->made | namespaces->joined;
	looked_at = maybe_ours(stage);
	for (int i = 0; i < KINDS; i++) {
		int differs;

		if (!(looked_at & kinds[i].flag))
			continue;
		differs = namespace_differs(stage, kinds[i].flag, error);
		if (differs < 0)
			return -1;
		if (!differs)
			namespaces->by_pidfd &= ~kinds[i].flag;
	}
	return 0;
}

static int namespace_join(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct namespaces *namespaces = stage->data;

	/* All at once, so that each is judged by the rights that we have now. Linux 5.8. The pid
	 * namespace holds for the child that the engine makes once nothing of the host is left. */
	if (namespaces->by_pidfd && setns(stage->init_pidfd, (int)namespaces->by_pidfd) < 0)
		return stage->host->fail(error, errno, "enter the container's namespaces");
	return namespaces->by_pidfd & CLONE_NEWUSER ? become_root(stage, error) : 0;
}

static int namespace_teardown(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct namespaces *namespaces = stage->data;
	int result;

	if (!namespaces || !namespaces->ready)
		return 0; /* a later verb: namespaces end with the last that is in them */
	result = go_back(stage, error);
	for (int i = 0; i < KINDS; i++) {
		replace_fd(&namespaces->joined_fd[i], -1);
		replace_fd(&namespaces->own_fd[i], -1);
	}
	return result;
}

static int namespace_probe(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const char *most = stage->host->fact(stage, "/proc/sys/user/max_user_namespaces");
	char path[32];

	(void)error; /* what is lacking is an answer, no failure */
	for (int i = 0; i < KINDS; i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", kinds[i].file);
		if (access(path, F_OK) < 0)
			stage->host->report_lack(stage, "%s namespaces", kinds[i].type);
	}
	if (most && strcmp(most, "0\n") == 0)
		stage->host->report_lack(stage, "user namespaces: user.max_user_namespaces is 0");
	return 0;
}

const struct ironbox_plugin ironbox_plugin = {
	.abi = IRONBOX_ABI,
	.size = sizeof(struct ironbox_plugin),
	.version = "1.0",
	.manifest = ironbox_manifest.text,
	.data_size = sizeof(struct namespaces),
	.configure = namespace_configure,
	.validate = namespace_validate,
	.prepare = namespace_prepare,
	.attach = namespace_attach,
	.needs_attach = namespace_needs_attach,
	.setup = namespace_setup,
	.settle = namespace_settle,
	.join_prepare = namespace_join_prepare,
	.join = namespace_join,
	.checkpoint = namespace_checkpoint,
	.restore = namespace_restore,
	.verify = namespace_verify,
	.teardown = namespace_teardown,
	.probe = namespace_probe,
};
