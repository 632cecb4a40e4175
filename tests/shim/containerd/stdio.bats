# stdin, stdout, stderr and terminals, from one end to the other: of ctr, and of the container.

load containerd

setup_file() {
	containerd_setup_file
	base64 /dev/urandom | head -c 10000000 >"$BOX_SUITE/big" # lines of text, for terminals
}

setup() {
	containerd_setup
}

teardown() {
	containerd_teardown
}

# The same 10 MB inside.
big="--mount=type=bind,src=$BOX_SUITE/big,dst=/big,options=rbind:ro"

# begin [OPTION...] -- ARG...: a container in the background. (As long as it lives itself, ctr reads
# what the container writes.)
begin() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	ctr run --detach --runtime "$runtime" "${options[@]}" "$image" "$id" "${@:2}"
}

task_pid() {
	ctr task list | awk -v id="$id" '$1 == id { print $2 }'
}

task_is() { # RUNNING, PAUSED, STOPPED
	ctr task list | grep -q "^$id .*$1"
}

has_text() { # FILE TEXT
	tr -d '\r' <"$1" | grep -qsxF -- "$2"
}

# ---- pipes ----

@test "stdin: what ctr is given, to its end" {
	printf 'one\ntwo\n' | when_ready | ctr run --rm --runtime "$runtime" "$image" "$id" \
		sh -c 'echo ready; cat; echo over' >"$box/out"
	equals "$(cat "$box/out")" $'ready\none\ntwo\nover'
}

@test "stdin: 10 MB arrive whole" {
	when_ready <"$BOX_SUITE/big" | ctr run --rm --runtime "$runtime" "$image" "$id" \
		sh -c 'echo ready; md5sum' >"$box/out"
	equals "$(tail -1 "$box/out")" "$(md5sum <"$BOX_SUITE/big")"
}

@test "stdin: at its end at once where there is none" {
	run ctr run --rm --null-io --runtime "$runtime" "$image" "$id" \
		sh -c 'read line; exit $((40 + $?))'
	equals "$status" 41
}

# ctr tells of stdin's end only if that comes when the container is made: it forgets it otherwise,
# and cat waits for ever, with whichever shim.
when_ready() {
	await 10 has_text "$box/out" ready
	cat
}

@test "stdout: 10 MB of a container that ends at once arrive whole" {
	ctr run --rm --runtime "$runtime" "$big" "$image" "$id" cat /big >"$box/out"
	cmp "$box/out" "$BOX_SUITE/big"
}

@test "stdout: arrives whole also when its reader has a break" {
	command ctr run --rm --runtime "$runtime" "$big" "$image" "$id" cat /big >"$box/out" 3>&- &
	await 10 test -s "$box/out"
	kill -STOP $!
	sleep 0.5
	kill -CONT $!
	wait $!
	cmp "$box/out" "$BOX_SUITE/big"
}

@test "stderr: apart from stdout" {
	ctr run --rm --runtime "$runtime" "$image" "$id" sh -c 'echo out; echo err >&2; seq 3; seq 4 6 >&2' \
		>"$box/out" 2>"$box/err"
	equals "$(cat "$box/out")" $'out\n1\n2\n3'
	equals "$(cat "$box/err")" $'err\n4\n5\n6'
}

@test "exec: streams of its own" {
	begin --null-io "$big" -- sleep 1000
	ctr task exec --exec-id a "$id" sh -c 'md5sum; echo err >&2' >"$box/out" 2>"$box/err" \
		<"$BOX_SUITE/big"
	equals "$(cat "$box/out")" "$(md5sum <"$BOX_SUITE/big")"
	equals "$(cat "$box/err")" err
	ctr task exec --exec-id b "$id" cat /big >"$box/out"
	cmp "$box/out" "$BOX_SUITE/big"
}

# ctr closes its FIFOs when it hears of the end, whatever is in them.
@test "output: a client whose own reader is slow has all of it before it hears of the end" {
	head -c 1000000 "$BOX_SUITE/big" >"$box/expected"
	ctr run --rm --runtime "$runtime" "$big" "$image" "$id" head -c 1000000 /big |
		while dd bs=16384 count=1 iflag=fullblock status=none >"$box/part" && [ -s "$box/part" ]; do
			cat "$box/part" >>"$box/out"
			sleep 0.02
		done
	cmp "$box/out" "$box/expected"
}

# ---- attach ----

@test "attach: to what runs, and once more by another" {
	begin -- sh -c 'while read line; do echo "got $line"; done'
	attach
	echo one >&"$keys"
	await 10 has_text "$box/out" "got one"
	detach
	task_is RUNNING
	attach
	echo two >&"$keys"
	await 10 has_text "$box/out" "got two"
	equals "$(cat "$box/out")" "got two"
	detach
}

