# What containerd, docker and podman send runs here, and shows inside what it asked for.
load ../support/box
load shapes

setup() {
	shapes_setup
}

teardown() {
	ironbox delete --force "$id"
	podman delete --force "$id"
	shapes_teardown
}

all_run() {
	local shape failed=0

	for shape; do
		shape_runs "$shape" || failed=1
	done
	return $failed
}

@test "shapes: ctr" {
	all_run ctr-run-plain ctr-run-cpus ctr-run-seccomp ctr-run-withns ctr-v2-run-memory
}

@test "shapes: CRI" {
	all_run cri-cni-sandbox cri-cni-app cri-device-app cri-hostnet-sandbox cri-privileged-app \
		cri-v2-cni-app
}

@test "shapes: docker" {
	all_run docker-run-plain docker-run-memory docker-run-tmpfs docker-run-user \
		docker-run-userns-remap docker-v2-run-plain docker-run-blkio docker-run-cpurt
}

@test "shapes: podman" {
	all_run podman-run-plain podman-run-personality podman-run-pidsunl podman-run-privileged \
		podman-run-rdtcpuset podman-run-uidmap podman-run-ulimit podman-run-volume \
		podman-run-devicebps podman-v2-run-memory podman-pod-app
}

@test "shapes: podman without root, without cgroups" {
	all_run podman-rootless-run-plain podman-rootless-run-keepid podman-crun-run-nocgroups
}

@test "shapes: hooks of docker's bridge and of podman, in their order" {
	shape_runs docker-run-bridge
	equals "$(cat "$box/hooks")" "prestart creating"
	shape_runs podman-run-hooks
	equals "$(cat "$box/hooks")" "prestart creating
createRuntime creating
createContainer creating
poststart running"
}

@test "shapes: what the host does not have to give is named, in one line" {
	shape_refused docker-run-privileged \
		"capabilities: process.capabilities: this host does not have CAP_SYS_RESOURCE to give"
	shape_refused podman-run-plain \
		"process.rlimits: set RLIMIT_NOFILE to soft 1048576, hard 1048576: Operation not permitted"
}

@test "shapes: no unified limits on cgroup v1" {
	background cri-cni-app
	run ironbox update --resources "$SHAPES/cri-update-unified.resources.json" "$id"
	equals "$status" 1
	equals "$output" \
		"ironbox: update $id: cgroup: cannot use unified on cgroup v1 (linux.resources.unified)"
}

@test "shapes: process files of exec" {
	background docker-run-plain
	exec_shape docker-exec-opts
	exec_shape ctr-exec
	exec_shape cri-execsync
	exec_shape podman-exec-opts
	exec_shape podman-rootless-exec-t
}

@test "shapes: updates, from stdin and from a file; a zero is no limit that was given" {
	background docker-run-memory
	local before
	before=$(limit_of memory/memory.limit_in_bytes)
	ironbox update --resources - "$id" <"$SHAPES/docker-update-restart.resources.json"
	equals "$(limit_of memory/memory.limit_in_bytes)" "$before"
	equals "$(limit_of cpu/cpu.shares)" 1024
	ironbox update --resources - "$id" <"$SHAPES/docker-update.resources.json"
	equals "$(limit_of memory/memory.limit_in_bytes) $(limit_of cpu/cpu.shares)" "67108864 256"
	equals "$(limit_of memory/memory.memsw.limit_in_bytes) $(limit_of pids/pids.max)" "134217728 77"
	ironbox update --resources=- "$id" <"$SHAPES/cri-update.resources.json"
	equals "$(limit_of memory/memory.limit_in_bytes) $(limit_of cpu/cpu.cfs_quota_us)" "134217728 60000"
	ironbox update --resources="$SHAPES/podman-update.resources.json" "$id"
	equals "$(limit_of memory/memory.limit_in_bytes) $(limit_of cpu/cpu.cfs_quota_us)" "67108864 60000"
	# the device rule in CRI's document is not meant: the container's own nodes still open
	run ironbox exec "$id" /probe open /dev/null rw open /dev/zero r
	equals "$output" $'open /dev/null: ok\nopen /dev/zero: ok'
}

