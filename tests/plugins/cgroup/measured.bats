#!/usr/bin/env bats
# What limits do to who runs below them: by the clock, and by what the kernel counts.
load limits

setup() {
	limits_setup
}

teardown() {
	[ ! -e "$box/loop" ] || loop_end
	box_teardown
}

# loop MIB: a block device with this much behind it, in $loop. Allocated, for else the pages of what is
# written first would be charged to who writes. Not the first loop device: others name that.
loop() {
	fallocate -l "$1M" "$BOX_SUITE/disk"
	loop=/dev/loop3
	losetup "$loop" "$BOX_SUITE/disk"
	touch "$box/loop"
}

loop_end() {
	swapoff /dev/loop3 2>/dev/null || :
	losetup -d /dev/loop3
	rm "$BOX_SUITE/disk"
}

# count_of FILE KEY: of a file of lines "KEY NUMBER"
count_of() {
	local key number
	while read -r key number; do
		[ "$key" != "$2" ] || echo "$number"
	done <"$cgroup/$1"
}

# used SECONDS: how much of a CPU the container takes in this time, in percent.
used() {
	local clock=${EPOCHREALTIME/./} before
	before=$(count_of cpu.stat usage_usec)
	sleep "$1"
	echo $((($(count_of cpu.stat usage_usec) - before) * 100 / (${EPOCHREALTIME/./} - clock)))
}

between() { # LEAST NUMBER MOST
	[ "$1" -le "$2" ] && [ "$2" -le "$3" ] || {
		echo "expected $1 to $3, but got $2"
		return 1
	}
}

busy='while :; do :; done'

@test "cpu: a quota of a fifth is a fifth; update lifts it" {
	resources '{"cpu": {"quota": 20000, "period": 100000}}'
	box_start /bin/sh -c "$busy"
	await 10 eval '[ "$(count_of cpu.stat nr_throttled)" -gt 1 ]'
	between 14 "$(used 2)" 24
	update '{"cpu": {"quota": -1}}'
	between 60 "$(used 1)" 105
	ironbox delete --force "$id"
}

@test "cpuset: two that are busy share the one CPU that is theirs; update gives them another" {
	resources '{"cpu": {"cpus": "1"}}'
	box_start /bin/sh -c "$busy & $busy"
	between 60 "$(used 2)" 105
	equals "$(awk '{ print $39 }' $(sed 's|.*|/proc/&/stat|' "$cgroup/cgroup.procs") | sort -u)" 1
	update '{"cpu": {"cpus": "0-1"}}'
	between 130 "$(used 2)" 205
	ironbox delete --force "$id"
}

@test "memory: what is over the limit is swapped out, as far as that is allowed" {
	loop 64
	mkswap "$loop" >/dev/null
	swapon "$loop"
	resources '{"memory": {"limit": 16777216, "swap": 33554432}}'
	box_start /probe alloc 24 trap
	await 30 grep -q allocated "$box/out"
	between 6000000 "$(files memory.swap.current)" 16777216
	between 0 "$(files memory.current)" 16777216
	equals "$(ironbox events --stats "$id" | jq -c '.data.memory | [.swap.usage > 6000000, .oomKills]')" '[true,0]'
	run ironbox exec "$id" /probe alloc 24 # what init holds and this do not fit
	equals "$status" 137
	ironbox delete --force "$id"
}

@test "io: a device's bytes a second, by direct reads; update lifts it" {
	loop 8
	local number=$((0x$(stat -c %T "$loop"))) clock
	resources '{"blockIO": {"throttleReadBpsDevice": [{"major": 7, "minor": '$number', "rate": 1048576}]},
		"devices": [{"allow": true, "type": "b", "major": 7, "minor": '$number', "access": "r"}]}'
	box_set '.linux.devices = [{type: "b", path: "/dev/disk", major: 7, minor: $n}]' --argjson n "$number"
	box_start /bin/sleep 100
	read_disk() { # MIB: the tenths of a second that it takes
		clock=${EPOCHREALTIME/./}
		ironbox exec "$id" dd if=/dev/disk of=/dev/null bs=256k count=$(($1 * 4)) iflag=direct 2>/dev/null
		echo $(((${EPOCHREALTIME/./} - clock) / 100000))
	}
	between 25 "$(read_disk 3)" 60
	update '{"blockIO": {"throttleReadBpsDevice": [{"major": 7, "minor": '$number', "rate": 0}]}}'
	between 0 "$(read_disk 6)" 25
	contains "$(files io.stat)" "7:$number rbytes=$((9 << 20)) "
	equals "$(ironbox events --stats "$id" | jq -c '[.data.blkio.ioServiceBytesRecursive[] |
		select(.major == 7 and .op == "Read") | .minor, .value]')" "[$number,$((9 << 20))]"
	ironbox delete --force "$id"
}

@test "hugetlb: no page more than the limit can be mapped" {
	echo 4 >/proc/sys/vm/nr_hugepages
	resources '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}'
	# mmap(2) of three pages, and of two: 9 on x86_64, PROT_READ | PROT_WRITE,
	# MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB
	run inside /bin/sh -c 'for size in 6291456 4194304; do
		/probe syscall 9 0 $size 3 0x40022 -1 0; done'
	equals "$output" $'syscall 9 = ENOMEM\nsyscall 9 = ok'
	echo 0 >/proc/sys/vm/nr_hugepages
}

@test "statistics: what the kernel's files say" {
	resources '{"memory": {"limit": 67108864, "swap": 67108864}, "pids": {"limit": 50}}'
	box_start /probe alloc 8 trap
	await 10 grep -q allocated "$box/out"
	ironbox pause "$id" # so that all of it stays as it is
	ironbox events --stats "$id" >"$box/stats"
	local wanted
	wanted=$(files memory.current memory.max memory.peak pids.current pids.max
		for key in anon file pgfault kernel_stack; do count_of memory.stat $key; done
		for key in usage_usec user_usec system_usec; do echo "$(count_of cpu.stat $key)000"; done
		for key in oom_kill max; do count_of memory.events $key; done)
	equals "$(jq '.data | .memory.usage.usage, .memory.usage.limit, .memory.usage.max, .pids.current, .pids.limit,
		.memory.raw.anon, .memory.raw.file, .memory.raw.pgfault, .memory.raw.kernel_stack,
		.cpu.usage.total, .cpu.usage.user, .cpu.usage.kernel,
		.memory.oomKills, .cgroup.memory.events.max' "$box/stats")" "$wanted"
	between 8388608 "$(jq .data.memory.usage.usage "$box/stats")" 67108864
	ironbox delete --force "$id"
}
