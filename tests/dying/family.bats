# family.bats: not the runtime is killed, but a process that it made: init, the joiner and who goes
# before it, a hook, up to its execve(2). The runtime tells so in one line, and leaves nothing.
load ../support/box
load sweep

setup() {
	dying_setup
	create="create --bundle $bundle $id"
	start="start $id"
}

teardown() {
	box_teardown
}

@test "dying: init, of create" {
	sweep --family --verb "$create"
}

@test "dying: init, of run" {
	box_args /bin/true
	sweep --family --verb "run --bundle $bundle $id"
}

@test "dying: who joins, and who goes before, of exec" {
	sweep --family --before "$create" --before "$start" --verb "exec $id /bin/true"
}

@test "dying: init and hooks" {
	box_set '.hooks = (["prestart", "createRuntime", "createContainer"] |
		map({(.): [{path: $hook}]}) | add)' --arg hook "$DYING_HOOK"
	sweep --family --verb "run --detach --bundle $bundle $id"
}

@test "dying: init that is made from within a joined user namespace" {
	unshare --user sleep 1000 3>&- &
	await 5 grep -q sleep "/proc/$!/comm"
	echo "0 100000 65536" >"/proc/$!/uid_map"
	echo "0 100000 65536" >"/proc/$!/gid_map"
	chmod 755 "$box" "$bundle"
	box_set '.linux.namespaces += [{type: "user", path: $path}]' --arg path "/proc/$!/ns/user"
	sweep --family --verb "$create"
	kill -9 $!
	wait $! || true
}
