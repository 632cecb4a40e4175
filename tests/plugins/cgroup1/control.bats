# control.bats: pause, kill --all, ps, update and events of containers whose controllers are on v1.
load ../../support/box
load v1

setup() {
	box_setup
}

teardown() {
	box_teardown
}

lines_of() {
	wc -l <"$box/out"
}

has_more_lines_than() {
	[ "$(lines_of)" -gt "$1" ]
}

@test "cgroup1: a paused container stands still, and goes on" {
	local before
	box_start /bin/sh -c 'while :; do echo .; usleep 10000; done'
	await 5 test -s "$box/out"
	ironbox pause "$id"
	equals "$(state_of)" paused
	before=$(lines_of)
	sleep 0.3
	equals "$(lines_of)" "$before"
	run ironbox exec "$id" /bin/true
	[ "$status" -ne 0 ]
	ironbox resume "$id"
	equals "$(state_of)" running
	await 5 has_more_lines_than "$before"
	end
}

@test "cgroup1: pause and resume want the right state" {
	box_sleep
	run ironbox resume "$id"
	equals "$status" 1
	ironbox pause "$id"
	run ironbox pause "$id"
	equals "$status" 1
	ironbox resume "$id"
	end
}

@test "cgroup1: a paused container can be killed and deleted" {
	box_sleep
	ironbox pause "$id"
	ironbox kill "$id" KILL
	await 5 is_status stopped
	ironbox delete "$id"
	box_sleep
	ironbox pause "$id"
	end
	equals "$(box_cgroups)" ""
}

# By v1's freezer, beside the one that pause uses: as CRIU does it.
freeze_v1() {
	echo FROZEN >"$(cgroup_of freezer)/freezer.state"
	await 5 grep -q FROZEN "$(cgroup_of freezer)/freezer.state"
}

@test "cgroup1: whom v1's freezer holds is paused, and goes on when resumed" {
	local before
	box_start /bin/sh -c 'while :; do echo .; usleep 10000; done'
	await 5 test -s "$box/out"
	freeze_v1
	equals "$(state_of)" paused
	run ironbox exec "$id" /bin/true
	contains "$output" "paused"
	before=$(lines_of)
	ironbox resume "$id"
	equals "$(limit_of freezer freezer.state)" THAWED
	equals "$(state_of)" running
	await 5 has_more_lines_than "$before"
	end
}

@test "cgroup1: whom v1's freezer holds can be killed and deleted" {
	box_sleep
	freeze_v1
	ironbox kill --all "$id" KILL
	await 5 is_status stopped
	ironbox delete "$id"
	equals "$(box_cgroups)" ""

	box_sleep
	freeze_v1
	end
	equals "$(box_cgroups)" ""
}

@test "cgroup1: what a frozen parent of v1's does to it is not its own state" {
	box_set '.linux.cgroupsPath = $path' --arg path "/parent-$id/leaf"
	box_sleep
	echo FROZEN >"$(hierarchy_of freezer)/parent-$id/freezer.state"
	equals "$(state_of)" running
	echo THAWED >"$(hierarchy_of freezer)/parent-$id/freezer.state"
	end
	box_cgroups | xargs rmdir
}

@test "cgroup1: kill --all reaches each process, and those below, too" {
	box_set '.linux.namespaces |= map(select(.type != "pid"))'
	box_start /bin/sh -c 'trap "echo init" TERM; /bin/sleep 1000 & /bin/sleep 1000 & wait; wait; sleep 1000'
	await 5 has_processes 3 pids
	mkdir "$(cgroup_of unified)/below"
	tail -1 "$(cgroup_of unified)/cgroup.procs" >"$(cgroup_of unified)/below/cgroup.procs"
	ironbox kill --all "$id" TERM
	await 5 grep -q init "$box/out"
	await 5 has_processes 0 unified below
	ironbox kill --all "$id" KILL
	await 5 is_status stopped
	equals "$(limit_of pids cgroup.procs)" ""
	end
}

@test "cgroup1: ps lists the processes, exec'd ones and those below, too" {
	box_start /bin/sh -c '/bin/sleep 1000 & wait'
	await 5 has_processes 2 pids
	ironbox exec --detach "$id" /bin/sleep 1000
	equals "$(ironbox ps --format json "$id" | jq -c sort)" \
		"$(jq -sc sort "$(cgroup_of pids)/cgroup.procs")"
	equals "$(ironbox ps --format json "$id" | jq length)" 3
	end
}

# ---- update ----

update() {
	ironbox update --resources - "$id" <<<"$1"
}

