#!/usr/bin/env bats
# run-in-vm itself: what ends there ends here as it did, and nothing else counts as success. (That the
# security modules are there is told by the suites that need them.)

load ../support/box

setup() {
	box_setup
}

teardown() {
	box_teardown
}

# To run bats files as add_vm_suite does.
SUITE=(env "QUICK_BATS=$PWD/quick-bats" "IRONBOX=$IRONBOX" "IRONBOX_PLUGINS=$IRONBOX_PLUGINS" "PROBE=$PROBE" ../support/run-suite)

in_vm() {
	./run-in-vm --cache "$VM_CACHE" --folder "$box" --folder "$(dirname "$IRONBOX")/.." \
		--folder .. "$@"
}

fails_with() {
	equals "$status" "$1"
	contains "$output" "$2"
}

# The machine's files lie on a tmpfs in a mount namespace that ends with it.
nothing_is_left() {
	box_has_no_new_processes && [ -z "$(ls -A "$VM_CACHE/work")" ]
}

@test "runner: Debian's kernel, cgroup v2 alone, all that the host has, and nothing written here" {
	in_vm -- sh -c 'uname -r; stat -fc %T /sys/fs/cgroup; cat /sys/fs/cgroup/cgroup.controllers
		pwd; cat "$1"; test -b /dev/loop0 || exit 1; rm "$2/ironbox.ini"; touch /etc/left
		echo new >"$2/file"; cat "$2/file"; seq 300000; echo "$3" >&2; exit 37' \
		sh "$BATS_TEST_FILENAME" "$box" $' two  words\n'"'"' $HOME "*' >"$box/out" 2>"$box/err" || status=$?
	equals "$status" 37
	local lines
	mapfile -t -n 4 lines <"$box/out"
	[ -e "/boot/vmlinuz-${lines[0]}" ]
	equals "${lines[1]}" cgroup2fs
	contains "${lines[2]}" "cpuset cpu io memory hugetlb pids"
	equals "${lines[3]}" "$PWD"
	# output is whole, and apart; words come as they were
	{ printf '%s\n' "${lines[@]}"; cat "$BATS_TEST_FILENAME"; echo new; seq 300000; } | cmp - "$box/out"
	equals "$(cat "$box/err")" $' two  words\n'"'"' $HOME "*'
	[ -e "$box/ironbox.ini" ] && [ ! -e "$box/file" ] && [ ! -e /etc/left ]
}

@test "runner: a test that fails, one that skips, and none at all fail the suite" {
	printf '@test "good" { true; }\n' >"$box/good.bats"
	printf '@test "good" { true; }\n@test "bad" { [ "$(uname -r)" = none ]; }\n' >"$box/bad.bats"
	printf '@test "good" { true; }\n@test "lazy" { skip; }\n' >"$box/lazy.bats"
	: >"$box/none.bats"
	run in_vm -- sh -c 'cp "$1"/*.bats /tmp; shift # run-suite has a /run of its own
		for file in good bad lazy none; do "$@" "/tmp/$file.bats"; echo "$file: $?"; done
		"$@" /tmp/bad.bats' sh "$box" "${SUITE[@]}"
	equals "$status" 1 # the last one's
	equals "$(grep -E '^(good|bad|lazy|none):' <<<"$output")" $'good: 0\nbad: 1\nlazy: 1\nnone: 1'
	contains "$output" "not ok 2 bad"
}

@test "runner: a panic is no success, and the console tells" {
	run in_vm -- sh -c 'echo c >/proc/sysrq-trigger; exit 0'
	fails_with 125 "Kernel panic"
	contains "${lines[-1]}" "run-in-vm: the machine ended without an exit code"
}

@test "runner: a machine that does not boot is no success" {
	run in_vm --append rdinit=/none -- true
	fails_with 125 "Kernel panic"
}

@test "runner: a machine that powers itself off is no success" {
	run in_vm -- /run/busybox poweroff -f
	fails_with 125 "run-in-vm: the machine ended without an exit code"
}

@test "runner: the deadline ends it with 124, and nothing is left" {
	run in_vm --timeout 4 -- sleep 1000
	fails_with 124 "run-in-vm: no end after 4 s"
	nothing_is_left
}

@test "runner: output comes as it is written; killed, nothing is left" {
	local signal
	for signal in KILL TERM; do
		./run-in-vm --cache "$VM_CACHE" -- sh -c 'echo begun; exec sleep 1000' \
			>"$box/out" 2>&1 3>&- & # not in_vm: the signal is for the script itself
		await 60 grep -q begun "$box/out"
		contains "$(box_new_processes)" qemu-system-x86_64
		kill -"$signal" $!
		await 10 nothing_is_left
		: >"$box/out"
	done
}

@test "runner: systemd is PID 1, with D-Bus; its exit code, and the command's output" {
	run in_vm --systemd -- sh -c 'cat /proc/1/comm /proc/self/cgroup; systemctl is-system-running
		busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.DBus.Peer Ping
		mkdir /sys/fs/cgroup/system.slice/job.service/own; echo "said" >&2; exit 37'
	equals "$status" 37
	equals "$output" $'systemd\n0::/system.slice/job.service\nrunning\nsaid'
}

@test "runner: what is missing is named in one line" {
	run unshare --mount sh -c 'mount --bind /dev/null /usr/bin/qemu-system-x86_64 && "$@"' sh \
		./run-in-vm --cache "$VM_CACHE" -- true
	fails_with 125 "run-in-vm: qemu-system-x86_64 is missing: apt-get install "
	equals "${#lines[@]}" 1
	run unshare --mount sh -c 'mount -t tmpfs none /boot && "$@"' sh \
		./run-in-vm --cache "$VM_CACHE" -- true
	fails_with 125 "run-in-vm: no kernel with 9p in /boot: apt-get install "
	equals "${#lines[@]}" 1
	run in_vm --lsm smack -- true
	fails_with 125 "run-in-vm: --lsm smack: expected none, apparmor or selinux"
	run in_vm --memory
	fails_with 125 "run-in-vm: --memory needs a value"
	run in_vm true
	fails_with 125 "run-in-vm: unknown option true"
	run in_vm --
	fails_with 125 "run-in-vm: no command"
	run in_vm --folder "$box/none" -- true
	fails_with 125 "run-in-vm: --folder $box/none: no such folder"
}
