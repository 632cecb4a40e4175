# What core does for the process itself, seen from inside it.
load ../../support/box

setup() {
	box_setup
}

teardown() {
	box_teardown
}

@test "process: uid, gid and exactly the groups asked for" {
	box_set '.process.user = {uid: 1000, gid: 1001, additionalGids: [5, 7]}'
	run inside /bin/id
	equals "$output" "uid=1000(user) gid=1001 groups=5(tty),7"
}

@test "process: umask, and the one that callers expect when it is not said" {
	box_set '.process.user.umask = 63'
	run inside /bin/sh -c umask
	equals "$output" 0077
	box_set 'del(.process.user.umask)'
	run inside /bin/sh -c umask
	equals "$output" 0022
}

@test "process: the working directory, made if it is missing" {
	box_set '.process.cwd = "/not/there/yet" | .root.readonly = false'
	run inside /bin/pwd
	equals "$output" /not/there/yet
}

# A folder of the user's own, in a group that the user namespace does not map: its root may not enter.
@test "process: the working directory is entered by the user where root may not" {
	chmod 755 "$box" "$bundle"
	mkdir -m 700 "$bundle/rootfs/own"
	chown 101000:5 "$bundle/rootfs/own"
	box_set '.process.cwd = "/own" | .process.user = {uid: 1000, gid: 1000} |
		.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
		.linux.gidMappings = .linux.uidMappings'
	run inside /bin/pwd
	equals "$output" /own
	box_start /bin/sleep 1000
	run ironbox exec --user 1000:1000 --cwd /own "$id" /bin/pwd
	equals "$output" /own
	run ironbox exec --user 1001:1001 --cwd /own "$id" /bin/pwd
	equals "$status" 255
	contains "$output" "process.cwd: enter /own: Permission denied"
	ironbox delete --force "$id"
}

@test "process: the program is the first of PATH that its user may execute" {
	local folder
	for folder in roots anyones; do
		mkdir "$bundle/rootfs/$folder"
		printf '#!/bin/sh\necho %s\n' "$folder" >"$bundle/rootfs/$folder/tool"
	done
	chmod 700 "$bundle/rootfs/roots/tool"
	chmod 755 "$bundle/rootfs/anyones/tool"
	box_set '.process.env = ["PATH=/roots:/anyones:/bin"]'
	run inside tool
	equals "$output" roots
	box_set '.process.user = {uid: 1000, gid: 1000}'
	run inside tool
	equals "$output" anyones
	rm "$bundle/rootfs/anyones/tool"
	run inside tool
	equals "$status" 1
	contains "$output" "permission denied"
}

@test "process: a program that is its group's alone" {
	printf '#!/bin/sh\necho ran\n' >"$bundle/rootfs/bin/tool"
	chown 0:7 "$bundle/rootfs/bin/tool"
	chmod 750 "$bundle/rootfs/bin/tool"
	box_set '.process.user = {uid: 1000, gid: 1000, additionalGids: [7]}'
	run inside tool
	equals "$output" ran
	box_set '.process.user = {uid: 1000, gid: 1000}'
	run inside tool
	contains "$output" "permission denied"
}

@test "process: with --no-new-keyring exec stays in its caller's session keyring, too" {
	box_args /bin/sh -c '/probe keyring; exec sleep 1000'
	ironbox create --no-new-keyring --bundle "$bundle" "$id" >"$box/out" 2>&1 </dev/null
	ironbox start "$id"
	await 5 grep -q keyring "$box/out"
	run ironbox exec "$id" /probe keyring
	equals "$output" "$(cat "$box/out")"
	[[ $output != *"_ses.$id"* ]]
	ironbox delete --force "$id"
	run inside /probe keyring
	contains "$output" "_ses.$id"
}

@test "process: environment is what is asked for, and HOME by the container's passwd" {
	box_set '.process.env = ["PATH=/bin", "A=b=c"]'
	SECRET=1 run inside /bin/env
	equals "$(sort <<<"$output")" $'A=b=c\nHOME=/root\nPATH=/bin'
	box_set '.process.user = {uid: 1000, gid: 1000}'
	run inside /bin/sh -c 'echo $HOME'
	equals "$output" /tmp
	box_set '.process.env += ["HOME=/mine"]'
	run inside /bin/sh -c 'echo $HOME'
	equals "$output" /mine
}

@test "process: rlimits" {
	box_set '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 99, hard: 101},
		{type: "RLIMIT_CORE", soft: 0, hard: 0}]'
	run inside /bin/sh -c 'ulimit -Sn; ulimit -Hn; ulimit -c'
	equals "$output" $'99\n101\n0'
}

