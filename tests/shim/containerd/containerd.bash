# shellcheck shell=bash
# containerd.bash: a containerd of the suite's own, with the shim under test and an image of busybox.
#
# Its root, state and sockets are in the suite's own /run (run-suite), CRI is off, and all of it ends
# with the suite's pid namespace. For setup_file and setup:
#   containerd_setup_file   writes config.toml and ironbox.ini, starts containerd, imports the image
#   containerd_setup        gives each test $id, $box and what box.bash has
#   containerd_teardown     removes the test's containers and fails if they left something
# A test's containers are in the namespace default, and each id begins with $id.

source "$(dirname "${BASH_SOURCE[0]}")/../../support/box.bash"

CONTAINERD_TESTS=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
: "${SHIM:?the shim to test}"
export CONTAINERD_ADDRESS=/run/containerd/containerd.sock
image=ironbox.test/busybox:latest
runtime=io.containerd.ironbox.v1
tasks=/run/containerd/io.containerd.runtime.v2.task/default

containerd_setup_file() {
	local layer=$BOX_SUITE/layer.tar

	! [ -S "$CONTAINERD_ADDRESS" ] || return 0 # there since the suite's last file
	mkdir -p "$BOX_SUITE"/{bin,etc,etc-work} /run/containerd /run/containerd-root
	ln -s "$SHIM" "$BOX_SUITE/bin/containerd-shim-ironbox-v1"
	# The node's ini is the suite's own, and the host's /etc stays as it is.
	mount -t overlay -o "lowerdir=/etc,upperdir=$BOX_SUITE/etc,workdir=$BOX_SUITE/etc-work" etc /etc
	mkdir -p /etc/ironbox
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
		  level = "${containerd_log_level:-debug}"
	END
	containerd_start
	tar -C "$BOX_SUITE/rootfs" -cf "$layer" .
	"$CONTAINERD_TESTS/make-image" "$BOX_SUITE/image.tar" "$image" "$layer"
	ctr image import "$BOX_SUITE/image.tar" >/dev/null
}

containerd_setup() {
	containerd_ini ''
	box_setup
}

containerd_teardown() {
	local left='' status=0

	containerd_remove
	await 5 containerd_has_nothing >/dev/null || left=$(containerd_things)
	containerd_things | grep ^/ | xargs -r rm -rf
	box_teardown || status=1
	# what the cgroups are below, which no container removes; one suite at a time has such
	rmdir /sys/fs/cgroup/{,*/}default 2>/dev/null || true
	equals "$left" '' || status=1
	return "$status"
}

# containerd_remove [ID...]: these containers and their tasks, or all.
containerd_remove() {
	local name
	(($#)) || set -- $(ctr container list --quiet)
	for name; do
		ctr task delete --force "$name" >/dev/null 2>&1 || true # it may have none
		ctr container delete "$name" >/dev/null
	done
}

# What a container has beside mounts, cgroups and processes: containerd's folders for it, the shim's
# socket and record, the FIFOs of clients, a snapshot.
containerd_things() {
	find /run/containerd/s /run/containerd/fifo "$tasks" /run/containerd/ironbox/default \
		/run/containerd-root/io.containerd.runtime.v2.task/default -mindepth 1 \
		-not -path '/run/containerd/ironbox/default/seccomp*' 2>/dev/null
	ctr snapshot list | awk '$NF == "Active" { print "snapshot " $1 }'
}

containerd_has_nothing() {
	[ -z "$(containerd_things)" ]
}

# containerd_ini TEXT: the node's ironbox.ini. Lines before TEXT's first section belong to [ironbox].
containerd_ini() {
	printf '[ironbox]\nplugin_path = %s/plugins\n%s\n' "$BOX_SUITE" "$1" >/etc/ironbox/ironbox.ini
}

containerd_start() {
	(
		close_fds_of_bats
		PATH=$BOX_SUITE/bin:$PATH exec /usr/bin/containerd --config "$BOX_SUITE/config.toml"
	) >>"$BOX_SUITE/containerd.log" 2>&1 </dev/null &
	echo $! >"$BOX_SUITE/containerd.pid"
	await 30 containerd_answers
}

# All but 0, 1 and 2: bats waits for the end of its pipes, and setup_file has more of them than 3.
close_fds_of_bats() {
	local fd
	for fd in /proc/"$BASHPID"/fd/*; do
		fd=${fd##*/}
		((fd < 3)) || exec {fd}>&-
	done
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

# on_terminal COMMAND: a shell's command on a terminal of its own, on which nobody types. Both its
# terminal and the container's end lines with a carriage return: they are left out.
on_terminal() {
	local keys
	mkfifo "$box/keys"
	exec {keys}<>"$box/keys"
	rm "$box/keys"
	script -qec "$1" /dev/null <&"$keys" {keys}>&- 3>&- | tr -d '\r'
	return "${PIPESTATUS[0]}"
}
