#!/usr/bin/env bats
# The stage on a cgroup2 tree: what needs no controller but hugetlb, which this suite's host has.
# Limits of the others are in limits.bats.

load ../../support/box

setup() {
	box_setup
	cgroup=/sys/fs/cgroup/$id
}

teardown() {
	box_teardown
}

# The container may make device nodes: what then keeps it from using them is the device program.
may_make_nodes() {
	box_set '.process.capabilities |= map_values(. + ["CAP_MKNOD"])'
}

# ---- on ----

@test "cgroup: init is in the cgroup that cgroupsPath names, from its first moment" {
	run inside /bin/tail -n1 /proc/self/cgroup
	equals "$output" "0::/$id"
	equals "$status" 0
	[ ! -e "$cgroup" ]
}

@test "cgroup: with a namespace of its own it sees the root" {
	box_set '.linux.namespaces += [{"type": "cgroup"}]'
	run inside /bin/tail -n1 /proc/self/cgroup
	equals "$output" "0::/"
	equals "$status" 0
}

@test "cgroup: parents are made and stay, the container's goes" {
	box_set '.linux.cgroupsPath = "/\($id)-pod/a/b"' --arg id "$id"
	run inside /bin/tail -n1 /proc/self/cgroup
	equals "$output" "0::/$id-pod/a/b"
	equals "$(ls -d "$cgroup-pod/a"/*/ 2>&1)" "ls: cannot access '$cgroup-pod/a/*/': No such file or directory"
	rmdir "$cgroup-pod/a" "$cgroup-pod"
}

@test "cgroup: without a path it is the id, below the parent of the runtime's own cgroup" {
	box_set 'del(.linux.cgroupsPath)'
	run inside /bin/tail -n1 /proc/self/cgroup
	equals "$output" "0::/$id"
}

@test "cgroup: a relative path is below the parent of the runtime's own cgroup" {
	mkdir -p "$cgroup/top/own"
	box_set '.linux.cgroupsPath = "sub/box"'
	box_args /bin/tail -n1 /proc/self/cgroup
	run bash -c 'echo 0 >"$1/top/own/cgroup.procs" && exec "$IRONBOX" --root "$2" \
		--config "$3/ironbox.ini" run --bundle "$3/bundle" "$4" 3>&-' \
		sh "$cgroup" "$state_root" "$box" "$id"
	equals "$output" "0::/$id/top/sub/box"
	rmdir "$cgroup/top/sub" "$cgroup/top/own" "$cgroup/top" "$cgroup"
}

@test "cgroup: exec joins it" {
	box_start /bin/sleep 100
	run ironbox exec "$id" /bin/tail -n1 /proc/self/cgroup
	equals "$output" "0::/$id"
	ironbox delete --force "$id"
}

@test "cgroup: exec joins one that was there before, also after a kill in it" {
	mkdir "$cgroup"
	echo 1 >"$cgroup/cgroup.kill"
	box_start /bin/sleep 100
	run ironbox exec "$id" /bin/tail -n1 /proc/self/cgroup
	equals "$output" "0::/$id"
	ironbox delete --force "$id"
	rmdir "$cgroup"
}

@test "cgroup: exec follows init into a child of it, where only that takes processes" {
	box_set '.linux.namespaces += [{"type": "cgroup"}] |
		(.mounts[] | select(.type == "cgroup") | .options) -= ["ro"] |
		.linux.resources.hugepageLimits = [{"pageSize": "2MB", "limit": 0}] # so that it has the controller'
	# until: mkdir has ended, but the kernel may still count it among the cgroup's processes
	box_start /bin/sh -c 'cd /sys/fs/cgroup && mkdir init && echo 1 >init/cgroup.procs &&
		until echo +hugetlb >cgroup.subtree_control; do usleep 10000; done; exec sleep 100'
	await 5 grep -q . "$cgroup/cgroup.subtree_control"
	run ironbox exec "$id" /bin/tail -n1 /proc/self/cgroup
	equals "$output" "0::/init"
	ironbox delete --force "$id"
	[ ! -e "$cgroup" ]
}

