#!/usr/bin/env bats
# Mounts of type cgroup where the host has the tree of version 2 at /sys/fs/cgroup.

load ../../support/box

setup() {
	box_setup
}

teardown() {
	box_teardown
}

# bats test_tags=vm
@test "rootfs: unified: in a cgroup namespace, cgroup becomes cgroup2" {
	box_set '.linux.namespaces += [{"type": "cgroup"}]'
	run inside /bin/sh -c '/probe mount /sys/fs/cgroup; cat /sys/fs/cgroup/cgroup.procs | wc -l; mkdir /sys/fs/cgroup/x'
	contains "$output" "/sys/fs/cgroup cgroup2 cgroup / ro,nosuid,nodev,noexec,relatime "
	contains "$output" "Read-only file system"
}

@test "rootfs: unified: without one, a bind of the container's own cgroup (TE1)" {
	options=$(grep ' /sys/fs/cgroup ' /proc/self/mountinfo | sed 's/.* - //')
	run inside /probe mount /sys/fs/cgroup list /sys/fs/cgroup write /sys/fs/cgroup/cgroup.procs 1
	contains "$output" "/sys/fs/cgroup cgroup2 cgroup2 /$id ro,nosuid,nodev,noexec,relatime "
	contains "$output" "write /sys/fs/cgroup/cgroup.procs: EROFS"
	equals "$(grep ' /sys/fs/cgroup ' /proc/self/mountinfo | sed 's/.* - //')" "$options"
}

@test "rootfs: unified: a writable cgroup of its own, and a child of it" {
	box_set '.linux.namespaces += [{"type": "cgroup"}] |
		(.mounts[] | select(.type == "cgroup") | .options) -= ["ro"]'
	run inside /bin/sh -c 'mkdir /sys/fs/cgroup/x && rmdir /sys/fs/cgroup/x && echo made'
	equals "$output" made
}
