# limits.bats: linux.resources holds inside of the container, and is in the files of v1.
load ../../support/box
load v1

setup() {
	box_setup
}

teardown() {
	box_teardown
}

@test "cgroup1: memory.limit kills a container that takes more: 137" {
	resources '{"memory": {"limit": 16777216, "swap": 16777216}}'
	run inside /probe alloc 64
	equals "$status" 137
	run inside /probe alloc 4
	equals "$output" "allocated 4"
}

@test "cgroup1: memory.oomKills counts the process that was killed, and init lives" {
	resources '{"memory": {"limit": 16777216, "swap": 16777216}}'
	box_start /bin/sh -c '/probe alloc 64; echo "ended $?"; sleep 1000'
	await 10 grep -q "ended 137" "$box/out"
	equals "$(stat_of .memory.oomKills)" 1
	equals "$(state_of)" running
	run ironbox exec "$id" /probe alloc 64
	equals "$status" 137
	equals "$(stat_of .memory.oomKills)" 2
	end
}

@test "cgroup1: events tells of it" {
	resources '{"memory": {"limit": 16777216, "swap": 16777216}}'
	box_sleep
	ironbox events --interval 1h "$id" >"$box/events" 2>&1 &
	await 5 box_is_watched
	run ironbox exec "$id" /probe alloc 64
	equals "$status" 137
	await 5 grep -q '"type":"oom"' "$box/events"
	end
	wait
}

@test "cgroup1: the numbers of memory are in its files" {
	resources '{"memory": {"limit": 104857600, "swap": 157286400, "reservation": 52428800,
		"kernelTCP": 4194304, "swappiness": 7, "disableOOMKiller": true,
		"useHierarchy": true}}'
	box_sleep
	equals "$(limit_of memory memory.limit_in_bytes)" 104857600
	equals "$(limit_of memory memory.memsw.limit_in_bytes)" 157286400
	equals "$(limit_of memory memory.soft_limit_in_bytes)" 52428800
	equals "$(limit_of memory memory.kmem.tcp.limit_in_bytes)" 4194304
	equals "$(limit_of memory memory.swappiness)" 7
	contains "$(limit_of memory memory.oom_control)" "oom_kill_disable 1"
	end
}

@test "cgroup1: zeros and minus ones that mean nothing are not written" {
	local fresh
	mkdir "$(hierarchy_of memory)/fresh-$id"
	fresh=$(cat "$(hierarchy_of memory)/fresh-$id/memory.limit_in_bytes")
	rmdir "$(hierarchy_of memory)/fresh-$id"
	resources '{"memory": {"limit": 0, "swap": -1, "reservation": 0, "disableOOMKiller": false},
		"cpu": {"shares": 0, "quota": 0, "period": 0, "cpus": "", "mems": ""},
		"pids": {"limit": 0}, "blockIO": {"weight": 0, "throttleReadBpsDevice": []},
		"network": {}, "hugepageLimits": [], "rdma": {}, "unified": {}}'
	box_sleep
	equals "$(limit_of memory memory.limit_in_bytes)" "$fresh"
	equals "$(limit_of cpu cpu.shares)" 1024
	equals "$(limit_of cpu cpu.cfs_quota_us)" -1
	equals "$(limit_of pids pids.max)" max
	equals "$(limit_of cpuset cpuset.cpus)" "$(cat "$(hierarchy_of cpuset)/cpuset.cpus")"
	end
}

@test "cgroup1: kernel memory is deprecated: a warning, and no limit" {
	resources '{"memory": {"kernel": 52428800}}'
	run inside /bin/true
	equals "$status" 0
	contains "$output" "linux.resources.memory.kernel"
}

@test "cgroup1: pids.limit makes fork fail" {
	resources '{"pids": {"limit": 5}}'
	run inside /probe fork 20
	equals "$output" "forked 4: EAGAIN"
	resources '{"pids": {"limit": -1}}'
	run inside /probe fork 20
	equals "$output" "forked 20"
}