# ---- limits: the one controller that there is ----

@test "cgroup: hugepage limits and their reservations are written" {
	box_set '.linux.resources.hugepageLimits = [{"pageSize": "2MB", "limit": 4194304}]'
	box_start /bin/sleep 100
	equals "$(cat "$cgroup/hugetlb.2MB.max" "$cgroup/hugetlb.2MB.rsvd.max")" $'4194304\n4194304'
	ironbox update --resources - "$id" <<<'{"hugepageLimits": [{"pageSize": "2MB", "limit": 0}]}'
	equals "$(cat "$cgroup/hugetlb.2MB.max")" 0
	equals "$(ironbox events --stats "$id" | jq -c '.data.hugetlb["2MB"].usage')" 0
	ironbox delete --force "$id"
}

@test "cgroup: unified has the last word" {
	box_set '.linux.resources.hugepageLimits = [{"pageSize": "2MB", "limit": 4194304}] |
		.linux.resources.unified = {"hugetlb.2MB.max": "2097152", "cgroup.max.depth": "3"}'
	box_create /bin/true
	equals "$(cat "$cgroup/hugetlb.2MB.max" "$cgroup/cgroup.max.depth")" $'2097152\n3'
	ironbox delete --force "$id"
}

@test "cgroup: update leaves devices alone, whatever callers send with it" {
	box_start /bin/sleep 100
	ironbox update --resources - "$id" <<<'{"devices": [{"allow": false, "access": "rwm"}]}'
	run ironbox exec "$id" /probe open /dev/null rw
	equals "$output" "open /dev/null: ok"
	ironbox delete --force "$id"
}

# ---- devices: majors 60 to 63 are for local use, and nobody here does. So the device program lets
# them pass to an ENXIO, or gives EPERM. ----

@test "devices: a node that no rule allows may be made and not be opened" {
	may_make_nodes
	run inside /probe mknod /dev/some c 60 1 open /dev/some r open /dev/null rw open /dev/zero r
	equals "$output" "mknod /dev/some: ok
open /dev/some: EPERM
open /dev/null: ok
open /dev/zero: ok"
}

@test "devices: without resources there is no more than the default nodes" {
	may_make_nodes
	box_set 'del(.linux.resources)'
	run inside /probe mknod /dev/some c 60 1 open /dev/some r open /dev/null rw
	equals "$output" "mknod /dev/some: ok
open /dev/some: EPERM
open /dev/null: ok"
}

# bats test_tags=vm
@test "devices: rules hold in their order, for each kind of access" {
	may_make_nodes
	box_set '.linux.resources.devices += [
		{"allow": true, "type": "c", "major": 60, "access": "r"},
		{"allow": false, "type": "c", "major": 60, "minor": 4, "access": "r"},
		{"allow": true, "type": "c", "major": 61, "minor": 1, "access": "rw"}]'
	run inside /probe mknod /dev/a c 60 1 mknod /dev/b c 60 4 mknod /dev/c c 61 1 \
		mknod /dev/d b 61 1 open /dev/a r open /dev/a rw open /dev/b r open /dev/c rw \
		open /dev/d r
	equals "$(tail -n5 <<<"$output")" "open /dev/a: ENXIO
open /dev/a: EPERM
open /dev/b: EPERM
open /dev/c: ENXIO
open /dev/d: EPERM"
}

@test "devices: allowed are all, and all can be opened" {
	may_make_nodes
	box_set '.linux.resources.devices = [{"allow": true, "access": "rwm"}]'
	run inside /probe mknod /dev/some b 60 1 open /dev/some rw
	contains "$output" "open /dev/some: ENXIO"
}

# bats test_tags=vm
@test "devices: exec is held by the same program" {
	may_make_nodes
	box_start /bin/sleep 100
	run ironbox exec --cap CAP_MKNOD "$id" /probe mknod /dev/some c 60 1 open /dev/some r
	equals "$output" "mknod /dev/some: ok
open /dev/some: EPERM"
	ironbox delete --force "$id"
}

