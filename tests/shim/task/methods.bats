# Each method of the task service, with the codes that containerd goes by.
load shim

setup() {
	shim_setup
}

teardown() {
	shim_teardown
}

# bats test_tags=vm
@test "a container's life: states, answers, and events in their order" {
	box_args sh -c 'sleep 0.1; exit 42'
	shim_start
	run call Connect
	equals "$(field task_pid <<<"$output")" 0
	equals "$(field shim_pid <<<"$output")" "$(shim_pid)"

	pid=$(create stdout="file://$box/out" | field pid)
	[ -d "/proc/$pid" ]
	equals "$(call Connect | field task_pid)" "$pid"
	run call State
	equals "$(field status <<<"$output")" "$CREATED"
	equals "$(field pid <<<"$output")" "$pid"
	equals "$(field stdout <<<"$output")" "file://$box/out"
	equals "$(field bundle <<<"$output")" "$bundle"
	equals "$(field exited_at.seconds <<<"$output")" -62135596800 # Go's zero time

	equals "$(call Start | field pid)" "$pid"
	run call Wait
	equals "$(field exit_status <<<"$output")" 42
	[ "$(field exited_at.seconds <<<"$output")" -gt 1700000000 ]
	run call State
	equals "$(field status <<<"$output")" "$STOPPED"
	equals "$(field exit_status <<<"$output")" 42
	run call Wait # again, at once
	equals "$(field exit_status <<<"$output")" 42
	run call Delete
	equals "$(field exit_status <<<"$output")" 42
	equals "$(field pid <<<"$output")" "$pid"
	refused "$NOT_FOUND" "container not created" call State
	refused "$NOT_FOUND" "container not created" call Delete
	shut_down
	equals "$(told)" "/tasks/create container_id=$id
/tasks/start container_id=$id
/tasks/exit container_id=$id id=$id exit_status=42
/tasks/delete container_id=$id exit_status=42"
	equals "$(grep -c " pid=$pid " "$events")" 4
}

@test "both names of the service are served, and no other method" {
	begin sleep 1000
	equals "$(call -3 State | field status)" "$RUNNING"
	refused "$UNIMPLEMENTED" Sing call Sing
	refused "$UNIMPLEMENTED" Sing call -3 Sing
	end
}

@test "what is not there is NotFound in each method" {
	shim_start
	for method in State Start Delete Pids Pause Resume Checkpoint Kill Exec ResizePty CloseIO \
		Update Wait Stats; do
		refused "$NOT_FOUND" "container not created" call "$method"
	done
	shut_down
	begin sleep 1000
	for method in State Start Delete Kill ResizePty CloseIO Wait; do
		refused "$NOT_FOUND" "process does not exist" call "$method" exec_id=none
	done
	end
}

@test "create: an id that is there is AlreadyExists; an id is free again after Delete" {
	begin sleep 1000
	refused "$ALREADY" "already exists" create
	call Kill signal=9
	call Wait >/dev/null
	refused "$ALREADY" "already exists" create
	call Delete >/dev/null
	create >/dev/null
	call Start >/dev/null
	end
}

@test "create: while it is under way nobody else finds the container, nor takes its id" {
	waiting_hook createRuntime
	box_args sleep 1000
	shim_start
	create >"$box/created" &
	await 10 test -e "$box/begun"
	refused "$ALREADY" "already exists" create
	for method in State Start Delete Kill Wait; do
		refused "$NOT_FOUND" "container not created" call "$method"
	done
	touch "$box/go"
	wait %%
	status_is "$CREATED"
	end
}

@test "create: a program that is not there fails it in words, and leaves nothing" {
	box_args nosuch
	shim_start
	refused "$UNKNOWN" "ironbox: create $id: " create
	refused "$UNKNOWN" 'executable file not found in $PATH' create
	refused "$NOT_FOUND" "container not created" call State
	equals "$(box_cgroups)" ""
	[ ! -e "/run/containerd/ironbox/$namespace/$id" ]
	equals "$(told)" ""
	shut_down
}

@test "create: options, bundles and ids that are wrong are refused by name" {
	shim_start
	refused "$UNKNOWN" "no/such" call Create bundle=/no/such
	refused "$UNKNOWN" "no/such.ini" call Create bundle="$bundle" \
		options.type_url=runtimeoptions.v1.Options options.value=$'\x12\x0c/no/such.ini'
	name=../x refused "$INVALID" "invalid container id" create
	name=../x refused "$INVALID" "invalid container id" create checkpoint="$box/images"
	chmod 777 "$bundle"
	refused "$UNKNOWN" "may be written by others" create
	chmod 755 "$bundle"
	shut_down
}

@test "create: one that is too slow for its caller is ended, told of, and undone" {
	box_set '.hooks.createRuntime = [{path: "/bin/sleep", args: ["sleep", "1000"]}]'
	box_args sleep 1000
	shim_start
	refused "$DEADLINE" "create $id: not done after" create_within 2000
	await 10 free_again
	refused "$NOT_FOUND" "container not created" call State
	equals "$(told)" ""
	shut_down
}

