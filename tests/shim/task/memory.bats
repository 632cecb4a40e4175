# What a shim costs. Not under sanitizers, whose own memory it would be.
load shim

setup() {
	shim_setup
}

teardown() {
	shim_teardown
}

private_kb() {
	awk '/^Private/ { sum += $2 } END { print sum }' "/proc/$(shim_pid)/smaps_rollup"
}

# anonymous_kb PID: Private_* alone would not count what a keeper shares with the shim.
anonymous_kb() {
	awk '/^Anonymous/ { print $2 }' "/proc/$1/smaps_rollup"
}

# fds PID
fds() {
	find "/proc/$1/fd" -mindepth 1 | wc -l
}

keeper_pid() {
	pgrep -f ironbox-keeper -P "$(shim_pid)"
}

@test "idle with one container: less than 1 MB of its own" {
	begin sleep 1000
	call State >/dev/null
	sleep 0.2
	echo "private: $(private_kb) kB, anonymous: $(anonymous_kb "$(shim_pid)") kB"
	[ "$(private_kb)" -lt 1024 ]
	end
}

# A leak in each exec is one of 32 bytes at least, which is malloc's smallest piece: 64 kB in 2000. In a
# soak (EXECS=20000) any leak is found that is in one of ten.
EXECS=${EXECS:-2000}

@test "$EXECS execs leave the memory and the fds of shim and keeper where they were after 100" {
	begin sleep 1000
	spec='{"args": ["/bin/true"], "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0}}'
	"$TASK_TOOLS/exec-many" "$shim" "$id" 100 0 "$spec" 3>&-
	both="$(shim_pid) $(keeper_pid)"
	for pid in $both; do
		memory[pid]=$(anonymous_kb "$pid") files[pid]=$(fds "$pid")
	done
	"$TASK_TOOLS/exec-many" "$shim" "$id" "$EXECS" 1000 "$spec" 3>&-
	equals "$(shim_pid) $(keeper_pid)" "$both"
	for pid in $both; do
		echo "$(cat "/proc/$pid/comm"): anonymous ${memory[pid]} kB after 100," \
			"$(anonymous_kb "$pid") kB after $EXECS more; ${files[pid]} fds"
		[ "$(anonymous_kb "$pid")" -le $((memory[pid] + 16)) ]
		equals "$(fds "$pid")" "${files[pid]}"
	done
	end
}

@test "short of memory: the call fails alone, and the next one works" {
	begin sleep 1000
	pid=$(shim_pid)
	used=$(awk '/^VmSize/ { printf "%d", $2 * 1024 }' "/proc/$pid/status")
	prlimit --pid "$pid" --as=$((used + 8192)):
	refused "$EXHAUSTED" "" call Exec exec_id=e1 spec.type_url=x \
		spec.value="$(head -c 120000 /dev/zero | tr '\0' x)"
	status_is "$RUNNING"
	prlimit --pid "$pid" --as=unlimited:
	in_exec e2 sh -c 'exit 6' >/dev/null
	equals "$(call Wait exec_id=e2 | field exit_status)" 6
	end
}
