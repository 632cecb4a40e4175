# podman_rootless.bats: Debian's podman, by an ordinary user with subordinate ids. Each scene runs by ironbox and by runc.
load podman

setup_file() {
	podman_make bob
}

setup() {
	podman_box bob
}

teardown() {
	podman_unbox
}

@test "podman, rootless: run" {
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

@test "podman, rootless: what confines a container" {
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

@test "podman, rootless: run -d, exec, logs, kill, stop, start, restart, rm" {
	scene background
	tells $'logs one\nready\n= 0'
	tells "running RUNTIME"
	tells $'\n5\n= 0'
	tells $'y\n= 9'
	tells $'cat /tmp/made\nmade\n= 0'
	tells "one Exited (3)"
	tells $'again\n= 0'
}

@test "podman, rootless: pods" {
	scene pod
	tells "together Running 2"
	tells $'\n2\n= 0'
}

@test "podman, rootless: healthcheck" {
	scene health
	tells $'healthcheck run well\n\n= 0'
	tells $'healthcheck run well\nunhealthy\n= 1'
}

@test "podman, rootless: the statuses of what can't run" {
	scene broken
	tells "= 127"
	tells "= 126"
	tells "= 125"
}

@test "podman, rootless: terminals" {
	runtime=$BOX_SUITE/bin/ironbox-of-podman
	contains "$(podman_on_terminal run --rm -t --network none "${parent[@]}" box tty)" /dev/pts/0
	podman run -d --name four --network none "${parent[@]}" box sleep 1000
	contains "$(podman_on_terminal exec -t four tty)" /dev/pts/0
}

@test "podman, rootless: keep-id, nomap and maps of its own" {
	userns() {
		run_one --userns keep-id box /probe ids
		run_one --userns nomap box sh -c 'id -u; cat /proc/self/uid_map'
		run_one --uidmap 0:1:1000 --gidmap 0:1:1000 box cat /proc/self/uid_map
	}
	scene userns
	tells "uid 20002 20002 20002 20002"
	tells "gid 20002 20002 20002 20002"
}

@test "podman, rootless: keep-groups, which runc does not know" {
	runtime=$BOX_SUITE/bin/ironbox-of-podman
	contains "$(run_one --group-add keep-groups box /probe ids)" "groups 0 65534"
}

@test "podman, rootless: slirp4netns, also with keep-id" {
	slirp() {
		step run --rm --network slirp4netns box sh -c 'ip addr show tap0 | grep -c 10.0.2.100'
		step run --rm --userns keep-id --network slirp4netns --sysctl net.ipv4.ip_forward=1 \
			--hostname there box sh -c 'cat /proc/sys/net/ipv4/ip_forward; hostname;
				ip addr show tap0 | grep -c 10.0.2.100'
	}
	scene slirp
	tells $'1\nthere\n1'
}

@test "podman, rootless: a pod with keep-id" {
	kept() {
		step pod create --name kept --userns keep-id --share pid,net,ipc,uts --network none \
			--infra-command '/bin/sleep 1000'
		step run -d --name third --pod kept box sleep 100
		step exec third id -u
		step exec third sh -c 'ps -o args | grep -c "[s]leep 100"'
		step pod rm -f -t 0 kept
	}
	scene kept
	tells $'exec third id -u\n20002\n= 0'
	tells $'\n2\n= 0'
}

@test "podman, rootless: limits are left out by podman itself, and so is pause" {
	limits() {
		run_one --memory 64m --pids-limit 20 box true
		step run -d --name two --network none box sleep 100
		step pause two
		step rm -f -t 0 two
	}
	scene limits
	tells "Resource limits are not supported and ignored on cgroups V1 rootless systems"
	tells "$(printf '= 0\n')"
}
