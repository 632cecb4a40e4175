/*
 * overlay.c: an overlay of more layers than fit in the one page of options that mount(2) takes.
 * Then the lower directories are named from the one that they have in common, which is gone to for
 * that moment. fsconfig(2) has no such end only since Linux 6.8 or so ("lowerdir+"); before, it
 * takes 255 bytes a word.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

/* Of the layer at the head of a list such as "/a/1:/a/2": a colon behind a backslash is a name's.
 */
static size_t layer_size(const char *list)
{
	size_t i;

	for (i = 0; list[i] && list[i] != ':'; i++)
		if (list[i] == '\\' && list[i + 1])
			i++;
	return i;
}

static const char *next_layer(const char *layer)
{
	layer += layer_size(layer);
	return *layer ? layer + 1 : NULL;
}

/* Up to the last slash before `end`, that one included. */
static size_t up_to_slash(const char *path, size_t end)
{
	while (end > 0 && path[end - 1] != '/')
		end--;
	return end;
}

/* The size of "/a/b/", with which all layers begin and behind which each goes on; 0: none. */
static size_t common_size(const char *list)
{
	size_t common = up_to_slash(list, layer_size(list));
	const char *layer;

	for (layer = list; layer && common > 0; layer = next_layer(layer)) {
		size_t size = layer_size(layer);

		/* two colons in a row say that what follows is for data alone: overlayfs.rst */
		while (size > 0 && common > 0 &&
		       (size <= common || strncmp(layer, list, common) != 0))
			common = up_to_slash(list, common - 1);
	}
	return list[0] == '/' ? common : 0;
}

/* A directory's name without the backslashes that keep colons apart. */
static int plain_name(const char *from, size_t size, char name[PATH_MAX])
{
	size_t i, at = 0;

	for (i = 0; i < size && at < PATH_MAX - 1; i++) {
		if (from[i] == '\\' && i + 1 < size)
			i++;
		name[at++] = from[i];
	}
	name[at] = '\0';
	return i < size ? -1 : 0;
}

/* "lowerdir=1/fs:2/fs,", each layer without its first `cut` bytes. -1: there is no room. */
static int write_layers(const char *list, size_t cut, char *data, size_t capacity)
{
	size_t at = (size_t)snprintf(data, capacity, "lowerdir=");
	const char *layer;

	for (layer = list; layer; layer = next_layer(layer)) {
		size_t size = layer_size(layer), skip = size > cut ? cut : 0;

		if (at + size - skip + 2 > capacity)
			return -1;
		memcpy(data + at, layer + skip, size - skip);
		at += size - skip;
		data[at++] = ':';
	}
	data[at - 1] = '\0';
	return 0;
}

static int write_data(const char *layers, size_t cut, const char *rest, char data[MOUNT_DATA_SIZE])
{
	size_t length, more = strlen(rest);

	if (write_layers(layers, cut, data, MOUNT_DATA_SIZE) < 0)
		return -1;
	length = strlen(data);
	if (length + more + 2 > MOUNT_DATA_SIZE)
		return -1;
	if (more > 0) {
		data[length++] = ',';
		memcpy(data + length, rest, more + 1);
	}
	return 0;
}

/* The kernel has one errno for all of an overlay's directories. */
static int fail(const struct ironbox_stage *stage, int code, const char *layers,
                struct ironbox_error *error)
{
	const char *layer;
	char name[PATH_MAX];
	struct stat status;

	for (layer = layers; code == ENOENT && layer; layer = next_layer(layer))
		if (plain_name(layer, layer_size(layer), name) == 0 && *name &&
		    lstat(name, &status) < 0)
			return stage->host->fail(error, errno, "lowerdir %s", name);
	return stage->host->fail(error, code, "mount an overlay");
}

static int mount_from(const struct ironbox_stage *stage, const struct overlay *overlay,
                      size_t common, const char *data, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	cleanup_close int directory_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char name[PATH_MAX];
	int code = 0;

	if (directory_fd < 0)
		return host->fail(error, errno, "remember the working directory");
	if (plain_name(overlay->layers, common, name) < 0)
		return host->fail(error, ENAMETOOLONG, "the layers' folder");
	if (chdir(name) < 0)
		return host->fail(error, errno, "go to the layers' folder %s", name);
	if (mount(overlay->source, overlay->point, "overlay", overlay->flags, data) < 0)
		code = errno;
	if (fchdir(directory_fd) < 0)
		return host->fail(error, errno, "go back to the working directory");
	return code ? fail(stage, code, overlay->layers, error) : 0;
}

int overlay_mount(const struct ironbox_stage *stage, const struct overlay *overlay,
                  struct ironbox_error *error)
{
	char data[MOUNT_DATA_SIZE];
	size_t common;

	if (write_data(overlay->layers, 0, overlay->data, data) == 0) {
		if (mount(overlay->source, overlay->point, "overlay", overlay->flags, data) == 0)
			return 0;
		return fail(stage, errno, overlay->layers, error);
	}
	common = common_size(overlay->layers);
	if (common == 0 || write_data(overlay->layers, common, overlay->data, data) < 0)
		return stage->host->fail(error, E2BIG,
		                         "mount(2) takes %d bytes of options, also where layers "
		                         "are named from %.*s",
		                         MOUNT_DATA_SIZE - 1, common ? (int)common : 1,
		                         common ? overlay->layers : "/");
	return mount_from(stage, overlay, common, data, error);
}
