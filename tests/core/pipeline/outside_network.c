/* A stage as an outsider writes it: a swap for `network`, built against the installed header alone.
 * It brings lo up by netdevice(7), with an MTU that shows who did it. */
#include <errno.h>
#include <linux/sched.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <ironbox/cleanup.h>
#include <ironbox/plugin.h>

IRONBOX_MANIFEST("name = network\n"
                 "after = namespace\n"
                 "wakes_on = linux.namespaces[type=network]\n");

struct outside {
	uint32_t mtu;
};

static const struct ironbox_field settings[] = {
	IRONBOX_FIELD(struct outside, mtu, "mtu"),
	IRONBOX_FIELD_END,
};

static int outside_configure(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct outside *outside = stage->data;

	outside->mtu = 4242;
	return stage->host->settings(stage, settings, outside, error);
}

static int outside_setup(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct outside *outside = stage->data;
	struct ifreq request = { .ifr_name = "lo" };
	cleanup_close int socket_fd = -1;

	if (!stage->host->namespace_is_new(stage, CLONE_NEWNET))
		return 0;
	socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (socket_fd < 0)
		return stage->host->fail(error, errno, "open a socket to configure lo");
	request.ifr_mtu = (int)outside->mtu;
	if (ioctl(socket_fd, SIOCSIFMTU, &request) < 0)
		return stage->host->fail(error, errno, "set lo's MTU to %u", outside->mtu);
	request.ifr_flags = IFF_UP;
	if (ioctl(socket_fd, SIOCSIFFLAGS, &request) < 0)
		return stage->host->fail(error, errno, "bring up lo");
	return 0;
}

const struct ironbox_plugin ironbox_plugin = {
	.abi = IRONBOX_ABI,
	.size = sizeof(struct ironbox_plugin),
	.version = "0.1-outside",
	.manifest = ironbox_manifest.text,
	.data_size = sizeof(struct outside),
	.configure = outside_configure,
	.setup = outside_setup,
};
