# shellcheck shell=bash
# containerd.bash: a containerd of the suite's own, with the shim under test and an image of busybox.
#
# Its root, state and sockets are in the suite's own /run (run-suite), CRI is off, and all of it ends
# with the suite's pid namespace. For setup_file and setup:
#   containerd_setup_file   writes config.toml and ironbox.ini, starts containerd, imports the image
#   containerd_setup        gives each test $id, $box and what box.bash has
#   containerd_teardown     removes the test's containers and fails if they left something

source "$(dirname "${BASH_SOURCE[0]}")/../../support/box.bash"

CONTAINERD_TESTS=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
: "${SHIM:?the shim to test}"
export CONTAINERD_ADDRESS=/run/containerd/containerd.sock
image=ironbox.test/busybox:latest
runtime=io.containerd.ironbox.v1
tasks=/run/containerd/io.containerd.runtime.v2.task/default

containerd_setup_file() {
	local layer=$BOX_SUITE/layer.tar

	mkdir -p "$BOX_SUITE/bin" /run/containerd /run/containerd-root
	ln -s "$SHIM" "$BOX_SUITE/bin/containerd-shim-ironbox-v1"
	# /etc/ironbox of the host is not the suite's: it gets one of its own, where mounts are private.
	mkdir -p /etc/ironbox
	mount -t tmpfs -o mode=755 etc-ironbox /etc/ironbox
	containerd_ini ''
	cat >"$BOX_SUITE/config.toml" <<-END
		version = 2
		root = "/run/containerd-root"
		state = "/run/containerd"
		disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs",
		  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
		  "io.containerd.snapshotter.v1.aufs", "io.containerd.internal.v1.opt"]
		[grpc]
		  address = "$CONTAINERD_ADDRESS"
		[debug]
		  level = "debug"
	END
	containerd_start
	tar -C "$BOX_SUITE/rootfs" -cf "$layer" .
	"$CONTAINERD_TESTS/make-image" "$BOX_SUITE/image.tar" "$image" "$layer"
	ctr image import "$BOX_SUITE/image.tar" >/dev/null
}

# containerd_ini TEXT: the node's ironbox.ini. Lines before TEXT's first section belong to [ironbox].
containerd_ini() {
	printf '[ironbox]\nplugin_path = %s/plugins\n%s\n' "$BOX_SUITE" "$1" >/etc/ironbox/ironbox.ini
}

containerd_start() {
	PATH=$BOX_SUITE/bin:$PATH /usr/bin/containerd --config "$BOX_SUITE/config.toml" \
		>>"$BOX_SUITE/containerd.log" 2>&1 </dev/null 3>&- &
	echo $! >"$BOX_SUITE/containerd.pid"
	await 30 containerd_answers
}

containerd_answers() {
	timeout 5 ctr version >/dev/null 2>&1
}

# containerd_stop [SIGNAL]
containerd_stop() {
	local pid
	pid=$(cat "$BOX_SUITE/containerd.pid")
	kill -"${1:-TERM}" "$pid"
	await 30 ended "$pid"
}

# ended PID: it is dead, whether reaped or not.
ended() {
	! grep -qs '^State:.[^ZX]' "/proc/$1/status"
}

ctr() {
	command ctr "$@" 3>&-
}
