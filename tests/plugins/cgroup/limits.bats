#!/usr/bin/env bats
# Limits on a host whose controllers are on v2: cpu, cpuset, io, memory and pids.

# bats file_tags=vm
load limits

setup() {
	limits_setup
}

teardown() {
	box_teardown
}

# ---- memory ----

@test "memory: limit, reservation and swap" {
	resources '{"memory": {"limit": 67108864, "swap": 100663296, "reservation": 33554432}}'
	box_create /bin/true
	equals "$(files memory.max memory.swap.max memory.low)" $'67108864\n33554432\n33554432'
	ironbox delete --force "$id"
}

@test "memory: as much swap as memory is none" {
	resources '{"memory": {"limit": 67108864, "swap": 67108864}}'
	box_create /bin/true
	equals "$(files memory.swap.max)" 0
	ironbox delete --force "$id"
}

@test "memory: without a limit the files keep what they had" {
	resources '{"memory": {"limit": 0, "swap": 0, "reservation": 0}}'
	box_create /bin/true
	equals "$(files memory.max memory.swap.max memory.low)" $'max\nmax\n0'
	ironbox delete --force "$id"
}

@test "memory: swap below the limit is refused" {
	resources '{"memory": {"limit": 67108864, "swap": 33554432}}'
	run inside /bin/true
	fails_with "cgroup: memory: linux.resources.memory.swap 33554432: expected memory and swap together"
}

@test "memory: what is over the limit is killed, and counted" {
	resources '{"memory": {"limit": 16777216, "swap": 16777216}}'
	box_start /bin/sleep 100
	run ironbox exec "$id" /probe alloc 64
	equals "$status" 137
	equals "$(ironbox events --stats "$id" | jq '.data.memory.oomKills')" 1
	ironbox delete --force "$id"
}

@test "memory: init over the limit ends with 137, and events tell" {
	resources '{"memory": {"limit": 16777216, "swap": 16777216}}'
	mkfifo "$bundle/rootfs/go"
	inside /bin/sh -c 'read x </go; exec /probe alloc 64' >/dev/null &
	local run=$!
	await 30 running
	ironbox events "$id" >"$box/events" 3>&- &
	local events=$!
	await 30 box_is_watched
	echo go >"$bundle/rootfs/go"
	status=0
	wait "$run" || status=$?
	equals "$status" 137
	await 10 grep -q '"type":"oom"' "$box/events"
	kill "$events" 2>/dev/null || :
	wait "$events" || :
}

running() {
	[ "$(state_of 2>/dev/null)" = running ]
}

@test "memory: update raises, lowers and lifts both, in either direction" {
	resources '{"memory": {"limit": 67108864, "swap": 134217728}}'
	box_start /bin/sleep 100
	update '{"memory": {"limit": 268435456, "swap": 536870912}}'
	equals "$(files memory.max memory.swap.max)" $'268435456\n268435456'
	update '{"memory": {"limit": 33554432, "swap": 33554432}}'
	equals "$(files memory.max memory.swap.max)" $'33554432\n0'
	update '{"memory": {"limit": 67108864}}'
	equals "$(files memory.max memory.swap.max)" $'67108864\n0'
	update '{"memory": {"swap": 100663296}}'
	equals "$(files memory.max memory.swap.max)" $'67108864\n33554432'
	update '{"memory": {"limit": -1}}'
	equals "$(files memory.max memory.swap.max)" $'max\nmax'
	ironbox delete --force "$id"
}

@test "memory: checkBeforeUpdate refuses a limit below what is in use" {
	box_start /probe alloc 8 trap
	await 5 test "$(files memory.current)" -gt 1000000
	run update '{"memory": {"limit": 1048576, "checkBeforeUpdate": true}}'
	fails_with "memory: linux.resources.memory.limit 1048576 is below the usage of "
	equals "$(files memory.max)" max
	ironbox delete --force "$id"
}

# ---- cpu ----

