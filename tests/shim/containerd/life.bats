# Containerd that goes and comes again, and shims that are killed: what runs lives on or is cleared away,
# and no end is untold.
load containerd
load events
load tasks

setup_file() {
	containerd_setup_file
}

teardown_file() {
	containerd_stop
}

setup() {
	containerd_setup
	shared=$box/shared
	mkdir "$shared"
}

teardown() {
	containerd_answers || containerd_start
	containerd_teardown
}

# with_shared ARG...: a detached container that has $shared as /shared.
with_shared() {
	detached "$id" --mount "type=bind,src=$shared,dst=/shared,options=rbind:rw" -- "$@"
}

# It counts from "go" on as fast as somebody reads, until there is "stop".
writer='until [ -e /shared/go ]; do usleep 1000; done
	i=0
	until [ -e /shared/stop ]; do i=$((i + 1)); echo $i; done
	echo end
	exit 7'

# All that was counted, and nothing twice.
is_whole() {
	awk '$0 == "end" { whole = 1; next } $0 != ++lines { whole = 0; exit }
		END { print lines " lines"; exit !(whole && lines > 1000) }' "$1"
}

# With whatever else has its program, as the action start while it is not done, but for the action
# delete, by which containerd clears away.
shim_and_start() {
	pgrep -fa -- "^$BOX_SUITE/bin/containerd-shim-ironbox-v1 .*-id $id " |
		awk '!/ delete *$/ { print $1; some = 1 } END { exit !some }'
}

kill_shim() {
	end_all shim_and_start
}

restarted_while_it_writes() {
	with_shared sh -c "$writer"
	cat "$box"/fifos/*/"$id-stdout" >"$box/read" 3>&- &
	reader=$!
	touch "$shared/go"
	await 10 is_larger "$box/read" 100000
	containerd_stop "$1"
	await 10 is_larger "$box/read" $(($(size_of "$box/read") + 100000))
	containerd_start
	is_running
	await 10 is_larger "$box/read" $(($(size_of "$box/read") + 100000))
	equals "$(in_container cat /proc/1/comm)" sh
	touch "$shared/stop"
	await 10 has_stopped
	wait "$reader"
	is_whole "$box/read"
	equals "$(status_of_deleted)" 7
}

@test "containerd ends and comes again: a container lives on, and loses no output" {
	restarted_while_it_writes TERM
}

@test "containerd is killed and comes again: a container lives on, and loses no output" {
	restarted_while_it_writes KILL
}

@test "what was written while there was neither containerd nor a client waits for the next client" {
	with_shared sh -c "$writer"
	containerd_stop KILL
	touch "$shared/go"
	sleep 0.5
	containerd_start
	ctr task attach "$id" >"$box/read" 2>"$box/read.err" &
	client=$!
	await 10 is_larger "$box/read" 100000
	touch "$shared/stop"
	status=0
	wait "$client" || status=$?
	equals "$status" 7
	is_whole "$box/read"
}

@test "kill, pause and resume work once containerd is back" {
	with_shared sleep 1000
	containerd_stop KILL
	containerd_start
	ctr task pause "$id"
	contains "$(ctr task list)" PAUSED
	ctr task resume "$id"
	kill_task
	equals "$(status_of_deleted)" 137
}

# Once more than the log's first $1 bytes say.
exit_was_forwarded() {
	tail -c "+$1" "$BOX_SUITE/containerd.log" | grep -q 'event forwarded.*topic=/tasks/exit'
}

@test "an end that containerd was not there for is told when it is" {
	with_shared sh -c 'until [ -e /shared/stop ]; do usleep 1000; done; exit 42'
	pid=$(task_pid)
	containerd_stop KILL
	touch "$shared/stop"
	await 10 ended "$pid"
	size=$(size_of "$BOX_SUITE/containerd.log")
	containerd_start
	has_stopped
	await 20 exit_was_forwarded "$size"
	equals "$(status_of_deleted)" 42
}

# What the kernel, containerd and we have of a container: nothing.
nothing_is_left() {
	[ -z "$(containerd_things | grep -v ^snapshot)" ] && [ -z "$(box_cgroups)" ] &&
		[ -z "$(box_new_mounts)" ] && [ -z "$(box_new_processes | grep -v 'ctr events')" ]
}

@test "a killed shim: containerd clears all away, and tells of an exit by SIGKILL" {
	events_begin
	containerd_ini $'[rootfs]\nhost_visible = yes' # so that there is a mount to clear away too
	with_shared sh -c 'sleep 1000 & sleep 1000'
	detached_exec "$id" e1 sleep 1000
	[ -n "$(box_new_mounts)" ]
	kill_shim
	await 10 heard "delete 137"
	equals "$(told | tail -n 2)" $'exit 137\ndelete 137'
	is_forgotten
	await 20 nothing_is_left
	events_end
}

@test "a shim that is killed after its container's end: the true status is told" {
	events_begin
	with_shared sh -c 'exit 42'
	await 10 heard "exit 42"
	kill_shim
	await 10 heard "delete 42"
	is_forgotten
	await 20 nothing_is_left
	events_end
}

@test "a shim that is killed while containerd is away: cleared away when it is back" {
	with_shared sh -c 'sleep 1000 & sleep 1000'
	containerd_stop KILL
	kill_shim
	containerd_start
	is_forgotten
	await 20 nothing_is_left
}

# with_hook: runs the test's bundle, with a hook that takes a second in the midst of create.
with_hook() {
	box_set '.process.args = ["sleep", "1000"] | .root.path = $root
		| .hooks.createRuntime = [{path: "/bin/sleep", args: ["slow-hook", "1"]}]' \
		--arg root "$bundle/rootfs"
	ctr run -d --runtime "$runtime" --config "$bundle/config.json" "$id"
}

@test "a shim that is killed in the midst of create: the client is told, and nothing is left" {
	with_hook >"$box/client" 2>&1 &
	client=$!
	await 10 pgrep -f '^slow-hook'
	kill_shim
	status=0
	wait "$client" || status=$?
	[ "$status" -ne 0 ]
	contains "$(cat "$box/client")" "ctr: "
	sleep 1.2 # the hook's end is not what makes it go on
	is_forgotten
	await 20 nothing_is_left
}

@test "a shim that is killed at any moment of a container's begin: nothing is left" {
	for ((i = 0; i < 20; i++)); do
		with_shared sleep 1000 >"$box/client" 2>&1 &
		client=$!
		await 10 shim_and_start >/dev/null
		sleep "$(printf '0.%03d' $((i * 2)))"
		kill_shim
		wait "$client" || true
		await 20 is_forgotten
		await 20 nothing_is_left || {
			containerd_things
			box_cgroups
			box_new_mounts
			box_new_processes
			return 1
		}
		containerd_remove "$id"
	done
}

@test "a shim that is killed at any moment of an exec: nothing is left" {
	for ((i = 0; i < 20; i++)); do
		with_shared sleep 1000
		ctr task exec --fifo-dir "$box/fifos" --exec-id e1 "$id" sleep 1000 >"$box/client" 2>&1 &
		client=$!
		sleep "$(printf '0.%03d' $((i * 3)))"
		kill_shim
		wait "$client" || true
		await 20 is_forgotten
		await 20 nothing_is_left
		containerd_remove "$id"
	done
}
