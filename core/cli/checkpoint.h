/* Options that checkpoint and restore share. */
#ifndef IRONBOX_CLI_CHECKPOINT_H
#define IRONBOX_CLI_CHECKPOINT_H

#include "cli/command.h"

struct image_options {
	const char *image_path, *work_path, *manage_cgroups_mode;
	struct option_list empty_ns;
	bool tcp_established, ext_unix_sk, shell_job, file_locks, auto_dedup, link_remap;
};

/* What both tell the lifecycle; -1: a value that nobody knows. */
int checkpoint_options_from(const struct image_options *options, struct checkpoint_options *out,
                            struct ironbox_error *error);

/* Rows of a struct that begins with a struct image_options. */
#define IMAGE_OPTION(member, name, metavar, text) \
	OPTION(struct image_options, member, name, 0, metavar, text)
#define LAZY_PAGES_REFUSED                                                                       \
	{                                                                                        \
		.name = "lazy-pages", .kind = OPTION_FLAG, .help = "(not there)",                \
		.refused = "is not there: memory comes and goes with the images", .hidden = true \
	}
#define IMAGE_OPTIONS                                                                   \
	IMAGE_OPTION(image_path, "image-path", "DIR",                                   \
	             "folder of the images (default: checkpoint)"),                     \
		IMAGE_OPTION(work_path, "work-path", "DIR",                             \
	                     "folder of criu's log (default: the image path)"),         \
		IMAGE_OPTION(tcp_established, "tcp-established", NULL,                  \
	                     "allow open TCP connections"),                             \
		IMAGE_OPTION(ext_unix_sk, "ext-unix-sk", NULL,                          \
	                     "allow Unix sockets whose other end is outside"),          \
		IMAGE_OPTION(shell_job, "shell-job", NULL,                              \
	                     "allow a session and a terminal of the caller's"),         \
		IMAGE_OPTION(file_locks, "file-locks", NULL, "allow file locks"),       \
		IMAGE_OPTION(link_remap, "link-remap", NULL,                            \
	                     "allow open files without a name, by a link beside them"), \
		IMAGE_OPTION(auto_dedup, "auto-dedup", NULL,                            \
	                     "take out of older images what newer ones have"),          \
		IMAGE_OPTION(manage_cgroups_mode, "manage-cgroups-mode", "MODE",        \
	                     "soft (the default), full, strict or ignore"),             \
		IMAGE_OPTION(empty_ns, "empty-ns", "TYPE",                              \
	                     "leave out what is in this namespace: network"),           \
		LAZY_PAGES_REFUSED

#endif
