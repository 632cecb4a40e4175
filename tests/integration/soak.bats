# Many containers, several at a time: nothing of them is left.
load ../support/box

setup() {
	box_setup
}

teardown() {
	box_teardown
}

CONTAINERS=200
AT_A_TIME=8

# One container's whole life, with an exec and a limit. Tells what failed.
one_life() {
	local mine=$id-$1 output

	exec 3>&-
	jq --arg path "/$mine" '.linux.cgroupsPath = $path | .linux.resources.pids = {limit: 50}' \
		"$bundle/config.json" >"$box/life-$1/config.json"
	ironbox create --bundle "$box/life-$1" --pid-file "$box/life-$1/pid" "$mine" \
		>"$box/life-$1/out" 2>&1 </dev/null &&
		ironbox start "$mine" &&
		output=$(ironbox exec "$mine" /probe say "hello $1" </dev/null 2>&1) &&
		equals "$output" "hello $1" &&
		ironbox exec --detach "$mine" /bin/sleep 1000 >/dev/null 2>&1 </dev/null &&
		case $(($1 % 3)) in
		0) ironbox kill "$mine" KILL && ironbox delete --force "$mine" ;;
		1) ironbox delete --force "$mine" ;;
		2) ironbox pause "$mine" && ironbox delete --force "$mine" ;;
		esac || echo "$1: $output $(cat "$box/life-$1/out")" >>"$box/failed"
}

lives_from() {
	local number

	for ((number = $1; number < CONTAINERS; number += AT_A_TIME)); do
		mkdir "$box/life-$number"
		one_life "$number"
		rm -rf "$box/life-$number"
	done
}

counts() {
	local fs

	# the mount namespace that a process pins, the network namespaces, memory of cgroups that died
	printf 'mounts %s\n' "$(wc -l </proc/self/mountinfo)"
	printf 'fds of PID 1 %s\n' "$(find /proc/1/fd | wc -l)"
	for fs in cpu memory pids; do
		[ ! -d "/sys/fs/cgroup/$fs" ] || find "/sys/fs/cgroup/$fs" -path "*$id*" | wc -l
	done
	find "$state_root" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l
}

@test "soak: 200 containers, eight at a time, each with an exec" {
	local lane lanes=() before

	box_args /bin/sleep 1000
	# a read-only root is shared by all, as a node's images are
	box_set '.root.path = $path' --arg path "$bundle/rootfs"
	inside /bin/true
	box_args /bin/sleep 1000
	before=$(counts)
	for ((lane = 0; lane < AT_A_TIME; lane++)); do
		lives_from "$lane" 3>&- &
		lanes+=($!)
	done
	wait "${lanes[@]}"
	equals "$(cat "$box/failed" 2>/dev/null)" ""
	equals "$(counts)" "$before"
	equals "$(ironbox list --quiet)" ""
}
