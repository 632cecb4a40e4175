# What podman and containerd make of the sentence: it is shown, and the exit status is that which runc
# brings about.
load ../../support/box
load tell

setup() {
	box_setup
	tell_setup
	# a file of its own: the clean-up that conmon calls is not told --runtime-flag
	printf '#!/bin/sh\nexec %s --root %s --config %s "$@"\n' "$IRONBOX" "$state_root" \
		"$box/ironbox.ini" >"$box/ironbox"
	chmod 755 "$box/ironbox"
}

teardown() {
	[ -z "${containerd_pid-}" ] || { kill "$containerd_pid"; wait; }
	await 20 podman_is_done
	box_teardown
}

podman_here() {
	podman --root "$box/podman" --runroot "$box/podman-run" --tmpdir "$box/podman-tmp" \
		--storage-driver vfs --cgroup-manager cgroupfs --events-backend none \
		--log-level error "$@" 3>&-
}

# Of what fails in start the clean-up comes behind, from conmon.
podman_is_done() {
	[ -z "$(podman_here ps --all --quiet)" ] && [ -z "$(box_new_processes)" ] &&
		rmdir_cgroups
}

# podman leaves its cgroup's parent
rmdir_cgroups() {
	box_cgroups | while read -r cgroup; do rmdir "$cgroup" || return 1; done
}

# run_by RUNTIME PROGRAM: into $output and $status
run_by() {
	status=0
	output=$(podman_here --runtime "$1" run --rm --net none --cgroup-parent "/$id" \
		--rootfs "$root" "$2" 2>&1 </dev/null) || status=$?
}

# shows STATUS SENTENCE PROGRAM: the same status as with runc
shows() {
	run_by runc "$3"
	equals "$status" "$1"
	run_by "$box/ironbox" "$3"
	contains "$output" "$2"
	equals "$status" "$1"
}

missing='no such file or directory'
denied='permission denied'

@test "explain: podman exits with 127 for what is not there" {
	ln -s /opt/web "$root/link"
	shows 0 '' /bin/true
	shows 127 "exec: \"/nothere\": /nothere is not in the image: $missing" /nothere
	shows 127 "/link is a symlink to /opt/web, which is not in the image, nor is /opt: $missing" /link
	shows 127 '/sbin:/bin: executable file not found in $PATH' nothere
}

@test "explain: podman exits with 126 for what may not be executed" {
	shows 126 "exec: \"/etc/passwd\": /etc/passwd has no x bit (mode 0644, owner 0:0): $denied" \
		/etc/passwd
	shows 126 "exec: \"/bin\": /bin is a directory: $denied" /bin
}

@test "explain: podman shows the sentence of start, which runc leaves to the container's stderr" {
	script /web '#!/nowhere/sh\n'
	run_by "$box/ironbox" /web
	contains "$output" "/web needs the interpreter /nowhere/sh, which is not in the image, nor is /nowhere: $missing"
	equals "$status" 126
	run_by runc /web
	contains "$output" "exec /web: $missing"
	equals "$status" 1
}

start_containerd() {
	printf 'version = 2\nroot = "%s"\nstate = "%s"\n[grpc]\naddress = "%s"\n' \
		"$box/containerd" "$box/containerd-state" "$box/containerd.sock" >"$box/containerd.toml"
	echo 'disabled_plugins = ["io.containerd.grpc.v1.cri"]' | cat - "$box/containerd.toml" \
		>"$box/containerd.new"
	mv "$box/containerd.new" "$box/containerd.toml"
	containerd --config "$box/containerd.toml" >"$box/containerd.log" 2>&1 3>&- &
	containerd_pid=$!
	await 30 ctr --address "$box/containerd.sock" version
}

@test "explain: ctr shows the sentence, of create and of start" {
	script /web '#!/nowhere/sh\n'
	start_containerd
	ctr_runs() {
		run ctr --address "$box/containerd.sock" run --rm --runc-binary "$box/ironbox" \
			--cgroup "/$id" --rootfs "$root" "$id" "$1" 3>&-
	}
	ctr_runs /bin/true
	equals "$status" 0
	ctr_runs /nothere
	contains "$output" "create $id: exec: \"/nothere\": /nothere is not in the image: $missing"
	equals "$status" 1
	ctr_runs /web
	contains "$output" "start $id: exec: \"/web\": /web needs the interpreter /nowhere/sh, which is not in the image, nor is /nowhere: $missing"
	equals "$status" 1
}
