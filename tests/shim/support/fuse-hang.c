/*
 * fuse-hang MOUNTPOINT [PROGRAM…]: a small file system of one process, to be stopped (SIGSTOP):
 * then whoever touches the mount hangs as with any dead server. Nothing is cached for the kernel,
 * so each name and each read asks us. It has the folders of a root file system, "file" with
 * "hello\n", each PROGRAM as bin/NAME, and "trap", each read of which stops us between request and
 * answer (where no signal reaches the reader); files and folders can be made and written to, in
 * memory. "ready" on stdout says that it serves. SIGTERM unmounts it.
 *
 * The protocol is that of linux/fuse.h, without a library, so that nothing else can hang.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define NODES_MAX   128
#define WRITE_MAX   (128 * 1024)
#define BUFFER_SIZE (WRITE_MAX + 4096) /* with the header; FUSE_MIN_READ_BUFFER is 8192 */
#define GROWN_MAX   (64u << 20)        /* of a file that was written to */
#define NAME_SIZE   64

struct node {
	uint64_t parent; /* 0: there is no such node */
	char name[NAME_SIZE];
	mode_t mode;
	char *content;
	size_t size, capacity; /* capacity 0: the content is not ours to change */
};

struct server {
	int fd;
	const char *mountpoint;
	struct node nodes[NODES_MAX]; /* by their id; 0 is none, FUSE_ROOT_ID is the root */
	uint64_t trap;
	bool told;
};

static volatile sig_atomic_t ending;

static void on_end(int number)
{
	(void)number;
	ending = 1;
}

/* ---- the tree ---- */

static uint64_t add(struct server *server, uint64_t parent, const char *name, mode_t mode)
{
	for (uint64_t id = FUSE_ROOT_ID; id < NODES_MAX && strlen(name) < NAME_SIZE; id++) {
		struct node *node = &server->nodes[id];

		if (node->parent != 0)
			continue;
		*node = (struct node){ .parent = parent, .mode = mode };
		memcpy(node->name, name, strlen(name) + 1);
		return id;
	}
	return 0;
}

static uint64_t find(const struct server *server, uint64_t parent, const char *name)
{
	for (uint64_t id = FUSE_ROOT_ID + 1; id < NODES_MAX; id++)
		if (server->nodes[id].parent == parent && strcmp(server->nodes[id].name, name) == 0)
			return id;
	return 0;
}