create_within() {
	local words
	mapfile -d '' words < <(options_words)
	call -t "$1" Create bundle="$bundle" "${words[@]}"
}

@test "shutdown: it waits for what is being undone" {
	box_set '.hooks.createRuntime = [{path: "/bin/sleep", args: ["sleep", "1000"]}]'
	box_args sleep 1000
	shim_start
	pid=$(shim_pid)
	refused "$DEADLINE" "create $id: not done after" create_within 1000
	call Shutdown
	await 10 process_ended "$pid"
	free_again
	[ ! -e "$shim" ]
}

free_again() {
	[ ! -e "/run/containerd/ironbox/$namespace/$id" ] && [ -z "$(box_cgroups)" ]
}

@test "start: once, and of what is there" {
	begin sleep 1000
	refused "$UNKNOWN" "cannot start a running process" call Start
	call Kill signal=9
	call Wait >/dev/null
	refused "$UNKNOWN" "cannot start a stopped process" call Start
	end
}

@test "delete: of what runs is refused; of what was never started ends it first" {
	box_args sleep 1000
	shim_start
	pid=$(create | field pid)
	run call Delete
	equals "$(field exit_status <<<"$output")" 137
	process_ended "$pid"
	shut_down
	equals "$(told)" "/tasks/create container_id=$id
/tasks/exit container_id=$id id=$id exit_status=137
/tasks/delete container_id=$id exit_status=137"

	begin sleep 1000
	refused "$UNKNOWN" "cannot delete a running process" call Delete
	end
}

@test "kill: any signal, of one that lives" {
	box_args sh -c 'trap "exit 5" USR1; echo ready; while :; do sleep 0.1; done'
	shim_start
	create stdout="file://$box/out" >/dev/null
	call Start >/dev/null
	await 5 grep -q ready "$box/out"
	call Kill signal=0
	refused "$INVALID" "no signal 65" call Kill signal=65
	call Kill signal=10
	equals "$(call Wait | field exit_status)" 5
	refused "$NOT_FOUND" "process already finished" call Kill signal=9
	refused "$NOT_FOUND" "process already finished" call Kill signal=0
	end
}

@test "kill: of one that was created and not started" {
	box_args sleep 1000
	shim_start
	create >/dev/null
	call Kill signal=9
	equals "$(call Wait | field exit_status)" 137
	refused "$UNKNOWN" "cannot start a stopped process" call Start
	end
	equals "$(told | head -2)" "/tasks/create container_id=$id
/tasks/exit container_id=$id id=$id exit_status=137"
}

@test "kill: all, also once init is dead" {
	begin sleep 1000
	call Kill signal=9 all=true
	equals "$(call Wait | field exit_status)" 137
	call Kill signal=9 all=true
	end
}

@test "wait: many at a time, before Start too; one whose client is gone is forgotten" {
	box_args sh -c 'exit 3'
	shim_start
	create >/dev/null
	for i in 1 2 3 4 5; do
		call Wait >"$box/wait.$i" &
	done
	timeout 0.5 "$TASK_TOOLS/task-call" "$shim" Wait id="$id" 3>&- || true
	call Start >/dev/null
	for i in 1 2 3 4 5; do
		await 10 grep -q exit_status=3 "$box/wait.$i"
	done
	end
}

@test "wait: however many wait by one connection, a Kill is taken" {
	begin sleep 1000
	equals "$("$TASK_TOOLS/wait-many" "$shim" "$id" 1000 3>&-)" "Kill done, 1000 waited, 0 refused"
	call Delete >/dev/null
	shut_down
}

@test "wait: those that are too many are refused, and a Kill is taken" {
	begin sleep 1000
	run "$TASK_TOOLS/wait-many" "$shim" "$id" 2100 3>&-
	contains "$output" "$EXHAUSTED: containerd.task.v2.Task/Wait: too many calls wait for their answers"
	contains "$output" "Kill done, 2048 waited, 52 refused"
	call Delete >/dev/null
	shut_down
}

# bats test_tags=vm
@test "pause and resume: states, events, and what is refused meanwhile" {
	begin sleep 1000
	refused "$UNKNOWN" "cannot resume a running process" call Resume
	note_exec noted true
	call Pause
	status_is "$PAUSED"
	refused "$UNKNOWN" "cannot pause a paused process" call Pause
	refused "$UNKNOWN" "cannot exec in a paused container" note_exec other true
	refused "$UNKNOWN" paused call Start exec_id=noted
	call Resume
	status_is "$RUNNING"
	equals "$(told | sed -n '4,5p')" "/tasks/paused container_id=$id
/tasks/resumed container_id=$id"
	call Pause
	end # SIGKILL ends what is frozen
}