@test "cgroup1: update writes what is given, and nothing else" {
	resources '{"memory": {"limit": 67108864, "swap": 134217728}, "pids": {"limit": 50},
		"cpu": {"shares": 512}}'
	box_sleep
	update '{"pids": {"limit": 77}}'
	equals "$(limit_of pids pids.max)" 77
	equals "$(limit_of memory memory.limit_in_bytes)" 67108864
	equals "$(limit_of cpu cpu.shares)" 512
	update '{"cpu": {"shares": 256, "quota": 50000, "period": 100000, "cpus": "0"}}'
	equals "$(limit_of cpu cpu.shares)" 256
	equals "$(limit_of cpu cpu.cfs_quota_us)" 50000
	equals "$(limit_of cpuset cpuset.cpus)" 0
	equals "$(limit_of pids pids.max)" 77
	end
}

@test "cgroup1: update raises and lowers memory and swap, whichever the kernel wants first" {
	local limits="67108864 134217728 134217728 268435456 33554432 33554432 536870912 536870912"
	resources '{"memory": {"limit": 67108864, "swap": 67108864}}'
	box_sleep
	set -- $limits
	while [ $# -gt 0 ]; do
		update "{\"memory\": {\"limit\": $1, \"swap\": $2}}"
		equals "$(limit_of memory memory.limit_in_bytes)" "$1"
		equals "$(limit_of memory memory.memsw.limit_in_bytes)" "$2"
		shift 2
	done
	end
}

@test "cgroup1: update lifts limits by -1" {
	resources '{"memory": {"limit": 67108864, "swap": 67108864}, "pids": {"limit": 5},
		"cpu": {"quota": 50000}}'
	box_sleep
	update '{"memory": {"limit": -1}, "pids": {"limit": -1}, "cpu": {"quota": -1}}'
	[ "$(limit_of memory memory.limit_in_bytes)" -gt 1000000000000 ]
	[ "$(limit_of memory memory.memsw.limit_in_bytes)" -gt 1000000000000 ]
	equals "$(limit_of pids pids.max)" max
	equals "$(limit_of cpu cpu.cfs_quota_us)" -1
	end
}

@test "cgroup1: update changes quota, period and burst together, whatever stood there" {
	resources '{"cpu": {"quota": 60000, "period": 100000, "burst": 50000}}'
	box_sleep
	update '{"cpu": {"quota": 20000, "period": 50000, "burst": 10000}}'
	equals "$(limit_of cpu cpu.cfs_quota_us) $(limit_of cpu cpu.cfs_burst_us)" "20000 10000"
	update '{"cpu": {"quota": 90000, "period": 100000, "burst": 80000}}'
	equals "$(limit_of cpu cpu.cfs_quota_us) $(limit_of cpu cpu.cfs_burst_us)" "90000 80000"
	end
}

@test "cgroup1: docker's update of nothing but zeros changes nothing" {
	local before after
	resources '{"memory": {"limit": 67108864}, "pids": {"limit": 50}, "cpu": {"shares": 512}}'
	box_sleep
	before=$(head -50 "$(cgroup_of memory)"/memory.{limit,soft_limit}_in_bytes \
		"$(cgroup_of cpu)"/cpu.{shares,cfs_quota_us,cfs_period_us})
	update '{"memory": {"limit": 0, "reservation": 0, "kernel": 0},
		"cpu": {"shares": 0, "quota": 0, "period": 0}, "blockIO": {"weight": 0}}'
	after=$(head -50 "$(cgroup_of memory)"/memory.{limit,soft_limit}_in_bytes \
		"$(cgroup_of cpu)"/cpu.{shares,cfs_quota_us,cfs_period_us})
	equals "$after" "$before"
	end
}

@test "cgroup1: kubelet's update does not take the container's devices away" {
	local before
	box_sleep
	before=$(limit_of devices devices.list)
	update '{"devices": [{"allow": false, "access": "rwm"}], "cpu": {"shares": 256}}'
	equals "$(limit_of devices devices.list)" "$before"
	run ironbox exec "$id" /probe open /dev/null rw
	equals "$output" "open /dev/null: ok"
	end
}

@test "cgroup1: checkBeforeUpdate refuses a limit below what is in use" {
	box_start /probe alloc 32 sleep 1000
	await 5 grep -q allocated "$box/out"
	run update '{"memory": {"limit": 8388608, "checkBeforeUpdate": true}}'
	equals "$status" 1
	contains "$output" "linux.resources.memory.limit 8388608 is below the"
	[ "$(limit_of memory memory.limit_in_bytes)" -gt 1000000000000 ]
	end
}

@test "cgroup1: update by unified is refused" {
	box_sleep
	run update '{"unified": {"memory.high": "1000000"}}'
	equals "$status" 1
	contains "$output" "cannot use unified on cgroup v1"
	end
}

