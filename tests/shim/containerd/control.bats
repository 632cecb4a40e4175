# What is done to a container that runs: by ctr, with the shim under test.

load containerd

setup_file() {
	containerd_setup_file
}

setup() {
	containerd_setup
}

teardown() {
	containerd_teardown
}

# begin ARG...: a container in the background.
begin() {
	ctr run --detach --runtime "$runtime" "$image" "$id" "$@"
}

# exec_in [OPTION...] -- ARG...: a process in it, in the foreground.
exec_in() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	ctr task exec --exec-id "exec-$SRANDOM" "${options[@]}" "$id" "${@:2}"
}

task_field() { # COLUMN
	ctr task list | awk -v id="$id" -v column="$1" '$1 == id { print $column }'
}

task_pid() {
	task_field 2
}

task_is() { # RUNNING, PAUSED, STOPPED
	[ "$(task_field 3)" = "$1" ]
}

# removed_with CODE: the task, which has ended, had this exit code.
removed_with() {
	run ctr task delete "$id"
	equals "$status" 0
	if [ "$1" -eq 0 ]; then
		equals "$output" ""
	else
		contains "$output" "task $id exit with non-zero exit code $1"
	fi
}

# A counter in a file that the host can read.
counting='i=0; while :; do i=$((i + 1)); echo $i >/tmp/count; usleep 10000; done'

count() {
	cat "/proc/$1/root/tmp/count"
}

counts_on() { # PID
	local before
	before=$(count "$1")
	await 5 has_counted "$1" "$before"
}

has_counted() { # PID BEFORE
	[ "$(count "$1")" != "$2" ]
}

# ---- its life ----

@test "create, start, list, delete, each by itself" {
	ctr container create --runtime "$runtime" "$image" "$id" /probe exit 6
	contains "$(ctr container list)" "$id"
	equals "$(task_pid)" ""
	ctr task start --detach "$id"
	await 10 task_is STOPPED
	removed_with 6
	equals "$(task_pid)" ""
	ctr container delete "$id"
	equals "$(ctr container list --quiet)" ""
}

@test "start: the same container once more, in a new task" {
	begin sh -c 'echo x >>/tmp/runs; exit "$(wc -l </tmp/runs)"'
	for run in 1 2 3; do
		await 10 task_is STOPPED
		removed_with "$run"
		[ "$run" = 3 ] || ctr task start --detach "$id"
	done
}

@test "list and state: what containerd knows is what the shim says" {
	begin sleep 1000
	pid=$(task_pid)
	equals "$(tr '\0' ' ' <"/proc/$pid/cmdline")" "sleep 1000 "
	equals "$(ctr shim --id "$id" state | jq -r '"\(.id) \(.pid) \(.status)"')" "$id $pid 2"
	task_is RUNNING
}

@test "delete: not while it runs, unless by force" {
	begin sleep 1000
	pid=$(task_pid)
	run ctr task delete "$id"
	equals "$status" 1
	contains "$output" "task must be stopped before deletion: running"
	task_is RUNNING
	run ctr task delete --force "$id"
	equals "$status" 0
	contains "$output" "exit code 137"
	ended "$pid"
	equals "$(task_pid)" ""
}

# ---- signals ----

@test "kill: TERM, which the container heeds in its own manner" {
	begin sh -c 'trap "exit 9" TERM; while :; do usleep 10000; done'
	ctr task kill "$id"
	await 10 task_is STOPPED
	removed_with 9
}

@test "kill: TERM is nothing to a PID 1 without a handler, KILL ends it" {
	begin sleep 1000
	ctr task kill --signal SIGTERM "$id"
	exec_in -- true # some time
	task_is RUNNING
	ctr task kill --signal SIGKILL "$id"
	await 10 task_is STOPPED
	run ctr task kill --signal SIGKILL "$id"
	equals "$output" "ctr: process already finished: not found"
	equals "$status" 1
	removed_with 137
}

