/* Hands the cgroup to the container's user: "Cgroup ownership" of config-linux.md. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

/* For kernels without /sys/kernel/cgroup/delegate (older than 4.15). */
#define DELEGATE_DEFAULT "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n"

static int is_mounted_writable(struct ironbox_stage *stage, struct ironbox_error *error);
static int find_owner(struct ironbox_stage *stage, uint32_t *uid, struct ironbox_error *error);
static int change_owner(struct ironbox_stage *stage, int cgroup_fd, uint32_t uid,
                        struct ironbox_error *error);

int cgroup_delegate(struct ironbox_stage *stage, int cgroup_fd, struct ironbox_error *error)
{
	uint32_t uid;
	int result;

	/* without a namespace of its own the container could go for the cgroups beside it */
	if (!stage->host->namespace_is_new(stage, CLONE_NEWCGROUP))
		return 0;
	result = is_mounted_writable(stage, error);
	if (result == 1)
		result = find_owner(stage, &uid, error);
	if (result != 1 || uid == 0) /* root's it is already */
		return result < 0 ? -1 : 0;
	return change_owner(stage, cgroup_fd, uid, error);
}

struct mount {
	const char *destination, *type, *source;
	const struct ironbox_value *options;
};

static const struct ironbox_field mount_fields[] = {
	IRONBOX_FIELD(struct mount, destination, "destination"),
	IRONBOX_FIELD(struct mount, type, "type"),
	IRONBOX_FIELD(struct mount, source, "source"),
	IRONBOX_FIELD(struct mount, options, "options"),
	IRONBOX_FIELD_END,
};

static bool has_option(const struct ironbox_host *host, const struct ironbox_value *options,
                       const char *option)
{
	const struct ironbox_value *item;

	for (size_t i = 0; (item = host->item(options, i, NULL)); i++)
		if (strcmp(host->text(item), option) == 0)
			return true;
	return false;
}

static bool is_cgroup_mount(const struct mount *mount)
{
	return mount->destination && strcmp(mount->destination, MOUNT) == 0 &&
	       ((mount->source && strcmp(mount->source, "cgroup") == 0) ||
	        (mount->type && strncmp(mount->type, "cgroup", strlen("cgroup")) == 0));
}

/* The last of the mounts at /sys/fs/cgroup is the one that the container sees. */
static int is_mounted_writable(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const struct ironbox_value *mounts = host->spec(stage, "mounts"), *item;
	int writable = 0;

	for (size_t i = 0; (item = host->item(mounts, i, NULL)); i++) {
		struct mount mount = { 0 };

		if (host->read(stage, item, mount_fields, &mount, error) < 0)
			return -1;
		if (is_cgroup_mount(&mount))
			writable = !has_option(host, mount.options, "ro");
	}
	return writable;
}

struct mapping {
	uint32_t container_id, host_id, size;
};

static const struct ironbox_field mapping_fields[] = {
	IRONBOX_FIELD(struct mapping, container_id, "containerID"),
	IRONBOX_FIELD(struct mapping, host_id, "hostID"),
	IRONBOX_FIELD(struct mapping, size, "size"),
	IRONBOX_FIELD_END,
};

struct user {
	uint32_t uid;
};

static const struct ironbox_field user_fields[] = {
	IRONBOX_FIELD(struct user, uid, "uid"),
	IRONBOX_FIELD_END,
};

/* The host's uid of process.user.uid: 1; 0 where it has none, or the maps are not in the spec (a
 * joined user namespace). */
static int find_owner(struct ironbox_stage *stage, uint32_t *uid, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const struct ironbox_value *mappings = host->spec(stage, "linux.uidMappings"), *item;
	struct user user = { 0 };

	if (host->read(stage, host->spec(stage, "process.user"), user_fields, &user, error) < 0)
		return -1;
	*uid = user.uid;
	if (!host->spec(stage, "linux.namespaces[type=user]"))
		return 1;
	for (size_t i = 0; (item = host->item(mappings, i, NULL)); i++) {
		struct mapping mapping = { 0 };

		if (host->read(stage, item, mapping_fields, &mapping, error) < 0)
			return -1;
		if (user.uid < mapping.container_id ||
		    user.uid - mapping.container_id >= mapping.size)
			continue;
		*uid = mapping.host_id + (user.uid - mapping.container_id);
		return 1;
	}
	return 0;
}

/* The limits stay root's: what is listed there does not let the container out of them. */
static int change_owner(struct ironbox_stage *stage, int cgroup_fd, uint32_t uid,
                        struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const char *list = host->fact(stage, "/sys/kernel/cgroup/delegate");
	char file[NAME_MAX + 1];

	if (fchown(cgroup_fd, uid, (gid_t)-1) < 0)
		return host->fail(error, errno, "give the cgroup to uid %u", uid);
	for (list = list ? list : DELEGATE_DEFAULT; *(list += strspn(list, "\n"));) {
		size_t length = strcspn(list, "\n");

		if (length < sizeof(file) && !memchr(list, '/', length)) {
			memcpy(file, list, length);
			file[length] = '\0';
			/* the list has files of controllers that are not enabled, too */
			if (fchownat(cgroup_fd, file, uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0 &&
			    errno != ENOENT)
				return host->fail(error, errno, "give %s to uid %u", file, uid);
		}
		list += length;
	}
	return 0;
}
