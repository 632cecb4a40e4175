# delegated.bats: on cgroup v2 alone: a cgroup that root has given to an ordinary user, and TE1: what
# a container may do to its caller's.
load rootless

setup_file() {
	users_make
}

setup() {
	box_setup
	be alice
	# $id in its name, so that box_teardown looks after it
	given=/sys/fs/cgroup/user-$id
	mkdir "$given" "$given/callers"
	chown -R alice "$given"
}

teardown() {
	await 2 rmdir "$given/callers" 2>/dev/null
	await 2 rmdir "$given" 2>/dev/null
	rootless_teardown
}

# What alice does she does in her own cgroup, as systemd's user sessions have it.
as() {
	local name=$1
	shift
	(
		echo "$BASHPID" >"$given/callers/cgroup.procs"
		exec setpriv --reuid "$name" --regid "$name" --init-groups --inh-caps -all \
			env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "XDG_RUNTIME_DIR=$runtime_dir" \
			ASAN_OPTIONS="${ASAN_OPTIONS:-}" "$@" 3>&-
	)
}

ironbox() {
	[ -n "${given:-}" ] || {
		setpriv --reuid alice --regid alice --clear-groups "$BOX_SUITE/bin/ironbox" "$@"
		return
	}
	as "$user" "$BOX_SUITE/bin/ironbox" --config "$box/ironbox.ini" "$@"
}

in_a_cgroup() {
	box_set '.linux.cgroupsPath = $path' --arg path "/user-$id/container"
}

without_cgroup_namespace() {
	box_set '.linux.namespaces |= map(select(.type != "cgroup"))'
}

cgroup_mount() {
	box_set '(.mounts[] | select(.destination == "/sys/fs/cgroup") | .options) = $words' \
		--argjson words "$1"
}

@test "delegated: a container has a cgroup where its user may make one, and it goes with it" {
	in_a_cgroup
	box_start /bin/sleep 1000
	equals "$(cat "$given/container/cgroup.procs")" "$(box_pid)"
	equals "$(stat -c %U "$given/container")" alice
	ironbox exec --detach "$id" /bin/sleep 1001 </dev/null >/dev/null 2>&1
	equals "$(ironbox ps --format json "$id" | jq length)" 2
	ironbox pause "$id"
	equals "$(state_of)" paused
	equals "$(cat "$given/container/cgroup.freeze")" 1
	ironbox resume "$id"
	equals "$(state_of)" running
	ironbox kill --all "$id" KILL
	await 5 eval '[ "$(state_of)" = stopped ]'
	ironbox delete "$id"
	[ ! -e "$given/container" ]
}

@test "delegated: a limit without its controller is refused by its name" {
	in_a_cgroup
	box_set '.linux.resources = {memory: {limit: 100000000}}'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "linux.resources.memory"
	[ ! -e "$given/container" ]
}

@test "delegated: a cgroup that was not given is refused in words" {
	box_set '.linux.cgroupsPath = "/not-" + $id' --arg id "$id"
	run inside /bin/true
	equals "$status" 1
	contains "$output" "without root's rights it has to be below a cgroup that was delegated"
}

@test "delegated: TE1: the caller's cgroup is read-only inside, whatever is asked for" {
	before=$(grep ' /sys/fs/cgroup ' /proc/self/mounts)
	for namespace in own hosts; do
		[ $namespace = own ] || without_cgroup_namespace
		for words in '["ro"]' '["rw"]' '[]' '["nosuid", "relatime"]'; do
			cgroup_mount "$words"
			run inside /bin/sh -c 'cd /sys/fs/cgroup && cat cgroup.procs | wc -l &&
				echo 5 >cgroup.max.depth; echo $$ >cgroup.procs; mkdir new; ls -d ../callers'
			echo "$namespace $words: $output"
			equals "$(grep -c 'Read-only file system' <<<"$output")" 3
			contains "$output" "../callers: No such file"
			equals "$(cat "$given/callers/cgroup.max.depth")" max
			[ ! -e "$given/callers/new" ]
		done
	done
	equals "$(grep ' /sys/fs/cgroup ' /proc/self/mounts)" "$before"
}

@test "delegated: TE1: its own cgroup is as was asked, and all there is to see" {
	in_a_cgroup
	for namespace in own hosts; do
		[ $namespace = own ] || without_cgroup_namespace
		cgroup_mount '["rw"]'
		run inside /bin/sh -c 'cd /sys/fs/cgroup && mkdir new && echo made; ls -d ../callers callers'
		echo "$namespace: $output"
		contains "$output" made
		contains "$output" "../callers: No such file"
		contains "$output" "ls: callers: No such file"
		cgroup_mount '["ro"]'
		run inside /bin/sh -c 'mkdir /sys/fs/cgroup/new'
		contains "$output" "Read-only file system"
	done
}

@test "delegated: TE1: a bind of the host's /sys shows no cgroups beside it" {
	without_cgroup_namespace
	run inside /bin/sh -c 'ls -d /sys/fs/cgroup/user-*; ls /sys/fs/cgroup | grep -c procs'
	contains "$output" "No such file"
	equals "${lines[-1]}" 1
}
