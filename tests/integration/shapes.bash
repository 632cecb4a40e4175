# shellcheck shell=bash
# shapes.bash: runs the documents of tests/core/oci/shapes, as their callers do.

SHAPES=$BATS_TEST_DIRNAME/../core/oci/shapes
CAPABILITIES='CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP
LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE
SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME
SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG
WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'

shapes_setup() {
	box_setup
	mkdir -p "$box/sources/lower" "$box/sources/upper" "$box/sources/work"
	# shellcheck disable=SC2016
	printf '#!/bin/sh\necho "$1 $(sed "s/.*\\"status\\": *\\"\\([a-z]*\\).*/\\1/")" >>%s/hooks\n' \
		"$box" >"$box/hook"
	chmod 755 "$box/hook" "$BOX_SUITE" "$box" "$box/sources"
	# The pod's sandbox, whose namespaces are joined.
	unshare --net --uts --ipc --fork --kill-child sleep 1000 2>/dev/null 3>&- &
	sandbox=$!
	await 5 eval 'pause=$(pgrep -P "$sandbox" sleep)'
}

shapes_teardown() {
	kill -KILL "$pause"
	wait "$sandbox" 2>/dev/null || true
	box_teardown
}

# take_shape NAME [EXPRESSION]: the caller's config.json in the bundle, over a fresh root.
take_shape() {
	local owner

	rm -rf "$bundle/rootfs" "$box/hooks"
	cp -a "$BOX_SUITE/rootfs" "$bundle/rootfs"
	jq --arg rootfs "$bundle/rootfs" --arg sources "$box/sources" --arg hook "$box/hook" \
		--arg id "$id" --arg pause "$pause" --argjson limits "$(hard_limits)" \
		--argjson calls "$(jq .linux.seccomp.syscalls "$SHAPES/docker-run-plain.json")" \
		-f shapes/adapt.jq "$SHAPES/$1.json" >"$bundle/config.json"
	[ $# -lt 2 ] || box_set "$2"
	make_sources
	owner=$(jq -r '.linux.uidMappings[]? | select(.containerID == 0) | .hostID' "$bundle/config.json")
	[ -z "$owner" ] || chown -Rh "$owner:$owner" "$bundle/rootfs"
}

hard_limits() {
	"$PROBE" rlimits | jq -Rn '[inputs | split(" ") | select(.[2] != "unlimited") |
		{key: .[0], value: (.[2] | tonumber)}] | from_entries'
}

# A bind's source is a file where its destination is one in every image.
make_sources() {
	jq -r '.mounts[] | select(.source // "" | startswith($sources)) | "\(.source) \(.destination)"' \
		--arg sources "$box/sources/" "$bundle/config.json" |
		while read -r source destination; do
			case $destination in
			/etc/* | */.containerenv | /dev/termination-log | *.sock | *init) touch "$source" ;;
			*) mkdir -p "$source" ;;
			esac
		done
}

# asked [FILE]: what config.json asks for, by asked.jq.
asked() {
	jq --argjson order "$(jq -Rn '[inputs | splits(" +")]' <<<"$CAPABILITIES")" \
		--argjson unified "$([ -d /sys/fs/cgroup/memory ] && echo false || echo true)" \
		-f shapes/asked.jq "${1:-$bundle/config.json}"
}

# shape_runs NAME [EXPRESSION]: what it asks for is what is seen inside.
shape_runs() {
	local facts ask

	take_shape "$@"
	facts=$(asked)
	mapfile -t ask < <(jq -r '.[].ask[]' <<<"$facts")
	box_args /probe "${ask[@]}" mounts namespaces
	ironbox run --bundle "$bundle" "$id" >"$box/inside" 2>"$box/errors" </dev/null || {
		echo "$1: exit $?: $(cat "$box/errors")"
		return 1
	}
	jq -r '.[].told[]' <<<"$facts" >"$box/told"
	diff -U 0 --label "$1 asks" --label inside "$box/told" \
		<(head -n "$(wc -l <"$box/told")" "$box/inside") || return 1
	shape_mounts_stand "$1" && shape_namespaces_hold "$1"
}

