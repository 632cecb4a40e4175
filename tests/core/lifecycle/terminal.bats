# Terminals: the caller's, one over a socket, and what becomes of them.
load ../../support/box

setup() {
	box_setup
	box_set '.process.terminal = true'
}

teardown() {
	box_teardown
}

# on_a_terminal COMMAND...: runs it on a terminal of its own, 40 x 100; its output is what it shows.
# Its stdin has no end: script(1) would type a ^D for it.
on_a_terminal() {
	[ -p "$box/keys" ] || mkfifo "$box/keys"
	script -qec "stty rows 40 cols 100; $*" /dev/null <>"$box/keys" | tr -d '\r'
}

in_front() {
	echo "$IRONBOX --root $state_root --config $box/ironbox.ini run --bundle $bundle $id"
}

@test "terminal: run gives the program a terminal of the caller's size, at /dev/console too" {
	box_args /bin/sh -c 'tty; stty size; ls -l /dev/console | cut -c1'
	run on_a_terminal "$(in_front)"
	equals "$output" $'/dev/pts/0\n40 100\nc'
}

@test "terminal: run returns the program's exit code, and the caller's terminal is as it was" {
	box_args /bin/sh -c 'exit 6'
	run on_a_terminal "stty -a | md5sum; $(in_front); echo code \$?; stty -a | md5sum"
	equals "$(sed -n 2p <<<"$output")" "code 6"
	equals "$(sed -n 3p <<<"$output")" "$(sed -n 1p <<<"$output")"
}

@test "terminal: it is as it was also when the container can't start" {
	box_args /nothere
	run on_a_terminal "stty -a | md5sum; $(in_front) 2>/dev/null; stty -a | md5sum"
	equals "$(sed -n 2p <<<"$output")" "$(sed -n 1p <<<"$output")"
}

@test "terminal: what is typed gets in, and ^C is the program's" {
	box_args /bin/sh -c 'read line; echo got $line'
	run bash -c "printf 'hello\n' | script -qec '$(in_front)' /dev/null | tr -d '\r'"
	contains "$output" "got hello"
}

@test "terminal: the output is whole, though the program ends at once" {
	box_args /bin/sh -c 'seq 1 20000'
	run on_a_terminal "$(in_front) | md5sum"
	equals "$output" "$(seq 1 20000 | sed 's/$/\r/' | md5sum)"
}

@test "terminal: create hands the master to the console socket, consoleSize is its size" {
	box_set '.process.consoleSize = {height: 33, width: 77}'
	mkfifo "$box/keys"
	exec {keys}<>"$box/keys" # nobody types
	"$FD_RECEIVER" "$box/console" terminal >"$box/shown" <"$box/keys" {keys}>&- &
	await 5 test -S "$box/console"
	box_args /bin/sh -c 'tty; stty size'
	ironbox create --bundle "$bundle" --console-socket "$box/console" "$id"
	ironbox start "$id"
	await 5 grep -q 77 "$box/shown"
	equals "$(tr -d '\r' <"$box/shown")" $'/dev/pts/0\n33 77'
	ironbox delete --force "$id"
	exec {keys}>&-
	wait
}

@test "terminal: exec --tty" {
	box_set '.process.terminal = false'
	box_start /bin/sleep 100
	run on_a_terminal "$IRONBOX --root $state_root --config $box/ironbox.ini exec --tty $id /bin/sh -c 'tty; stty size'"
	equals "$output" $'/dev/pts/0\n40 100'
	ironbox delete --force "$id"
}

@test "terminal: create without a console socket, and a socket without a terminal" {
	run ironbox create --bundle "$bundle" "$id"
	equals "$status" 1
	equals "$output" "ironbox: create $id: process.terminal is set, but there is no --console-socket"
	box_set '.process.terminal = false'
	run ironbox create --bundle "$bundle" --console-socket "$box/none" "$id"
	equals "$status" 1
	equals "$output" "ironbox: create $id: --console-socket is given, but process.terminal is not set"
}

@test "terminal: --pidfd-socket" {
	box_set '.process.terminal = false'
	"$FD_RECEIVER" "$box/pidfd" pidfd >"$box/told" &
	await 5 test -S "$box/pidfd"
	box_args /bin/sleep 100
	ironbox create --bundle "$bundle" --pidfd-socket "$box/pidfd" "$id" >/dev/null 2>&1 </dev/null
	wait
	equals "$(cat "$box/told")" "a pidfd"
	ironbox delete --force "$id"
}