@test "cgroup1: pids.limit holds for exec, too" {
	resources '{"pids": {"limit": 4}}'
	box_sleep
	equals "$(limit_of pids pids.max)" 4
	run ironbox exec "$id" /probe fork 20
	equals "$output" "forked 2: EAGAIN"
	end
}

@test "cgroup1: cpu.quota throttles" {
	local used
	resources '{"cpu": {"quota": 10000, "period": 50000}}'
	box_start /bin/sh -c 'while :; do :; done'
	sleep 2
	ironbox kill "$id" KILL
	used=$(limit_of cpuacct cpuacct.usage)
	[ "$(awk '$1 == "nr_throttled" { print $2 }' "$(cgroup_of cpu)/cpu.stat")" -gt 10 ]
	# a fifth of a CPU: 0.4 s, with room for a start that was not ours to limit
	((used > 200000000 && used < 900000000)) || {
		echo "used $used ns"
		false
	}
	equals "$(limit_of cpu cpu.cfs_quota_us) $(limit_of cpu cpu.cfs_period_us)" "10000 50000"
	end
}

@test "cgroup1: the numbers of cpu are in its files" {
	resources '{"cpu": {"shares": 512, "quota": 60000, "period": 80000, "burst": 20000}}'
	box_sleep
	equals "$(limit_of cpu cpu.shares)" 512
	equals "$(limit_of cpu cpu.cfs_quota_us)" 60000
	equals "$(limit_of cpu cpu.cfs_period_us)" 80000
	equals "$(limit_of cpu cpu.cfs_burst_us)" 20000
	end
	resources '{"cpu": {"idle": 1}}'
	box_sleep
	equals "$(limit_of cpu cpu.idle)" 1
	end
}

@test "cgroup1: realtimeRuntime and realtimePeriod are in their files, or refused by name" {
	resources '{"cpu": {"realtimeRuntime": 10000, "realtimePeriod": 900000}}'
	if [ ! -e "$(hierarchy_of cpu)/cpu.rt_runtime_us" ]; then # no CONFIG_RT_GROUP_SCHED
		run inside /bin/true
		equals "$status" 1
		contains "$output" "lacks cpu.rt_period_us (linux.resources.cpu.realtimePeriod)"
		return
	fi
	box_sleep
	equals "$(limit_of cpu cpu.rt_runtime_us) $(limit_of cpu cpu.rt_period_us)" "10000 900000"
	end
}

@test "cgroup1: cpu.cpus is where it runs" {
	resources '{"cpu": {"cpus": "0", "mems": "0"}}'
	run inside /probe affinity
	equals "$output" "affinity 0"
}

@test "cgroup1: without cpu.cpus it runs where its parent does" {
	run inside /probe affinity
	equals "$output" "affinity $(seq -s' ' 0 $(($(nproc --all) - 1)))"
}

