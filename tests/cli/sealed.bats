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
