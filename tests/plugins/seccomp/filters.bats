# filters.bats: filters as the container's process sees them.
load ../../support/box
load profile

setup() {
	box_setup
}

teardown() {
	box_teardown
}

@test "seccomp: without a profile there is no filter, and the stage sleeps" {
	run inside /probe seccomp
	equals "$output" "seccomp 0"
	[ ! -e "$state_root/seccomp" ]
}

# bats test_tags=vm
@test "seccomp: a profile is a filter, with no_new_privs and without" {
	denies keyctl ERRNO
	run inside /probe seccomp nnp syscall $NR_keyctl 0 -3 0
	equals "$output" $'seccomp 2\nno_new_privs 1\nsyscall 250 = EPERM'
	new_privileges yes
	run inside /probe seccomp nnp syscall $NR_keyctl 0 -3 0
	equals "$output" $'seccomp 2\nno_new_privs 0\nsyscall 250 = EPERM'
}

@test "seccomp: a user without capabilities gets the filter, too" {
	box_set '.process.user = {uid: 1000, gid: 1000} | del(.process.capabilities)'
	denies keyctl ERRNO
	for how in yes no; do
		new_privileges $how
		run inside /probe seccomp syscall $NR_keyctl 0 -3 0
		equals "$output" $'seccomp 2\nsyscall 250 = EPERM'
	done
}

@test "seccomp: in a user namespace of its own" {
	box_set '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
		.linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$bundle/rootfs"
	denies keyctl ERRNO
	for how in yes no; do
		new_privileges $how
		run inside /probe seccomp syscall $NR_keyctl 0 -3 0
		equals "$output" $'seccomp 2\nsyscall 250 = EPERM'
	done
}

@test "seccomp: errnoRet of a rule, and defaultErrnoRet" {
	denies keyctl ERRNO 95
	run inside /probe syscall $NR_keyctl 0 -3 0
	equals "$output" "syscall 250 = EOPNOTSUPP"
	profile_file docker
	box_set '.linux.seccomp.defaultErrnoRet = 71'
	run inside /probe syscall $NR_keyctl 0 -3 0
	equals "$output" "syscall 250 = EPROTO"
}

@test "seccomp: conditions on arguments" {
	profile '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
		{"names": ["personality"], "action": "SCMP_ACT_ERRNO", "errnoRet": 5,
		 "args": [{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}]},
		{"names": ["dup"], "action": "SCMP_ACT_ERRNO", "errnoRet": 17,
		 "args": [{"index": 0, "value": 6, "valueTwo": 2, "op": "SCMP_CMP_MASKED_EQ"}]}]}'
	run inside /probe syscall $NR_personality 8
	equals "$output" "syscall 135 = EIO"
	run inside /probe syscall $NR_personality 0xffffffff
	equals "$output" "syscall 135 = ok"
	run inside /probe syscall $NR_dup 2
	equals "$output" "syscall 32 = EEXIST"
	run inside /probe syscall $NR_dup 1
	equals "$output" "syscall 32 = ok"
}

@test "seccomp: KILL, KILL_PROCESS, KILL_THREAD and TRAP end by SIGSYS" {
	for action in KILL KILL_PROCESS KILL_THREAD TRAP; do
		denies keyctl $action
		# not as PID 1, which a signal of its own namespace does not reach
		run inside sh -c "/probe syscall $NR_keyctl 0 -3 0"
		equals "$action $status" "$action 159"
	done
	denies keyctl KILL_PROCESS
	run inside /probe syscall $NR_keyctl 0 -3 0
	equals "$status" 159
}

@test "seccomp: LOG lets pass" {
	denies getppid LOG
	box_set '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_LOG"]'
	run inside /probe syscall $NR_getppid
	equals "$output" "syscall 110 = ok"
}

@test "seccomp: TRACE without a tracer is ENOSYS" {
	denies getppid TRACE
	run inside /probe syscall $NR_getppid
	equals "$output" "syscall 110 = ENOSYS"
}