static void add_program(struct server *server, uint64_t folder, const char *path)
{
	const char *slash = strrchr(path, '/');
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t id = add(server, folder, slash ? slash + 1 : path, S_IFREG | 0755);
	struct stat status;

	if (fd < 0 || id == 0 || fstat(fd, &status) < 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	server->nodes[id].size = (size_t)status.st_size;
	server->nodes[id].content =
		mmap(NULL, server->nodes[id].size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	close(fd);
}

static uint64_t add_greeting(struct server *server, const char *name)
{
	uint64_t id = add(server, FUSE_ROOT_ID, name, S_IFREG | 0644);

	server->nodes[id].content = strdup("hello\n");
	server->nodes[id].size = server->nodes[id].capacity = strlen("hello\n");
	return id;
}

static void plant(struct server *server, char *const *programs)
{
	static const char *const folders[] = { "bin", "dev", "etc", "mnt", "proc", "sys", "tmp" };

	add(server, FUSE_ROOT_ID, "", S_IFDIR | 0755);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		add(server, FUSE_ROOT_ID, folders[i], S_IFDIR | 0755);
	add_greeting(server, "file");
	server->trap = add_greeting(server, "trap");
	for (; *programs; programs++)
		add_program(server, find(server, FUSE_ROOT_ID, "bin"), *programs);
}

/* ---- answers ---- */

static void answer(const struct server *server, const struct fuse_in_header *request, int error,
                   const void *bytes, size_t size)
{
	struct fuse_out_header header = { .len = (uint32_t)(sizeof(header) + size),
		                          .error = -error,
		                          .unique = request->unique };
	struct iovec parts[] = { { &header, sizeof(header) }, { (void *)(uintptr_t)bytes, size } };

	/* ENOENT: the caller was killed meanwhile */
	if (writev(server->fd, parts, 2) < 0 && errno != ENOENT)
		perror("answer");
}

static struct fuse_attr attributes(const struct server *server, uint64_t id)
{
	const struct node *node = &server->nodes[id];

	return (struct fuse_attr){ .ino = id,
		                   .size = node->size,
		                   .blocks = (node->size + 511) / 512,
		                   .mode = node->mode,
		                   .nlink = S_ISDIR(node->mode) ? 2 : 1,
		                   .blksize = 4096 };
}

static void answer_attributes(const struct server *server, const struct fuse_in_header *request)
{
	struct fuse_attr_out out = { .attr = attributes(server, request->nodeid) };

	answer(server, request, 0, &out, sizeof(out));
}

static struct fuse_entry_out entry(const struct server *server, uint64_t id)
{
	return (struct fuse_entry_out){ .nodeid = id, .attr = attributes(server, id) };
}

static void answer_entry(const struct server *server, const struct fuse_in_header *request,
                         uint64_t id, int error)
{
	struct fuse_entry_out out;

	if (id == 0) {
		answer(server, request, error, NULL, 0);
		return;
	}
	out = entry(server, id);
	answer(server, request, 0, &out, sizeof(out));
}

static void answer_init(struct server *server, const struct fuse_in_header *request,
                        const struct fuse_init_in *in)
{
	struct fuse_init_out out = { .major = FUSE_KERNEL_VERSION,
		                     .minor = in->minor < 31 ? in->minor : 31,
		                     .max_readahead = 0,
		                     .flags = in->flags & FUSE_BIG_WRITES,
		                     .max_background = 16,
		                     .congestion_threshold = 12,
		                     .max_write = WRITE_MAX,
		                     .time_gran = 1 };

	answer(server, request, 0, &out, sizeof(out));
	if (!server->told) {
		puts("ready");
		fflush(stdout);
	}
	server->told = true;
}

static void answer_read(const struct server *server, const struct fuse_in_header *request,
                        const struct fuse_read_in *in)
{
	const struct node *node = &server->nodes[request->nodeid];
	size_t size = in->offset < node->size ? node->size - (size_t)in->offset : 0;

	if (request->nodeid == server->trap)
		raise(SIGSTOP);
	answer(server, request, 0, size > 0 ? node->content + in->offset : NULL,
	       size < in->size ? size : in->size);
}

static void answer_list(const struct server *server, const struct fuse_in_header *request,
                        const struct fuse_read_in *in)
{
	union {
		char bytes[NODES_MAX * FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + NAME_SIZE)];
		struct fuse_dirent first;
	} list;
	size_t size = 0;

	for (uint64_t id = in->offset + 1; id < NODES_MAX; id++) {
		const struct node *node = &server->nodes[id];
		struct fuse_dirent *entry_at = (struct fuse_dirent *)(void *)(list.bytes + size);
		size_t name_size = strlen(node->name);
		size_t entry_size = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + name_size);

		if (node->parent != request->nodeid || id == FUSE_ROOT_ID)
			continue;
		if (size + entry_size > in->size)
			break;
		memset(entry_at, 0, entry_size);
		*entry_at = (struct fuse_dirent){ .ino = id,
			                          .off = id,
			                          .namelen = (uint32_t)name_size,
			                          .type = S_ISDIR(node->mode) ? DT_DIR : DT_REG };
		memcpy(entry_at->name, node->name, name_size);
		size += entry_size;
	}
	answer(server, request, 0, list.bytes, size);
}

static bool grow(struct node *node, size_t size)
{
	size_t capacity = node->capacity > 0 ? node->capacity : 4096;
	char *grown;

	if (size <= node->capacity)
		return true;
	if (size > GROWN_MAX || (node->size > 0 && node->capacity == 0))
		return false;
	while (capacity < size)
		capacity *= 2;
	grown = realloc(node->content, capacity);
	if (!grown)
		return false;
	node->content = grown;
	node->capacity = capacity;
	return true;
}

static void answer_write(struct server *server, const struct fuse_in_header *request,
                         const struct fuse_write_in *in)
{
	struct node *node = &server->nodes[request->nodeid];
	struct fuse_write_out out = { .size = in->size };
	size_t end = (size_t)in->offset + in->size;

	if (!grow(node, end)) {
		answer(server, request, ENOSPC, NULL, 0);
		return;
	}
	if (in->offset > node->size)
		memset(node->content + node->size, 0, (size_t)in->offset - node->size);
	memcpy(node->content + in->offset, in + 1, in->size);
	if (end > node->size)
		node->size = end;
	answer(server, request, 0, &out, sizeof(out));
}

static void answer_change(struct server *server, const struct fuse_in_header *request,
                          const struct fuse_setattr_in *in)
{
	struct node *node = &server->nodes[request->nodeid];

	if ((in->valid & FATTR_SIZE) && in->size < node->size && node->capacity > 0)
		node->size = (size_t)in->size;
	if (in->valid & FATTR_MODE)
		node->mode = (node->mode & S_IFMT) | (in->mode & 07777);
	answer_attributes(server, request);
}