# ---- control ----

output_is_longer_than() {
	[ "$(stat -c %s "$box/out")" -gt "$1" ]
}

process_count_is() {
	[ "$(ironbox ps --format json "$id" | jq length)" = "$1" ]
}

status_is() {
	[ "$(state_of "$id")" = "$1" ]
}

# bats test_tags=vm
@test "pause and resume: all stands still, and goes on" {
	box_start /bin/sh -c 'while :; do echo x; sleep 0.01; done'
	await 5 test -s "$box/out"
	ironbox pause "$id"
	equals "$(state_of "$id")" paused
	contains "$(cat "$cgroup/cgroup.events")" "frozen 1"
	local size
	size=$(stat -c %s "$box/out")
	sleep 0.2
	equals "$(stat -c %s "$box/out")" "$size"
	ironbox resume "$id"
	equals "$(state_of "$id")" running
	await 5 output_is_longer_than "$size"
	ironbox delete --force "$id"
}

@test "ps: lists the processes of the cgroup and of those below it" {
	box_start /bin/sh -c 'sleep 100 & sleep 100 & wait'
	await 5 process_count_is 3
	mkdir "$cgroup/below"
	tail -n1 "$cgroup/cgroup.procs" >"$cgroup/below/cgroup.procs"
	process_count_is 3
	ironbox delete --force "$id"
}

@test "kill --all: reaches every process, paused ones stay paused" {
	box_set '.linux.namespaces -= [{"type": "pid"}]'
	box_start /bin/sh -c 'trap "echo got; exit" USR1; echo ready; sleep 100 & wait'
	await 5 grep -q ready "$box/out"
	ironbox pause "$id"
	ironbox kill --all "$id" USR1
	equals "$(state_of "$id")" paused
	equals "$(cat "$box/out")" ready
	ironbox resume "$id"
	await 5 status_is stopped
	equals "$(cat "$box/out")" $'ready\ngot'
	ironbox delete "$id"
}

# bats test_tags=vm
@test "kill --all 9: nothing is left, also without a pid namespace, also paused" {
	box_set '.linux.namespaces -= [{"type": "pid"}]'
	box_start /bin/sh -c 'sleep 100 & sleep 100 & exec sleep 100'
	ironbox pause "$id"
	ironbox kill --all "$id" KILL
	await 5 grep -q 'populated 0' "$cgroup/cgroup.events"
	ironbox kill --all "$id" 9
	ironbox delete "$id"
}

# ---- teardown ----

# bats test_tags=vm
@test "delete: takes the cgroups that the container made, however deep, and their processes" {
	box_start /bin/sleep 100
	local deep=$cgroup n
	for n in $(seq 60); do
		mkdir "$deep/$n" "$deep/.side$n"
		deep=$deep/$n
	done
	sh -c 'echo $$ >"$1/cgroup.procs"; exec sleep 100' sh "$deep" 3>&- &
	await 5 grep -q . "$deep/cgroup.procs"
	ironbox delete --force "$id"
	[ ! -e "$cgroup" ]
	ironbox delete --force "$id"
}

@test "delete: a cgroup that was there before stays, and is empty" {
	mkdir "$cgroup"
	box_start /bin/sh -c 'sleep 100 & wait'
	ironbox delete --force "$id"
	contains "$(cat "$cgroup/cgroup.events")" "populated 0"
	rmdir "$cgroup"
}

@test "delete: of one that has ended leaves alone who has taken its cgroup since" {
	local made
	for made in no yes; do
		[ $made = no ] || mkdir "$cgroup"
		box_start /bin/sleep 1000
		ironbox kill "$id" KILL
		await 5 stopped
		mkdir "$box/second"
		cp -a "$bundle/config.json" "$bundle/rootfs" "$box/second"
		ironbox run --detach --bundle "$box/second" "$id-2" </dev/null >"$box/out" 2>&1
		mkdir "$cgroup/below"
		ironbox kill --all "$id" KILL
		ironbox delete "$id"
		equals "$(state_of "$id-2")" running
		ironbox exec "$id-2" /bin/true
		rmdir "$cgroup/below"
		ironbox delete --force "$id-2"
		rmdir "$cgroup" # as it was found
		rm -r "$box/second"
	done
}