@test "seccomp: every flag of the spec is taken, and none is set unasked" {
	denies keyctl ERRNO
	box_set '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG",
		"SECCOMP_FILTER_FLAG_SPEC_ALLOW"]'
	box_args /probe seccomp
	run traced seccomp run --bundle "$bundle" "$id"
	equals "$output" "seccomp 2"
	contains "$(cat "$box/trace")" \
		"SECCOMP_FILTER_FLAG_LOG|SECCOMP_FILTER_FLAG_SPEC_ALLOW, {len="
	box_set 'del(.linux.seccomp.flags)'
	run traced seccomp run --bundle "$bundle" "$id"
	contains "$(cat "$box/trace")" "seccomp(SECCOMP_SET_MODE_FILTER, 0, {len="
}

@test "seccomp: docker's, podman's and ctr's profiles run a shell, and stop what they are to stop" {
	for shape in docker podman ctr; do
		profile_file $shape
		for how in yes no; do
			new_privileges $how
			run inside sh -c "/probe seccomp syscall $NR_kexec_load"
			equals "$shape: $output" "$shape: seccomp 2"$'\n'"syscall $NR_kexec_load = EPERM"
		done
	done
}

@test "seccomp: a call newer than the profile is ENOSYS, an older one that it leaves out EPERM" {
	profile_file docker
	run inside /probe syscall 470
	equals "$output" "syscall 470 = ENOSYS"
	run inside /probe syscall 999
	equals "$output" "syscall 999 = ENOSYS"
	run inside /probe syscall $NR_keyctl 0 -3 0
	equals "$output" "syscall 250 = EPERM"
	# where a default lets calls pass, there is nothing to add: it is the kernel's own answer
	denies keyctl ERRNO
	run inside /probe syscall 999
	equals "$output" "syscall 999 = ENOSYS"
	# and with KILL as the default it is still ENOSYS for the new, and death for the old
	profile_file docker
	box_set '.linux.seccomp.defaultAction = "SCMP_ACT_KILL_PROCESS"'
	run inside /probe syscall 999
	equals "$output" "syscall 999 = ENOSYS"
	run inside /probe syscall $NR_keyctl 0 -3 0
	equals "$status" 159
}

@test "seccomp: x32 is not there unless it is asked for" {
	denies keyctl ERRNO
	run inside sh -c "/probe syscall 0x40000027"
	equals "$status" 159
}

# bats test_tags=vm
@test "seccomp: exec gets the container's filter" {
	denies keyctl ERRNO 95
	for how in yes no; do
		new_privileges $how
		box_start sleep 100
		run ironbox exec "$id" /probe seccomp syscall $NR_keyctl 0 -3 0
		equals "$output" $'seccomp 2\nsyscall 250 = EOPNOTSUPP'
		ironbox delete --force "$id"
	done
}

@test "seccomp: exec gets the filter of the container's own config, not of the bundle's" {
	denies keyctl ERRNO 95
	box_start sleep 100
	box_set 'del(.linux.seccomp)'
	run ironbox exec "$id" /probe seccomp
	equals "$output" "seccomp 2"
	ironbox delete --force "$id"
}

@test "seccomp: off in the ini, the container is refused by its path, or warned about" {
	denies keyctl ERRNO
	box_ini $'[seccomp]\nenabled = no'
	run inside /probe seccomp
	equals "$status" 1
	contains "$output" "seccomp: off in "
	contains "$output" "linux.seccomp"
	[ ! -e "$state_root/$id" ]
	box_ini $'on_disabled = warn\n[seccomp]\nenabled = no'
	run inside /probe seccomp
	equals "$status" 0
	contains "$output" "seccomp 0"
	contains "$output" "seccomp: off in "
	# who does not ask does not care
	box_ini $'[seccomp]\nenabled = no'
	box_set 'del(.linux.seccomp)'
	run inside /probe seccomp
	equals "$output" "seccomp 0"
}

