# users.bats: user namespaces, made or joined, with and without other namespaces that are joined.
load spaces

setup() {
	box_setup
}

teardown() {
	box_teardown
}

# bats test_tags=vm
@test "user: the maps are as asked, and the process is root inside" {
	map_ids
	run inside /probe ids read /proc/self/uid_map read /proc/self/gid_map read /proc/self/setgroups
	equals "$status" 0
	equals "$(tr -s ' ' <<<"$output")" "uid 0 0 0 0
gid 0 0 0 0
groups none
 0 100000 65536
 0 100000 65536
allow"
}

@test "user: several ranges, in an order that the kernel changes" {
	map_ids
	box_set '.linux.uidMappings = [range(0; 12) | {containerID: ((12 - .) * 10), hostID: (200000 + . * 10), size: 3}]
		+ [{containerID: 0, hostID: 100000, size: 1}]'
	run inside /probe read /proc/self/uid_map
	equals "$status" 0
	equals "$(wc -l <<<"$output")" 13
	contains "$(tr -s ' ' <<<"$output")" " 120 200000 3"
}

@test "user: 340 ranges, the most that there can be" {
	map_ids
	box_set '.linux.uidMappings = [range(0; 340) | {containerID: ., hostID: (1000 + . * 2), size: 1}]'
	run inside /probe read /proc/self/uid_map
	equals "$status" 0
	equals "$(wc -l <<<"$output")" 340
}

@test "user: another user of the container is one of the map, on the host" {
	map_ids
	box_set '.process.user = {uid: 1000, gid: 1000, additionalGids: [5]}'
	box_start /probe sleep 1000
	equals "$(awk '$1 == "Uid:" {print $2}' "/proc/$(box_pid)/status")" 101000
	equals "$(awk '$1 == "Groups:" {print $2}' "/proc/$(box_pid)/status")" 100005
	run ironbox exec --user 7:8 "$id" /probe ids namespaces
	equals "$status" 0
	contains "$output" "uid 7 7 7 7"
	equals "$(line user)" "$(space_of "$(box_pid)" user)"
	ironbox delete --force "$id"
}

@test "user: what is made with it belongs to it" {
	map_ids
	box_set '.process.capabilities |= map_values(["CAP_SYS_ADMIN", "CAP_NET_ADMIN"])'
	# sethostname(2) needs CAP_SYS_ADMIN over the uts namespace: 170 on x86_64
	[ "$(uname -m)" = x86_64 ]
	run inside /probe hostname syscall 170 changed 7
	equals "$output" $'hostname box\nsyscall 170 = ok'
}

# bats test_tags=vm
@test "user: a new one, and the host's network, ipc and uts namespaces are joined" {
	hold --net --ipc --uts
	map_ids
	join network net ipc ipc uts uts
	host=$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)
	box_set '.hostname = "there" | .linux.sysctl = {"net.ipv4.ip_unprivileged_port_start": "66",
		"kernel.shm_rmid_forced": "1"}'
	# its sysfs would need a network namespace of the container's own
	box_set '.mounts |= map(select(.type != "sysfs" and .type != "cgroup" and .type != "mqueue"))'
	run inside /probe namespaces hostname sysctl net.ipv4.ip_unprivileged_port_start \
		sysctl kernel.shm_rmid_forced
	equals "$status" 0
	for type in net ipc uts; do
		equals "$(line $type)" "$(space_of "$holder" $type)"
	done
	[ "$(line user)" != "$(space_of "$holder" user)" ]
	contains "$output" "hostname there"
	contains "$output" "net.ipv4.ip_unprivileged_port_start 66"
	contains "$output" "kernel.shm_rmid_forced 1"
	equals "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" "$host"
	release
}

# hold_user UNSHARE_OPTION...: the holder has a user namespace with ids from 100000 on.
hold_user() {
	hold --user "$@"
	echo "0 100000 65536" >"/proc/$holder/uid_map"
	echo "0 100000 65536" >"/proc/$holder/gid_map"
	chmod 755 "$box" "$bundle"
}

@test "user: joined, with all that belongs to it" {
	hold_user --net --ipc --uts --pid --mount
	join user user network net ipc ipc uts uts pid pid
	box_set '.mounts |= map(select(.type != "sysfs" and .type != "cgroup" and .type != "mqueue" and .type != "proc"))
		| del(.linux.maskedPaths, .linux.readonlyPaths)'
	run inside /probe ids
	release
	equals "$status" 0
	contains "$output" "uid 0 0 0 0"
}

# hold_in_cgroup HOLD...: the cgroup namespace that the holder makes begins at a cgroup of pids
# that is not the runtime's.
hold_in_cgroup() {
	mkdir -p "/sys/fs/cgroup/pids/$id-holder"
	echo "$BASHPID" >"/sys/fs/cgroup/pids/$id-holder/cgroup.procs"
	"$@"
	echo "$BASHPID" >/sys/fs/cgroup/pids/cgroup.procs
}

