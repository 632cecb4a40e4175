# box.bats: the helpers see what a test leaves behind. Without ironbox: the leaks are made by hand.
load box

setup() {
	box_setup
}

teardown() {
	box_teardown
}

# The box ends with a leak, and another one begins for the real teardown.
leaves() {
	run box_teardown
	equals "$status" 1
	contains "$output" "$1"
	box_setup
}

@test "box: the bundle has a config of this id, a busybox and the probe" {
	run jq -r .linux.cgroupsPath "$bundle/config.json"
	equals "$output" "/$id"
	run chroot "$bundle/rootfs" /bin/echo hello
	equals "$output" hello
	run chroot "$bundle/rootfs" /probe say hello exit 3
	equals "$output" hello
	equals "$status" 3
}

@test "box: box_set and box_args edit config.json" {
	box_set '.process.user.uid = $uid' --argjson uid 7
	box_args /probe --say "two words"
	run jq -c '[.process.user.uid, .process.args]' "$bundle/config.json"
	equals "$output" '[7,["/probe","--say","two words"]]'
	local hard=$'a"b\\c\td\n    ]\n' odd=$'\e\u00fc'
	box_set '.hooks.poststop = [{"path": "/x", "args": ["kept"]}]'
	for words in "'$hard' '$odd'" "'$hard' last" '' one; do # by jq, by text, and from nothing
		eval "box_args $words"
		eval "expected=\$(jq -nc '\$ARGS.positional' --args -- $words)"
		run jq -c '.process.args, .hooks.poststop[0].args, .process.env[1]' "$bundle/config.json"
		equals "$output" "$expected"$'\n["kept"]\n"TERM=xterm"'
	done
}

@test "box: the plugins lie where root alone may write" {
	equals "$(stat -c '%u %a' "$BOX_SUITE" "$BOX_SUITE/plugins" /run | sort -u)" "0 755"
}

@test "box: all mounts are shared, and none with the host" {
	equals "$("$PROBE" mount / | grep -c shared:)" 1
	mkdir "$box/mnt"
	mount -t tmpfs tmpfs "$box/mnt"
	umount "$box/mnt"
}

@test "box: a mount left behind fails the test, and is gone then" {
	local before=$box
	mkdir "$box/mnt"
	mount -t tmpfs left "$box/mnt"
	leaves "mounts: "
	[ ! -e "$before" ]
	! grep -q "$before" /proc/self/mountinfo
}

@test "box: a cgroup left behind fails the test, and is gone then" {
	local cgroup
	cgroup=$(dirname "$(find /sys/fs/cgroup -name cgroup.procs | head -1)")/$id
	mkdir "$cgroup"
	leaves "cgroups: $cgroup"
	[ ! -e "$cgroup" ]
}

@test "box: a process left behind fails the test, and is gone then" {
	unshare --mount sleep 1000 3>&- &
	await 5 grep -q sleep "/proc/$!/comm"
	leaves "sleep 1000"
	status=0
	wait $! || status=$? # not by run: its subshell has no children
	equals "$status" 137
}

@test "box: an orphan left behind fails the test" {
	sh -c 'sleep 1001 3>&- & echo $!' >"$box/pid"
	await 5 eval '! box_has_no_new_processes' # its parent has ended
	leaves "sleep 1001"
}

@test "box: a state file left behind fails the test, the cache of programs does not" {
	mkdir -p "$state_root/seccomp"
	touch "$state_root/seccomp/program"
	run box_teardown
	equals "$status" 0
	box_setup
	mkdir -p "$state_root/web1"
	leaves "state: $state_root/web1"
}
