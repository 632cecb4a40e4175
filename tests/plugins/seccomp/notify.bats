# notify.bats: an agent gets the listener, and decides.
load ../../support/box
load profile

setup() {
	box_setup
	socket=$box/agent.sock
	messages=$box/messages
	agent_pid=
}

teardown() {
	[ -z "$agent_pid" ] || kill "$agent_pid"
	wait
	box_teardown
}

# agent ANSWER: listens from here on
agent() {
	"$SECCOMP_AGENT" "$socket" "$messages" "$1" 3>&- &
	agent_pid=$!
	await 5 test -S "$socket"
}

# notifies NAME...: the agent is asked about these calls
notifies() {
	profile "$(jq -n --arg path "$socket" '{defaultAction: "SCMP_ACT_ALLOW", listenerPath: $path,
		listenerMetadata: "for \"you\"\n", syscalls: [{names: $ARGS.positional,
		action: "SCMP_ACT_NOTIFY"}]}' --args "$@")"
}

# bats test_tags=vm
@test "seccomp: the agent's answer is the call's" {
	agent 95
	notifies keyctl
	for how in yes no; do
		new_privileges $how
		run inside /probe seccomp syscall $NR_keyctl 0 -3 0
		equals "$output" $'seccomp 2\nsyscall 250 = EOPNOTSUPP'
	done
	await 5 test "$(grep -c 'call 250' "$messages")" = 2
}

@test "seccomp: the agent is told whose listener it is" {
	agent continue
	notifies keyctl
	box_set '.annotations = {"org.example": "a\"b"}'
	for how in yes no; do
		new_privileges $how
		rm -f "$messages"
		box_start sleep 100
		await 5 test -s "$messages"
		run head -1 "$messages"
		equals "$(jq -c . <<<"$output")" "$(jq -cn --arg id "$id" --arg bundle "$bundle" \
			--argjson pid "$(box_pid)" '{ociVersion: "1.0.2", fds: ["seccompFd"], pid: $pid,
			metadata: "for \"you\"\n", state: {ociVersion: "1.0.2", id: $id,
			status: "creating", pid: $pid, bundle: $bundle,
			annotations: {"org.example": "a\"b"}}}')"
		ironbox delete --force "$id"
		await 5 grep -q end "$messages" # the kernel's: no process has the filter
	done
}

@test "seccomp: calls that the agent lets continue do" {
	agent continue
	notifies mkdir getppid
	box_set '.root.readonly = false'
	run inside sh -c "mkdir /made && /probe stat /made syscall $NR_getppid"
	contains "$output" "/made directory"
	contains "$output" "syscall 110 = ok"
	equals "$(grep -c "call $NR_mkdir" "$messages")" 1
}

@test "seccomp: exec gets a listener of its own" {
	agent 95
	notifies keyctl
	for how in yes no; do
		new_privileges $how
		rm -f "$messages"
		box_start sleep 100
		await 5 test -s "$messages"
		run ironbox exec --pid-file "$box/exec.pid" "$id" /probe seccomp syscall $NR_keyctl 0 -3 0
		equals "$output" $'seccomp 2\nsyscall 250 = EOPNOTSUPP'
		run jq -cR 'fromjson? | select(.state.status == "running") | [.pid, .state.pid]' "$messages"
		equals "$output" "[$(cat "$box/exec.pid"),$(box_pid)]"
		ironbox delete --force "$id"
	done
}

@test "seccomp: exec into a user namespace gets its listener, too" {
	agent 95
	notifies keyctl
	box_set '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
		.linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$bundle/rootfs"
	for how in yes no; do
		new_privileges $how
		box_start sleep 100
		run ironbox exec "$id" /probe seccomp syscall $NR_keyctl 0 -3 0
		equals "$output" $'seccomp 2\nsyscall 250 = EOPNOTSUPP'
		ironbox delete --force "$id"
	done
}

@test "seccomp: even the call that hands the listener over may be notified" {
	agent continue
	notifies sendmsg write close futex recvmsg exit_group execve
	for how in yes no; do
		new_privileges $how
		run inside /probe seccomp
		equals "$output" "seccomp 2"
	done
	profile "$(jq -n --arg path "$socket" \
		'{defaultAction: "SCMP_ACT_NOTIFY", listenerPath: $path}')"
	for how in yes no; do
		new_privileges $how
		run inside /probe seccomp
		equals "$output" "seccomp 2"
	done
}

@test "seccomp: WAIT_KILLABLE_RECV goes with a listener" {
	agent 95
	notifies keyctl
	box_set '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
		"SECCOMP_FILTER_FLAG_TSYNC"]'
	run inside /probe syscall $NR_keyctl 0 -3 0
	equals "$output" "syscall 250 = EOPNOTSUPP"
}

@test "seccomp: a container's init has no thread and no fd more than without an agent" {
	agent continue
	notifies keyctl
	for how in yes no; do
		new_privileges $how
		run inside /probe status Threads fds
		contains "$output" "Threads 1"
		equals "$(grep -c '^[0-9]' <<<"$output")" 3 # stdin, stdout, stderr
	done
}

@test "seccomp: no agent, no container" {
	notifies keyctl
	run inside /bin/true
	equals "$status" 1
	contains "$output" "linux.seccomp.listenerPath: connect to the seccomp agent $socket: No such file or directory"
	[ ! -e "$state_root/$id" ]
	box_set '.linux.seccomp.listenerPath = ("/" + "x" * 120)'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "linux.seccomp.listenerPath: longer than unix(7) allows"
}

@test "seccomp: an agent that goes before the container starts" {
	agent leave
	notifies keyctl
	box_create sleep 100
	wait "$agent_pid"
	agent_pid=
	run ironbox start "$id"
	equals "$status" 1
	contains "$output" "send the listener to the seccomp agent: Broken pipe"
	ironbox delete --force "$id"
}

@test "seccomp: a path is ignored where no rule notifies" {
	denies keyctl ERRNO
	box_set '.linux.seccomp.listenerPath = "/nowhere"'
	run inside /probe seccomp
	equals "$output" "seccomp 2"
}