@test "seccomp: an unknown key in the ini is told with its line" {
	denies keyctl ERRNO
	box_ini $'[seccomp]\ndefault_profil = /x'
	run inside /probe seccomp
	equals "$status" 1
	contains "$output" "ironbox.ini:4: [seccomp] default_profil"
}

@test "seccomp: a default profile for containers that bring none" {
	jq '.defaultErrnoRet = 71' "$SECCOMP_PROFILES/docker.json" >"$box/default.json"
	box_ini $'[seccomp]\nwake = always\ndefault_profile = '"$box/default.json"
	for how in yes no; do
		new_privileges $how
		run inside /probe seccomp syscall $NR_keyctl 0 -3 0
		equals "$output" $'seccomp 2\nsyscall 250 = EPROTO'
	done
	denies keyctl ERRNO 95 # its own comes first
	run inside /probe seccomp syscall $NR_keyctl 0 -3 0
	equals "$output" $'seccomp 2\nsyscall 250 = EOPNOTSUPP'
}

@test "seccomp: exec gets the default profile of its container, also when the ini has none now" {
	jq '.defaultErrnoRet = 71' "$SECCOMP_PROFILES/docker.json" >"$box/default.json"
	box_ini $'[seccomp]\nwake = always\ndefault_profile = '"$box/default.json"
	box_start sleep 100
	box_ini ''
	run ironbox exec "$id" /probe seccomp syscall $NR_keyctl 0 -3 0
	equals "$output" $'seccomp 2\nsyscall 250 = EPROTO'
	ironbox delete --force "$id"
}

@test "seccomp: a default profile that can't be used is refused" {
	box_ini $'[seccomp]\nwake = always\ndefault_profile = '"$box/default.json"
	run inside /bin/true
	equals "$status" 1
	contains "$output" "default_profile $box/default.json: No such file or directory"

	echo '{' >"$box/default.json"
	run inside /bin/true
	equals "$status" 1
	contains "$output" "$box/default.json:2: "

	echo '{"defaultAction": "SCMP_ACT_NO"}' >"$box/default.json"
	run inside /bin/true
	equals "$status" 1
	contains "$output" "$box/default.json.defaultAction: no such action"

	echo '{"defaultAction": "SCMP_ACT_ALLOW"}' >"$box/default.json"
	chmod 666 "$box/default.json"
	run inside /bin/true
	equals "$status" 1
	contains "$output" "default_profile $box/default.json: others may write it"

	chmod 644 "$box/default.json"
	mkdir -m 777 "$box/open"
	mv "$box/default.json" "$box/open"
	box_ini $'[seccomp]\nwake = always\ndefault_profile = '"$box/open/default.json"
	run inside /bin/true
	equals "$status" 1
	contains "$output" "default_profile $box/open/default.json: others may write to $box/open"
	chmod 1777 "$box/open" # sticky: root's files stay in their places
	run inside /probe seccomp
	equals "$output" "seccomp 2"

	ln -s open "$box/link"
	box_ini $'[seccomp]\nwake = always\ndefault_profile = '"$box/link/default.json"
	run inside /bin/true
	equals "$status" 1
	contains "$output" "default_profile $box/link/default.json: it is a symbolic link or behind one"

	mkfifo "$box/fifo"
	box_ini $'[seccomp]\nwake = always\ndefault_profile = '"$box/fifo"
	run inside /bin/true
	equals "$status" 1
	contains "$output" "default_profile $box/fifo: not a regular file"

	box_ini $'[seccomp]\nwake = always\ndefault_profile = default.json'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "default_profile default.json: not an absolute path"
}

