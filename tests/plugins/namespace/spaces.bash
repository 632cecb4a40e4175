# shellcheck shell=bash
# spaces.bash: what the suites of the namespace stage share.
load ../../support/box

# The namespaces of a process, as `probe namespaces` tells them.
spaces_of() {
	local type
	for type in cgroup ipc mnt net pid pid_for_children time time_for_children user uts; do
		echo "$type $(readlink "/proc/$1/ns/$type")"
	done
}

# space_of PID TYPE: the one, as "net:[4026531833]"
space_of() {
	readlink "/proc/$1/ns/$2"
}

# line TYPE: the same out of the output of `probe namespaces`
line() {
	sed -n "s/^$1 \(.*\[.*\)/\1/p" <<<"$output"
}

# hold UNSHARE_OPTION...: a process in namespaces of its own. Its pid is in $holder.
hold() {
	unshare "$@" --fork --kill-child sleep 1000 3>&- &
	holder_parent=$!
	await 5 held_child
	holder=$(pgrep -P "$holder_parent")
}

held_child() {
	[ "$(cat "/proc/$(pgrep -P "$holder_parent")/comm")" = sleep ]
}

release() {
	kill -9 "$holder_parent" "$holder" 2>/dev/null
	wait "$holder_parent" 2>/dev/null || true
}

# join TYPE FILE...: has the container join these namespaces of the holder.
join() {
	while [ $# -gt 0 ]; do
		box_set '.linux.namespaces |= map(select(.type != $t)) + [{type: $t, path: $p}]' \
			--arg t "$1" --arg p "/proc/$holder/ns/$2"
		shift 2
	done
}

# make TYPE...: has the container get new ones.
make() {
	local type
	for type in "$@"; do
		box_set '.linux.namespaces |= map(select(.type != $t)) + [{type: $t}]' \
			--arg t "$type"
	done
}

# without TYPE...: has the container stay in the host's.
without() {
	local type
	for type in "$@"; do
		box_set '.linux.namespaces |= map(select(.type != $t))' --arg t "$type"
	done
}

# map_ids: a user namespace whose ids 0 to 65535 are the host's from 100000 on. The rootfs lies
# where others may walk.
map_ids() {
	make user
	box_set '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	chmod 755 "$box" "$bundle"
}