# ---- events --stats ----

take_stats() {
	ironbox events --stats "$id" | jq .data >"$box/stats"
}

# agrees FILTER TEXT CONTROLLER FILE: what jq makes of the statistics is what TEXT (a filter of the
# shell) makes of the file. Memory is given back with a delay: it may take a second look.
agrees() {
	local told expected end=$((SECONDS + 5))
	while :; do
		take_stats
		told=$(jq -r "$1" "$box/stats")
		expected=$(limit_of "$3" "$4" | eval "$2")
		[ "$told" != "$expected" ] || return 0
		((SECONDS < end)) || break
	done
	equals "$told" "$expected"
}

@test "cgroup1: the statistics are those of the files" {
	resources '{"memory": {"limit": 67108864, "swap": 134217728, "kernelTCP": 4194304},
		"pids": {"limit": 20}, "cpu": {"quota": 50000, "period": 100000, "cpus": "0"}}'
	box_start /bin/sh -c '/probe alloc 8; exec sleep 1000'
	await 5 grep -q allocated "$box/out"
	ironbox pause "$id" # what stands still can be compared
	agrees .memory.usage.limit cat memory memory.limit_in_bytes
	agrees .memory.usage.usage cat memory memory.usage_in_bytes
	agrees .memory.usage.max cat memory memory.max_usage_in_bytes
	agrees .memory.usage.failcnt cat memory memory.failcnt
	agrees .memory.swap.limit cat memory memory.memsw.limit_in_bytes
	agrees .memory.swap.usage cat memory memory.memsw.usage_in_bytes
	agrees .memory.kernel.usage cat memory memory.kmem.usage_in_bytes
	agrees .memory.kernelTCP.limit cat memory memory.kmem.tcp.limit_in_bytes
	agrees '.memory.raw | to_entries[] | "\(.key) \(.value)"' cat memory memory.stat
	agrees '"cache \(.memory.cache)"' 'grep "^cache "' memory memory.stat
	agrees '"oom_kill \(.memory.oomKills)"' 'grep "^oom_kill "' memory memory.oom_control
	agrees '.cgroup.memory.oom_control | to_entries[] | "\(.key) \(.value)"' cat memory memory.oom_control
	equals "$(jq .cgroup.version "$box/stats")" 1
	agrees .pids.current cat pids pids.current
	agrees .pids.limit cat pids pids.max
	agrees .cpu.usage.total cat cpuacct cpuacct.usage
	agrees '.cpu.usage.percpu[]' 'xargs -n1' cpuacct cpuacct.usage_percpu
	agrees '.cpu.usage | [.percpu_user, .percpu_kernel] | transpose[] | join(" ")' \
		'sed 1d | cut -d" " -f2-' cpuacct cpuacct.usage_all
	agrees '.cpu.usage | "user \(.user)\nsystem \(.kernel)"' 'sed "s/ 0$/ /; s/$/0000000/;
		s/ 0000000$/ 0/"' cpuacct cpuacct.stat
	agrees '.cpu.throttling | .periods, .throttledPeriods, .throttledTime' \
		'cut -d" " -f2 | head -3' cpu cpu.stat
	agrees '.cpuset.cpus[]' cat cpuset cpuset.cpus
	agrees .cpuset.sched_load_balance cat cpuset cpuset.sched_load_balance
	agrees '.blkio.ioServiceBytesRecursive[]? | "\(.major):\(.minor) \(.op) \(.value)"' \
		'sed "/^Total/d"' blkio blkio.throttle.io_service_bytes_recursive
	agrees '.blkio.ioServicedRecursive[]? | "\(.major):\(.minor) \(.op) \(.value)"' \
		'sed "/^Total/d"' blkio blkio.throttle.io_serviced_recursive
	ironbox resume "$id"
	end
}

@test "cgroup1: without limits the statistics say so as runc's do" {
	box_sleep
	take_stats
	equals "$(jq .pids.limit "$box/stats")" 0
	# too long a number for jq to print
	contains "$(ironbox events --stats "$id")" \
		"\"limit\":$(limit_of memory memory.limit_in_bytes)"
	end
}

@test "cgroup1: the statistics have the members that runc's have" {
	box_sleep
	run jq -r '[.cpu.usage.kernel, .cpu.usage.user, .cpu.usage.total, .memory.cache,
		.memory.kernelTCP.failcnt, .pids.current, .cpuset.mem_hardwall] | map(type) | unique[]' \
		<<<"$(ironbox events --stats "$id" | jq .data)"
	equals "$output" number
	end
}
