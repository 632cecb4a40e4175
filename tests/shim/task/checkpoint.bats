# Checkpoint, and a task that comes from one.
# bats file_tags=vm
load shim

setup() {
	shim_setup
}

teardown() {
	shim_teardown
}

# A counter that says where it is.
count() {
	box_args sh -c 'i=0; while :; do i=$((i + 1)); echo $i; sleep 0.05; done'
	shim_start
	create stdout="file://$box/out" >/dev/null
	call Start >/dev/null
	await 60 grep -qx 10 "$box/out"
}

@test "checkpoint: it goes on, or (exit) ends there" {
	count
	call -t 200000 Checkpoint path="$box/images"
	[ -e "$box/images/inventory.img" ]
	status_is "$RUNNING"
	call -t 200000 Checkpoint path="$box/more" options.type_url=containerd.runc.v1.CheckpointOptions \
		options.value=$'\x08\x01'
	call Wait >/dev/null
	status_is "$STOPPED"
	end
	equals "$(told | grep -c "/tasks/checkpointed container_id=$id checkpoint=")" 2
}

@test "a task from a checkpoint begins where that was, when it is started" {
	count
	call -t 200000 Checkpoint path="$box/images" options.type_url=containerd.runc.v1.CheckpointOptions \
		options.value=$'\x08\x01'
	call Wait >/dev/null
	call Delete >/dev/null
	last=$(tail -1 "$box/out")
	run create checkpoint="$box/images" stdout="file://$box/restored"
	equals "$(field pid <<<"$output")" 0
	status_is "$CREATED"
	pid=$(call -t 200000 Start | field pid)
	[ "$pid" -gt 0 ]
	status_is "$RUNNING"
	await 60 test -s "$box/restored"
	[ "$(head -1 "$box/restored")" -ge "$last" ]
	equals "$(call Connect | field task_pid)" "$pid"
	end
	equals "$(told | tail -4)" "/tasks/create container_id=$id checkpoint=$box/images
/tasks/start container_id=$id
/tasks/exit container_id=$id id=$id exit_status=137
/tasks/delete container_id=$id exit_status=137"
}

@test "what can't be checkpointed or restored says so" {
	begin sleep 1000
	refused "$INVALID" "no path" call Checkpoint
	call Kill signal=9
	call Wait >/dev/null
	refused "$UNKNOWN" "cannot checkpoint a stopped process" call -t 200000 Checkpoint path="$box/images"
	call Delete >/dev/null
	create checkpoint="$box/nothing" >/dev/null
	refused "$UNKNOWN" "$box/nothing" call -t 200000 Start
	call Delete >/dev/null
	shut_down
}