@test "attach: what is written while nobody looks is there for the next one" {
	begin -- sh -c 'until [ -e /tmp/go ]; do usleep 10000; done; echo out; echo err >&2
		touch /tmp/written; sleep 1000'
	root=/proc/$(task_pid)/root
	touch "$root/tmp/go"
	await 10 test -e "$root/tmp/written"
	attach
	await 10 has_text "$box/out" out
	await 10 has_text "$box/out" err
	detach
}

@test "attach: it ends with the container, and with its exit code" {
	begin -- sh -c 'read line; exit 7'
	attach
	echo >&"$keys"
	status=0
	wait "$attached" || status=$?
	equals "$status" 7
	exec {keys}>&-
}

# attach: ctr in the background, with stdin from $keys and its output in $box/out.
attach() {
	rm -f "$box/keys"
	mkfifo "$box/keys"
	exec {keys}<>"$box/keys"
	command ctr task attach "$id" <&"$keys" >"$box/out" 2>&1 {keys}>&- 3>&- &
	attached=$!
}

# Its end, as that of a connection: no signal for the container.
detach() {
	kill -KILL "$attached"
	wait "$attached" || true
	exec {keys}>&-
}

# ---- terminals ----

# ctr gives the size after the start: until then there is none, which stty calls an error.
@test "terminal: the container has one, with ctr's size, and no stderr beside it" {
	terminal 30 100 "ctr run --rm --tty --runtime $runtime $image $id sh -c 'tty; tty <&1; tty <&2
		until [ \"\$(stty size 2>/dev/null)\" = \"30 100\" ]; do usleep 10000; done; exit 5'"
	wait_terminal 5
	equals "$(tr -d '\r' <"$box/screen")" $'/dev/pts/0\n/dev/pts/0\n/dev/pts/0'
}

@test "terminal: what is typed is echoed, edited and read; Ctrl-C is a signal" {
	terminal 24 80 "ctr run --rm --tty --runtime $runtime $image $id sh -c 'trap \"echo interrupted; exit 6\" INT
		echo ready; read line; echo \"[\$line]\"; while :; do usleep 10000; done'"
	await 10 has_text "$box/screen" ready
	printf 'hellp\177o\n' >&"$keys"
	await 10 has_text "$box/screen" "[hello]"
	grep -q 'hellp' "$box/screen" # the echo
	printf '\003' >&"$keys"
	wait_terminal 6
	grep -q interrupted "$box/screen"
}

@test "terminal: a new size comes through, and the process is told" {
	terminal 24 80 "ctr run --rm --tty --runtime $runtime $image $id sh -c '$says_size'"
	size_comes_through
}

@test "terminal: an exec has one, which is resized as well" {
	begin --null-io -- sleep 1000
	terminal 24 80 "ctr task exec --tty --exec-id e $id sh -c '$says_size'"
	size_comes_through
}

says_size='trap "stty size" WINCH; trap "exit 9" INT; echo ready; while :; do usleep 10000; done'

size_comes_through() {
	await 10 has_text "$box/screen" ready
	stty -F "$(terminal_name)" rows 40 cols 132
	await 10 has_text "$box/screen" "40 132"
	stty -F "$(terminal_name)" rows 11 cols 22
	await 10 has_text "$box/screen" "11 22"
	printf '\003' >&"$keys"
	wait_terminal 9
}

@test "terminal: left and attached to again" {
	on_terminal "ctr run --detach --tty --runtime $runtime $image $id sh -c 'while read line; do
		echo \"got \$line\"; stty size; done; exit 3'"
	terminal 33 77 "ctr task attach $id"
	printf 'one\n' >&"$keys"
	await 10 has_text "$box/screen" "got one"
	await 10 shows_size "33 77"
	leave_terminal
	task_is RUNNING
	terminal 44 88 "ctr task attach $id"
	printf 'two\n' >&"$keys"
	await 10 has_text "$box/screen" "got two"
	await 10 shows_size "44 88"
	printf '\004' >&"$keys" # Ctrl-D: the end of its input
	wait_terminal 3
}

# What is typed may be there before ctr has told the size.
shows_size() {
	printf 'again\n' >&"$keys"
	sleep 0.05
	has_text "$box/screen" "$1"
}

@test "terminal: 10 MB of a container that ends at once arrive whole" {
	terminal 24 80 "ctr run --rm --tty --runtime $runtime $big $image $id cat /big"
	wait_terminal 0
	tr -d '\r' <"$box/screen" | cmp - "$BOX_SUITE/big"
}

# terminal ROWS COLUMNS COMMAND: a shell's command in the background, on a terminal of its own, which
# has what it shows in $box/screen, and from $keys what is typed.
terminal() {
	rm -f "$box/keys" "$box/screen"
	mkfifo "$box/keys"
	exec {keys}<>"$box/keys"
	script -qefc "stty rows $1 cols $2; exec $3" /dev/null <&"$keys" >"$box/screen" {keys}>&- 3>&- &
	terminal=$!
	await 5 terminal_is_there
}

terminal_is_there() {
	terminal_client=$(pgrep -P "$terminal")
}

terminal_name() {
	readlink "/proc/$terminal_client/fd/0"
}

# wait_terminal CODE: the command ends like that.
wait_terminal() {
	local code=0
	wait "$terminal" || code=$?
	exec {keys}>&-
	equals "$code" "$1" || {
		cat "$box/screen"
		return 1
	}
}

# ctr is gone all of a sudden, as with a lost connection.
leave_terminal() {
	kill -KILL "$terminal_client"
	wait "$terminal" || true
	exec {keys}>&-
}

# ---- logs ----

@test "file: both streams in their order, after what there was" {
	mkdir "$box/logs"
	echo before >"$box/logs/log"
	begin --log-uri "file://$box/logs/log" -- sh -c 'echo one; echo two >&2; echo three'
	await 10 task_is STOPPED
	ctr task delete "$id"
	equals "$(cat "$box/logs/log")" $'before\none\ntwo\nthree'
}

@test "file: 10 MB of a container that ends at once are there when it is deleted" {
	begin --log-uri "file://$box/new/folder/log" "$big" -- cat /big
	await 20 task_is STOPPED
	ctr task delete "$id"
	cmp "$box/new/folder/log" "$BOX_SUITE/big"
}

@test "logger: not without leave of the ini, whose line is told" {
	make_logger
	run begin --log-uri "binary://$BOX_SUITE/logger?out=$box/log" -- echo hello
	equals "$status" 1
	contains "$output" "ironbox: create $id: logger $BOX_SUITE/logger: not among [stdio] loggers of ironbox.ini"
	contains "$output" "$BOX_SUITE/logger: unknown"
}

@test "logger: has both streams, the arguments, and who it is about" {
	make_logger
	containerd_ini "[stdio]"$'\n'"loggers = $BOX_SUITE/logger"
	begin --log-uri "binary://$BOX_SUITE/logger?out=$box/log&two=words" "$big" -- \
		sh -c 'echo err >&2; exec cat /big'
	await 10 task_is STOPPED
	ctr task delete "$id"
	equals "$(cat "$box/log.about")" "$id default out $box/log two words"
	equals "$(cat "$box/log.err")" err
	cmp "$box/log.out" "$BOX_SUITE/big"
}

@test "logger: an exec's" {
	make_logger
	containerd_ini "[stdio]"$'\n'"loggers = $BOX_SUITE/logger"
	begin --null-io -- sleep 1000
	ctr task exec --log-uri "binary://$BOX_SUITE/logger?out=$box/log" --exec-id e "$id" echo hello
	await 5 has_text "$box/log.out" hello
}

make_logger() {
	cat >"$BOX_SUITE/logger" <<-'END'
		#!/bin/sh
		echo "$CONTAINER_ID $CONTAINER_NAMESPACE $*" >"$2.about"
		exec 5>&-
		cat <&4 >"$2.err" &
		cat <&3 >"$2.out"
		wait
	END
	chmod 755 "$BOX_SUITE/logger"
}

# ---- a reader that does not come ----

@test "on_stall: with block the container waits for its reader, and nothing is lost" {
	begin_writing
	sleep 0.3
	[ ! -e "$root/tmp/done" ]
	attach
	await 20 test -e "$root/tmp/done"
	await 10 same_size
	cmp "$box/out" "$BOX_SUITE/big"
	detach
}

@test "on_stall: with drop it does not wait" {
	containerd_ini $'[stdio]\non_stall = drop'
	begin_writing
	await 20 test -e "$root/tmp/done"
}

@test "on_stall: with spill it does not wait, and nothing is lost" {
	containerd_ini $'[stdio]\non_stall = spill\nspill_limit = 16777216'
	begin_writing
	await 20 test -e "$root/tmp/done"
	attach
	await 10 same_size
	cmp "$box/out" "$BOX_SUITE/big"
	detach
}

# A container that writes when ctr has gone.
begin_writing() {
	begin "$big" -- sh -c 'until [ -e /tmp/go ]; do usleep 10000; done; cat /big; touch /tmp/done; sleep 1000'
	root=/proc/$(task_pid)/root
	touch "$root/tmp/go"
}

same_size() {
	[ "$(stat -c %s "$box/out")" = "$(stat -c %s "$BOX_SUITE/big")" ]
}
