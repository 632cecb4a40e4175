# cgroups.bats: TE1 where the controllers are on cgroup v1: what a container sees of cgroups when
# nobody may make it one.
load rootless

setup_file() {
	users_make
}

setup() {
	box_setup
	be alice
	[ -d /sys/fs/cgroup/pids ]
}

teardown() {
	rm -rf "$box/out"
	[ ! -d "/sys/fs/cgroup/pids/user-$id" ] || rmdir "/sys/fs/cgroup/pids/user-$id"
	rootless_teardown
}

@test "cgroups: TE1: the caller's cgroups are read-only inside, whatever is asked for" {
	before=$(grep cgroup /proc/self/mounts)
	mkdir "/sys/fs/cgroup/pids/user-$id"
	chown -R alice "/sys/fs/cgroup/pids/user-$id"
	as() {
		local name=$1
		shift
		(
			echo "$BASHPID" >"/sys/fs/cgroup/pids/user-$id/cgroup.procs"
			exec setpriv --reuid "$name" --regid "$name" --init-groups --inh-caps -all \
				env -i PATH=/usr/bin:/bin "XDG_RUNTIME_DIR=$runtime_dir" \
				ASAN_OPTIONS="${ASAN_OPTIONS:-}" "$@" 3>&-
		)
	}
	for namespace in hosts own; do
		[ $namespace = hosts ] || box_set '.linux.namespaces += [{type: "cgroup"}]'
		for words in '["ro"]' '["rw"]' '[]'; do
			box_set '(.mounts[] | select(.destination == "/sys/fs/cgroup") | .options) = $words' \
				--argjson words "$words"
			run inside /bin/sh -c 'cd /sys/fs/cgroup/pids && echo 1 >pids.max; mkdir new;
				echo $$ >cgroup.procs; ls -d user-*'
			echo "$namespace $words: $output"
			equals "$(grep -c 'Read-only file system' <<<"$output")" 3
			contains "$output" "No such file"
			equals "$(cat "/sys/fs/cgroup/pids/user-$id/pids.max")" max
		done
	done
	equals "$(grep cgroup /proc/self/mounts)" "$before"
}

@test "cgroups: no cgroup is made, and none is asked for by an empty object" {
	box_set '.linux.resources = {memory: {}, cpu: {shares: 0}, pids: {limit: 0},
		blockIO: {weight: 0}}'
	run inside /bin/cat /proc/self/cgroup
	equals "$status" 0
	equals "$output" "$(cat /proc/self/cgroup)"
}

@test "cgroups: --cgroup-manager disabled: none is made, also by root" {
	chown root "$box" "$box/alice" "$bundle"
	box_set 'del(.linux.uidMappings, .linux.gidMappings) |
		.linux.namespaces |= map(select(.type != "user"))'
	as_root() {
		"$BOX_SUITE/bin/ironbox" --root "$box/states" --config "$box/ironbox.ini" "$@" 3>&-
	}
	box_args /bin/sh -c 'cat /proc/self/cgroup; mkdir /sys/fs/cgroup/pids/new'
	run as_root --cgroup-manager disabled run --bundle "$bundle" "$id"
	contains "$output" "$(cat /proc/self/cgroup)"
	contains "$output" "Read-only file system"
	run as_root --cgroup-manager=cgroupfs run --bundle "$bundle" "$id"
	contains "$output" "/$id"
	box_set '.linux.resources = {pids: {limit: 5}}'
	run as_root --cgroup-manager disabled run --bundle "$bundle" "$id"
	equals "$status" 1
	contains "$output" "linux.resources: limits take a cgroup, and cgroups are disabled"
	box_set 'del(.linux.resources) | .linux.cgroupsPath = "/" + $id' --arg id "$id"
	run as_root --cgroup-manager disabled run --bundle "$bundle" "$id"
	contains "$output" "linux.cgroupsPath: cgroups are disabled"
}
