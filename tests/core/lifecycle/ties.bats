# What a caller that is no command gets: stdio, terminal, pid and children, by ties. See reaper.c.
load ../../support/box

setup() {
	box_setup
}

teardown() {
	box_teardown
}

reaper() {
	"$REAPER" "$state_root" "$box/ironbox.ini" "$@" 3>&-
}

# A process that runs this shell script, as the text that exec takes.
script() {
	jq -n --arg script "$1" '{args: ["/bin/sh", "-c", $script], cwd: "/",
		env: ["PATH=/bin"], user: {uid: 0, gid: 0}} + $ARGS.named.more' --argjson more "${2:-{\}}"
}

@test "ties: pipes are the container's stdio, and init is the reaper's" {
	box_args /bin/sh -c 'read word; echo "$word you"; echo bad >&2; ls /proc/$$/fd; exit 7'
	run reaper create "$id" "$bundle"
	equals "$output" $'out: hello you\nout: 0\nout: 1\nout: 2\nerr: bad\nexit 7'
	equals "$status" 0
}

@test "ties: each in the place of another, and each comes where it belongs" {
	box_args /bin/sh -c 'read word; echo "$word you"; echo bad >&2; ls /proc/$$/fd; exit 7'
	run reaper swapped "$id" "$bundle"
	equals "$output" $'out: hello you\nout: 0\nout: 1\nout: 2\nerr: bad\nexit 7'
}

@test "ties: pipes belong to the container's user" {
	box_set '.process.user = {uid: 1000, gid: 1000}'
	box_args /bin/sh -c 'echo again >/proc/self/fd/1'
	run reaper create "$id" "$bundle"
	equals "$output" $'out: again\nexit 0'
}

@test "ties: init is the reaper's through a joined user and pid namespace" {
	unshare --user --pid --fork sleep 1000 3>&- 2>/dev/null &
	local maker=$! holder
	await 5 grep -q . "/proc/$maker/task/$maker/children"
	holder=$(tr -d ' ' <"/proc/$maker/task/$maker/children")
	echo 0 0 65536 >"/proc/$holder/uid_map"
	echo 0 0 65536 >"/proc/$holder/gid_map"
	box_set '.linux.namespaces |= map(select(.type != "pid")) +
		[{type: "user", path: "/proc/\($p)/ns/user"}, {type: "pid", path: "/proc/\($p)/ns/pid"}]' \
		--argjson p "$holder"
	box_args /bin/sh -c 'echo in; exit 6'
	run reaper create "$id" "$bundle"
	kill -9 "$holder"
	wait "$maker" || true
	equals "$output" $'out: in\nexit 6'
}

@test "ties: a terminal's master comes to the caller, of create and of exec" {
	box_set '.process.terminal = true | .process.consoleSize = {height: 33, width: 77}'
	box_args /bin/sh -c 'tty; stty size; exit 5'
	run reaper terminal "$id" "$bundle"
	equals "$output" $'terminal: /dev/pts/0\nterminal: 33 77\nexit 5'

	box_set '.process.terminal = false'
	box_start /bin/sleep 100
	run reaper exec "$id" "$(script 'tty; stty size' \
		'{"terminal": true, "consoleSize": {"height": 21, "width": 66}}')"
	equals "$output" $'terminal: /dev/pts/0\nterminal: 21 66\nexit 0'
	ironbox delete --force "$id"
}

@test "ties: exec by text has its pipes, and is the reaper's" {
	box_start /bin/sleep 100
	run reaper exec "$id" "$(script 'read word; echo "$word you"; echo bad >&2; ls /proc/$$/fd; exit 9')"
	equals "$output" $'out: hello you\nout: 0\nout: 1\nout: 2\nerr: bad\nexit 9'
	ironbox delete --force "$id"

	box_set '.linux.namespaces |= map(select(.type != "pid"))'
	box_start /bin/sleep 100
	run reaper exec "$id" "$(script 'echo "in the pid namespace of the host"; exit 8')"
	equals "$output" $'out: in the pid namespace of the host\nexit 8'
	ironbox delete --force "$id"
}

@test "ties: what fails leaves the reaper no child, and no terminal" {
	box_args /nothere
	run reaper create "$id" "$bundle"
	equals "$output" "error: create $id: exec: \"/nothere\": /nothere is not in the image: no such file or directory"
	box_start /bin/sleep 100
	run reaper exec "$id" '{"args": ["/nothere"], "cwd": "/", "terminal": true, "user": {"uid": 0, "gid": 0}}'
	equals "$output" "error: exec in $id: exec: \"/nothere\": /nothere is not in the image: no such file or directory"
	run reaper exec "$id" '{"args": 3, "cwd": "/"}'
	contains "$output" "error: exec in $id: process spec: "
	ironbox delete --force "$id"
}

@test "ties: a watch on the memory wakes when a process is killed for it" {
	box_set '.linux.resources.memory = {limit: 33554432}'
	box_start /bin/sleep 100
	run reaper watch "$id" "$(script 'exec tail -c 100000000 /dev/zero')"
	equals "$output" $'watched, 0 kills\nsignal 9\nwoken\ndrained: EAGAIN\n1 kills'
	ironbox delete --force "$id"
}

# hangs TEXT: create hangs there, and says so while it does.
hangs() {
	run reaper hang "$id" "$bundle" "$1"
	equals "$output" "$1"
}

# stops_in PHASE: a stage hangs there.
stops_in() {
	box_ini "[pipeline]"$'\n'"stages = namespace cgroup rootfs network capabilities fault"$'\n'"[fault]"$'\n'"fail_in = $1"$'\n'"how = stop"
}

@test "ties: progress says where a verb hangs, and where the process that it waits for does" {
	printf '#!/bin/sh\nexec sleep 1000\n' >"$box/hook"
	chmod +x "$box/hook"
	box_set '.hooks = {createRuntime: [{path: $hook}]}' --arg hook "$box/hook"
	hangs "createRuntime hook: $box/hook"
	box_set '.hooks = {createContainer: [{path: $hook}]}' --arg hook "$box/hook"
	hangs "wait for init, which is at createContainer hook: $box/hook"
	box_set 'del(.hooks)'
	for phase in prepare settle; do
		stops_in $phase
		hangs "fault: $phase"
	done
	for phase in setup pivot enter drop; do
		stops_in $phase
		hangs "wait for init, which is at fault: $phase"
	done
}

@test "ties: a child killed at any moment of create leaves nothing that delete does not end" {
	box_args /bin/sleep 1000
	run reaper die "$id" "$bundle" 60
	equals "$output" "some were killed"
}

@test "ties: a child killed at any moment of exec leaves no process" {
	box_start /bin/sleep 1000
	run reaper die-exec "$id" "$(script 'exec sleep 1000')" 60
	equals "$output" "some were killed"
	equals "$(ironbox ps --format json "$id" | jq length)" 1
	ironbox delete --force "$id"
}
