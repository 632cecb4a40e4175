# Execs: noted, started, ended, deleted.
load shim

setup() {
	shim_setup
}

teardown() {
	shim_teardown
}

# bats test_tags=vm
@test "an exec's life: states, answers, events" {
	begin sleep 1000
	note_exec e1 sh -c 'exit 9'
	run call State exec_id=e1
	equals "$(field id <<<"$output")" e1
	equals "$(field exec_id <<<"$output")" ""
	equals "$(field status <<<"$output")" "$CREATED"
	equals "$(field pid <<<"$output")" 0
	pid=$(call Start exec_id=e1 | field pid)
	[ "$pid" -gt 0 ]
	equals "$(call Wait exec_id=e1 | field exit_status)" 9
	status_is "$STOPPED" e1
	refused "$UNKNOWN" "cannot start a stopped process" call Start exec_id=e1
	refused "$NOT_FOUND" "process already finished" call Kill exec_id=e1 signal=9
	run call Delete exec_id=e1
	equals "$(field exit_status <<<"$output")" 9
	equals "$(field pid <<<"$output")" "$pid"
	refused "$NOT_FOUND" "process does not exist" call State exec_id=e1
	note_exec e1 true # its id is free
	end
	equals "$(told | sed -n '3,5p')" "/tasks/exec-added container_id=$id exec_id=e1
/tasks/exec-started container_id=$id exec_id=e1
/tasks/exit container_id=$id id=e1 exit_status=9"
}

@test "ids: those that are taken, and those that are none" {
	begin sleep 1000
	note_exec e1 true
	refused "$ALREADY" "already exists" note_exec e1 true
	refused "$ALREADY" "already exists" note_exec "$id" true
	for wrong in '' a/b ../x '$(x)' .a a. a--b "$(printf 'x%.0s' {1..77})"; do
		refused "$INVALID" "invalid exec id" note_exec "$wrong" true
	done
	note_exec "$(printf 'x%.0s' {1..76})" true
	end
}

@test "what can't be started says why, is Delete's to remove, and ends who waits for it" {
	begin sleep 1000
	note_exec e1 nosuch
	call Wait exec_id=e1 >"$box/wait" &
	refused "$UNKNOWN" 'executable file not found in $PATH' call Start exec_id=e1
	await 5 grep -q exit_status= "$box/wait"
	status_is "$STOPPED" e1
	call Delete exec_id=e1 >/dev/null
	call Exec exec_id=e2 spec.type_url=x spec.value='{"args": 7}'
	refused "$UNKNOWN" "process spec" call Start exec_id=e2
	refused "$INVALID" "no process is given" call Exec exec_id=e3
	end
}

@test "one that has ended holds no fd of the shim, though nobody deletes it" {
	begin sleep 1000
	in_exec e1 true >/dev/null # after which there is a keeper
	call Wait exec_id=e1 >/dev/null
	call Delete exec_id=e1 >/dev/null
	before=$(fd_count)
	mkfifo "$box/tty"
	cat "$box/tty" >/dev/null 3>&- &
	for terminal in true false; do
		call Exec exec_id="e-$terminal" terminal="$terminal" stdout="$box/tty" spec.value="$(jq -n \
			'{args: ["true"], cwd: "/", env: ["PATH=/bin"], user: {uid: 0, gid: 0}}')"
		call Start exec_id="e-$terminal" >/dev/null
		call Wait exec_id="e-$terminal" >/dev/null
	done
	await 5 fd_count_is "$before"
	end
}

fd_count() {
	find "/proc/$(shim_pid)/fd" -mindepth 1 | wc -l
}

fd_count_is() {
	[ "$(fd_count)" -eq "$1" ]
}

@test "delete: one that runs is refused, one that was never started goes" {
	begin sleep 1000
	in_exec e1 sleep 1000
	refused "$UNKNOWN" "cannot delete a running process" call Delete exec_id=e1
	refused "$UNKNOWN" "cannot start a running process" call Start exec_id=e1
	note_exec e2 true
	refused "$PRECONDITION" "has not been started" call Kill exec_id=e2 signal=9
	equals "$(call Delete exec_id=e2 | field pid)" 0
	end
}