# containerd's shim: its flags before the verb, its environment, its folder, JSON to the log.
shim() {
	env -C "$bundle" -i PATH=/opt/containerd/bin:/usr/bin:/bin HOME=/root \
		LD_LIBRARY_PATH=/opt/containerd/lib: GOMAXPROCS=2 \
		TTRPC_ADDRESS=/run/containerd/containerd.sock.ttrpc \
		"$IRONBOX" --config "$box/ironbox.ini" --root "$state_root" --log "$bundle/log.json" \
		--log-format json "$@" 3>&-
}

@test "shapes: containerd's calls for one container, to its end" {
	take_shape cri-cni-app
	box_args /bin/sh -c 'trap "" TERM; sleep 1000 & wait; wait'
	shim create --bundle "$bundle" --pid-file "$bundle/init.pid" "$id" >"$box/out" 2>&1 </dev/null
	equals "$(cat "$box/out")" ""
	shim start "$id"
	await 5 eval '[ "$(shim ps --format json "$id" | jq length)" = 2 ]'
	equals "$(shim ps --format json "$id" | jq '.[0]')" "$(cat "$bundle/init.pid")"
	shim pause "$id"
	shim resume "$id"
	shim kill "$id" 15
	equals "$(shim state "$id" | jq -r .status)" running
	shim kill "$id" 9
	await 5 eval '[ "$(shim state "$id" | jq -r .status)" = stopped ]'
	shim kill --all "$id" 9
	shim kill --all "$id" 9
	run shim kill "$id" 9
	equals "$status" 1
	contains "$output" "container not running"
	shim delete "$id"
	run shim delete --force "$id"
	equals "$status $output" "0 "
	run shim kill "$id" 9
	contains "$output" "does not exist"
}

@test "shapes: containerd reads the error of a create from the log's last line" {
	take_shape cri-cni-app
	box_args no-such-program
	run shim create --bundle "$bundle" --pid-file "$bundle/init.pid" "$id"
	equals "$status" 1
	equals "$(tail -1 "$bundle/log.json" | jq -r 'keys[]' | paste -sd' ')" "level msg time"
	equals "$(tail -1 "$bundle/log.json" | jq -r .level)" error
	contains "$(tail -1 "$bundle/log.json" | jq -r .msg)" 'executable file not found in $PATH'
	run shim delete --force "$id"
	equals "$status $output" "0 "
}

# conmon: "=" in one flag, none in the other, SIGPIPE ignored, no --root.
conmon() {
	trap '' PIPE
	env -C / -i XDG_RUNTIME_DIR= _OCI_SYNCPIPE=3 _OCI_STARTPIPE=4 "$IRONBOX" \
		--config "$box/ironbox.ini" --log-format=json --log "$box/oci-log" "$@" 3>&-
	trap - PIPE
}

# podman itself: neither PATH nor HOME.
podman() {
	env -C / -i XDG_RUNTIME_DIR= "$IRONBOX" --config "$box/ironbox.ini" "$@" 3>&-
}

@test "shapes: conmon's and podman's calls for one container, to its end" {
	take_shape podman-run-plain
	box_args /bin/sh -c '/probe signals fds env; exec sleep 1000'
	conmon create --bundle "$bundle" --pid-file "$box/pid" "$id" >"$box/out" 2>&1 </dev/null
	[ -d "/run/ironbox/$id" ]
	podman start "$id"
	await 5 grep -q container= "$box/out"
	contains "$(cat "$box/out")" $'blocked none\nignored none\n0 /dev/null\n1 '
	! grep -qE '^[3-9] |_OCI_' "$box/out"
	jq '.terminal = false | .rlimits = [] | .args = ["/probe", "signals"]' "$SHAPES/podman-exec-opts.process.json" \
		>"$box/process"
	conmon exec --pid-file "$box/exec.pid" --process "$box/process" --detach "$id" \
		>"$box/exec.out" 2>&1 </dev/null
	await 5 grep -q ignored "$box/exec.out"
	equals "$(cat "$box/exec.out")" $'blocked none\nignored none'
	podman pause "$id"
	podman resume "$id"
	podman update --resources="$SHAPES/podman-update.resources.json" "$id"
	podman kill "$id" 15
	podman kill "$id" 9
	podman delete --force "$id"
	run podman delete --force "$id"
	equals "$status $output" "0 "
	equals "$(ls /run/ironbox)" seccomp # the cache of compiled profiles
	podman --version | grep -q '^ironbox version '
}
