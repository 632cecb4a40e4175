# Readers that stall, and file systems that hang: they cost what needs them, and nothing else.
# A hang is a FUSE file system whose server is stopped. TIME is what calls of others may take.
load containerd
load tasks

TIME=3
DRAIN=13 # and what delete may: it waits 10 s for output that nobody takes

setup_file() {
	containerd_setup_file
}

teardown_file() {
	containerd_stop
}

setup() {
	containerd_setup
	fuse=''
}

teardown() {
	fuse_end
	containerd_teardown
}

# The pod that all containers of these tests are in: what hangs one would hang all.
pod=(--annotation "io.kubernetes.cri.sandbox-id=pod")

in_time() {
	timeout "$TIME" ctr "$@" 3>&-
}

# A container of the same shim, and what is asked of it.
neighbour() {
	detached "$id-well" "${pod[@]}" -- sleep 1000
}

is_well() {
	equals "$(in_time task exec --exec-id "e$SRANDOM" "$id-well" cat /proc/1/comm)" sleep
	contains "$(in_time task list)" "$id-well "
	contains "$(in_time task ps "$id-well")" PID
	in_time run --rm \
		--runtime "$runtime" --fifo-dir "$box/fifos" "${pod[@]}" "$image" "$id-new" true
}

# ends_in_time [TIME]: the test's container, which something stands still in, is killed and deleted all
# the same.
ends_in_time() {
	is_running
	in_time task kill -s KILL "$id"
	await "$TIME" has_stopped
	run timeout "${1:-$TIME}" ctr task delete "$id"
	contains "$output" "exit code 137"
}

# What the shim has logged of this test's containers.
logged() {
	grep -o "msg=.*$id.*" "$BOX_SUITE/containerd.log"
}

# ---- readers ----

# They begin when they are told to: the client of a detached container reads along as long as it is there.
begin='until [ -e /begin ]; do usleep 1000; done; i=0'
flood="$begin; "'while :; do i=$((i + 1)); echo "line $i"; done'
LINES=100000 # some 1.1 MB: more than FIFO and pipe hold
speech="$begin; while [ \$i -lt $LINES ]; do i=\$((i + 1)); echo \"line \$i\"; done"

begins() {
	in_container touch /begin
}

stands_still() {
	local before
	before=$(cat "/proc/$1/io")
	sleep 0.3
	[ "$before" = "$(cat "/proc/$1/io")" ] && awk '/^wchar/ { exit $2 < 10000 }' "/proc/$1/io"
}

read_on() {
	timeout 10 cat "$box"/fifos/*/"$id-stdout"
}

# All lines in their order.
is_whole() {
	awk -v lines="$LINES" '$0 != "line " NR { print "line " NR ": " $0; exit 1 }
		END { exit NR != lines }' "$1"
}

@test "block: a client that is stopped stops its container, and nothing else" {
	neighbour
	command ctr run --runtime "$runtime" --fifo-dir "$box/fifos" "${pod[@]}" "$image" "$id" sh -c "$flood" \
		>"$box/read" 2>&1 </dev/null 3>&- &
	client=$!
	await 10 is_running
	begins
	await 10 is_larger "$box/read" 100000
	kill -STOP "$client"
	await 10 stands_still "$(task_pid)"
	is_well
	equals "$(in_time task exec --exec-id e1 "$id" cat /proc/1/comm)" sh
	ends_in_time "$DRAIN"
	kill -KILL "$client"
	wait "$client" || true
}

@test "block: a client that is gone stops its container until the next one reads on" {
	neighbour
	detached "$id" "${pod[@]}" -- sh -c "$speech"
	begins
	await 10 stands_still "$(task_pid)"
	is_well
	is_running
	read_on >"$box/read"
	is_whole "$box/read"
	await 5 has_stopped
	in_time task delete "$id"
}

@test "spill: a container goes on without a reader; one that comes later gets all in order" {
	containerd_ini $'[stdio]\non_stall = spill\nspill_limit = 8388608'
	neighbour
	detached "$id" "${pod[@]}" -- sh -c "$speech"
	begins
	await 20 has_stopped # with nobody reading
	is_well
	read_on >"$box/read"
	is_whole "$box/read"
	in_time task delete "$id"
}

@test "spill: no more than its limit; then the container waits, and nothing is lost" {
	containerd_ini $'[stdio]\non_stall = spill\nspill_limit = 262144'
	detached "$id" -- sh -c "$speech"
	begins
	await 20 stands_still "$(task_pid)"
	written=$(awk '/^wchar/ { print $2 }' "/proc/$(task_pid)/io")
	echo "$written bytes"
	((written > 262144 && written < 3 * 262144)) # with what is in the FIFO and the pipe
	read_on >"$box/read"
	is_whole "$box/read"
	await 5 has_stopped
	in_time task delete "$id"
}

@test "drop: a container goes on without a reader; what is dropped is counted, and said" {
	containerd_ini $'[stdio]\non_stall = drop'
	neighbour
	detached "$id" "${pod[@]}" -- sh -c "$speech"
	begins
	await 20 has_stopped
	is_well
	read_on >"$box/read"
	in_time task delete "$id"
	contains "$(logged)" "no reader that keeps up"
	dropped=$(logged | sed -n 's/.*: \([0-9]*\) bytes of stdout dropped.*/\1/p')
	echo "$dropped bytes dropped, $(size_of "$box/read") read"
	((dropped > 0))
	equals "$((dropped + $(size_of "$box/read")))" "$(seq -f 'line %.0f' "$LINES" | wc -c)"
}

