# shellcheck shell=bash
# attack.bash: what the suites of this folder share. Each tries a known attack of which the id is
# that of its file; it is won when the host is not as it was, or when the test's own oracle says so.
load ../support/box

# attack_setup: a box, and in it the canary: files that stand for the host's. No attack is aimed at
# anything else, for with the defence taken out (see prove) it does win, as root, on this machine.
attack_setup() {
	box_setup
	rootfs=$bundle/rootfs
	canary=$box/canary
	mkdir -p "$canary/dir" && chmod 777 "$canary"
	echo secret >"$canary/file"
	mkfifo "$canary/fifo"
	mknod "$canary/ptmx" c 5 2
	mknod "$canary/null" c 1 3
	ln -s file "$canary/link"
	box_set '.root.readonly = false'
	mkdir -m 700 "$state_root" "$state_root/seccomp"
	picture >"$box/before"
}

# But for the cache of compiled programs, which stays on purpose.
picture() {
	"$TOOLS/snap" "$canary" "$state_root" "$id" | grep -v "^file $state_root/seccomp/" | sort
}

# won WORDS...: the attack has won, and the test fails. These words are what `prove` looks for.
won() {
	echo "WON: $*"
	return 1
}

# unharmed [WHAT]: the host is as it was.
unharmed() {
	picture >"$box/after"
	diff "$box/before" "$box/after" || won "the host is changed${1:+, by $1}"
}

# refused WORDS: what was `run` ended with the runtime's error, and one that says so.
refused() {
	[ "$status" -ne 0 ] || won "it runs: $output"
	contains "$output" "$1"
}

# without_mount PATH: no mount there, or below.
without_mount() {
	box_set '.mounts |= map(select(.destination | startswith($path) | not))' --arg path "$1"
}

in_user_namespace() {
	box_set '.linux.namespaces += [{"type": "user"}] |
		.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] |
		.linux.gidMappings = .linux.uidMappings'
}

# links_to PATH: the ways by which a symlink of the image comes to a file of the host.
links_to() {
	printf '%s\n' "$1" "../../../../../../../../..$1" "../../../../../../proc/self/root$1" \
		"/proc/self/root$1" "/proc/1/root$1"
}

# stop_in PHASE [first]: init, or the joiner, stops there behind all other stages, or in front of
# them, till `go_on`. The stage has to be there when the container is made: "stop_in nowhere".
stop_in() {
	local stages='namespace cgroup rootfs network capabilities seccomp'
	stages=$([ "${2-}" = first ] && echo "fault $stages" || echo "$stages fault")
	box_ini "[pipeline]
stages = $stages
[fault]
fail_in = $1
how = stop"
}

# The one that stands in `stop_in`: its pid in $stopped.
await_stopped() {
	await 10 find_stopped
}

find_stopped() {
	stopped=$(grep -lx stopped /proc/[0-9]*/comm 2>/dev/null | head -1)
	stopped=${stopped#/proc/}
	stopped=${stopped%/comm}
	[ -n "$stopped" ]
}

go_on() {
	kill -USR1 "$stopped"
}