# Each destination is a mount of its type, with the flags that were asked for.
shape_mounts_stand() {
	jq -r '[.mounts[] | {key: .destination, value: .}] | from_entries | .[] |
		select(.type != "bind" and .source != null) |
		[.destination, (if .type == "cgroup" then "tmpfs" else .type end),
			((.options // [])[] | select(IN("ro", "nosuid", "nodev", "noexec")))] | join(" ")' \
		"$bundle/config.json" | while read -r destination type flags; do
		line=$(grep "^$destination " "$box/inside" | tail -1)
		[ -n "$line" ] || { echo "$1: no mount at $destination"; exit 1; }
		read -r _ is _ _ options _ <<<"$line"
		[ "$type" = none ] || [ "$is" = "$type" ] || { echo "$1: $type wanted: $line"; exit 1; }
		for flag in $flags; do
			[[ ",$options," == *",$flag,"* ]] || { echo "$1: $flag wanted: $line"; exit 1; }
		done
	done || return 1
	jq -r '.mounts[] | select(.type == "bind") | .destination' "$bundle/config.json" |
		while read -r destination; do
			grep -q "^$destination " "$box/inside" || { echo "$1: no bind $destination"; exit 1; }
		done || return 1
	jq -r '.linux.readonlyPaths[]? | select(test("^/proc/(sys|bus|irq)$"))' "$bundle/config.json" |
		while read -r path; do
			grep -q "^$path proc .* ro," "$box/inside" || { echo "$1: $path not read-only"; exit 1; }
		done
}

# "network": its own, "network PATH": that one; else the host's.
shape_namespaces_hold() {
	local type name path inode wanted

	for type in ipc uts pid network user cgroup mount; do
		name=$(sed 's/network/net/; s/mount/mnt/' <<<"$type")
		inode=$(sed -n "s/^$name $name:/$name:/p" "$box/inside")
		path=$(jq -r --arg type "$type" '.linux.namespaces[] | select(.type == $type) | .path // "own"' \
			"$bundle/config.json")
		case $path in
		'') wanted=$(readlink "/proc/self/ns/$name") ;;
		own) wanted=$inode
			[ "$inode" != "$(readlink "/proc/self/ns/$name")" ] || wanted='one of its own' ;;
		*) wanted=$(readlink "$path") ;;
		esac
		[ "$inode" = "$wanted" ] || { echo "$1: $type $inode, not $wanted"; return 1; }
	done
}

# shape_refused NAME LINE: create of the shape as it came, limits and all, by a runtime that has not
# CAP_SYS_RESOURCE and may open 5000 files: in that one line, and nothing is left.
shape_refused() {
	local output status=0

	take_shape "$1"
	jq --slurpfile shape "$SHAPES/$1.json" '.process.rlimits = $shape[0].process.rlimits' \
		"$bundle/config.json" >"$box/config.new"
	mv "$box/config.new" "$bundle/config.json"
	output=$(ulimit -n 5000 && setpriv --bounding-set -sys_resource "$IRONBOX" --root "$state_root" \
		--config "$box/ironbox.ini" create --bundle "$bundle" "$id" 2>&1 </dev/null 3>&-) || status=$?
	[ "$status" -ne 0 ] || ironbox delete --force "$id"
	equals "$status" 1 && equals "$output" "ironbox: create $id: $2"
}

# background NAME [EXPRESSION]: the shape's container, running till it is killed.
background() {
	take_shape "$@"
	box_start /bin/sleep 1000
}

# exec_shape NAME: the file of `exec --process` gives what it asks for, beside the container.
exec_shape() {
	local facts ask

	jq '.terminal = false | del(.consoleSize) | .rlimits = []' "$SHAPES/$1.process.json" \
		>"$box/process"
	jq '{process: ., linux: $config[0].linux | {seccomp}}' --slurpfile config "$bundle/config.json" \
		"$box/process" >"$box/as-config"
	facts=$(asked "$box/as-config")
	mapfile -t ask < <(jq -r '.[].ask[]' <<<"$facts")
	jq '.args = $ARGS.positional' "$box/process" --args -- /probe "${ask[@]}" >"$box/process.json"
	rm -f "$box/exec.pid"
	ironbox --log "$box/log.json" --log-format json exec --process "$box/process.json" --detach \
		--pid-file "$box/exec.pid" "$id" >"$box/inside" 2>"$box/errors" </dev/null || {
		echo "$1: exit $?: $(cat "$box/errors")"
		return 1
	}
	await 5 test ! -e "/proc/$(cat "$box/exec.pid")"
	diff -U 0 --label "$1 asks" --label inside <(jq -r '.[].told[]' <<<"$facts") "$box/inside"
}

# limit_of V1-FILE: of the container's, such as memory/memory.limit_in_bytes.
limit_of() {
	cat "/sys/fs/cgroup/${1%%/*}/$id/${1#*/}"
}
