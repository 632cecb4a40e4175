# A failure at every phase of every verb: one clear line, and nothing is left.
load ../../support/box

setup() {
	box_setup
}

teardown() {
	box_teardown
}

stages='namespace cgroup rootfs network capabilities seccomp'

# fault_in PHASE [PLACE [HOW]]: PLACE is first or last in the pipeline
fault_in() {
	local order="$stages fault"
	[ "${2:-last}" = last ] || order="fault $stages"
	box_ini "[pipeline]
stages = $order
[fault]
fail_in = $1
how = ${3:-error}"
}

no_fault() {
	fault_in nowhere "$@"
}

# The same id is free at once, and works.
id_is_free() {
	no_fault
	run inside /bin/true
	equals "$output" ""
	equals "$status" 0
}

fails_everywhere() {
	local verb=$1 how=$2 place phase
	shift 2
	for place in first last; do
		for phase in "$@"; do
			fault_in "$phase" $place "$how"
			run "$verb"
			echo "# $verb, $phase, $place, $how: $output" >&2
			[ "$status" -ne 0 ]
			[ "$how" != error ] || contains "$output" "fault: asked to fail in $phase"
			equals "$(wc -l <<<"$output")" 1
			equals "$(find "$state_root" -mindepth 1 2>/dev/null)" ""
			equals "$(box_cgroups)" ""
			box_has_no_new_processes || await 2 box_has_no_new_processes
			equals "$(box_new_mounts)" ""
		done
	done
	id_is_free
}

create() {
	box_create /bin/sleep 100
}

run_true() {
	inside /bin/true
}

before_start='configure validate prepare attach setup pivot enter confine drop settle'

@test "faults: create fails at any phase, and leaves nothing" {
	fails_everywhere create error $before_start
}

@test "faults: run fails at any phase, and leaves nothing" {
	fails_everywhere run_true error $before_start seal
}

@test "faults: init exits at any phase of create" {
	fails_everywhere create exit setup pivot enter confine drop
	fault_in drop last exit
	run create
	contains "$output" "init ended without a word"
}

@test "faults: init is killed at any phase of create" {
	fails_everywhere create signal setup pivot enter confine drop
	fault_in drop last signal
	run create
	contains "$output" "init died of signal 4"
}

@test "faults: start is told what fails in seal, and delete clears up" {
	fault_in seal
	create
	run ironbox start "$id"
	equals "$status" 1
	equals "$output" "ironbox: start $id: fault: asked to fail in seal"
	await 5 test "$(state_of)" = stopped
	ironbox delete "$id"
	id_is_free
}

@test "faults: the runtime is killed at any phase: delete --force clears up" {
	local phase
	for phase in configure validate prepare attach settle; do
		fault_in "$phase" last signal
		run create
		[ "$status" -ne 0 ]
		no_fault
		ironbox delete --force "$id"
		equals "$(find "$state_root" -mindepth 1)" ""
		equals "$(box_cgroups)" ""
		await 5 box_has_no_new_processes
	done
	id_is_free
}

@test "faults: exec fails at any phase, and the container goes on" {
	local phase
	no_fault
	box_start /bin/sleep 100
	for phase in configure join_prepare join confine drop settle seal; do
		fault_in "$phase"
		run ironbox exec "$id" /bin/true
		echo "# $phase: $output" >&2
		[ "$status" -ne 0 ]
		equals "$output" "ironbox: exec in $id: fault: asked to fail in $phase"
		no_fault
		equals "$(ironbox ps --format json "$id")" "[$(box_pid)]"
	done
	no_fault
	run ironbox exec "$id" /bin/echo still here
	equals "$output" "still here"
	ironbox delete --force "$id"
}

@test "faults: each control verb tells what failed, and works the next time" {
	local verb phase
	no_fault
	box_start /bin/sleep 100
	for verb in "pause pause" "resume resume" "update update" "events stats" "ps processes"; do
		read -r verb phase <<<"$verb"
		[ "$verb" != resume ] || { no_fault && ironbox pause "$id"; }
		fault_in "$phase"
		case $verb in
		update) run ironbox update --pids-limit 50 "$id" ;;
		events) run ironbox events --stats "$id" ;;
		*) run ironbox "$verb" "$id" ;;
		esac
		echo "# $verb: $output" >&2
		equals "$status" 1
		contains "$output" "ironbox: $verb $id: fault: asked to fail in $phase"
		no_fault
		[ "$(state_of)" != paused ] || ironbox resume "$id"
	done
	fault_in signal
	run ironbox kill --all "$id" KILL
	equals "$output" "ironbox: kill $id: fault: asked to fail in signal"
	no_fault
	ironbox delete --force "$id"
}

@test "faults: a teardown that fails keeps the record, and delete can be tried again" {
	no_fault
	box_start /bin/sleep 100
	fault_in teardown
	run ironbox delete --force "$id"
	equals "$status" 1
	equals "$output" "ironbox: delete $id: fault: asked to fail in teardown"
	[ -e "$state_root/$id/record" ]
	no_fault
	ironbox delete "$id"
}

@test "faults: no fd of the host is open in the container's process" {
	no_fault
	run inside /probe fds
	equals "$(grep -v '^[012] ' <<<"$output")" ""
}
