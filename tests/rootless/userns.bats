# userns.bats: root of a user namespace that is not the host's, as podman runs its runtime for an
# ordinary user: uid 0 with all capabilities, and no right over anything of the host's.
load rootless

SHAPES=$BATS_TEST_DIRNAME/../core/oci/shapes

setup_file() {
	users_make
}

setup() {
	box_setup
	be bob
	# podman's own namespaces, which its pause process holds
	as bob unshare --user --map-root-user --map-auto --mount sleep 999 >/dev/null 2>&1 &
	job=$!
	await 5 eval 'holder=$(pgrep -U bob -f "^sleep 999")'
	box_note
}

teardown() {
	kill -KILL "$holder"
	wait "$job" 2>/dev/null || true
	rootless_teardown
}

# within COMMAND...: in there.
within() {
	nsenter --target "$holder" --user --mount --setuid 0 --setgid 0 \
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "XDG_RUNTIME_DIR=$runtime_dir" \
		ASAN_OPTIONS="${ASAN_OPTIONS:-}" "$@" 3>&-
}

ironbox() {
	if [ -z "${holder:-}" ]; then
		as "$user" "$BOX_SUITE/bin/ironbox" --config "$box/ironbox.ini" "$@"
	else
		within "$BOX_SUITE/bin/ironbox" --config "$box/ironbox.ini" "$@"
	fi
}

# take_shape NAME: podman's config.json, with what it names on its host in folders of bob's alone.
take_shape() {
	local sources=$box/bob/private

	install -d -m 700 -o bob -g bob "$sources"
	jq --arg rootfs "$bundle/rootfs" --arg sources "$sources" \
		--argjson calls "$(jq .linux.seccomp.syscalls "$SHAPES/docker-run-plain.json")" '
		.root.path = $rootfs | .process.terminal = false | .process.rlimits = []
		| (.mounts[] | select(.type == "bind") | .source) |= $sources + "/" + gsub("/"; "_")
		| if .linux.seccomp and all(.linux.seccomp.syscalls[].names[]; . != "execve")
		  then .linux.seccomp.syscalls += $calls else . end' \
		"$SHAPES/$1.json" >"$bundle/config.json"
	jq -r '.mounts[] | select(.type == "bind") | "\(.source) \(.destination)"' "$bundle/config.json" |
		while read -r source destination; do
			case $destination in
			/dev/shm) mkdir -p "$source" ;;
			*) echo of-podman >"$source" ;;
			esac
			chown bob:bob "$source"
		done
}

@test "userns: podman's config.json: no cgroup, and the runtime is happy" {
	take_shape podman-rootless-run-plain
	run inside /probe ids namespaces read /proc/self/uid_map read /run/.containerenv mount /dev/pts
	echo "$output"
	equals "$status" 0
	contains "$output" "uid 0 0 0 0"
	contains "$output" of-podman
	contains "$output" "gid=400004"
	equals "$(line user)" "$(readlink "/proc/$holder/ns/user")"
	[ "$(line pid)" != "$(readlink /proc/self/ns/pid)" ]
	# devices are the host's nodes, for nobody may make any here
	run inside /bin/sh -c 'stat -c "%u %t:%T" /dev/null; mknod /dev/x c 1 3 || echo no'
	contains "$output" "65534 1:3"
	contains "$output" no
}

@test "userns: the life of podman's container" {
	take_shape podman-rootless-run-plain
	box_start /bin/sleep 1000
	equals "$(stat -c %u "/proc/$(box_pid)")" 20002
	[ -d "$state_root/$id" ]
	equals "$(stat -c '%U %a' "$state_root/$id")" "bob 700"
	jq '.terminal = false | .rlimits = [] | .args = ["/probe", "ids", "cwd"]' \
		"$SHAPES/podman-rootless-exec-t.process.json" >"$box/process.json"
	run ironbox exec --process "$box/process.json" "$id"
	echo "$output"
	equals "$status" 0
	contains "$output" "uid "
	equals "$(ironbox ps --format json "$id")" "[$(box_pid)]"
	run ironbox pause "$id"
	contains "$output" "the container has no cgroup"
	ironbox kill "$id" 15
	ironbox kill "$id" 9
	await 5 eval '[ "$(state_of)" = stopped ]'
	ironbox delete --force "$id"
	ironbox delete --force "$id"
}

@test "userns: nomap, over folders of a user who is nobody inside" {
	take_shape podman-rootless-run-keepid
	box_set '.process.user = {uid: 0, gid: 0} |
		.linux.uidMappings = [{containerID: 0, hostID: 1, size: 65536}] |
		.linux.gidMappings = .linux.uidMappings'
	within chown -Rh 1:1 "$bundle/rootfs"
	chmod 700 "$box/bob"
	run inside /probe ids read /run/.containerenv
	chmod 755 "$box/bob"
	echo "$output"
	equals "$status" 0
	contains "$output" "uid 0 0 0 0"
	contains "$output" of-podman
}

