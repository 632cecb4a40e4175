# legacy.bats: a host without the v2 tree. Freezing, killing and listing go by v1 alone.
load ../../support/box
load v1

# In the suite's own mount namespace. The kernel goes on to have the tree; nobody can reach it.
setup_file() {
	umount /sys/fs/cgroup/unified
}

teardown_file() {
	mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified
}

setup() {
	box_setup
}

teardown() {
	box_teardown
}

@test "cgroup1: without a v2 tree a container runs in v1's hierarchies" {
	run inside /probe cgroup
	equals "$status" 0
	contains "$output" ":memory:/$id"
	contains "$output" ":name=systemd:/$id"
	[[ "$output" != *"0::/$id"* ]]
}

@test "cgroup1: without a v2 tree exec and limits are the same" {
	resources '{"pids": {"limit": 4}}'
	box_sleep
	run ironbox exec "$id" /probe fork 20
	equals "$output" "forked 2: EAGAIN"
	end
}

@test "cgroup1: without a v2 tree v1's freezer pauses and resumes" {
	box_start /bin/sh -c 'while :; do echo .; usleep 10000; done'
	await 5 test -s "$box/out"
	ironbox pause "$id"
	equals "$(limit_of freezer freezer.state)" FROZEN
	equals "$(state_of)" paused
	ironbox resume "$id"
	equals "$(limit_of freezer freezer.state)" THAWED
	equals "$(state_of)" running
	end
}

@test "cgroup1: without a v2 tree kill --all leaves no one, not even those who fork" {
	box_set '.linux.namespaces |= map(select(.type != "pid"))'
	box_start /bin/sh -c 'f() { /bin/sleep 0.01 & f; }; (while :; do /bin/sleep 0.01 & done) &
		/bin/sleep 1000 & wait; sleep 1000'
	sleep 0.3
	ironbox kill --all "$id" KILL
	await 5 is_status stopped
	await 5 has_processes 0 pids
	equals "$(limit_of freezer freezer.state)" THAWED
	end
}

@test "cgroup1: without a v2 tree a signal to all leaves a paused container paused" {
	box_start /bin/sh -c 'trap "echo init" TERM; echo ready; while :; do sleep 0.01; done'
	await 5 grep -q ready "$box/out"
	ironbox pause "$id"
	ironbox kill --all "$id" TERM
	equals "$(limit_of freezer freezer.state)" FROZEN
	ironbox resume "$id"
	await 5 grep -q init "$box/out"
	end
}

@test "cgroup1: without a v2 tree a paused container is thawed to die" {
	box_sleep
	ironbox pause "$id"
	ironbox kill --all "$id" KILL
	await 5 is_status stopped
	ironbox delete "$id"
	equals "$(box_cgroups)" ""
	box_sleep
	ironbox pause "$id"
	ironbox kill "$id" KILL
	await 5 is_status stopped
	ironbox delete "$id"
	box_sleep
	ironbox pause "$id"
	ironbox delete --force "$id"
	equals "$(box_cgroups)" ""
}

@test "cgroup1: without a v2 tree whoever outlives init goes, too" {
	box_set '.linux.namespaces |= map(select(.type != "pid"))'
	box_start /bin/sh -c '/bin/sleep 1000 & exit 3'
	await 5 is_status stopped
	equals "$(ironbox ps --format json "$id" | jq length)" 1
	ironbox delete "$id"
	equals "$(box_cgroups)" ""
}

@test "cgroup1: without a v2 tree a freezer's cgroup that is gone already is in nobody's way" {
	box_sleep
	ironbox kill "$id" KILL
	await 5 is_status stopped
	await 5 rmdir "$(cgroup_of freezer)"
	mkdir "$(cgroup_of pids)/below"
	ironbox delete "$id"
	equals "$(box_cgroups)" ""
}

@test "cgroup1: without a v2 tree rules that v1's list cannot say are refused, not dropped" {
	box_set '.linux.resources.devices += [
		{"allow": true, "type": "c", "major": 1, "access": "rwm"},
		{"allow": false, "type": "c", "major": 1, "minor": 11, "access": "rw"}]'
	run inside /bin/true
	equals "$status" 1
	contains "$output" linux.resources.devices
}
