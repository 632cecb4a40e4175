# everything.bats: cgroup v1, joined namespaces, network devices, a terminal, all kinds of hooks. The
# host's side of the network is a namespace of the test's own.
load ../support/box
load sweep

setup() {
	dying_setup
	hold host
	hold pod
	on_host ip link add eth7 type veth peer name far_eth7
	on_host ip addr add 10.9.8.7/24 dev eth7
	on_host ip link set eth7 up
	box_set 'del(.hostname) | .process.terminal = true |
		.linux.netDevices = {eth7: {name: "net1"}} |
		.linux.resources += {pids: {limit: 40}, memory: {limit: 67108864}, cpu: {shares: 512}} |
		.linux.namespaces |= map(if .type == "network" then .path = $pod + "net"
			elif .type == "ipc" or .type == "uts" then .path = $pod + .type else . end) |
		.hooks = (["prestart", "createRuntime", "createContainer", "poststart", "poststop"] |
			map({(.): [{path: $hook}]}) | add) + {startContainer: [{path: "/bin/true"}]}' \
		--arg pod "/proc/$pod/ns/" --arg hook "$DYING_HOOK"
	create="create --bundle $bundle --pid-file $box/pid --console-socket $work/console $id"
	start="start $id"
}

teardown() {
	kill -9 "$host" "$pod"
	wait "$host" "$pod" 2>/dev/null || true
	box_teardown
}

# hold NAME: a process in namespaces of its own, its pid in $NAME
hold() {
	unshare --net --ipc --uts sleep 1000 3>&- &
	printf -v "$1" %s $!
	await 5 grep -q sleep "/proc/$!/comm"
}

on_host() {
	nsenter --net="/proc/$host/ns/net" "$@"
}

sweep_on_host() {
	SWEEP_IN="nsenter --net=/proc/$host/ns/net" sweep --console "$work/console" "$@"
}

@test "dying: create with all there is" {
	sweep_on_host --verb "$create"
}

@test "dying: start with all there is" {
	sweep_on_host --before "$create" --verb "$start"
}

@test "dying: exec with all there is" {
	sweep_on_host --before "$create" --before "$start" \
		--verb "exec --tty --detach --console-socket $work/console $id /bin/sleep 1000"
}

@test "dying: kill with all there is" {
	sweep_on_host --before "$create" --before "$start" --verb "kill --all $id TERM"
}

@test "dying: pause with all there is" {
	sweep_on_host --before "$create" --before "$start" --verb "pause $id"
}

@test "dying: resume with all there is" {
	sweep_on_host --before "$create" --before "$start" --before "pause $id" --verb "resume $id"
}

@test "dying: update with all there is" {
	sweep_on_host --before "$create" --before "$start" --verb "update --memory 80000000 $id"
}

@test "dying: delete with all there is" {
	sweep_on_host --before "$create" --verb "delete $id"
}
