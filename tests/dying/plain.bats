# plain.bats: each verb is killed at each boundary of its system calls, with the bundle of `ironbox
# spec`: network namespace, device program, seccomp. A verb that is new here is one line. (Limits, and so
# update, are in everything.bats: this kernel's controllers may all be with cgroup v1.)
load ../support/box
load sweep

setup() {
	dying_setup
	box_set '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir"],
			action: "SCMP_ACT_ERRNO"}]}'
	create="create --bundle $bundle --pid-file $box/pid $id"
	run="run --bundle $bundle --pid-file $box/pid $id"
	start="start $id"
}

teardown() {
	box_teardown
}

@test "dying: create" {
	sweep --again --verb "$create"
}

@test "dying: start" {
	sweep --again --before "$create" --verb "$start"
}

@test "dying: run" {
	box_args /bin/sleep 0.02
	sweep --again --verb "$run"
}

@test "dying: run --detach" {
	sweep --again --verb "run --detach ${run#run}"
}

@test "dying: exec" {
	sweep --again --before "$create" --before "$start" --verb "exec --pid-file $box/pid $id /bin/sleep 0.02"
}

@test "dying: exec --detach" {
	sweep --again --before "$create" --before "$start" --verb "exec --detach $id /bin/sleep 1000"
}

@test "dying: kill" {
	sweep --again --before "$create" --before "$start" --verb "kill $id KILL"
}

@test "dying: kill --all" {
	sweep --again --before "$create" --before "$start" --verb "kill --all $id KILL"
}

@test "dying: pause" {
	sweep --again --before "$create" --before "$start" --verb "pause $id"
}

@test "dying: resume" {
	sweep --again --before "$create" --before "$start" --before "pause $id" --verb "resume $id"
}

@test "dying: delete" {
	sweep --again --before "$create" --verb "delete $id"
}

@test "dying: delete --force" {
	sweep --again --before "$create" --before "$start" --verb "delete --force $id"
}