@test "kill: of an exec of what is paused leaves the rest paused" {
	begin sleep 1000
	in_exec e1 sleep 1000 >/dev/null
	call Pause
	call Kill exec_id=e1 signal=9
	sleep 0.5
	status_is "$PAUSED"
	is_frozen
	call Resume
	equals "$(call Wait exec_id=e1 | field exit_status)" 137
	end
}

is_frozen() { # cgroup v1, or v2
	[ "$(cat "$(cgroup_file freezer.state)" 2>/dev/null)" = FROZEN ] ||
		grep -qx "frozen 1" "$(cgroup_file cgroup.events)"
}

@test "pause: only what was started" {
	box_args sleep 1000
	shim_start
	create >/dev/null
	refused "$UNKNOWN" "cannot pause a created process" call Pause
	end
}

@test "update: limits that the kernel shows; not of what has stopped" {
	begin sleep 1000
	refused "$INVALID" "no resources" call Update
	call Update resources.type_url=x/LinuxResources resources.value='{"pids": {"limit": 77}}'
	equals "$(cat "$(cgroup_file pids.max)")" 77
	refused "$UNKNOWN" "resources: pids.limit" call Update resources.type_url=x \
		resources.value='{"pids": {"limit": "x"}}'
	call Kill signal=9
	call Wait >/dev/null
	refused "$UNKNOWN" "cannot update a stopped container" call Update resources.type_url=x \
		resources.value='{"pids": {"limit": 78}}'
	end
}

cgroup_file() {
	find /sys/fs/cgroup -path "*/$id/$1" | head -1
}

@test "pids: init's and execs' with their ids; none of what has stopped" {
	begin sleep 1000
	init=$(field pid <"$box/started")
	exec_pid=$(in_exec probe1 sleep 1000 | field pid)
	run call Pids
	contains "$output" "pid=$init"
	contains "$output" "pid=$exec_pid"
	contains "$output" "info.type_url=containerd.runc.v1.ProcessDetails"
	contains "$output" probe1
	equals "$(grep -c 'info.type_url' <<<"$output")" 1
	call Kill signal=9
	call Wait >/dev/null
	equals "$(call Pids)" ""
	end
}

# bats test_tags=vm
@test "stats: of what lives" {
	begin sleep 1000
	contains "$(call Stats)" "stats.type_url=io.containerd.cgroups.v"
	call Kill signal=9
	call Wait >/dev/null
	refused "$NOT_FOUND" "has stopped" call Stats
	end
}

@test "resize and close: no terminal and no input is no error" {
	begin sleep 1000
	call ResizePty width=80 height=24
	call CloseIO stdin=true
	call Kill signal=9
	call Wait >/dev/null
	refused "$UNKNOWN" "cannot resize a stopped process" call ResizePty width=80 height=24
	end
}

@test "checkpoint: where nothing can make one, that is Unimplemented" {
	box_ini $'[criu]\npath = /nonexistent/criu'
	begin sleep 1000
	refused "$UNIMPLEMENTED" "there is no /nonexistent/criu" call Checkpoint path="$box/images"
	status_is "$RUNNING"
	call Kill signal=9
	call Wait >/dev/null
	call Delete >/dev/null
	create checkpoint="$box" >/dev/null
	refused "$UNIMPLEMENTED" "there is no /nonexistent/criu" call Start
	call Delete >/dev/null
	box_ini $'[criu]\nenabled = no'
	create checkpoint="$box" >/dev/null
	refused "$UNIMPLEMENTED" "no stage of ironbox.ini can do it" call Start
	call Delete >/dev/null
	shut_down
}

@test "checkpoint: one that hangs is ended, and leaves what was paused paused" {
	printf '#!/bin/sh\nexec sleep 1000\n' >"$box/criu"
	chmod 755 "$box/criu"
	box_ini "[criu]"$'\n'"path = $box/criu"
	begin sleep 1000
	call Pause
	refused "$DEADLINE" "checkpoint $id: not done after" call -t 1500 Checkpoint path="$box/images"
	sleep 0.5
	status_is "$PAUSED"
	is_frozen
	call Resume
	status_is "$RUNNING"
	refused "$DEADLINE" "checkpoint $id: not done after" call -t 1500 Checkpoint path="$box/images"
	status_is "$RUNNING"
	end
}

@test "a signal for the shim itself: it ends, and the containers live on" {
	begin sleep 1000
	pid=$(shim_pid)
	init=$(field pid <"$box/started")
	kill -TERM "$pid"
	await 5 process_ended "$pid"
	[ ! -e "$shim" ]
	[ -d "/proc/$init" ]
	shim_action delete >/dev/null
	await 5 process_ended "$init"
}

@test "shutdown: not while there are containers" {
	begin sleep 1000
	pid=$(shim_pid)
	call Shutdown
	status_is "$RUNNING"
	end
	process_ended "$pid"
}
