# A container as users of containerd start it: by ctr, of an image, with the shim under test.

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

@test "run: a command's output and exit code are the caller's" {
	run ctr run --rm --runtime io.containerd.ironbox.v1 "$image" "$id" echo hello
	equals "$output" hello
	equals "$status" 0
}