# ---- file systems ----

fuse_begin() {
	mkdir "$box/fuse"
	"$FUSE_HANG" "$box/fuse" /bin/busybox >"$box/fuse.out" 2>&1 3>&- &
	fuse=$!
	await 10 grep -q ready "$box/fuse.out"
}

hang() {
	kill -STOP "$fuse"
}

fuse_end() {
	[ -n "$fuse" ] || return 0
	kill -KILL "$fuse" # which ends all that hangs in it
	wait "$fuse" || true
	await 5 umount "$box/fuse" # what hung there has to let go first
}

# refused_in_time OPTION...: it is not started, and the client hears within its patience what is stuck.
refused_in_time() {
	run command ctr --timeout 4s run -d --runtime "$runtime" --fifo-dir "$box/fifos" "${pod[@]}" \
		"$@" sleep 1000 3>&-
	echo "$output"
	[ "$status" -ne 0 ]
	contains "$output" "ironbox: create $id: not done after"
	contains "$output" "at request_wait_answer" # the kernel's, of FUSE
}

@test "a mount's source hangs: the error says what, and others go on" {
	neighbour
	fuse_begin
	hang
	(sleep 1 && is_well && touch "$box/was_well") >"$box/meanwhile" 2>&1 3>&- &
	meanwhile=$!
	refused_in_time --mount "type=bind,src=$box/fuse/tmp,dst=/mnt,options=rbind:rw" "$image" "$id"
	wait "$meanwhile" || cat "$box/meanwhile"
	[ -e "$box/was_well" ]
	is_well
	kill -CONT "$fuse"
}

@test "the root file system hangs: the error says what, and others go on" {
	neighbour
	fuse_begin
	hang
	refused_in_time --rootfs "$box/fuse" "$id"
	is_well
	kill -CONT "$fuse"
}

@test "what output is to be written to hangs: the error says what, and others go on" {
	neighbour
	fuse_begin
	hang
	refused_in_time --log-uri "file://$box/fuse/tmp/log" "$image" "$id"
	is_well
	kill -CONT "$fuse"
}

# stands_in WORD: in the kernel, the test's container's init, or a child of it.
stands_in() {
	local pid
	pid=$(task_pid)
	grep -q "$1" "/proc/$pid/wchan" || pgrep -P "$pid" | sed 's|.*|/proc/&/wchan|' | xargs -r grep -q "$1"
}

@test "a mount hangs that a container runs on: state, exec, kill and delete are in time" {
	neighbour
	fuse_begin
	detached "$id" "${pod[@]}" --mount "type=bind,src=$box/fuse,dst=/mnt,options=rbind:rw" -- \
		sh -c "$begin; cat /mnt/file; :"
	hang
	begins
	await 5 stands_in request_wait_answer
	is_well
	equals "$(in_time task exec --exec-id e1 "$id" cat /proc/1/comm)" sh
	ends_in_time
	is_well
}

@test "the root file system hangs under a running container: state, kill and delete are in time" {
	neighbour
	fuse_begin
	ctr run -d --runtime "$runtime" --fifo-dir "$box/fifos" "${pod[@]}" --rootfs "$box/fuse" "$id" \
		/bin/busybox sleep 1000
	await 5 stands_in nanosleep
	hang
	is_well
	run timeout 10 ctr --timeout 2s task exec --exec-id e1 "$id" /bin/busybox true
	contains "$output" "exec e1 of $id: not done after"
	contains "$output" "at request_wait_answer"
	is_well
	ends_in_time
	is_well
}

@test "a process in state D, which no signal reaches: all answers are in time, and its end is told when it comes" {
	neighbour
	fuse_begin
	detached "$id" "${pod[@]}" --mount "type=bind,src=$box/fuse,dst=/mnt,options=rbind:rw" -- \
		sh -c "$begin; exec cat /mnt/trap"
	begins
	await 5 stands_in request_wait_answer
	equals "$(in_time task exec --exec-id e1 "$id" cat /proc/1/comm)" cat
	in_time task kill -s KILL "$id"
	is_well
	is_running
	run in_time task delete "$id"
	contains "$output" "must be stopped before deletion"
	kill -CONT "$fuse"
	await "$TIME" has_stopped
	equals "$(status_of_deleted)" 137
}

@test "a log hangs that is written to: state, exec, kill and delete are in time" {
	neighbour
	fuse_begin
	detached "$id" "${pod[@]}" --log-uri "file://$box/fuse/tmp/log" -- sh -c "$flood"
	begins
	await 10 is_larger "$box/fuse/tmp/log" 100000
	hang
	await 10 stands_still "$(task_pid)"
	is_well
	equals "$(in_time task exec --exec-id e1 "$id" cat /proc/1/comm)" sh
	ends_in_time "$DRAIN"
	is_well
}
