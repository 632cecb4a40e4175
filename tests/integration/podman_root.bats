# podman_root.bats: Debian's podman, as root. Each scene runs by ironbox and by runc.
load podman

setup_file() {
	podman_make root
}

setup() {
	podman_box root
}

teardown() {
	podman_unbox
}

@test "podman, as root: run" {
	scene foreground
	tells "uid 0 0 0 0"
	tells $'out\n= 7'
	tells $'err\n= 0'
	tells "uid=1000(user) gid=1000(user) groups=5(tty),1000(user)"
	tells $'there\n/tmp\nb\n= 0'
	tells "effective CAP_KILL"
	tells "no_new_privs 1"
	tells $'host\n= 0'
}

@test "podman, as root: what confines a container" {
	scene confined
	tells "touch: /x: Read-only file system"
	tells $'tmp\n= 0'
	tells $'kept\n= 0'
	tells "touch: /v/more: Read-only file system"
	tells $'1:3\n= 0'
	tells $'9000\n= 0'
	tells "Seccomp:	0"
	tells "Seccomp:	2"
	tells $'\n100\n= 0'
	equals "$(cat "$box/volume/file")" kept
}

@test "podman, as root: run -d, exec, logs, kill, stop, start, restart, rm" {
	scene background
	tells $'logs one\nready\n= 0'
	tells "running RUNTIME"
	tells $'\n5\n= 0'
	tells $'y\n= 9'
	tells $'cat /tmp/made\nmade\n= 0'
	tells "one Exited (3)"
	tells $'again\n= 0'
}

@test "podman, as root: pods" {
	scene pod
	tells "together Running 2"
	tells $'\n2\n= 0'
}

@test "podman, as root: healthcheck" {
	scene health
	tells $'healthcheck run well\n\n= 0'
	tells $'healthcheck run well\nunhealthy\n= 1'
}

@test "podman, as root: the statuses of what can't run" {
	scene broken
	tells "= 127"
	tells "= 126"
	tells "= 125"
}

@test "podman, as root: terminals" {
	runtime=$BOX_SUITE/bin/ironbox-of-podman
	contains "$(podman_on_terminal run --rm -t --network none "${parent[@]}" box tty)" /dev/pts/0
	podman run -d --name four --network none "${parent[@]}" box sleep 1000
	contains "$(podman_on_terminal exec -t four tty)" /dev/pts/0
}

@test "podman, as root: limits, pause, statistics" {
	limits() {
		run_one --memory 64m box cat "/proc/self/cgroup" | sed 's#:/.*#:#'
		run_one --pids-limit 20 box sh -c 'echo limited'
		step run -d --name two --network none "${parent[@]}" --memory 64m box sleep 100
		step pause two
		step ps --format '{{.Status}}' | sed 's/Up.*Paused/Paused/'
		step exec two true
		step unpause two
		step exec two echo on
		step top two args
		step stats --no-stream --format '{{.Name}} {{.PIDs}}' two
		step rm -f -t 0 two
	}
	scene limits
	tells $'two 1\n= 0'
	tells $'\non\n= 0'
	runtime=$BOX_SUITE/bin/ironbox-of-podman
	podman run -d --name three --network none "${parent[@]}" --memory 64m box sleep 100
	equals "$(cat "/sys/fs/cgroup/memory/$id"/libpod-*/memory.limit_in_bytes | tail -1)" 67108864
}

@test "podman, as root: without cgroups" {
	runtime=ironbox # a name of containers.conf, which says what it can
	equals "$(podman run --rm --network none --cgroups disabled box cat /proc/self/cgroup)" \
		"$(cat /proc/self/cgroup)"
}

@test "podman, as root: a user namespace" {
	userns() {
		run_one --uidmap 0:100000:1000 --gidmap 0:100000:1000 box \
			/probe ids read /proc/self/uid_map
	}
	scene userns
	tells "uid 0 0 0 0"
}
