# refused.bats: linux.namespaces and timeOffsets that can't be.
load spaces

setup() {
	box_setup
}

teardown() {
	box_teardown
}

@test "refused: bad namespaces, each in words" {
	while IFS='=' read -r list words; do
		box_set ".linux.namespaces |= $list"
		run inside /bin/true
		equals "$status" 1
		contains "$output" "$words"
		[ ! -e "$state_root/$id" ]
	done <<-'END'
		[{type: "mount"}, {type: "pid"}, {type: "pid"}]=namespace: linux.namespaces: "pid" is given twice
		[{type: "mount"}, {type: "uts", path: "/proc/self/ns/uts"}, {type: "uts"}]=namespace: linux.namespaces: "uts" is given twice
		[{type: "mount"}, {type: "net"}]=linux.namespaces[1].type
		[{type: "mount"}, {path: "/proc/self/ns/uts"}]=linux.namespaces[1].type
		[{type: "mount"}, {type: "uts", path: "proc/self/ns/uts"}]=linux.namespaces[1].path
		[{type: "mount"}, {type: 7}]=linux.namespaces[1].type
		{}=linux.namespaces
	END
}

@test "refused: time offsets" {
	box_set '.linux.timeOffsets = {monotonic: {secs: 1}}'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "namespace: linux.timeOffsets: needs a new time namespace in linux.namespaces"
	hold --time
	join time time
	run inside /bin/true
	release
	equals "$status" 1
	contains "$output" "namespace: linux.timeOffsets: needs a new time namespace in linux.namespaces"
	make time
	box_set '.linux.timeOffsets = {monotonic: {nanosecs: 1000000000}}'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "linux.timeOffsets.monotonic.nanosecs"
	box_set '.linux.timeOffsets = {monotonic: {secs: 777}}'
	box_args /bin/true
	sed -i s/777/9223372036854775807/ "$bundle/config.json" # jq would make it a real
	run ironbox run --bundle "$bundle" "$id"
	equals "$status" 1
	contains "$output" 'namespace: write the time offsets "monotonic 9223372036854775807 0": '
	box_set '.linux.timeOffsets = {realtime: {secs: 1}}'
	run inside /bin/true
	equals "$status" 1
	contains "$output" 'a time namespace has no clock "realtime"'
}
