# Which stages a container goes through: an edit of ironbox.ini holds for the next one, and what is
# different is seen from inside.

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

# run_image [OPTION...] -- ARG...: a container in the foreground, which asks for all stages.
run_image() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	ctr run --rm --seccomp --runtime "$runtime" "${options[@]}" "$image" "$id" "${@:2}"
}

# refused STAGE FIELD: the stage is off, and the line that says so is told.
refused() {
	containerd_ini "[$1]"$'\nenabled = no'
	run run_image -- true
	equals "$output" "ctr: failed to create shim task: ironbox: create $id: $1: off in /etc/ironbox/ironbox.ini:4, but $2 asks for it: unknown"
	equals "$status" 1
}

# without STAGE: the next containers do without it, with a warning.
without() {
	containerd_ini "on_disabled = warn"$'\n'"[$1]"$'\nenabled = no'
}

warned() { # STAGE FIELD
	grep -q "level=warning msg=\"$1: off in /etc/ironbox/ironbox.ini:5, so $2 is not carried out\"" \
		"$BOX_SUITE/containerd.log"
}

facts() {
	run_image -- /probe seccomp capabilities interfaces
}

# ---- each stage, off ----

@test "seccomp: off" {
	refused seccomp linux.seccomp
	without seccomp
	run run_image -- sh -c '/probe seccomp; unshare -U echo unshared'
	equals "$output" $'seccomp 0\nunshared'
	warned seccomp linux.seccomp
	containerd_ini ''
	run run_image -- /probe seccomp
	equals "$output" "seccomp 2"
}

@test "capabilities: off, and it has those of the runtime" {
	refused capabilities process.capabilities
	without capabilities
	run run_image --cap-drop CAP_CHOWN -- /probe capabilities
	equals "$(grep ^effective <<<"$output")" "$("$PROBE" capabilities | grep ^effective)"
	warned capabilities process.capabilities
}

@test "network: off, and loopback is down" {
	containerd_ini $'[network]\nenabled = no' # no field of config.json asks for it
	run run_image -- /probe interfaces
	equals "$output" "lo DOWN"
	containerd_ini ''
	run run_image -- /probe interfaces
	equals "$output" "lo UP 127.0.0.1/8"
}

@test "cgroup: off, and it is in the shim's" {
	refused cgroup linux.resources
	without cgroup
	run run_image --memory-limit 16777216 -- cat /proc/self/cgroup
	equals "$output" "$(cat /proc/self/cgroup)"
	warned cgroup linux.resources
	warned cgroup linux.cgroupsPath
}

@test "cgroup: off, and what needs one says so" {
	without cgroup
	ctr run --detach --runtime "$runtime" "$image" "$id" sleep 1000
	run ctr task pause "$id"
	contains "$output" "no stage of it can pause"
	equals "$status" 1
	ctr task exec --exec-id e "$id" true
	run ctr task delete --force "$id"
	equals "$status" 0
}

@test "rootfs: off, and there is nothing to run" {
	refused rootfs root.path
	without rootfs
	run run_image -- true
	contains "$output" "its root is to be made of 1 mounts, and no stage of ironbox.ini makes them"
	equals "$status" 1
}

@test "namespace: off, and the host's mounts are left alone" {
	refused namespace linux.namespaces
	without namespace
	run run_image -- true
	contains "$output" "rootfs: mounts: there is no mount namespace of the container's own"
	equals "$status" 1
	equals "$(box_new_mounts)" ""
	warned namespace linux.namespaces
}

# ---- settings of stages ----

@test "capabilities: those that the node denies" {
	containerd_ini $'[capabilities]\ndeny = CAP_CHOWN CAP_MKNOD'
	run run_image -- sh -c 'exec 2>&1; /probe capabilities; chown 1000 /tmp; mknod /tmp/null c 1 3'
	[[ "$(grep ^bounding <<<"$output")" != *CAP_CHOWN* ]]
	[[ "$(grep ^bounding <<<"$output")" != *CAP_MKNOD* ]]
	contains "$output" "chown: /tmp: Operation not permitted"
	contains "$output" "mknod: /tmp/null: Operation not permitted"
}

@test "seccomp: a profile of the node's for containers that bring none" {
	echo '{"defaultAction": "SCMP_ACT_ALLOW",
		"syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}' \
		>/etc/ironbox/profile.json
	containerd_ini $'[seccomp]\nwake = always\ndefault_profile = /etc/ironbox/profile.json'
	run ctr run --rm --runtime "$runtime" "$image" "$id" mkdir /tmp/new
	equals "$output" "mkdir: can't create directory '/tmp/new': No space left on device"
}

@test "pipeline: a stage that does not stand in it is refused by what asks for it" {
	containerd_ini $'[pipeline]\nstages = namespace cgroup rootfs network capabilities'
	run run_image -- true
	contains "$output" "config.json: linux.seccomp: no stage of the pipeline does it (seccomp)"
	run ctr run --rm --runtime "$runtime" "$image" "$id" echo hello
	equals "$output" hello
}

@test "rootfs: host_visible, for agents that look into the bundle" {
	containerd_ini $'[rootfs]\nhost_visible = yes'
	ctr run --detach --runtime "$runtime" "$image" "$id" sleep 1000
	[ -x "$tasks/$id/rootfs/bin/busybox" ]
	containerd_remove
	containerd_ini ''
	ctr run --detach --runtime "$runtime" "$image" "$id" sleep 1000
	[ ! -e "$tasks/$id/rootfs/bin/busybox" ]
}

# ---- for whom ----

@test "an edit holds for the next container, and for none that runs" {
	ctr run --detach --seccomp --runtime "$runtime" "$image" "$id-first" sleep 1000
	without seccomp
	run facts
	contains "$output" "seccomp 0"
	run ctr task exec --exec-id e "$id-first" /probe seccomp interfaces
	equals "$output" $'seccomp 2\nlo UP 127.0.0.1/8'
	containerd_ini $'[seccomp]\nenabled = no' # refused by now, but it was made before
	run ctr task exec --exec-id e "$id-first" /probe seccomp
	equals "$output" "seccomp 2"
}

@test "an ini of its own for one container: the node's is not read" {
	printf '[ironbox]\nplugin_path = %s/plugins\non_disabled = warn\n[seccomp]\nenabled = no\n' \
		"$BOX_SUITE" >/etc/ironbox/open.ini
	containerd_ini $'[network]\nenabled = no'
	run run_image --runtime-config-path /etc/ironbox/open.ini -- /probe seccomp interfaces
	equals "$output" $'seccomp 0\nlo UP 127.0.0.1/8'
	run run_image -- /probe seccomp interfaces
	equals "$output" $'seccomp 2\nlo DOWN'
}

@test "an ini of its own: refused if it is not there, or not root's alone" {
	run run_image --runtime-config-path /etc/ironbox/none.ini -- true
	contains "$output" "create $id: open /etc/ironbox/none.ini: No such file or directory"
	cp /etc/ironbox/ironbox.ini /etc/ironbox/open.ini
	chmod 666 /etc/ironbox/open.ini
	run run_image --runtime-config-path /etc/ironbox/open.ini -- true
	contains "$output" "create $id: /etc/ironbox/open.ini: others than root may write to it (mode 0666)"
}

@test "an ini with a mistake: no container, and the line is told" {
	containerd_ini $'[seccomp]\nenabeld = no'
	run run_image -- true
	equals "$output" "ctr: failed to create shim task: ironbox: create $id: seccomp: /etc/ironbox/ironbox.ini:4: [seccomp] enabeld: no such key: unknown"
	equals "$status" 1
}