@test "cpu: shares, quota, period and burst" {
	resources '{"cpu": {"shares": 1024, "quota": 50000, "period": 200000, "burst": 10000}}'
	box_create /bin/true
	equals "$(files cpu.weight cpu.max cpu.max.burst)" $'100\n50000 200000\n10000'
	ironbox delete --force "$id"
}

@test "cpu: a period alone, a quota alone" {
	resources '{"cpu": {"period": 50000}}'
	box_start /bin/sleep 100
	equals "$(files cpu.max)" "max 50000"
	update '{"cpu": {"quota": 20000}}'
	equals "$(files cpu.max)" "20000 50000"
	update '{"cpu": {"period": 40000}}'
	equals "$(files cpu.max)" "20000 40000"
	update '{"cpu": {"quota": -1}}'
	equals "$(files cpu.max)" "max 40000"
	ironbox delete --force "$id"
}

@test "cpu: quota and burst up and down together" {
	resources '{"cpu": {"quota": 50000, "burst": 50000}}'
	box_start /bin/sleep 100
	update '{"cpu": {"quota": 20000, "burst": 10000}}'
	equals "$(files cpu.max cpu.max.burst)" $'20000 100000\n10000'
	update '{"cpu": {"quota": 90000, "burst": 80000}}'
	equals "$(files cpu.max cpu.max.burst)" $'90000 100000\n80000'
	update '{"cpu": {"burst": 0}}'
	equals "$(files cpu.max.burst)" 0
	ironbox delete --force "$id"
}

@test "cpu: idle, with and without a weight" {
	resources '{"cpu": {"idle": 1, "shares": 2048}}'
	box_start /bin/sleep 100
	equals "$(files cpu.idle)" 1
	update '{"cpu": {"idle": 0, "shares": 2}}'
	equals "$(files cpu.idle cpu.weight)" $'0\n1'
	ironbox delete --force "$id"
}

@test "cpu: a throttled container is counted" {
	resources '{"cpu": {"quota": 10000, "period": 100000}}'
	box_start /bin/sh -c 'while :; do :; done'
	await 10 throttled
	ironbox delete --force "$id"
}

throttled() {
	[ "$(ironbox events --stats "$id" | jq '.data.cpu.throttling.throttledPeriods')" -gt 0 ]
}

@test "cpuset: cpus and mems" {
	resources '{"cpu": {"cpus": "0", "mems": "0"}}'
	run inside /bin/grep -E '^(Cpus|Mems)_allowed_list' /proc/self/status
	equals "$output" $'Cpus_allowed_list:\t0\nMems_allowed_list:\t0'
}

@test "cpuset: no such cpu, by controller, file and field" {
	resources '{"cpu": {"cpus": "4000"}}'
	run inside /bin/true
	contains "$output" "cgroup: cpuset: write 4000 to cpuset.cpus (linux.resources.cpu.cpus): "
	equals "$status" 1
}

# ---- pids ----

@test "pids: a fork too many fails, and update lifts the limit" {
	resources '{"pids": {"limit": 5}}'
	box_start /bin/sleep 100
	run ironbox exec "$id" /probe fork 10
	contains "$output" EAGAIN
	equals "$(ironbox events --stats "$id" | jq -c '.data.pids.limit')" 5
	update '{"pids": {"limit": 0}}'
	equals "$(files pids.max)" 5
	update '{"pids": {"limit": -1}}'
	equals "$(files pids.max)" max
	ironbox delete --force "$id"
}

# ---- io ----

@test "io: throttles of a device, line by line" {
	test -b /dev/loop0 # the device has to be there
	resources '{"blockIO": {
		"throttleReadBpsDevice": [{"major": 7, "minor": 0, "rate": 1048576}],
		"throttleWriteIOPSDevice": [{"major": 7, "minor": 0, "rate": 50}],
		"throttleWriteBpsDevice": [{"major": 7, "minor": 0, "rate": 0}]}}'
	box_start /bin/sleep 100
	equals "$(files io.max)" "7:0 rbps=1048576 wbps=max riops=max wiops=50"
	update '{"blockIO": {"throttleReadBpsDevice": [{"major": 7, "minor": 0, "rate": 0}]}}'
	equals "$(files io.max)" "7:0 rbps=max wbps=max riops=max wiops=50"
	ironbox delete --force "$id"
}

