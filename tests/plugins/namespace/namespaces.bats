# namespaces.bats: those that are made for the container, seen from inside.
load spaces

setup() {
	box_setup
}

teardown() {
	box_teardown
}

# bats test_tags=vm
@test "namespace: what is listed is new, the rest is the host's" {
	run inside /probe namespaces pids
	equals "$status" 0
	for type in ipc mnt net pid uts; do
		[ -n "$(line $type)" ]
		[ "$(line $type)" != "$(space_of self $type)" ]
	done
	for type in cgroup time user; do
		equals "$(line $type)" "$(space_of self $type)"
	done
	contains "$output" "pid 1"
}

# bats test_tags=vm
@test "namespace: all eight" {
	make cgroup time
	map_ids
	run inside /probe namespaces
	equals "$status" 0
	for type in cgroup ipc mnt net pid time user uts; do
		[ -n "$(line $type)" ]
		[ "$(line $type)" != "$(space_of self $type)" ]
	done
	equals "$(line time_for_children)" "$(line time)"
	equals "$(line pid_for_children)" "$(line pid)"
}

@test "namespace: a cgroup namespace begins at the container's cgroup" {
	make cgroup
	run inside /probe read /proc/self/cgroup
	equals "$status" 0
	run grep -v ':/$' <<<"$output"
	equals "$output" ""
}

# bats test_tags=vm
@test "namespace: exec goes into all of them" {
	make cgroup time
	box_start /probe sleep 1000
	run ironbox exec "$id" /probe namespaces pids
	equals "$status" 0
	for type in cgroup ipc mnt net pid time user uts; do
		equals "$(line $type)" "$(space_of "$(box_pid)" $type)"
	done
	contains "$output" "ppid 0"
	ironbox delete --force "$id"
}

# bats test_tags=vm
@test "namespace: time offsets, in the container and in exec, and not on the host" {
	make time
	box_set '.linux.timeOffsets = {monotonic: {secs: 864000},
		boottime: {secs: -5, nanosecs: 7}}'
	before=$(cat /proc/self/timens_offsets)
	box_start /probe sleep 1000
	run ironbox exec "$id" /probe time-offsets
	equals "$status" 0
	equals "$(tr -s ' ' <<<"$output")" $'monotonic 864000 0\nboottime -5 7'
	ironbox delete --force "$id"
	run inside /probe time-offsets
	equals "$(tr -s ' ' <<<"$output")" $'monotonic 864000 0\nboottime -5 7'
	equals "$(cat /proc/self/timens_offsets)" "$before"
}

@test "namespace: a time namespace without offsets" {
	make time
	run inside /probe time-offsets
	equals "$status" 0
	equals "$(tr -s ' ' <<<"$output")" $'monotonic 0 0\nboottime 0 0'
}

@test "namespace: off in the ini, and the container asks for it" {
	box_ini $'[namespace]\nenabled = no'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "namespace: off in "
	[ ! -e "$state_root/$id" ]
}

@test "namespace: off with a warning, and what needs a mount namespace is refused" {
	box_ini $'on_disabled = warn\n[namespace]\nenabled = no'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "namespace: off in $box/ironbox.ini:5, so linux.namespaces is not carried out"
	contains "$output" "rootfs: mounts: there is no mount namespace of the container's own"
	equals "$(box_new_mounts)" ""
	[ / -ef /proc/1/root ]
}

@test "namespace: off with a warning, and the container is in those of the host" {
	box_ini $'on_disabled = warn\n[namespace]\nenabled = no\n[cgroup]\nenabled = no'
	box_set 'del(.mounts, .linux.maskedPaths, .linux.readonlyPaths, .hostname, .linux.resources, .root.readonly)'
	box_start sleep 1000
	pid=$(box_pid)
	for namespace in cgroup ipc mnt net pid user uts; do
		[ "/proc/$pid/ns/$namespace" -ef "/proc/self/ns/$namespace" ]
	done
	equals "$(ironbox exec "$id" ls /probe 2>"$box/warnings")" /probe
	ironbox kill "$id" KILL # it alone: there is no cgroup that tells who else is
	await 5 stopped
	ironbox delete "$id"
}

stopped() {
	[ "$(state_of)" = stopped ]
}

@test "namespace: a key that it does not know" {
	box_ini $'[namespace]\nunshare = yes'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "ironbox.ini:4"
	contains "$output" "unshare"
}
