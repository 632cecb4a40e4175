# The launcher: what it carries runs from a sealed copy, with a weeded environment and three fds.
load ../box

@test "launch: the program is a sealed memfd" {
	run "$LAUNCHED" seals
	equals "$output" "seals seal shrink grow write"
	equals "$status" 0
}

@test "launch: /proc/PID/exe can't be written, while it runs and when it has ended" {
	"$LAUNCHED" sleep 60 3>&- &
	local pid=$!
	await 5 eval '[[ "$(readlink /proc/'$pid'/exe)" == /memfd:launched-probe* ]]'
	run sh -c "echo x >/proc/$pid/exe"
	contains "$output" "Text file busy"
	exec 9</proc/$pid/exe
	kill "$pid"
	status=0
	wait "$pid" || status=$? # not by run: its subshell has no children
	equals "$status" 143
	run dd if=/dev/zero of=/proc/self/fd/9 bs=1 count=1 conv=notrunc
	contains "$output" "Operation not permitted"
	run dd if=/dev/zero of=/proc/self/fd/9 bs=1 count=0
	contains "$output" "Operation not permitted"
	exec 9<&-
}

@test "launch: the binary on disk is not what runs" {
	cp "$LAUNCHED" "$BATS_TEST_TMPDIR/program"
	"$BATS_TEST_TMPDIR/program" sleep 60 3>&- &
	local pid=$!
	await 5 eval '[[ "$(readlink /proc/'$pid'/exe)" == /memfd:launched-probe* ]]'
	printf x | dd of="$BATS_TEST_TMPDIR/program" conv=notrunc status=none # not busy
	kill "$pid"
	status=0
	wait "$pid" || status=$? # not by run: its subshell has no children
	equals "$status" 143
}

@test "launch: only the variables that the engine needs pass" {
	run env -i PATH=/bin HOME=/ TERM=t XDG_RUNTIME_DIR= NOTIFY_SOCKET=n LISTEN_FDS=0 LISTEN_PID=1 \
		LISTEN_FDNAMES=a TTRPC_ADDRESS=t DBUS_SESSION_BUS_ADDRESS=d CONTAINERS_CONF=c \
		_CONTAINERS_USERNS_CONFIGURED=done _CONTAINERS_ROOTLESS_UID=1 IRONBOX_X=1 \
		LD_PRELOAD=/x LD_LIBRARY_PATH=/x LD_AUDIT=/x GCONV_PATH=/x GLIBC_TUNABLES=x LOCPATH=/x \
		NLSPATH=/x MALLOC_CHECK_=3 TMPDIR=/x TZ=:/etc/shadow LANG=C GOMAXPROCS=1 PATHS=1 PAT=1 \
		IRONBOX=1 CONTAINERS_CONFIG=1 _OCI_SYNCPIPE=3 "$LAUNCHED" env
	equals "$output" "PATH=/bin
HOME=/
TERM=t
XDG_RUNTIME_DIR=
NOTIFY_SOCKET=n
LISTEN_FDS=0
LISTEN_PID=1
LISTEN_FDNAMES=a
TTRPC_ADDRESS=t
DBUS_SESSION_BUS_ADDRESS=d
CONTAINERS_CONF=c
_CONTAINERS_USERNS_CONFIGURED=done
_CONTAINERS_ROOTLESS_UID=1
IRONBOX_X=1"
}

@test "launch: an empty environment is one" {
	run env -i "$LAUNCHED" env
	equals "$status" 0
	equals "$output" ""
}

@test "launch: arguments and the exit code go through" {
	run "$LAUNCHED" say "two words" say "" say end exit 42
	equals "$output" $'two words\n\nend'
	equals "$status" 42
}

@test "launch: closed standard fds become /dev/null" {
	run sh -c 'exec "$LAUNCHED" fds <&- 3>&- 4>&-'
	equals "${lines[0]}" "0 /dev/null"
	run sh -c '"$LAUNCHED" write '"$BATS_TEST_TMPDIR"'/done yes <&- >&- 2>&-'
	equals "$status" 0
	equals "$(cat "$BATS_TEST_TMPDIR/done")" yes
}

@test "launch: no memfd is left open in the program" {
	run sh -c '"$LAUNCHED" fds'
	equals "$status" 0
	! grep -q memfd <<<"$output"
}

@test "launch: what it can't do is told in a line" {
	run prlimit --nofile=3 "$LAUNCHED" say hello
	equals "$output" "launched-probe: make a sealed copy of itself: memfd_create: error 24 (see errno(3))"
	equals "$status" 1
}