@test "cgroup1: blockIO is in its files" {
	local device major minor
	device=$(cat /sys/block/*/dev 2>/dev/null | head -1)
	[ -n "$device" ] || device=$(modprobe loop && cat /sys/block/loop0/dev)
	major=${device%:*} minor=${device#*:}
	resources "{\"blockIO\": {\"weight\": 300,
		\"weightDevice\": [],
		\"throttleReadBpsDevice\": [{\"major\": $major, \"minor\": $minor, \"rate\": 1048576}],
		\"throttleWriteBpsDevice\": [{\"major\": $major, \"minor\": $minor, \"rate\": 2097152}],
		\"throttleReadIOPSDevice\": [{\"major\": $major, \"minor\": $minor, \"rate\": 100}],
		\"throttleWriteIOPSDevice\": [{\"major\": $major, \"minor\": $minor, \"rate\": 200}]}}"
	box_sleep
	equals "$(limit_of blkio blkio.throttle.read_bps_device)" "$device 1048576"
	equals "$(limit_of blkio blkio.throttle.write_bps_device)" "$device 2097152"
	equals "$(limit_of blkio blkio.throttle.read_iops_device)" "$device 100"
	equals "$(limit_of blkio blkio.throttle.write_iops_device)" "$device 200"
	contains "$(cat "$(cgroup_of blkio)"/blkio.weight "$(cgroup_of blkio)"/blkio.bfq.weight \
		2>/dev/null)" 300
	end
}

# ---- devices ----

with_mknod() {
	box_set '.process.capabilities |= map_values(. + ["CAP_MKNOD"])'
}

@test "cgroup1: a device that is not allowed can be made, and not opened" {
	with_mknod
	run inside /probe mknod /dev/kmsg c 1 11 open /dev/kmsg w open /dev/null rw
	equals "$output" "$(printf '%s\n' "mknod /dev/kmsg: ok" "open /dev/kmsg: EPERM" \
		"open /dev/null: ok")"
}

@test "cgroup1: without any rules it is the same" {
	with_mknod
	box_set 'del(.linux.resources)'
	run inside /probe mknod /dev/kmsg c 1 11 open /dev/kmsg w
	contains "$output" "open /dev/kmsg: EPERM"
}

@test "cgroup1: a device that is allowed opens as far as the rule goes" {
	with_mknod
	box_set '.linux.resources.devices += [{"allow": true, "type": "c", "major": 1, "minor": 11,
		"access": "w"}]'
	run inside /probe mknod /dev/kmsg c 1 11 open /dev/kmsg w open /dev/kmsg r
	contains "$output" "open /dev/kmsg: ok"
	contains "$output" "open /dev/kmsg: EPERM"
}

@test "cgroup1: a rule that denies comes after one that allows" {
	with_mknod
	box_set '.linux.resources.devices += [
		{"allow": true, "type": "c", "major": 1, "minor": 11, "access": "rwm"},
		{"allow": false, "type": "c", "major": 1, "minor": 11, "access": "rwm"}]'
	run inside /probe mknod /dev/kmsg c 1 11 open /dev/kmsg w
	contains "$output" "open /dev/kmsg: EPERM"
}

@test "cgroup1: a rule for a part of what another allows holds, which v1's list cannot say" {
	with_mknod
	box_set '.linux.resources.devices += [
		{"allow": true, "type": "c", "major": 10, "access": "rwm"},
		{"allow": false, "type": "c", "major": 10, "minor": 200, "access": "rw"}]'
	# of the allowed one there is none in the kernel, which is another error than EPERM
	run inside /probe mknod /dev/denied c 10 200 open /dev/denied r open /dev/zero r \
		mknod /dev/allowed c 10 254 open /dev/allowed r
	contains "$output" "open /dev/denied: EPERM"
	contains "$output" "open /dev/zero: ok"
	contains "$output" "open /dev/allowed: EN"
}

@test "cgroup1: all is allowed to the privileged, but for what is denied after that" {
	with_mknod
	box_set '.linux.resources.devices = [{"allow": true, "access": "rwm"}]'
	run inside /probe mknod /dev/kmsg c 1 11 open /dev/kmsg w
	contains "$output" "open /dev/kmsg: ok"
	box_set '.linux.resources.devices += [{"allow": false, "type": "c", "major": 1, "minor": 11,
		"access": "rw"}]'
	run inside /probe mknod /dev/kmsg c 1 11 open /dev/kmsg w
	contains "$output" "open /dev/kmsg: EPERM"
}

@test "cgroup1: the list of devices is the one that runc writes" {
	box_sleep
	equals "$(limit_of devices devices.list | sort)" "$(sort <<-END
		b *:* m
		c *:* m
		c 1:3 rwm
		c 1:5 rwm
		c 1:7 rwm
		c 1:8 rwm
		c 1:9 rwm
		c 136:* rwm
		c 5:0 rwm
		c 5:2 rwm
	END
	)"
	end
}
