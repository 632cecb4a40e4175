#!/usr/bin/env bats
# Cgroups by systemd, which has booted this machine: scopes as systemctl and the kernel see them.
load ../../support/box

# Without jq, whose start takes a second or two here.
setup() {
	box_setup
	box_ini $'[cgroup]\nmodule = cgroup_systemd.so'
	scope=ib-$id.scope
	cgroup=/sys/fs/cgroup/box.slice/box-suite.slice/$scope
	edit "s|\"cgroupsPath\": .*|\"cgroupsPath\": \"box-suite.slice:ib:$id\",|"
	edit 's|^      "sh"$|"/bin/sleep", "1000"|'
}

teardown() {
	box_teardown
}

edit() {
	sed -i "$1" "$bundle/config.json"
}

# resources MEMBERS: in front of the one that is there, which denies all devices.
resources() {
	edit 's|"resources": {|&'"${1//$'\n'/}"',|'
}

command() {
	edit 's|"/bin/sleep", "1000"|'"$1"'|'
}

create() {
	ironbox "$@" create --bundle "$bundle" --pid-file "$box/pid" "$id" >"$box/out" 2>&1 </dev/null ||
		{ cat "$box/out"; false; }
}

in_foreground() {
	ironbox run --bundle "$bundle" "$id"
}

# properties NAME...: of the scope, as name=value, sorted.
properties() {
	systemctl show "$scope" "${@/#/--property=}" | sort
}

# files NAME...: their contents, a line each.
files() {
	(cd "$cgroup" && cat "$@")
}

is_gone() {
	[ ! -e "$cgroup" ]
}

# No unit, no cgroup, nothing that systemd keeps of it.
nothing_is_left() {
	equals "$(systemctl list-units --all --plain --no-legend "*$id*")" ""
	equals "$(box_cgroups)" ""
	equals "$(find /run/systemd/transient /run/systemd/system.control -name "*$id*" 2>/dev/null)" ""
}

delete() {
	ironbox delete --force "$id"
	nothing_is_left
}

@test "systemd: --systemd-cgroup makes a scope in its slice, with limits in files and properties" {
	box_ini ''
	resources '"memory": {"limit": 67108864, "swap": 100663296, "reservation": 33554432},
		"cpu": {"shares": 512, "quota": 33333, "period": 100000, "cpus": "0", "mems": "0"},
		"pids": {"limit": 20}, "blockIO": {"weight": 200}, "unified": {"memory.high": "60M"},
		"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]'
	# a pod's author can bring annotations, which here are no properties (CVE-2024-3154)
	edit 's|"hostname"|"annotations": {"org.systemd.property.Description": "\x27theirs\x27"},\n&|'
	create --systemd-cgroup
	equals "$(files cgroup.procs)" "$(box_pid)"
	equals "$(properties Slice Delegate ActiveState Description MemoryMax MemorySwapMax MemoryLow \
		MemoryHigh TasksMax CPUWeight CPUQuotaPerSecUSec CPUQuotaPeriodUSec AllowedCPUs \
		AllowedMemoryNodes IOWeight)" "ActiveState=active
AllowedCPUs=0
AllowedMemoryNodes=0
CPUQuotaPerSecUSec=340ms
CPUQuotaPeriodUSec=100ms
CPUWeight=59
Delegate=yes
Description=ironbox container $id
IOWeight=1920
MemoryHigh=62914560
MemoryLow=33554432
MemoryMax=67108864
MemorySwapMax=33554432
Slice=box-suite.slice
TasksMax=20"
	equals "$(files memory.max memory.swap.max memory.low memory.high pids.max cpu.weight cpu.max \
		cpuset.cpus hugetlb.2MB.max io.weight)" "67108864
33554432
33554432
62914560
20
59
33333 100000
0
4194304
default 1920"
	ironbox --systemd-cgroup delete --force "$id"
	nothing_is_left
}

@test "systemd: init's own error is what is told, though the scope ends with it" {
	resources '"pids": {"limit": 1}'
	edit 's|"destination": "/proc"|"destination": "/tmp"|; s|"type": "proc"|"type": "nosuchfs"|'
	run in_foreground
	contains "$output" nosuchfs
	equals "${#lines[@]}" 1
	nothing_is_left
}

@test "systemd: limits hold inside, and one process has room for itself alone" {
	resources '"memory": {"limit": 16777216, "swap": 16777216}, "pids": {"limit": 1}'
	command '"/probe", "fork", "1", "alloc", "64"'
	run in_foreground
	contains "$output" EAGAIN
	equals "$status" 137
	nothing_is_left
}

@test "systemd: exec, ps, pause, stats and kill find the cgroup of a scope by id, without limits" {
	edit '/"cgroupsPath"/d'
	scope=ironbox-$id.scope cgroup=/sys/fs/cgroup/system.slice/$scope
	create
	ironbox start "$id"
	equals "$(files cgroup.procs pids.max memory.max)" "$(box_pid)"$'\nmax\nmax'
	ironbox exec "$id" /bin/sleep 1000 3>&- &
	await 20 eval '[ "$(files cgroup.procs | wc -l)" = 2 ]'
	equals "$(ironbox ps --format json "$id" | tr -d '[] \n')" "$(files cgroup.procs | paste -sd,)"
	ironbox pause "$id"
	equals "$(files cgroup.freeze)" 1
	ironbox resume "$id"
	contains "$(ironbox events --stats "$id")" '"pids":{"current":2'
	ironbox kill --all "$id" KILL
	await 20 is_gone # systemd sees that it is empty
	contains "$(ironbox state "$id")" '"status": "stopped"'
	delete
}