stopped() {
	[ "$(state_of)" = stopped ]
}

@test "delete: of device programs in a cgroup that stays there is one, however often it was used" {
	mkdir "$cgroup"
	may_make_nodes
	for _ in $(seq 70); do # a cgroup takes 64
		inside /bin/true
	done
	# one that was killed once takes no clone any more (6.18): init is moved into it
	echo 1 >"$cgroup/cgroup.kill"
	run inside /probe mknod /dev/some c 60 1 open /dev/some r open /dev/null r
	equals "$output" "mknod /dev/some: ok
open /dev/some: EPERM
open /dev/null: ok"
	rmdir "$cgroup"
}

# ---- refused, and nothing touched ----

@test "refused: a cgroup in use, and its processes go on" {
	mkdir "$cgroup"
	sleep 100 3>&- &
	local other=$!
	echo $other >"$cgroup/cgroup.procs"
	run inside /bin/true
	equals "$output" "ironbox: run $id: cgroup: cgroup /$id is not empty: it has processes in it"
	equals "$status" 1
	kill -0 $other
	kill $other
	wait $other || :
	await 2 rmdir "$cgroup"
}

@test "refused: a frozen cgroup" {
	mkdir "$cgroup"
	echo 1 >"$cgroup/cgroup.freeze"
	run inside /bin/true
	equals "$output" "ironbox: run $id: cgroup: cgroup /$id is frozen: init would stand still"
	rmdir "$cgroup"
}

@test "refused: a limit whose controller is missing, by controller and field" {
	local resources
	while IFS='|' read -r resources words; do
		box_set '.linux.resources += $r' --argjson r "$resources"
		run inside /bin/true
		equals "$output" "ironbox: run $id: cgroup: $words"
		equals "$status" 1
		box_set '.linux.resources |= {devices}'
	done <<-'END'
		{"memory":{"limit":67108864}}|memory: this host's cgroup v2 lacks the controller (linux.resources.memory.limit)
		{"cpu":{"quota":5000}}|cpu: this host's cgroup v2 lacks the controller (linux.resources.cpu.quota)
		{"cpu":{"cpus":"0"}}|cpuset: this host's cgroup v2 lacks the controller (linux.resources.cpu.cpus)
		{"pids":{"limit":5}}|pids: this host's cgroup v2 lacks the controller (linux.resources.pids.limit)
		{"blockIO":{"weight":100}}|io: this host's cgroup v2 lacks the controller (linux.resources.blockIO.weight)
		{"unified":{"memory.high":"1"}}|memory: this host's cgroup v2 lacks the controller (linux.resources.unified)
		{"network":{"classID":1}}|linux.resources.network.classID: cgroup v2 has no such limit
		{"unified":{"hugetlb.3MB.max":"1"}}|hugetlb: this kernel has no hugetlb.3MB.max (linux.resources.unified)
		{"hugepageLimits":[{"pageSize":"3MB","limit":1}]}|hugetlb: this kernel has no hugetlb.3MB.max (linux.resources.hugepageLimits)
		{"unified":{"cgroup.procs":"1"}}|linux.resources.unified: cgroup.procs is no limit
		{"unified":{"../hugetlb.2MB.max":"1"}}|linux.resources.unified: ../hugetlb.2MB.max is no cgroup file
		{"unified":{"cgroup.max.depth":"x"}}|write x to cgroup.max.depth (linux.resources.unified): Invalid argument
	END
}

@test "asked for nothing: zeros and empty objects need no controller" {
	box_set '.linux.resources += {"memory": {"limit": 0, "swap": 0, "disableOOMKiller": false},
		"cpu": {"shares": 0, "quota": 0, "period": 0, "cpus": ""}, "pids": {"limit": 0},
		"blockIO": {"weight": 0}, "network": {}}'
	run inside /bin/true
	equals "$output" ""
	equals "$status" 0
}