@test "kill: other signals arrive as themselves" {
	begin sh -c 'for s in HUP INT QUIT USR1 USR2 WINCH; do trap "echo $s >>/tmp/count" $s; done
		while :; do usleep 10000; done'
	pid=$(task_pid)
	for signal in HUP INT QUIT USR1 USR2 WINCH; do
		ctr task kill --signal "SIG$signal" "$id"
		await 5 grep -qs "^$signal$" "/proc/$pid/root/tmp/count"
	done
	equals "$(echo $(count "$pid"))" "HUP INT QUIT USR1 USR2 WINCH"
}

@test "kill --all: every process of the container" {
	begin sh -c 'for i in 1 2 3; do sh -c "trap \"echo x >>/tmp/ends; exit\" TERM; echo x >>/tmp/count
		while :; do usleep 10000; done" & done; trap : TERM; wait; wait; cat /tmp/ends; sleep 1000'
	pid=$(task_pid)
	await 5 three_lines "$pid" count
	ctr task kill --all "$id"
	await 5 three_lines "$pid" ends
	ctr task kill --all --signal SIGKILL "$id"
	await 10 task_is STOPPED
	equals "$(cat /sys/fs/cgroup/*/"default/$id/cgroup.procs")" ""
}

three_lines() { # PID NAME
	[ "$(grep -cs x "/proc/$1/root/tmp/$2")" = 3 ]
}

# ---- exec ----

@test "exec: output and exit code" {
	begin sleep 1000
	run exec_in -- sh -c 'echo out; echo err >&2; exit 4'
	equals "$(sort <<<"$output")" $'err\nout'
	equals "$status" 4
	run exec_in -- sh -c 'kill -KILL $$'
	equals "$status" 137
	run ctr task exec --exec-id mine "$id" cat <<<"from stdin"
	equals "$output" "from stdin"
}

@test "exec: the container's namespaces, cgroup and root filesystem" {
	begin sleep 1000
	pid=$(task_pid)
	run exec_in -- sh -c 'cut -d: -f3 /proc/self/cgroup | sort -u; echo x >/tmp/count
		for n in cgroup ipc mnt net pid uts; do readlink /proc/self/ns/$n; done'
	equals "$output" "/default/$id
$(for n in cgroup ipc mnt net pid uts; do readlink "/proc/$pid/ns/$n"; done)"
	equals "$(count "$pid")" x
}

@test "exec: as another user, in another folder" {
	begin sleep 1000
	run exec_in --user user --cwd /tmp -- /probe ids cwd
	equals "$output" "uid 1000 1000 1000 1000
gid 1000 1000 1000 1000
groups 1000
cwd /tmp"
	run exec_in --user 5:7 -- sh -c 'exec 2>&1; id -u; id -g; echo x >/new'
	equals "$output" "5
7
sh: can't create /new: Permission denied"
}

@test "exec: no more rights than the container has" {
	ctr run --detach --runtime "$runtime" --seccomp --cap-drop CAP_CHOWN "$image" "$id" sleep 1000
	facts='cat /proc/self/status | grep -E "^(Cap|Seccomp:|NoNewPrivs)"'
	run exec_in -- sh -c "$facts"
	equals "$output" "$(grep -E '^(Cap|Seccomp:|NoNewPrivs)' "/proc/$(task_pid)/status")"
	run exec_in -- sh -c 'exec 2>&1; chown 1000 /tmp; unshare -U true'
	equals "$output" "chown: /tmp: Operation not permitted
unshare: unshare(0x10000000): Operation not permitted"
}

@test "exec: a terminal of its own" {
	begin sleep 1000
	run on_terminal "ctr task exec --tty --exec-id t $id sh -c 'tty; test -t 0 && test -t 2; echo \$?; sleep 1; exit 3'" # ctr resizes it meanwhile
	equals "$output" $'/dev/pts/0\n0'
	equals "$status" 3
	run on_terminal "ctr task exec --tty --exec-id t $id /bin/none"
	contains "$output" "/bin/none is not in the image: no such file or directory"
	equals "$status" 1
}