@test "systemd: update changes files and properties; a reload neither, nor a device rule" {
	resources '"pids": {"limit": 20}'
	edit '/"devices": \[/,/\]/s|\]|, {"allow": true, "type": "c", "major": 10, "minor": 229, "access": "rw"}]|
		s|"CAP_KILL",|&"CAP_MKNOD",|; s|"readonly": true|"readonly": false|'
	create
	ironbox start "$id"
	modprobe fuse
	devices() {
		equals "$(ironbox exec "$id" /probe mknod "/tmp/kmsg$1" c 1 11 open "/tmp/kmsg$1" r \
			mknod "/tmp/fuse$1" c 10 229 open "/tmp/fuse$1" rw)" \
			"mknod /tmp/kmsg$1: ok
open /tmp/kmsg$1: EPERM
mknod /tmp/fuse$1: ok
open /tmp/fuse$1: ok"
	}
	limits() {
		equals "$(files memory.max memory.swap.max pids.max cpu.max cpuset.cpus io.max cpu.idle)" \
			"33554432
0
20
$1 100000
0
7:0 rbps=1048576 wbps=max riops=max wiops=max
0"
	}
	devices 1
	ironbox update --resources - "$id" <<<'{"memory": {"limit": 33554432, "swap": 33554432},
		"cpu": {"quota": 1500, "period": 100000, "cpus": "0"},
		"blockIO": {"throttleReadBpsDevice": [{"major": 7, "minor": 0, "rate": 1048576}]}}'
	limits 1500
	systemctl daemon-reload # it writes all that it knows anew, and knows quotas by whole percents
	limits 2000
	equals "$(properties MemoryMax MemorySwapMax TasksMax CPUQuotaPerSecUSec AllowedCPUs)" \
		$'AllowedCPUs=0\nCPUQuotaPerSecUSec=20ms\nMemoryMax=33554432\nMemorySwapMax=0\nTasksMax=20'
	devices 2
	delete
}

@test "systemd: killed at work, and delete --force leaves nothing" {
	# the scope stands, and init is in it
	edit 's|"hostname"|"hooks": {"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", "kill -9 $PPID"]}]},\n&|'
	run in_foreground
	equals "$status" 137
	delete
	# the holder is on its way to systemd, and nobody waits for it any more
	edit '/"hooks"/d'
	run strace -o "$box/trace" -e trace=poll -e inject=poll:signal=KILL:when=1 "$IRONBOX" \
		--root "$state_root" --config "$box/ironbox.ini" run --bundle "$bundle" "$id"
	equals "$status" 137
	equals "$(grep -c '^poll' "$box/trace")" 1
	delete
}

@test "systemd: checkpoint, and restore in a scope of the same name" {
	resources '"pids": {"limit": 20}'
	create
	ironbox start "$id"
	ironbox checkpoint --image-path "$box/images" --work-path "$box/work" "$id"
	ironbox delete "$id"
	nothing_is_left
	ironbox restore --detach --bundle "$bundle" --image-path "$box/images" --pid-file "$box/pid" "$id" \
		>"$box/out" 2>&1 </dev/null || { cat "$box/out"; false; }
	equals "$(files cgroup.procs pids.max)" "$(box_pid)"$'\n20'
	equals "$(properties TasksMax)" TasksMax=20
	delete
}

@test "systemd: a name that is somebody else's, and one that is none" {
	create
	run ironbox run --bundle "$bundle" "$id-2"
	equals "$output" "ironbox: run $id-2: cgroup: $scope exists already: cgroup ${cgroup#/sys/fs/cgroup}"
	# in another slice: there it is systemd that says so
	edit 's|box-suite.slice:|other.slice:|'
	run ironbox run --bundle "$bundle" "$id-2"
	equals "$output" "ironbox: run $id-2: cgroup: start $scope: Unit $scope was already loaded or has a fragment file."
	edit 's|"cgroupsPath": .*|"cgroupsPath": "/a/path",|'
	run ironbox run --bundle "$bundle" "$id-2"
	equals "$output" "ironbox: run $id-2: cgroup: linux.cgroupsPath: /a/path: expected SLICE:PREFIX:NAME for a cgroup by systemd"
	equals "$(files cgroup.procs)" "$(box_pid)"
	delete
}

@test "systemd: exec, and delete of what has ended, need no D-Bus" {
	local bus=/sys/fs/cgroup/system.slice/dbus.service/cgroup.freeze
	create
	ironbox start "$id"
	echo 1 >"$bus"
	run ironbox exec "$id" /bin/true
	equals "$status" 0
	ironbox kill "$id" KILL
	await 20 is_gone
	run ironbox delete "$id"
	echo 0 >"$bus"
	equals "$status $output" "0 "
	nothing_is_left
}
