# The keeper: a process that holds a container open for its execs, and what comes of one that dies,
# hangs, or is no longer right.
load shim

setup() {
	shim_setup
}

teardown() {
	shim_teardown
}

keeper() {
	pgrep -x ironbox-keeper -P "$(shim_pid)"
}

no_keeper() {
	! keeper >/dev/null
}

exit_of_exec() { # EXEC_ID ARG...
	in_exec "$@" >/dev/null
	call Wait exec_id="$1" | field exit_status
}

@test "one keeper for all execs of a container, gone with it" {
	begin sleep 1000
	no_keeper
	equals "$(exit_of_exec e1 sh -c 'exit 1')" 1
	first=$(keeper)
	equals "$(exit_of_exec e2 sh -c 'exit 2')" 2
	equals "$(keeper)" "$first"
	call Kill signal=9
	call Wait >/dev/null
	await 5 no_keeper
	end
}

# bats test_tags=vm
@test "its execs are in the container, and in its cgroup, with streams and a terminal of their own" {
	begin sleep 1000
	for exec_id in e1 e2; do
		note="$(jq -n '{args: ["sh", "-c", "read line; echo $line; readlink /proc/self/ns/pid; cat /proc/self/cgroup"],
			cwd: "/", env: ["PATH=/bin"], user: {uid: 0, gid: 0}}')"
		mkfifo "$box/in.$exec_id"
		exec {writer}<>"$box/in.$exec_id"
		echo "said to $exec_id" >&"$writer"
		call Exec exec_id="$exec_id" spec.value="$note" stdin="$box/in.$exec_id" \
			stdout="file://$box/out.$exec_id"
		call Start exec_id="$exec_id" >/dev/null
		call Wait exec_id="$exec_id" >/dev/null
		call Delete exec_id="$exec_id" >/dev/null
		exec {writer}>&-
		contains "$(cat "$box/out.$exec_id")" "said to $exec_id"
		contains "$(cat "$box/out.$exec_id")" \
			"$(readlink "/proc/$(field pid <"$box/started")/ns/pid")"
		contains "$(cat "$box/out.$exec_id")" "/$id"
	done
	end
}

@test "one that dies is replaced" {
	begin sleep 1000
	equals "$(exit_of_exec e1 sh -c 'exit 1')" 1
	first=$(keeper)
	kill -KILL "$first"
	await 5 no_keeper
	equals "$(exit_of_exec e2 sh -c 'exit 2')" 2
	[ "$(keeper)" != "$first" ]
	end
}

@test "one that hangs is ended at the call's deadline, which says so, and replaced" {
	begin sleep 1000
	equals "$(exit_of_exec e1 sh -c 'exit 1')" 1
	kill -STOP "$(keeper)"
	note_exec e2 true
	refused "$DEADLINE" "its keeper has not come to it" call -t 1500 Start exec_id=e2
	await 5 no_keeper
	equals "$(exit_of_exec e3 sh -c 'exit 3')" 3
	end
}

@test "an exec that is larger than a keeper takes is started all the same" {
	begin sleep 1000
	equals "$(exit_of_exec e1 true "$(printf 'x%.0s' {1..60000})")" 0
	no_keeper
	end
}

@test "update and pause between execs" {
	begin sleep 1000
	equals "$(exit_of_exec e1 true)" 0
	call Update resources.type_url=x resources.value='{"pids": {"limit": 50}}'
	equals "$(exit_of_exec e2 sh -c 'exit 2')" 2
	note_exec e3 true
	call Pause
	refused "$UNKNOWN" paused call Start exec_id=e3
	call Resume
	equals "$(exit_of_exec e4 sh -c 'exit 4')" 4
	end
}

@test "eight at a time" {
	begin sleep 1000
	for ((i = 0; i < 8; i++)); do
		(for ((j = 0; j < 5; j++)); do
			equals "$(exit_of_exec "e$i-$j" sh -c "exit $i$j")" "$((10#$i$j))" || exit 1
			call Delete exec_id="e$i-$j" >/dev/null
		done) &
		runners[i]=$!
	done
	for runner in "${runners[@]}"; do
		wait "$runner"
	done
	end
}

# Of two dozen large ones a stopped keeper's socket has room for a few.
burst() {
	local padding
	printf -v padding 'x%.0s' {1..28000}
	for ((i = 0; i < 24; i++)); do
		note_exec "b$i" sh -c "exit $i" "$padding"
	done
	kill -STOP "$(keeper)"
	for ((i = 0; i < 24; i++)); do
		call Start exec_id="b$i" >"$box/start.$i" &
		runners[i]=$!
	done
	await 20 some_have_started
}

some_have_started() {
	grep -lq pid= "$box"/start.*
}

burst_is_done() {
	for ((i = 0; i < 24; i++)); do
		wait "${runners[i]}" || { cat "$box/start.$i" && return 1; }
		equals "$(call Wait exec_id="b$i" | field exit_status)" "$i"
	done
}

@test "those that are too many for a keeper are started all the same" {
	begin sleep 1000
	in_exec e1 true >/dev/null
	first=$(keeper)
	burst
	kill -CONT "$first"
	burst_is_done
	equals "$(keeper)" "$first"
	end
}

@test "those that a keeper leaves behind when it dies are started all the same" {
	begin sleep 1000
	in_exec e1 true >/dev/null
	burst
	kill -KILL "$(keeper)"
	burst_is_done
	end
}
