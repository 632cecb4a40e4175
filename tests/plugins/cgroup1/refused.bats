# refused.bats: values that cannot be, limits that this host lacks, and the stage in the ini.
load ../../support/box
load v1

setup() {
	box_setup
}

teardown() {
	box_teardown
}

# refuses RESOURCES PART...: each part is in the one line that the user gets; nothing is left.
refuses() {
	local resources=$1 part
	shift
	box_set '.linux.resources = ($given | fromjson)' --arg given "$resources"
	run inside /bin/true
	equals "$status" 1
	for part; do
		contains "$output" "$part"
	done
	equals "$(wc -l <<<"$output")" 1
	equals "$(box_cgroups)" ""
}

# What the kernel refuses, with the field that it came from.
@test "cgroup1: bad values, in a table" {
	local name resources field
	while IFS='|' read -r name resources field; do
		echo "# $name"
		refuses "$resources" "$field" || {
			echo "case: $name"
			return 1
		}
	done <<'END'
cpus that are none|{"cpu": {"cpus": "4095"}}|linux.resources.cpu.cpus
cpus in words|{"cpu": {"cpus": "all"}}|linux.resources.cpu.cpus
cpus and more|{"cpu": {"cpus": "0\n0"}}|linux.resources.cpu.cpus
mems that are none|{"cpu": {"mems": "63"}}|linux.resources.cpu.mems
a quota below 1 ms|{"cpu": {"quota": 1}}|linux.resources.cpu.quota
a period below 1 ms|{"cpu": {"period": 1}}|linux.resources.cpu.period
a period above 1 s|{"cpu": {"period": 2000000}}|linux.resources.cpu.period
a burst above the quota|{"cpu": {"quota": 20000, "burst": 30000}}|linux.resources.cpu.burst
an idle of 2|{"cpu": {"idle": 2}}|linux.resources.cpu.idle
more realtime than there is|{"cpu": {"realtimeRuntime": 2000000}}|linux.resources.cpu.realtimeRuntime
swap below the memory|{"memory": {"limit": 67108864, "swap": 33554432}}|linux.resources.memory.swap
a huge swappiness|{"memory": {"swappiness": 1000}}|linux.resources.memory.swappiness
a weight below 10|{"blockIO": {"weight": 1}}|linux.resources.blockIO.weight
a weight above 1000|{"blockIO": {"weight": 5000}}|linux.resources.blockIO.weight
a device that is none|{"blockIO": {"throttleReadBpsDevice": [{"major": 4000, "minor": 77, "rate": 1}]}}|linux.resources.blockIO.throttleReadBpsDevice
a page size of nothing|{"hugepageLimits": [{"pageSize": "2XB", "limit": 1}]}|hugepageLimits
a device type|{"devices": [{"allow": true, "type": "x"}]}|devices
a device number|{"devices": [{"allow": true, "type": "c", "major": 99999999999}]}|linux.resources.devices
END
}

lacks() {
	! grep -qE ":([^:]*,)?$1(,[^:]*)?:" /proc/self/cgroup
}

# What this host has is set, and what it lacks is refused by controller and field.
@test "cgroup1: seldom controllers, in a table" {
	local controller file text resources field
	while IFS='|' read -r controller file text resources field; do
		if lacks "$controller"; then
			refuses "$resources" \
				"$controller: this host's cgroup v1 lacks the controller ($field)"
			continue
		fi
		box_set '.linux.resources = ($given | fromjson)' --arg given "$resources"
		box_sleep
		contains "$(limit_of "$controller" "$file")" "$text"
		end
	done <<'END'
hugetlb|hugetlb.2MB.limit_in_bytes|4194304|{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}|linux.resources.hugepageLimits
net_cls|net_cls.classid|1048577|{"network": {"classID": 1048577}}|linux.resources.network.classID
net_prio|net_prio.ifpriomap|lo 3|{"network": {"priorities": [{"name": "lo", "priority": 3}]}}|linux.resources.network.priorities
END
}

@test "cgroup1: an RDMA device that is not there is refused, with or without the controller" {
	refuses '{"rdma": {"no_such0": {"hcaHandles": 1}}}' rdma linux.resources.rdma
}

@test "cgroup1: a file that the kernel no longer has is refused alike" {
	refuses '{"blockIO": {"leafWeight": 100}}' "blkio: " blkio.leaf_weight \
		linux.resources.blockIO.leafWeight
}

@test "cgroup1: with missing_controller = warn it is a warning, and the rest holds" {
	box_ini $'[cgroup]\nmissing_controller = warn'
	resources '{"blockIO": {"leafWeight": 100}, "pids": {"limit": 5}}'
	lacks hugetlb && resources '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}'
	run inside /probe fork 20
	equals "$status" 0
	contains "$output" "blkio: this host's cgroup v1 lacks blkio.leaf_weight"
	contains "$output" "linux.resources.blockIO.leafWeight"
	lacks hugetlb && contains "$output" "linux.resources.hugepageLimits"
	contains "$output" "forked 4: EAGAIN"
}

@test "cgroup1: unified is refused in runc's words" {
	refuses '{"unified": {"memory.high": "1000000"}}' "cannot use unified on cgroup v1" \
		linux.resources.unified
}

@test "cgroup1: paths that lead out, or are none, in a table" {
	local path
	while read -r path; do
		box_set '.linux.cgroupsPath = ($path | fromjson)' --arg path "$path"
		run inside /bin/true
		equals "$status" 1
		contains "$output" "linux.cgroupsPath"
		[ ! -d /sys/fs/cgroup/memory/x ]
	done <<-END
		"../x"
		"/../x"
		"/a/../../x"
		"/a/./b"
		"/a//b"
		"/a/"
		"/"
		"/.."
		"a\\nb"
		"/$(printf 'y%.0s' {1..300})"
		"/$(printf 'y/%.0s' {1..3000})z"
	END
}

@test "cgroup1: off in the ini, and the container asks for it" {
	box_ini $'[cgroup]\nenabled = no'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "cgroup: off in $box/ironbox.ini:4"
	contains "$output" "asks for it"
}

@test "cgroup1: off in the ini, and nobody asks: it stays where we are" {
	box_ini $'[cgroup]\nenabled = no'
	box_set 'del(.linux.cgroupsPath, .linux.resources)'
	run inside /probe cgroup
	equals "$status" 0
	equals "$output" "$(cat /proc/self/cgroup)"
}

@test "cgroup1: lines of the ini that are wrong" {
	box_ini $'[cgroup]\nmissing_controller = maybe'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "missing_controller: maybe: expected refuse or warn"
	box_ini $'[cgroup]\nno_such_key = 1'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "ironbox.ini:4: [cgroup] no_such_key"
}

@test "cgroup1: the module by its name does what auto does" {
	box_ini $'[cgroup]\nmodule = cgroup1.so'
	run inside /probe cgroup
	equals "$status" 0
	contains "$output" ":memory:/$id"
}

@test "cgroup1: the other module refuses a host of this kind, and says which to take" {
	box_ini $'[cgroup]\nmodule = cgroup.so'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "cgroup1.so"
}