static void answer_create(struct server *server, const struct fuse_in_header *request,
                          const struct fuse_create_in *in)
{
	uint64_t id =
		add(server, request->nodeid, (const char *)(in + 1), S_IFREG | (in->mode & 07777));
	struct {
		struct fuse_entry_out entry;
		struct fuse_open_out open;
	} out = { .open = { .fh = 0 } };

	if (id == 0) {
		answer(server, request, ENOSPC, NULL, 0);
		return;
	}
	out.entry = entry(server, id);
	answer(server, request, 0, &out, sizeof(out));
}

static void remove_entry(struct server *server, const struct fuse_in_header *request,
                         const char *name)
{
	uint64_t id = find(server, request->nodeid, name);

	if (id != 0)
		server->nodes[id].parent = UINT64_MAX; /* its id stays taken: it may be open */
	answer(server, request, id == 0 ? ENOENT : 0, NULL, 0);
}

static void serve(struct server *server, const struct fuse_in_header *request, const void *body)
{
	static const struct fuse_open_out opened;
	static const struct fuse_statfs_out statfs_out = { .st = { .bsize = 4096,
		                                                   .namelen = NAME_SIZE - 1 } };
	const struct fuse_mkdir_in *folder = body;

	switch (request->opcode) {
	case FUSE_INIT:
		answer_init(server, request, body);
		break;
	case FUSE_LOOKUP:
		answer_entry(server, request, find(server, request->nodeid, body), ENOENT);
		break;
	case FUSE_GETATTR:
		answer_attributes(server, request);
		break;
	case FUSE_SETATTR:
		answer_change(server, request, body);
		break;
	case FUSE_OPEN:
	case FUSE_OPENDIR:
		answer(server, request, 0, &opened, sizeof(opened));
		break;
	case FUSE_READ:
		answer_read(server, request, body);
		break;
	case FUSE_READDIR:
		answer_list(server, request, body);
		break;
	case FUSE_WRITE:
		answer_write(server, request, body);
		break;
	case FUSE_CREATE:
		answer_create(server, request, body);
		break;
	case FUSE_MKDIR:
		answer_entry(server, request,
		             add(server, request->nodeid, (const char *)(folder + 1),
		                 S_IFDIR | (folder->mode & 07777)),
		             ENOSPC);
		break;
	case FUSE_UNLINK:
	case FUSE_RMDIR:
		remove_entry(server, request, body);
		break;
	case FUSE_STATFS:
		answer(server, request, 0, &statfs_out, sizeof(statfs_out));
		break;
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
	case FUSE_FLUSH:
	case FUSE_FSYNC:
		answer(server, request, 0, NULL, 0);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT: /* nothing of ours takes time */
		break;
	default:
		answer(server, request, ENOSYS, NULL, 0);
	}
}

/* ---- the mount ---- */

static int mount_it(struct server *server)
{
	char options[128];

	server->fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (server->fd < 0)
		return -1;
	snprintf(options, sizeof(options),
	         "fd=%d,rootmode=40755,user_id=0,group_id=0,allow_other,default_permissions",
	         server->fd);
	return mount("fuse-hang", server->mountpoint, "fuse", MS_NODEV | MS_NOSUID, options);
}

static void serve_until_the_end(struct server *server)
{
	static _Alignas(8) char buffer[BUFFER_SIZE];

	while (!ending) {
		ssize_t size = read(server->fd, buffer, sizeof(buffer));

		if (size < 0 && errno == ENODEV) /* unmounted by someone else */
			return;
		if (size >= (ssize_t)sizeof(struct fuse_in_header))
			serve(server, (const struct fuse_in_header *)(const void *)buffer,
			      buffer + sizeof(struct fuse_in_header));
	}
}

int main(int count, char **arguments)
{
	static struct server server;
	const struct sigaction end = { .sa_handler = on_end }; /* no SA_RESTART */

	if (count < 2) {
		fprintf(stderr, "usage: fuse-hang MOUNTPOINT [PROGRAM...]\n");
		return EXIT_FAILURE;
	}
	server.mountpoint = arguments[1];
	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGINT, &end, NULL);
	plant(&server, arguments + 2);
	if (mount_it(&server) < 0) {
		fprintf(stderr, "fuse-hang: mount at %s: %m\n", server.mountpoint);
		return EXIT_FAILURE;
	}
	serve_until_the_end(&server);
	umount2(server.mountpoint, MNT_DETACH); /* EINVAL: it is unmounted already */
	return EXIT_SUCCESS;
}
