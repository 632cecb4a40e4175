/* network: brings lo up in a new network namespace, and moves linux.netDevices into the
 * container's. Nothing else touches a network. */
#include <errno.h>
#include <sched.h>

#include "internal.h"
#include "link.h"
#include "netlink.h"

IRONBOX_MANIFEST("name = network\n"
                 "after = namespace\n"
                 "before = seccomp\n" /* a profile may deny socket(2) */
                 "wakes_on = linux.namespaces[type=network] linux.netDevices\n");

enum { LOOPBACK_INDEX = 1 }; /* the first device of every network namespace */

static int network_configure(struct ironbox_stage *stage, struct ironbox_error *error)
{
	static const struct ironbox_field none[] = { IRONBOX_FIELD_END };

	return stage->host->settings(stage, none, NULL, error);
}

static int network_validate(struct ironbox_stage *stage, struct ironbox_error *error)
{
	return devices_asked(stage) ? devices_validate(stage, error) : 0;
}

static bool network_needs_attach(const struct ironbox_stage *stage)
{
	return devices_asked(stage);
}

static int network_attach(struct ironbox_stage *stage, struct ironbox_error *error)
{
	return devices_asked(stage) ? devices_move(stage, error) : 0;
}

/* The addresses of lo, 127.0.0.1 and ::1, come with the flag. */
static int network_setup(struct ironbox_stage *stage, struct ironbox_error *error)
{
	cleanup_close int netlink_fd = -1;

	if (!stage->host->namespace_is_new(stage, CLONE_NEWNET))
		return 0; /* a joined one may be the host's own: hands off */
	netlink_fd = netlink_open();
	if (netlink_fd < 0)
		return stage->host->fail(error, errno, "open a netlink socket");
	if (link_set_up(netlink_fd, LOOPBACK_INDEX, true) < 0)
		return stage->host->fail(error, errno, "bring up lo");
	return 0;
}

/* A device of the host's is in no image, and there is nobody yet to move it to in restore. */
static int network_refuse_devices(struct ironbox_stage *stage, struct ironbox_error *error)
{
	if (!devices_asked(stage))
		return 0;
	return stage->host->fail(error, 0,
	                         "linux.netDevices: devices of the host can't be put into images");
}

static int network_teardown(struct ironbox_stage *stage, struct ironbox_error *error)
{
	return devices_give_back(stage, error);
}

static int network_probe(struct ironbox_stage *stage, struct ironbox_error *error)
{
	cleanup_close int netlink_fd = netlink_open();

	(void)error; /* what is lacking is an answer, no failure */
	if (netlink_fd < 0)
		stage->host->report_lack(stage, "rtnetlink sockets");
	return 0;
}

const struct ironbox_plugin ironbox_plugin = {
	.abi = IRONBOX_ABI,
	.size = sizeof(struct ironbox_plugin),
	.version = "1.0",
	.manifest = ironbox_manifest.text,
	.data_size = sizeof(struct network),
	.configure = network_configure,
	.validate = network_validate,
	.attach = network_attach,
	.needs_attach = network_needs_attach,
	.setup = network_setup,
	.checkpoint = network_refuse_devices,
	.restore = network_refuse_devices,
	.teardown = network_teardown,
	.probe = network_probe,
};
