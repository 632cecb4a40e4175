/* state.json: whole or an error, whatever the disk made of it. */
#include <fcntl.h>
#include <string.h>

#include "harness.h"
#include "lifecycle/container.h"
#include "paper_host.h"

static const struct runtime runtime = { .state_root = "/run/ironbox" };

static void begin(struct container *container)
{
	*container = CONTAINER_NONE;
	container->runtime = &runtime;
	container->id = strdup("web1");
	container->directory_fd = private_folder();
}

static void end(struct container *container)
{
	container->directory_fd = -1; /* not its own */
	container_close(container);
}

static void check_whole(const struct container_state_file *state)
{
	CHECK(state->pid > 0, "pid %d", state->pid);
	CHECK(state->bundle && state->rootfs && state->created && state->oci_version, "half of it");
}

static bool read_text(struct container *container, const char *text, size_t size)
{
	ERROR_NONE(error);

	begin(container);
	private_file(STATE_FILE, text, size);
	if (state_read(container, &error) == 0) {
		check_whole(&container->state);
		return true;
	}
	paper_host_check_error(&error);
	CHECK(strstr(error_text(&error), "web1"), "whose? %s", error_text(&error));
	end(container);
	return false;
}

static void check_same(const struct container_state_file *one,
                       const struct container_state_file *other)
{
	CHECK(one->pid == other->pid && one->start_time == other->start_time, "another process");
	CHECK(one->stage_flags == other->stage_flags, "other flags");
	CHECK(strcmp(one->bundle, other->bundle) == 0, "%s", other->bundle);
	CHECK(strcmp(one->rootfs, other->rootfs) == 0, "%s", other->rootfs);
	CHECK(strcmp(one->oci_version, other->oci_version) == 0, "%s", other->oci_version);
}

/* A file that a full disk or a power cut has shortened is none. */
static void check_cuts(void)
{
	cleanup_close int fd = openat(private_folder(), STATE_FILE, O_RDONLY | O_CLOEXEC);
	char text[1024];
	ssize_t size = read(fd, text, sizeof(text));

	if (size < 0 || size == (ssize_t)sizeof(text))
		return;
	for (ssize_t cut = 0; cut < size; cut++) {
		struct container container;

		CHECK(!read_text(&container, text, (size_t)cut), "%.*s", (int)cut, text);
	}
}

/* What was read, written again and read again. */
static void check_round(const struct container_state_file *state)
{
	static const char format[] = "{\"ociVersion\":\"%s\",\"root\":{\"path\":\"/\"}}";
	char config[256];
	struct container written, again;
	ERROR_NONE(error);

	begin(&written);
	written.pid = state->pid;
	written.start_time = state->start_time;
	written.bundle = strdup(state->bundle);
	written.rootfs = strdup(state->rootfs);
	written.state.stage_flags = state->stage_flags;
	snprintf(config, sizeof(config), format, state->oci_version);
	private_file_remove(".state.json.new");
	if (spec_parse(&written.spec, SPEC_CONFIG, "config.json", config, strlen(config), &error) ==
	    0) {
		CHECK(state_prepare(&written, &error) == 0 && state_commit(&written, &error) == 0,
		      "%s", error_text(&error));
		begin(&again);
		CHECK(state_read(&again, &error) == 0, "%s", error_text(&error));
		check_same(state, &again.state);
		end(&again);
		check_cuts();
	}
	end(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct container container;

	if (read_text(&container, (const char *)data, size)) {
		check_round(&container.state);
		end(&container);
	}
	return 0;
}