@test "exec: what can't be run is told, and the container goes on" {
	begin sleep 1000
	for row in '/bin/none|/bin/none is not in the image: no such file or directory' \
		'program|not in /bin: executable file not found in $PATH' \
		'/etc/passwd|/etc/passwd has no x bit (mode 0644, owner 0:0): permission denied' \
		'/etc|/etc is a directory: permission denied'; do
		run exec_in -- "${row%%|*}"
		equals "$output" "ctr: ironbox: exec in $id: exec: \"${row%%|*}\": ${row#*|}: unknown"
		equals "$status" 1
	done
	run exec_in --cwd /none -- true
	equals "$output" "ctr: ironbox: exec in $id: process.cwd: enter /none: No such file or directory: unknown"
	task_is RUNNING
	equals "$(ctr task ps "$id" | wc -l)" 2
}

@test "exec: in the background, listed, killed and deleted by its id" {
	begin sleep 1000
	# ctr forgets the FIFOs of a process that it is asked to delete by an id
	ctr task exec --detach --fifo-dir "$box/fifos" --exec-id background "$id" sleep 1001
	contains "$(ctr task ps "$id")" "ExecID:background,"
	ctr task kill --exec-id background --signal SIGKILL "$id"
	await 5 exec_has_ended
	run ctr task delete --exec-id background "$id"
	equals "$status" 137
	task_is RUNNING
}

exec_has_ended() {
	[ "$(ctr task ps "$id" | wc -l)" = 2 ]
}

@test "exec: not into a container that has ended" {
	begin true
	await 10 task_is STOPPED
	run exec_in -- true
	equals "$output" "ctr: cannot exec in a stopped container: unknown"
	equals "$status" 1
}

# ---- pause, numbers, update ----

@test "pause: all of it stands still, and goes on after resume" {
	begin sh -c "$counting"
	pid=$(task_pid)
	await 5 test -s "/proc/$pid/root/tmp/count"
	counts_on "$pid"

	ctr task pause "$id"
	task_is PAUSED
	before=$(count "$pid")
	sleep 0.3
	equals "$(count "$pid")" "$before"
	run exec_in -- true
	equals "$output" "ctr: cannot exec in a paused container: unknown"
	run ctr task pause "$id"
	equals "$output" "ctr: cannot pause a paused process: unknown"

	ctr task resume "$id"
	task_is RUNNING
	counts_on "$pid"
	run ctr task resume "$id"
	equals "$output" "ctr: cannot resume a running process: unknown"
}

@test "pause: a container that stands still can be killed" {
	begin sh -c "$counting"
	pid=$(task_pid)
	ctr task pause "$id"
	ctr task kill --signal SIGKILL "$id"
	await 10 task_is STOPPED
	ended "$pid"
	removed_with 137
}

@test "pause: a container that stands still can be deleted by force" {
	begin sh -c "$counting"
	ctr task pause "$id"
	run ctr task delete --force "$id"
	equals "$status" 0
	equals "$(task_pid)" ""
}

@test "metrics: the numbers of the cgroup's files" {
	ctr run --detach --runtime "$runtime" --memory-limit 33554432 "$image" "$id" \
		sh -c 'head -c 3000000 /dev/zero >/dev/shm/file; sleep 1000 & sleep 1000'
	await 5 holds_file "$(task_pid)"
	ctr task pause "$id" # so that they stay
	ctr task metrics --format json "$id" >"$box/metrics"
	cd /sys/fs/cgroup
	metric .memory.usage.max "memory/default/$id/memory.max_usage_in_bytes"
	metric .memory.usage.limit "memory/default/$id/memory.limit_in_bytes"
	equals "$(jq .memory.usage.limit "$box/metrics")" 33554432
	# each CPU has some pages in reserve, which it gives back when it likes
	usage=$(jq .memory.usage.usage "$box/metrics")
	((usage > 3000000 && usage - $(cat "memory/default/$id/memory.usage_in_bytes") < 1 << 20))
	metric .cpu.usage.total "cpuacct/default/$id/cpuacct.usage"
	metric .pids.current "pids/default/$id/pids.current"
	equals "$(jq .memory.cache "$box/metrics")" "$(awk '$1 == "cache" { print $2 }' \
		"memory/default/$id/memory.stat")"

	run ctr task metrics "$id"
	equals "$(awk '$1 == "memory.limit_in_bytes" { print $2 }' <<<"$output")" 33554432
	equals "$(awk '$1 == "pids.current" { print $2 }' <<<"$output")" "$(cat "pids/default/$id/pids.current")"
}