# cgroups_are_right: of the container that joins the holder's cgroup namespace. Its path is meant from
# where the runtime stands, not from in there.
cgroups_are_right() {
	local own
	own=$(sed -n 's/^[0-9]*:pids://p' /proc/self/cgroup)
	join cgroup cgroup
	box_set '.linux.cgroupsPath = $path' --arg path "$id-relative"
	box_start /bin/sh -c 'grep " /sys/fs/cgroup/pids " /proc/self/mountinfo; exec sleep 1000'
	grep -q "^[0-9]*:pids:${own%/}/$id-relative\$" "/proc/$(box_pid)/cgroup"
	equals "$(space_of "$(box_pid)" cgroup)" "$(space_of "$holder" cgroup)"
	[ "$(space_of "$(box_pid)" cgroup)" != "$(space_of self cgroup)" ]
	[ "$(space_of "$(box_pid)" user)" != "$(space_of self user)" ]
}

@test "user: joined with a cgroup namespace of its own" {
	hold_in_cgroup hold_user --cgroup
	join user user
	cgroups_are_right
	# a mount of the container's own, whose root is that of the namespace
	await 5 grep -q " / /sys/fs/cgroup/pids " "$box/out"
	ironbox delete --force "$id"
	release
	await 5 rmdir "/sys/fs/cgroup/pids/$id-holder"
}

@test "user: joined or new, and a cgroup namespace that belongs to the host is joined" {
	# such a one is not for the container to mount from
	box_set '.mounts |= map(select(.type != "cgroup"))'
	hold_user
	join user user
	users_holder=$holder users_parent=$holder_parent
	hold_in_cgroup hold --cgroup
	cgroups_are_right
	equals "$(space_of "$(box_pid)" user)" "$(space_of "$users_holder" user)"
	ironbox delete --force "$id"
	map_ids
	cgroups_are_right
	ironbox delete --force "$id"
	release
	holder=$users_holder holder_parent=$users_parent
	release
	await 5 rmdir "/sys/fs/cgroup/pids/$id-holder"
}

# bats test_tags=vm
@test "user: joined, and the others are new and belong to it" {
	hold_user
	join user user
	box_start /probe sleep 1000
	equals "$(space_of "$(box_pid)" user)" "$(space_of "$holder" user)"
	[ "$(space_of "$(box_pid)" net)" != "$(space_of "$holder" net)" ]
	run ironbox exec "$id" /probe ids interfaces
	equals "$status" 0
	contains "$output" "uid 0 0 0 0"
	contains "$output" "lo UP 127.0.0.1/8"
	ironbox delete --force "$id"
	release
}

@test "user: joined with a pid namespace: create knows the right process" {
	hold_user --pid --mount
	join user user pid pid
	box_set '.mounts |= map(select(.type != "proc")) | del(.linux.maskedPaths, .linux.readonlyPaths)'
	box_start /probe sleep 1000
	equals "$(space_of "$(box_pid)" pid)" "$(space_of "$holder" pid)"
	equals "$(tr '\0' ' ' <"/proc/$(box_pid)/cmdline")" "/probe sleep 1000 "
	ironbox delete --force "$id"
	release
}

@test "user: a new one may not join a mount namespace" {
	hold --mount
	map_ids
	join mount mnt
	run inside /bin/true
	release
	equals "$status" 1
	contains "$output" "a new user namespace has no right to join the mount namespace"
}

@test "user: maps that the kernel would refuse are refused by name" {
	map_ids
	while IFS='@' read -r maps words; do
		box_set ".linux.uidMappings |= ($maps)"
		run inside /bin/true
		equals "$status" 1
		contains "$output" "namespace: linux.uidMappings: $words"
	done <<-'END'
		[{containerID: 0, hostID: 1, size: 0}]@item 0: the size is 0
		[{containerID: 0, hostID: 1, size: 4294967295}]@item 0: ends beyond the last id
		[{containerID: 0, hostID: 4294967295, size: 1}]@item 0: ends beyond the last id
		[{containerID: 0, hostID: 1, size: 5}, {containerID: 4, hostID: 90, size: 1}]@items 0 and 1 overlap
		[{containerID: 0, hostID: 1, size: 5}, {containerID: 9, hostID: 5, size: 1}]@items 0 and 1 overlap
		[{containerID: 1, hostID: 1, size: 5}]@the new user namespace needs an id 0
		[]@the new user namespace needs an id 0
		[range(0; 341) | {containerID: ., hostID: (. + 1000), size: 1}]@more than 340 items
		[range(0; 340) | {containerID: (. * 2 + 4000000000), hostID: (. * 2 + 4000000000), size: 1}] | .[0].containerID |= 0@longer than one page of text
	END
}

@test "user: maps without a user namespace are refused" {
	box_set '.linux.gidMappings = [{containerID: 0, hostID: 100000, size: 1}]'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "namespace: linux.gidMappings: needs a user namespace in linux.namespaces"
}
