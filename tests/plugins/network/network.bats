# network.bats: loopback.
load ../../support/box

setup() {
	box_setup
}

teardown() {
	box_teardown
}

# bats test_tags=vm
@test "network: loopback is up in a new namespace, and there is nothing else" {
	run inside /probe addresses
	equals "$status" 0
	equals "$output" "lo UP 127.0.0.1/8 ::1/128"
}

@test "network: loopback carries" {
	run inside /bin/sh -c 'nc -l -p 7777 &
		until echo carried | nc 127.0.0.1 7777 2>/dev/null; do usleep 10000; done; wait'
	equals "$output" carried
	equals "$status" 0
}

@test "network: in a user namespace" {
	chmod 755 "$box" "$bundle"
	box_set '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	run inside /probe interfaces
	equals "$output" "lo UP 127.0.0.1/8"
}

@test "network: a joined namespace is left as it is" {
	unshare --net sleep 1000 3>&- &
	holder=$!
	await 5 grep -q sleep "/proc/$holder/comm"
	box_set '.linux.namespaces |= map(if .type == "network" then .path = $p else . end)' \
		--arg p "/proc/$holder/ns/net"
	run inside /probe interfaces
	kill -9 $holder
	equals "$output" "lo DOWN"
}

@test "network: the host's is left as it is" {
	before=$(ip -o addr)
	box_set '.linux.namespaces |= map(select(.type != "network"))
		| .mounts |= map(select(.type != "sysfs" and .type != "cgroup"))'
	run inside /probe namespaces
	equals "$status" 0
	contains "$output" "net $(readlink /proc/self/ns/net)"
	equals "$(ip -o addr)" "$before"
}

@test "network: off in the ini, and the container asks for it" {
	box_ini $'[network]\nenabled = no'
	box_set '.linux.netDevices = {eth7: {}}'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "network: off in "
	contains "$output" "but linux.netDevices asks for it"
}

@test "network: off in the ini, and a new namespace stays as it was born" {
	box_ini $'[network]\nenabled = no'
	run inside /probe interfaces
	equals "$output" "lo DOWN"
}

@test "network: off in the ini, and nothing asks for it" {
	box_ini $'[network]\nenabled = no'
	box_set '.linux.namespaces |= map(select(.type != "network"))
		| .mounts |= map(select(.type != "sysfs" and .type != "cgroup"))'
	run inside /bin/true
	equals "$status" 0
}

@test "network: a key that it does not know" {
	box_ini $'[network]\nloopback = yes'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "ironbox.ini:4"
	contains "$output" "loopback"
}