@test "process: a limit that may not be raised is refused by name" {
	box_set '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 1, hard: 1073741816}]'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "process.rlimits: set RLIMIT_NOFILE to soft 1, hard 1073741816: Operation not permitted"
}

@test "process: oomScoreAdj" {
	box_set '.process.oomScoreAdj = 321'
	run inside /bin/cat /proc/self/oom_score_adj
	equals "$output" 321
}

@test "process: noNewPrivileges, on and off" {
	box_set '.process.noNewPrivileges = true'
	run inside /bin/grep NoNewPrivs /proc/self/status
	equals "$output" $'NoNewPrivs:\t1'
	box_set '.process.noNewPrivileges = false'
	run inside /bin/grep NoNewPrivs /proc/self/status
	equals "$output" $'NoNewPrivs:\t0'
}

@test "process: scheduler" {
	box_set '.process.scheduler = {policy: "SCHED_BATCH", nice: 7}'
	run inside /probe scheduler
	contains "$output" BATCH
	contains "$output" 7
	box_set '.process.scheduler = {policy: "SCHED_IDLE"}'
	run inside /probe scheduler
	contains "$output" IDLE
}

@test "process: ioPriority" {
	box_set '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}'
	run inside /probe ioprio
	contains "$output" "6"
	box_set '.process.ioPriority = {class: "IOPRIO_CLASS_IDLE"}'
	run inside /probe ioprio
	contains "$(tr a-z A-Z <<<"$output")" "IDLE"
}

@test "process: personality" {
	box_set '.linux.personality = {domain: "LINUX32"}'
	run inside /bin/uname -m
	equals "$output" i686
}

@test "process: memoryPolicy" {
	box_set '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0"}'
	run inside /bin/grep -m1 -o 'bind:0' /proc/self/numa_maps
	equals "$output" bind:0
	box_set '.linux.memoryPolicy = {mode: "MPOL_NONE"}'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "linux.memoryPolicy.mode"
}

@test "process: execCPUAffinity is the exec's" {
	box_start /bin/sleep 100
	printf '{"cwd": "/", "args": ["/bin/grep", "Cpus_allowed_list", "/proc/self/status"],
		"execCPUAffinity": {"initial": "0-1", "final": "1"}}' >"$box/process.json"
	run ironbox exec --process "$box/process.json" "$id"
	equals "$output" $'Cpus_allowed_list:\t1'
	ironbox delete --force "$id"
}

@test "process: signals are as at birth, though the caller ignores SIGPIPE" {
	box_args /bin/grep -E 'Sig(Blk|Ign)' /proc/self/status
	run bash -c "trap '' PIPE USR1; exec '$IRONBOX' --root '$state_root' \
		--config '$box/ironbox.ini' run --bundle '$bundle' '$id'"
	equals "$(tr -d '\t' <<<"$output")" $'SigBlk:0000000000000000\nSigIgn:0000000000000000'
}

@test "process: a session of its own" {
	run inside /bin/sh -c 'cut -d" " -f6 /proc/1/stat'
	equals "$output" 1
}

# The mounts that hold stdin, stdout, stderr and the container's own /dev/null.
mounts_of_stdio='exec 9</dev/null; cd /proc/$$/fdinfo
	mounts=$(awk "/mnt_id/ { print \$2 }" 0 1 2 9); flags=$(awk "/flags/ { print \$2 }" 0)
	echo "$mounts" >/tmp/mounts; echo "$flags" >/tmp/flags'

@test "process: the caller's /dev/null is the container's own; what is no null device is the caller's" {
	box_set ".root.readonly = false"
	box_args /bin/sh -c "$mounts_of_stdio; sleep 1000"
	ironbox run -d --bundle "$bundle" "$id" </dev/null >/dev/null 2>"$box/err"
	await 5 eval '[ "$(wc -l <"$bundle/rootfs/tmp/mounts")" = 4 ]'
	mapfile -t mounts <"$bundle/rootfs/tmp/mounts"
	equals "${mounts[0]} ${mounts[1]}" "${mounts[3]} ${mounts[3]}"
	[ "${mounts[2]}" != "${mounts[3]}" ]
	await 5 test -s "$bundle/rootfs/tmp/flags"
	equals "$(cat "$bundle/rootfs/tmp/flags")" 0100002 # O_RDWR, and not O_NONBLOCK
	rm "$bundle/rootfs/tmp/mounts"
	ironbox exec "$id" sh -c "$mounts_of_stdio" </dev/null >/dev/null 2>&1
	equals "$(uniq -c "$bundle/rootfs/tmp/mounts" | awk '{ print $1 }')" 4
	ironbox kill "$id" KILL
	await 5 eval '[ "$(state_of)" = stopped ]'
	ironbox delete "$id"
}

