#!/usr/bin/env bats
# A snapshot's root where kernels differ: many layers, user namespaces, and that the host sees nothing.
# (snapshot.bats has the rest.)

load ../../support/box
load snapshot

setup() {
	box_setup
	snapshot_setup
}

teardown() {
	snapshot_teardown
	box_teardown
}

# One life, in which the host's table is watched: each layer is there, and who writes writes to upper.
live_unseen() {
	snapshot_layers 20
	[ ${#lower} -gt 4096 ]
	snapshot_of "overlay / overlay $upper,lowerdir=$lower"
	watch_begin
	snapshot_start /bin/sh -c 'echo text >/written; exec /probe sleep 1000'
	run ironbox exec "$id" /bin/sh -c 'cat /top /file1; ls / | grep -c file; /probe mount /'
	contains "$output" "20
1
20
/ overlay "
	equals "$(box_new_mounts)" ""
	await 20 test -e "$layers/upper/written"
	ironbox delete --force "$id"
	equals "$(watch_end)" 0
}

# bats test_tags=vm
@test "snapshot: 20 layers, whose names are more than mount(2) takes; the host sees no mount" {
	live_unseen
}

# bats test_tags=vm
@test "snapshot: the same in a user namespace, below directories that are closed to it" {
	in_user_namespace
	live_unseen
	equals "$(stat -c %u:%g "$layers/upper/written")" 100000:100000
}

@test "snapshot: 100 layers" {
	snapshot_layers 100
	snapshot_of "overlay / overlay $upper,lowerdir=$lower"
	run inside /bin/sh -c 'cat /top; ls / | grep -c file'
	equals "$output" "100
100"
}

# bats test_tags=vm
@test "snapshot: in a user namespace, what is bound read-only can't be made writable" {
	in_user_namespace
	snapshot_of "$layers/base / bind rbind,ro"
	box_set '.process.capabilities[] += ["CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE"]'
	run inside /bin/sh -c 'mount -o remount,bind,rw /; /probe write /x y'
	contains "$output" "ermission denied"
	contains "$output" "write /x: EROFS"
}

# bats test_tags=vm
@test "snapshot: in a user namespace that is joined" {
	unshare --user sleep 1000 3>&- &
	await 5 grep -q sleep "/proc/$!/comm"
	echo "0 100000 65536" >"/proc/$!/uid_map"
	echo "0 100000 65536" >"/proc/$!/gid_map"
	snapshot_layers 3
	in_user_namespace
	box_set '(.linux.namespaces[] | select(.type == "user")).path = $path' --arg path "/proc/$!/ns/user"
	snapshot_of "overlay / overlay $upper,lowerdir=$lower"
	run inside /bin/sh -c 'cat /top; echo text >/written; stat -c %u /written'
	kill -9 "$!"
	wait "$!" || true
	equals "$output" "3
0"
	equals "$(stat -c %u "$layers/upper/written")" 100000
}

