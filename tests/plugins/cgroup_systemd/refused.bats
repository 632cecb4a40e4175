#!/usr/bin/env bats
# Hosts that systemd does not run, or not as it takes. One line, and nothing is left.
load ../../support/box

setup() {
	box_setup
	box_ini ''
	box_set '.linux.cgroupsPath = "system.slice:ib:" + $id' --arg id "$id"
}

teardown() {
	box_teardown
}

# refuses PART
refuses() {
	box_args /bin/true
	run ironbox --systemd-cgroup run --bundle "$bundle" "$id"
	equals "$status" 1
	contains "$output" "ironbox: run $id: cgroup: $1"
	equals "${#lines[@]}" 1
	equals "$(box_cgroups)" ""
	[ ! -e "$state_root/$id" ]
}

@test "systemd: it is not what runs this host" {
	refuses "systemd is not what runs this host (--cgroup-manager cgroupfs goes without): look for /run/systemd/system: No such file or directory"
	run ironbox --cgroup-manager systemd plugins
	contains "$output" cgroup_systemd.so
	contains "$output" "no systemd that runs this host"
	run ironbox plugins
	! grep cgroup_systemd <<<"$output"
}

@test "systemd: its D-Bus is not there" {
	mkdir -p /run/systemd/system
	refuses "start ib-$id.scope: reach the system's D-Bus: No such file or directory"
	rm -r /run/systemd
}

@test "systemd: no cgroup v2" {
	mkdir -p /run/systemd/system
	mount -t tmpfs none /sys/fs/cgroup
	refuses "cgroups by systemd take cgroup v2 at /sys/fs/cgroup; --cgroup-manager cgroupfs does v1 and hybrid hosts too"
	umount /sys/fs/cgroup
	rm -r /run/systemd
}

@test "systemd: names come before all else, and who has no root's rights" {
	mkdir -p /run/systemd/system
	box_set '.linux.cgroupsPath = "/a"'
	refuses "linux.cgroupsPath: /a: expected SLICE:PREFIX:NAME for a cgroup by systemd"
	box_args /bin/true
	run ironbox --rootless true --systemd-cgroup run --bundle "$bundle" "$id"
	contains "$output" "linux.cgroupsPath: /a: expected SLICE:PREFIX:NAME for a cgroup by systemd"
	equals "$status" 1
	box_set '.linux.cgroupsPath = "user.slice:ib:web1"'
	run ironbox --rootless true --systemd-cgroup run --bundle "$bundle" "$id"
	contains "$output" "cgroups by the user's own systemd: this process is in "
	contains "$output" ', which is none of it (`systemd-run --user --scope COMMAND` is)'
	equals "$status" 1
	# what asks for nothing gets none, and is happy
	box_set 'del(.linux.cgroupsPath, .linux.resources)'
	run ironbox --rootless true --systemd-cgroup run --bundle "$bundle" "$id"
	equals "$status $output" "0 "
	rm -r /run/systemd
}

@test "systemd: the ini names another module than the caller asks for" {
	box_ini $'[cgroup]\nmodule = cgroup.so'
	box_args /bin/true
	run ironbox --systemd-cgroup run --bundle "$bundle" "$id"
	equals "$output" "ironbox: run $id: systemd, which the caller asks for: no stage of the pipeline does it (with module = auto a stage takes the module that does)"
	equals "$status" 1
}

@test "systemd: libsystemd is for who has something to ask systemd" {
	local maps
	box_set '.linux.cgroupsPath = "/" + $id' --arg id "$id"
	box_create /bin/sleep 100
	maps=$(cat "/proc/$(box_pid)/maps")
	! grep -E 'libsystemd|cgroup_systemd' <<<"$maps"
	ironbox delete --force "$id"
}