holds_file() { # PID
	[ "$(stat -c %s "/proc/$1/root/dev/shm/file")" = 3000000 ]
}

metric() { # EXPRESSION FILE
	equals "$(jq "$1" "$box/metrics")" "$(cat "$2")"
}

@test "metrics: none of a container that has ended" {
	begin true
	await 10 task_is STOPPED
	run ctr task metrics "$id"
	equals "$output" "ctr: no metrics received"
}

@test "ps: the pids of all processes, as the host counts" {
	begin sh -c 'sleep 1000 & sleep 1000 & exec sleep 1000'
	await 5 has_three_processes
	equals "$(ctr task ps "$id" | awk 'NR > 1 { print $1 }' | sort)" \
		"$(sort "/sys/fs/cgroup/pids/default/$id/cgroup.procs")"
	begin_pid=$(task_pid)
	contains "$(ctr task ps "$id")" "$begin_pid"
}

has_three_processes() {
	[ "$(wc -l <"/sys/fs/cgroup/pids/default/$id/cgroup.procs")" = 3 ]
}

@test "update: limits of a container that runs" {
	begin sleep 1000
	run update '{"memory": {"limit": 50331648}, "cpu": {"shares": 256, "quota": 20000, "period": 50000},
		"pids": {"limit": 77}}'
	contains "$output" "grpc-status: 0"
	cd /sys/fs/cgroup
	equals "$(cat "memory/default/$id/memory.limit_in_bytes")" 50331648
	equals "$(cat "cpu/default/$id/cpu.shares")" 256
	equals "$(cat "cpu/default/$id/cpu.cfs_quota_us")" 20000
	equals "$(cat "cpu/default/$id/cpu.cfs_period_us")" 50000
	equals "$(cat "pids/default/$id/pids.max")" 77
	task_is RUNNING
}

@test "update: what the kernel refuses is told, with the file" {
	begin sleep 1000
	run update '{"cpu": {"quota": 1}}'
	contains "$output" "cpu.cfs_quota_us"
	run update '{"memory": {"limit": "much"}}'
	contains "$output" "memory.limit"
	task_is RUNNING
}

# update JSON: containerd.services.tasks.v1.Tasks/Update of these LinuxResources, which ctr has no word
# for. Prints the answer's headers and trailers.
update() {
	local LC_ALL=C any message
	any=$(field 1 types.containerd.io/opencontainers/runtime-spec/1/LinuxResources; field 2 "$1")
	message=$(field 1 "$id"; field 2 "$any")
	{ # a gRPC message: not compressed, and its size in four bytes
		printf '\0\0\0\x'"$(printf %02x $((${#message} >> 8)))"'\x'"$(printf %02x $((${#message} & 255)))"
		printf %s "$message"
	} >"$box/message"
	curl --silent --http2-prior-knowledge --unix-socket "$CONTAINERD_ADDRESS" --dump-header - \
		--max-time 20 --header 'content-type: application/grpc' --header 'te: trailers' \
		--header 'containerd-namespace: default' --data-binary @"$box/message" \
		--output /dev/null http://containerd/containerd.services.tasks.v1.Tasks/Update 3>&-
}

# field NUMBER BYTES: a field of a protobuf message, of at most 16 KiB.
field() {
	local size=${#2}
	printf '\x'"$(printf %02x $(($1 << 3 | 2)))"
	if ((size < 128)); then
		printf '\x'"$(printf %02x "$size")"
	else
		printf '\x'"$(printf %02x $((size & 127 | 128)))"'\x'"$(printf %02x $((size >> 7)))"
	fi
	printf %s "$2"
}