# ---- off, and misconfigured ----

@test "off: a container that asks for a cgroup is refused" {
	box_ini $'[cgroup]\nenabled = no'
	run inside /bin/true
	contains "$output" "cgroup: off in $box/ironbox.ini:4, but linux."
	equals "$status" 1
}

@test "off: one that asks for none runs where its caller is" {
	box_ini $'[cgroup]\nenabled = no'
	box_set 'del(.linux.resources) | del(.linux.cgroupsPath)'
	run inside /bin/tail -n1 /proc/self/cgroup
	equals "$output" "$(tail -n1 /proc/self/cgroup)"
}

@test "off: kill --all is init's SIGKILL where that ends a pid namespace, and refused elsewhere" {
	box_ini $'[cgroup]\nenabled = no'
	box_set 'del(.linux.resources) | del(.linux.cgroupsPath)'
	box_start /bin/sh -c 'sleep 100 & exec sleep 100'
	run ironbox kill --all "$id" TERM
	equals "$output" "ironbox: kill $id: no stage of it can signal all processes"
	ironbox kill --all "$id" KILL
	await 5 status_is stopped
	ironbox delete "$id"
}

@test "ini: missing_controller = warn runs without the limit, and says so" {
	box_ini $'[cgroup]\nmissing_controller = warn'
	box_set '.linux.resources += {"memory": {"limit": 67108864}, "unified": {"memory.high": "1"}}'
	run inside /bin/echo ran
	contains "$output" "memory: this host's cgroup v2 lacks the controller (linux.resources.memory.limit): left out"
	contains "$output" "ran"
	equals "$status" 0
}

@test "ini: another word for missing_controller, and another key" {
	box_ini $'[cgroup]\nmissing_controller = maybe'
	run inside /bin/true
	contains "$output" "[cgroup] missing_controller: maybe: expected refuse or warn"
	equals "$status" 1
	box_ini $'[cgroup]\nmissing = warn'
	run inside /bin/true
	contains "$output" "ironbox.ini:4"
	equals "$status" 1
}

# ---- delegation: "Cgroup ownership" of config-linux.md ----

# bats test_tags=vm
@test "delegation: a container's user owns its cgroup, and no limit in it" {
	box_set '.linux.namespaces += [{"type": "cgroup"}] | .process.user.uid = 1000 |
		.linux.resources.hugepageLimits = [{"pageSize": "2MB", "limit": 4194304}] |
		(.mounts[] | select(.type == "cgroup") | .options) -= ["ro"]'
	box_start /bin/sh -c 'cd /sys/fs/cgroup; mkdir sub; echo 9 2>&1 >hugetlb.2MB.max; exec sleep 100'
	await 5 test -d "$cgroup/sub"
	equals "$(stat -c %u "$cgroup" "$cgroup/cgroup.procs" "$cgroup/cgroup.subtree_control" \
		"$cgroup/hugetlb.2MB.max" "$cgroup/cgroup.freeze" | xargs)" "1000 1000 1000 0 0"
	equals "$(cat "$cgroup/hugetlb.2MB.max")" 4194304
	ironbox delete --force "$id"
}

@test "delegation: in a user namespace the owner is the mapped uid" {
	box_set '.linux.namespaces += [{"type": "cgroup"}, {"type": "user"}] |
		.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] |
		.linux.gidMappings = .linux.uidMappings |
		(.mounts[] | select(.type == "cgroup") | .options) -= ["ro"]'
	chown -R 100000:100000 "$bundle/rootfs"
	chmod 755 "$box" "$bundle"
	box_create /bin/true
	equals "$(stat -c %u "$cgroup" "$cgroup/cgroup.procs")" $'100000\n100000'
	ironbox delete --force "$id"
}

@test "delegation: none where the mount is read-only, or the namespace is shared" {
	box_set '.process.user.uid = 1000 | .linux.namespaces += [{"type": "cgroup"}]'
	box_create /bin/true
	equals "$(stat -c %u "$cgroup")" 0
	ironbox delete --force "$id"
}
