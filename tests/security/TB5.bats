# TB5: what the runtime writes to procfs is led to another file by a mount of who shares the tree
# (CVE-2025-52881, CVE-2025-62596, CVE-2019-19921). Here the other one is the test itself, at each
# moment where it may come.
load attack

setup() {
	attack_setup
}

teardown() {
	[ -z "${stopped-}" ] || kill -9 "$stopped" 2>/dev/null || true
	box_teardown
}

# A hook stands for what mounts from a container that shares the tree, between setup and the masks.
@test "TB5: the procfs is covered before the masks are made" {
	local what
	for what in "mount -t tmpfs none $rootfs/proc" "mount --bind $box $rootfs/proc" \
		"umount -l $rootfs/proc; ln -sfn /nowhere $rootfs/proc || rmdir $rootfs/proc; ln -sfn /sys $rootfs/proc"; do
		printf '#!/bin/sh\n%s\n' "$what" >"$box/hook" && chmod 755 "$box/hook"
		box_set '.hooks = {createContainer: [{path: $hook, env: [$path]}]}' \
			--arg hook "$box/hook" --arg path "PATH=$PATH"
		run inside /probe say runs
		refused "rootfs: "
		contains "$output" "/proc"
		rm -f "$rootfs/proc" 2>/dev/null || true
		mkdir -p "$rootfs/proc"
	done
	unharmed
}

# in_its_mounts COMMAND: in the mount namespace of the one that stands still, cut off from ours
in_its_mounts() {
	nsenter --mount --target "$stopped" sh -ec "mount --make-rprivate /; $1"
}

# stopped_run COMMAND: `run` in the background; at its first step COMMAND is done to its mounts.
stopped_run() {
	stop_in setup first
	ironbox run --bundle "$bundle" "$id" >"$box/out" 2>&1 3>&- &
	await_stopped
	in_its_mounts "$1"
	go_on
	status=0
	wait $! || status=$?
	stopped=
	output=$(cat "$box/out")
}

fake='mount -t tmpfs none /proc/sys; mkdir -p /proc/sys/net/ipv4 /proc/sys/kernel;
	echo 0 >/proc/sys/net/ipv4/ip_forward; echo 0 >/proc/sys/kernel/msgmax'

@test "TB5: /proc/sys is covered before a sysctl is written: it is the sysctl all the same" {
	box_set '.linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.msgmax": "8000"}'
	box_args /probe sysctl net.ipv4.ip_forward sysctl kernel.msgmax
	for how in "$fake" "mount -t tmpfs none /proc; mkdir -p /proc/sys; $fake"; do
		stopped_run "$how"
		unharmed
		[ "$status" -ne 0 ] || grep -q '1$' <<<"$output" && grep -q '8000$' <<<"$output" ||
			won "it runs, and the sysctl is not set: $output"
	done
}

@test "TB5: a sysctl that is led to another file of procfs does not reach it" {
	local was
	was=$(sysctl -n kernel.printk_ratelimit)
	box_set '.linux.sysctl = {"kernel.msgmax": "8000"}'
	box_args /probe sysctl kernel.msgmax
	stopped_run "mount --bind /proc/sys/kernel/domainname /proc/sys/kernel/msgmax"
	unharmed
	equals "$(sysctl -n kernel.printk_ratelimit)" "$was"
	[ "$status" -ne 0 ] || grep -q '8000$' <<<"$output" ||
		won "it runs, and the sysctl is not set: $output"
}

@test "TB5: the id maps are written by who is outside, whatever covers /proc inside" {
	chmod 755 "$box" "$bundle"
	in_user_namespace
	without_mount /sys
	box_args /bin/cat /proc/self/uid_map /proc/self/setgroups
	run ironbox run --bundle "$bundle" "$id"
	stopped_run "mount -t tmpfs none /proc"
	unharmed
	[ "$status" -ne 0 ] || contains "$(xargs <<<"$output")" "0 100000 65536 allow" ||
		won "it runs, with other ids: $output"
}
