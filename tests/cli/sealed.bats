# The engine by itself, as it lies in the build folder: `ironbox` carries it, and runs a sealed copy.
load ../support/box

setup() {
	box_setup
}

teardown() {
	box_teardown
}

@test "sealed: an engine that is not sealed does not enter a container" {
	box_args /bin/true
	run "$ENGINE" --root "$state_root" --config "$box/ironbox.ini" run --bundle "$bundle" "$id"
	equals "$status" 1
	contains "$output" "not run from a sealed copy"
	run "$ENGINE" --root "$state_root" --config "$box/ironbox.ini" list -q
	equals "$status" 0
}

# busy WHICH: of the calls that seal the copy, these find a page of it held by the kernel.
busy() {
	run strace -o "$box/trace" -e trace=fcntl -e inject=fcntl:error=EBUSY:when="$1" "$IRONBOX" --version
}

@test "sealed: a copy that the kernel is busy with is tried again, for a while" {
	busy 1..3
	equals "$status" 0
	equals "$(grep -c F_ADD_SEALS "$box/trace")" 4
	busy 1+
	equals "$status" 1
	equals "$output" "ironbox: make a sealed copy of itself: fcntl F_ADD_SEALS: error 16 (see errno(3))"
	equals "$(grep -c F_ADD_SEALS "$box/trace")" 20
}
