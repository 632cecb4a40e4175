# failures.bats: each system call of run, by the runtime and by init, fails once. The verb says so in
# one line and undoes all by itself, or goes on as if nothing had been; what ran had all that was
# asked for. No one waits for ever.
load ../support/box
load sweep

setup() {
	dying_setup
	box_set '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir"],
			action: "SCMP_ACT_ERRNO"}]}'
	box_args /probe capabilities seccomp nnp ids cgroup mount /proc/sys
}

teardown() {
	box_teardown
}

@test "dying: each call of run fails with EPERM" {
	sweep --fail 1 --verb "run --bundle $bundle $id"
}

@test "dying: each call of run fails with ENOMEM" {
	sweep --fail 12 --verb "run --bundle $bundle $id"
}

@test "dying: each call of run fails with EINTR" {
	sweep --fail 4 --verb "run --bundle $bundle $id"
}

@test "dying: each call of run fails with EMFILE" {
	sweep --fail 24 --verb "run --bundle $bundle $id"
}
