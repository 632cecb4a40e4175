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

# Private_* alone would not count what a keeper shares with it.
anonymous_kb() {
	awk '/^Anonymous/ { print $2 }' "/proc/$(shim_pid)/smaps_rollup"
}

fds() {
	find "/proc/$(shim_pid)/fd" -mindepth 1 | wc -l
}

@test "idle with one container: less than 1 MB of its own" {
	begin sleep 1000
	call State >/dev/null
	sleep 0.2
	echo "private: $(private_kb) kB, anonymous: $(anonymous_kb) kB"
	[ "$(private_kb)" -lt 1024 ]
	end
}

@test "2000 execs leave its memory and its fds where they were after 100" {
	begin sleep 1000
	spec='{"args": ["/bin/true"], "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0}}'
	"$TASK_TOOLS/exec-many" "$shim" "$id" 100 0 "$spec" 3>&-
	memory=$(anonymous_kb) files=$(fds)
	"$TASK_TOOLS/exec-many" "$shim" "$id" 2000 1000 "$spec" 3>&-
	echo "anonymous: $memory kB after 100, $(anonymous_kb) kB after 2100"
	[ "$(anonymous_kb)" -le $((memory + 16)) ]
	equals "$(fds)" "$files"
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