@test "seccomp: a default profile in docker's own format is refused: its conditions would be lost" {
	box_ini $'[seccomp]\nwake = always\ndefault_profile = '"$box/default.json"
	jq -n '{defaultAction: "SCMP_ACT_ERRNO", archMap: [], syscalls: [
		{names: ["execve", "mount"], action: "SCMP_ACT_ALLOW", includes: {caps: ["CAP_SYS_ADMIN"]}}]}' \
		>"$box/default.json"
	run inside /bin/true
	equals "$status" 1
	contains "$output" "$box/default.json.syscalls[0].includes: docker's own format: expected an object such as linux.seccomp"
}

@test "seccomp: a profile that stops the runtime's own last steps is refused by the call's name" {
	denies setresuid ERRNO
	new_privileges yes
	run inside /bin/true
	equals "$status" 1
	contains "$output" "config.json: linux.seccomp: it stops setresuid, which the runtime still has to call"
	new_privileges no # loaded after it, so no harm
	run inside /probe seccomp
	equals "$output" "seccomp 2"
	denies execve KILL
	run inside /bin/true
	equals "$status" 1
	contains "$output" "config.json: linux.seccomp: it stops execve, which the runtime still has to call"
}

@test "seccomp: what the runtime has done before may be denied, also to an exec" {
	profile '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
		{"names": ["close_range", "setgroups"], "action": "SCMP_ACT_KILL_PROCESS"}]}'
	new_privileges yes
	box_start sleep 100
	run ironbox exec -g 7 "$id" /probe seccomp
	equals "$output" "seccomp 2"
	ironbox delete --force "$id"
}

@test "seccomp: the strictest profile there can be runs a program, loaded last" {
	profile '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["execve"],
		"action": "SCMP_ACT_ALLOW"}]}'
	run inside /probe seccomp
	[ "$status" -ne 1 ] # the program's own end: no output, no memory
	! contains "$output" "ironbox: " >/dev/null
}

# JSON | part of the error
bad_profiles=(
	'{} | '
	'{"defaultAction": "SCMP_ACT_NO"} | linux.seccomp.defaultAction: '
	'{"defaultAction": "SCMP_ACT_ALLOW", "defaultErrnoRet": 1} | linux.seccomp.defaultErrnoRet: '
	'{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 70000} | linux.seccomp.defaultErrnoRet: '
	'{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_VAX"]} | linux.seccomp.architectures[0]: '
	'{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_PPC64"]} | linux.seccomp.architectures[0]: '
	'{"defaultAction": "SCMP_ACT_ALLOW", "flags": ["SECCOMP_FILTER_FLAG_X"]} | linux.seccomp.flags[0]: '
	'{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": [], "action": "SCMP_ACT_LOG"}]} | linux.seccomp.syscalls[0].names: '
	'{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["no_such_call"], "action": "SCMP_ACT_KILL"}]} | linux.seccomp.syscalls[0].names: libseccomp does not know no_such_call'
	'{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["dup"], "action": "SCMP_ACT_LOG", "args": [{"index": 6, "value": 0, "op": "SCMP_CMP_EQ"}]}]} | linux.seccomp.syscalls[0].args[0].index: '
	'{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["dup"], "action": "SCMP_ACT_LOG", "args": [{"index": 0, "value": 0, "op": "SCMP_CMP_X"}]}]} | linux.seccomp.syscalls[0].args[0].op: '
	'{"defaultAction": "SCMP_ACT_NOTIFY"} | linux.seccomp: SCMP_ACT_NOTIFY asks for listenerPath'
	'{"defaultAction": "SCMP_ACT_ALLOW", "listenerMetadata": "x"} | linux.seccomp.listenerMetadata: '
)

@test "seccomp: bad profiles are refused by their path, and nothing is left" {
	for row in "${bad_profiles[@]:1}"; do
		profile "${row%% | *}"
		run inside /bin/true
		equals "$status" 1
		contains "$output" "config.json: ${row##* | }"
		[ ! -e "$state_root/$id" ]
	done
}

@test "seccomp: plugins tells of the stage" {
	run ironbox plugins
	equals "$status" 0
	contains "$output" seccomp
	! contains "$output" CONFIG_SECCOMP_FILTER >/dev/null
}
