# What a container sees of the process that exec sends into it.
load ../../support/box

setup() {
	box_setup
}

teardown() {
	box_teardown
}

@test "exec: the joiner is the runtime's child, and the only one" {
	box_start /bin/sleep 100
	run ironbox exec "$id" /bin/sh -c 'exit 7'
	equals "$status" 7
	ironbox exec --detach --pid-file "$box/joined" "$id" /bin/sleep 50
	run tr '\0' ' ' <"/proc/$(<"$box/joined")/cmdline"
	equals "$output" "/bin/sleep 50 "
	run ironbox exec "$id" /bin/ps -o comm
	equals "$(sort <<<"$output" | tr '\n' ' ')" "COMMAND ps sleep sleep "
	ironbox delete --force "$id"
}
