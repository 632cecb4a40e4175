# TI1: a container that has its caller's terminal as stdio types into it (CVE-2017-5226,
# CVE-2016-7545).
load attack

setup() {
	attack_setup
	TIOCSTI=0x5412 TIOCLINUX=0x541c TIOCSCTTY=0x540e
	ioctl=$([ "$(uname -m)" = x86_64 ] && echo 16 || echo 29)
}

teardown() {
	box_teardown
}

# on_a_terminal ARG...: ironbox in the foreground of a terminal
on_a_terminal() {
	script -qec "$(printf '%q ' "$IRONBOX" --root "$state_root" \
		--config "$box/ironbox.ini" "$@")" /dev/null </dev/null 3>&- | tr -d '\r\0'
}

@test "TI1: run without a terminal of its own can't push input into its caller's" {
	local call
	box_args /probe open /dev/tty rw syscall $ioctl 0 $TIOCSTI x
	run on_a_terminal run --bundle "$bundle" "$id"
	[[ $output != *"syscall $ioctl = ok"* ]] || won "input is pushed into the caller's terminal"
	[[ $output != *"/dev/tty: ok"* ]] || won "/dev/tty is the caller's"
	equals "$output" "open /dev/tty: ENXIO
syscall $ioctl = EPERM"
	for call in $TIOCLINUX $TIOCSCTTY; do
		box_args /probe syscall $ioctl 0 $call 1
		run on_a_terminal run --bundle "$bundle" "$id"
		[[ $output != *"= ok"* ]] || won "ioctl $call of the caller's terminal"
		contains "$output" "syscall $ioctl = E"
	done
}

@test "TI1: exec neither" {
	box_start /bin/sleep 1000
	run on_a_terminal exec "$id" /probe open /dev/tty rw syscall $ioctl 0 $TIOCSTI x
	ironbox delete --force "$id"
	[[ $output != *"= ok"* ]] || won "exec pushes input into the caller's terminal"
	equals "$output" "open /dev/tty: ENXIO
syscall $ioctl = EPERM"
}

# Input that it pushes there is its own.
@test "TI1: with a terminal of its own, that is the controlling one" {
	box_set '.process.terminal = true'
	box_args /probe tty open /dev/tty rw
	run on_a_terminal run --bundle "$bundle" "$id"
	contains "$output" "controlling"
	contains "$output" "/dev/pts/0"
	contains "$output" "open /dev/tty: ok"
}
