# Checkpoint and restore, as users of containerd have them. On Debian's kernel: CRIU does not know
# each new one.
# bats file_tags=vm

load containerd
load tasks

setup_file() {
	containerd_setup_file
}

setup() {
	containerd_setup
	checkpoint=ironbox.test/checkpoint-$id:latest
}

teardown() {
	ctr image remove "$checkpoint" >/dev/null 2>&1 || true # where a test did not come so far
	containerd_teardown
}

# A counter that says where it is, in a file of its own root.
count() {
	detached "$id" -- sh -c 'i=0; while :; do i=$((i + 1)); echo $i >/count; sleep 0.1; done'
	await 60 has_counted_to 5
}

counted() {
	cat "/proc/$(task_pid)/root/count"
}

has_counted_to() {
	[ "$(counted 2>/dev/null || echo 0)" -ge "$1" ]
}

@test "checkpoint: of a task, and it counts on" {
	count
	run ctr task checkpoint "$id"
	equals "$status" 0
	made=$(grep -o 'containerd.io/checkpoint/[^ ]*' <<<"$output")
	contains "$(ctr image list --quiet)" "$made"
	await 60 has_counted_to $(($(counted) + 5))
	ctr image remove "$made" >/dev/null
}

@test "checkpoint: of a container and its task; restored when both are gone, it counts on" {
	count
	ctr container checkpoint --rw --task "$id" "$checkpoint"
	kill_task
	last=$(status_of_deleted)
	equals "$last" 137
	ctr container delete "$id"
	ctr container restore --live --rw "$id" "$checkpoint" >/dev/null 3>&- &
	await 60 is_running
	[ "$(counted)" -ge 5 ]
	await 60 has_counted_to $(($(counted) + 5))
	run ctr task exec --exec-id e "$id" cat /proc/1/comm
	equals "$output" sh
}