@test "userns: keep-id: the user is himself inside" {
	take_shape podman-rootless-run-keepid
	box_set '.process.user.uid = 1001'
	within chown -Rh 1:1 "$bundle/rootfs"
	run inside /probe ids read /proc/self/uid_map read /run/.containerenv
	echo "$output"
	equals "$status" 0
	contains "$output" "uid 1001 1001 1001 1001"
	contains "$output" "groups 1001"
	contains "$(tr -s ' ' <<<"$output")" " 1001 0 1"
	contains "$output" of-podman
}

@test "userns: a pod: namespaces that the runtime can't come back from" {
	take_shape podman-rootless-run-plain
	box_start /bin/sleep 1000
	pause=$(box_pid)
	take_shape podman-rootless-run-plain
	box_set '.linux.namespaces |= map(if .type | IN("pid", "network", "ipc", "uts")
			then .path = "/proc/" + $pause + "/ns/" + (if .type == "network" then "net" else .type end)
			else . end) | del(.hostname)' --arg pause "$pause"
	# a hook is the runtime's, in the runtime's namespaces
	box_set '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", $line]}]' \
		--arg line "readlink /proc/self/ns/pid /proc/self/ns/net >$box/hook"
	box_args /probe namespaces
	run ironbox run --bundle "$bundle" "$id-app"
	echo "$output"
	equals "$status" 0
	for type in pid net ipc uts; do
		equals "$(line $type)" "$(readlink "/proc/$pause/ns/$type")"
	done
	equals "$(cat "$box/hook")" "$(readlink /proc/self/ns/pid /proc/self/ns/net)"
	# the pid that is told is the host's
	box_args /bin/sleep 1003
	ironbox run --detach --pid-file "$box/app" --bundle "$bundle" "$id-app" >"$box/out" 2>&1 </dev/null
	equals "$(tr '\0' ' ' <"/proc/$(cat "$box/app")/cmdline")" "/bin/sleep 1003 "
	run ironbox exec "$id-app" /bin/ps
	contains "$output" "/bin/sleep 1000"
	ironbox delete --force "$id-app"
	ironbox delete --force "$id"
}

@test "userns: exec in a container that has joined the host's own network by its path" {
	take_shape podman-rootless-run-plain
	box_set '.mounts |= map(select(.type != "sysfs")) |
		.linux.namespaces |= map(select(.type != "network")) + [{type: "network", path: "/proc/self/ns/net"}]'
	box_start /bin/sleep 1000
	run ironbox exec "$id" /probe namespaces
	echo "$output"
	equals "$status" 0
	equals "$(line net)" "$(readlink /proc/self/ns/net)"
	equals "$(line pid)" "$(readlink "/proc/$(box_pid)/ns/pid")"
	ironbox delete --force "$id"
}

@test "userns: keep-id in a network, ipc and uts namespace of podman's: sysctls and names are set" {
	within unshare --net --ipc --uts --fork --kill-child sleep 1001 >/dev/null 2>&1 &
	spaces=$!
	await 5 eval 'inner=$(pgrep -f "^sleep 1001")'
	take_shape podman-rootless-run-keepid
	box_set '.linux.namespaces |= map(if .type | IN("network", "ipc", "uts")
			then .path = "/proc/" + $pid + "/ns/" + (if .type == "network" then "net" else .type end)
			else . end) | .hostname = "there" |
		.linux.sysctl = {"net.ipv4.ip_unprivileged_port_start": "66"} |
		.mounts |= map(select(.type | IN("sysfs", "mqueue", "cgroup") | not))' --arg pid "$inner"
	within chown -Rh 1:1 "$bundle/rootfs"
	run inside /probe namespaces hostname sysctl net.ipv4.ip_unprivileged_port_start
	echo "$output"
	equals "$status" 0
	equals "$(line net)" "$(readlink "/proc/$inner/ns/net")"
	equals "$(line hostname)" there
	contains "$output" "net.ipv4.ip_unprivileged_port_start 66"
	# an error of there is told here
	box_set '.linux.sysctl = {"net.ipv4.ip_unprivileged_port_start": "no number"}'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "set the sysctl net.ipv4.ip_unprivileged_port_start"
	kill -KILL "$inner"
	wait "$spaces" || true
}

@test "userns: the host's root is nobody there, and its ini is believed" {
	equals "$(within stat -c %u "$BOX_SUITE/plugins/rootfs.so")" 65534
	take_shape podman-rootless-run-plain
	chown root "$box" "$box/ironbox.ini"
	chmod 755 "$box"
	box_args /bin/true
	run ironbox run --bundle "$bundle" "$id"
	equals "$output" ""
	equals "$status" 0
	# but not what its root could write
	chmod 666 "$box/ironbox.ini"
	run ironbox run --bundle "$bundle" "$id"
	equals "$status" 1
	contains "$output" "not root's, as we may write to it"
}