@test "in a container that was created and not started" {
	box_args sleep 1000
	shim_start
	create >/dev/null
	in_exec e1 sh -c 'exit 4'
	equals "$(call Wait exec_id=e1 | field exit_status)" 4
	call Start >/dev/null
	end
}

@test "not in a container that has stopped" {
	begin sleep 1000
	note_exec e1 true
	call Kill signal=9
	call Wait >/dev/null
	refused "$PRECONDITION" "cannot exec in a stopped container" call Start exec_id=e1
	refused "$UNKNOWN" "cannot exec in a stopped container" note_exec e2 true
	end
}

@test "init's exit comes after those of all execs" {
	begin sleep 1000
	for i in 1 2 3 4 5 6 7 8; do
		in_exec "e$i" sleep 1000 >/dev/null
	done
	call Kill signal=9
	call Wait >/dev/null
	await 10 told_lines 27
	end
	equals "$(told | grep -c '/tasks/exit.* id=e')" 8
	equals "$(told | grep /tasks/exit | tail -1)" \
		"/tasks/exit container_id=$id id=$id exit_status=137"
}

@test "without a pid namespace of its own, init's end is the end of all" {
	box_set '.linux.namespaces |= map(select(.type != "pid"))'
	begin sleep 1000
	pid=$(in_exec e1 sleep 1000 | field pid)
	call Kill signal=9
	call Wait >/dev/null
	process_ended "$pid"
	end
	equals "$(told | tail -3)" "/tasks/exit container_id=$id id=e1 exit_status=137
/tasks/exit container_id=$id id=$id exit_status=137
/tasks/delete container_id=$id exit_status=137"
}

@test "whether there is a terminal is the call's to say, and not the process's" {
	begin sleep 1000
	for terminal in true false; do
		for said in true false; do
			mkfifo "$box/$terminal-$said"
			cat "$box/$terminal-$said" >"$box/$terminal-$said.out" 3>&- &
			call_with "$terminal" "$said" "exec-$terminal-$said"
		done
	done
	contains "$(cat "$box/true-true.out")" "is a terminal"
	contains "$(cat "$box/true-false.out")" "is a terminal"
	contains "$(cat "$box/false-true.out")" "is none"
	contains "$(cat "$box/false-false.out")" "is none"
	end
}

call_with() { # TERMINAL SAID EXEC_ID
	call Exec exec_id="$3" terminal="$1" stdout="$box/$1-$2" spec.value="$(jq -n \
		--argjson said "$2" '{terminal: $said, cwd: "/", env: ["PATH=/bin"],
			user: {uid: 0, gid: 0},
			args: ["sh", "-c", "test -t 1 && echo is a terminal || echo is none"]}')"
	call Start exec_id="$3" >/dev/null
	call Wait exec_id="$3" >/dev/null
	call Delete exec_id="$3" >/dev/null
	await 5 test -s "$box/$1-$2.out"
}

@test "a terminal that is resized, and an input that is ended, before the start" {
	begin sleep 1000
	mkfifo "$box/in"
	exec {writer}<>"$box/in"
	echo "a line" >&"$writer"
	call Exec exec_id=e1 stdin="$box/in" stdout="file://$box/out" spec.value="$(jq -n \
		'{args: ["cat"], cwd: "/", env: ["PATH=/bin"], user: {uid: 0, gid: 0}}')"
	call CloseIO exec_id=e1 stdin=true
	call Start exec_id=e1 >/dev/null
	exec {writer}>&-
	equals "$(call -t 10000 Wait exec_id=e1 | field exit_status)" 0
	equals "$(cat "$box/out")" "a line"
	mkfifo "$box/tty"
	cat "$box/tty" >"$box/size" 3>&- &
	call Exec exec_id=e2 terminal=true stdout="$box/tty" spec.value="$(jq -n \
		'{args: ["sh", "-c", "sleep 0.5; stty size"], cwd: "/", env: ["PATH=/bin"], user: {uid: 0, gid: 0}}')"
	call ResizePty exec_id=e2 width=123 height=45
	call Start exec_id=e2 >/dev/null
	call Wait exec_id=e2 >/dev/null
	call Delete exec_id=e2 >/dev/null
	await 5 grep -q "45 123" "$box/size"
	end
}