@test "process: where the container has no null device any more, an exec has the caller's" {
	box_set ".root.readonly = false"
	box_start /bin/sh -c 'rm /dev/null; mkfifo /dev/null; touch /tmp/ready; sleep 1000'
	await 5 test -e "$bundle/rootfs/tmp/ready"
	ironbox exec "$id" sh -c '[ -c /proc/self/fd/0 ] && [ -c /proc/self/fd/1 ] && cat' </dev/null >/dev/null
	ironbox exec "$id" sh -c 'rm /dev/null; ln -s zero /dev/null'
	ironbox exec "$id" cat </dev/null >/dev/null
	ironbox exec "$id" rm /dev/null
	ironbox exec "$id" cat </dev/null >/dev/null
	ironbox delete --force "$id"
}

@test "process: a descriptor that the caller leaks does not get in; a preserved one does" {
	box_args /probe fds
	exec 7</etc/passwd
	run ironbox run --bundle "$bundle" "$id"
	equals "$(grep -v '^[012] ' <<<"$output")" ""
	exec 7<&-
	run bash -c "exec 3<$box/ironbox.ini 4</etc/passwd; exec '$IRONBOX' --root '$state_root' \
		--config '$box/ironbox.ini' run --preserve-fds 1 --bundle '$bundle' '$id'"
	equals "$(grep -v '^[012] ' <<<"$output" | cut -d' ' -f1)" 3
}

@test "process: socket activation is handed on" {
	box_args /bin/env
	run bash -c "exec 3<$box/ironbox.ini; export LISTEN_FDS=1 LISTEN_PID=\$\$ LISTEN_FDNAMES=web
		exec '$IRONBOX' --root '$state_root' --config '$box/ironbox.ini' \
			run --bundle '$bundle' '$id'"
	equals "$(grep LISTEN <<<"$output" | sort)" \
		$'LISTEN_FDNAMES=web\nLISTEN_FDS=1\nLISTEN_PID=1'
	run bash -c "export LISTEN_FDS=1 LISTEN_PID=1
		exec '$IRONBOX' --root '$state_root' --config '$box/ironbox.ini' \
			run --bundle '$bundle' '$id'"
	equals "$(grep LISTEN <<<"$output")" ""
}

@test "process: a session keyring of its own, or the caller's" {
	box_set 'del(.linux.maskedPaths[] | select(. == "/proc/keys"))'
	run inside /bin/grep -o "_ses.$id" /proc/keys
	equals "$output" "_ses.$id"
	# another id: the kernel clears up the first one's in its own time
	box_args /bin/grep -o "_ses.$id-2" /proc/keys
	run ironbox run --no-new-keyring --bundle "$bundle" "$id-2"
	equals "$output" ""
}

@test "process: the words for a program that can't be run are those that callers match" {
	run inside nothere
	equals "$output" "ironbox: run $id: exec: \"nothere\": not in /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin: executable file not found in \$PATH"
	run inside /nothere
	equals "$output" "ironbox: run $id: exec: \"/nothere\": /nothere is not in the image: no such file or directory"
	run inside /etc/passwd
	equals "$output" "ironbox: run $id: exec: \"/etc/passwd\": /etc/passwd has no x bit (mode 0644, owner 0:0): permission denied"
	run inside /bin
	equals "$output" "ironbox: run $id: exec: \"/bin\": /bin is a directory: permission denied"
	printf '#!/no/such/interpreter\n' >"$bundle/rootfs/script"
	chmod 755 "$bundle/rootfs/script"
	run inside /script
	equals "$output" "ironbox: run $id: exec: \"/script\": /script needs the interpreter /no/such/interpreter, which is not in the image, nor is /no: no such file or directory"
}

@test "process: the exit code, and 128 + n for a signal" {
	run inside /bin/sh -c 'exit 42'
	equals "$status" 42
	box_start /bin/sleep 100
	ironbox delete --force "$id"
	rm "$box/pid"
	box_args /bin/sleep 100
	ironbox run --bundle "$bundle" --pid-file "$box/pid" "$id" &
	await 5 test -s "$box/pid"
	await 5 grep -q sleep "/proc/$(box_pid)/cmdline"
	kill -KILL "$(box_pid)"
	status=0
	wait $! || status=$?
	equals "$status" 137
}