@test "io: no such device, by controller, file and field" {
	resources '{"blockIO": {"throttleReadBpsDevice": [{"major": 60, "minor": 1, "rate": 5}]}}'
	run inside /bin/true
	fails_with "cgroup: io: write 60:1 rbps=5 to io.max (linux.resources.blockIO.throttleReadBpsDevice): No such device"
}

# ---- the rest ----

@test "unified: the last word, in the order of the spec" {
	resources '{"memory": {"limit": 67108864}, "unified": {"memory.max": "33554432",
		"memory.high": "16777216", "pids.max": "77"}}'
	box_create /bin/true
	equals "$(files memory.max memory.high pids.max)" $'33554432\n16777216\n77'
	ironbox delete --force "$id"
}

@test "controllers are enabled down to the parent" {
	box_set '.linux.cgroupsPath = "/\($id)-pod/a/b"' --arg id "$id"
	resources '{"cpu": {"cpus": "0"}, "pids": {"limit": 9}}'
	box_create /bin/true
	equals "$(cat "$cgroup-pod/a/b/pids.max" "$cgroup-pod/a/b/cpuset.cpus")" $'9\n0'
	ironbox delete --force "$id"
	rmdir "$cgroup-pod/a" "$cgroup-pod"
}

@test "update enables the controller that create had no need of" {
	box_set '.linux.cgroupsPath = "/\($id)-pod/a"' --arg id "$id"
	box_start /bin/sleep 100
	[ ! -e "$cgroup-pod/a/cpuset.cpus" ]
	update '{"cpu": {"cpus": "0"}}'
	equals "$(cat "$cgroup-pod/a/cpuset.cpus")" 0
	ironbox delete --force "$id"
	rmdir "$cgroup-pod"
}

@test "refused: controllers in a cgroup that has processes, by field and place" {
	mkdir "$cgroup"
	sleep 100 3>&- &
	local other=$!
	echo "$other" >"$cgroup/cgroup.procs"
	box_set '.linux.cgroupsPath = "/\($id)/box"' --arg id "$id"
	resources '{"pids": {"limit": 9}}'
	run inside /bin/true
	fails_with "cgroup: pids: enable it below cgroup /$id, which has processes of its own (linux.resources.pids.limit): Device or resource busy"
	box_set 'del(.linux.resources)' # nothing asked for: it runs without controllers
	run inside /bin/tail -n1 /proc/self/cgroup
	equals "$output" "0::/$id/box"
	kill "$other"
	wait "$other" || :
	await 2 rmdir "$cgroup"
}

@test "stats: what a node agent reads" {
	box_start /bin/sleep 100
	run ironbox events --stats "$id"
	local path
	for path in cpu.usage.total cpu.usage.kernel cpu.usage.user cpu.throttling.periods \
		memory.usage.usage memory.usage.limit memory.usage.failcnt memory.cache \
		memory.raw.anon memory.raw.pgfault memory.oomKills pids.current pids.limit \
		cgroup.memory.events.oom_group_kill cgroup.memory.swap.current \
		cpu.psi.some.avg10 memory.psi.full.avg300 blkio.psi.some.total; do
		jq -e ".data.$path | numbers" <<<"$output"
	done
	equals "$(jq .data.cgroup.version <<<"$output")" 2
	ironbox delete --force "$id"
}

@test "asked for nothing: zeros and empty objects write nothing" {
	resources '{"memory": {"limit": 0}, "cpu": {"shares": 0, "quota": 0, "period": 0},
		"pids": {"limit": 0}, "blockIO": {"weight": 0}}'
	box_create /bin/true
	equals "$(files memory.max cpu.weight cpu.max pids.max)" $'max\n100\nmax 100000\nmax'
	ironbox delete --force "$id"
}
