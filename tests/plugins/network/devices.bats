# devices.bats: linux.netDevices. The host's side is a network namespace of the test's own, in which
# the runtime runs; the devices are veth pairs.
load ../../support/box

setup() {
	box_setup
	unshare --net sleep 1000 3>&- &
	host=$!
	await 5 grep -q sleep "/proc/$host/comm"
	on_host ip link set lo up
	pair eth7
}

teardown() {
	kill -9 "$host" 2>/dev/null
	wait "$host" 2>/dev/null || true
	box_teardown
}

on_host() {
	nsenter --net="/proc/$host/ns/net" "$@"
}

ironbox() {
	on_host "$IRONBOX" --root "$state_root" --config "$box/ironbox.ini" "$@" 3>&-
}

# pair NAME: a veth, and its other end far_NAME
pair() {
	on_host ip link add "$1" type veth peer name "far_$1"
	on_host ip link set "far_$1" up
}

# address DEVICE ADDRESS [OPTION...]
address() {
	on_host ip addr add "$2" dev "$1" "${@:3}"
}

# what ip tells of a device, without its index and what comes and goes
told_of() {
	on_host ip -o addr show dev "$1" scope global | sed 's/^[0-9]*: //; s/ *\\.*//; s/ tentative//'
}

# share: a network namespace of a pod, joined by path. Its holder's pid is in $pod.
share() {
	unshare --net sleep 1000 3>&- &
	pod=$!
	await 5 grep -q sleep "/proc/$pod/comm"
	box_set '.linux.namespaces |= map(if .type == "network" then .path = $p else . end)' \
		--arg p "/proc/$pod/ns/net"
}

unshare_pod() {
	kill -9 "$pod"
	wait "$pod" 2>/dev/null || true
}

@test "devices: moved, renamed, up, with addresses, mac and mtu" {
	address eth7 10.9.8.7/24 broadcast 10.9.8.255
	address eth7 10.9.9.1/30
	address eth7 fd00:9::7/64 nodad
	on_host ip link set eth7 address 02:00:00:00:00:77 mtu 1400
	on_host ip link set eth7 up
	box_set '.linux.netDevices = {eth7: {name: "net1"}}'
	run inside /probe addresses link net1
	equals "$status" 0
	contains "$output" "lo UP 127.0.0.1/8 ::1/128"
	contains "$output" "net1 UP 10.9.8.7/24 10.9.9.1/30"
	contains "$output" "fd00:9::7/64"
	contains "$output" "1400"
	contains "$output" "02:00:00:00:00:77"
	[[ "$output" != *eth7* ]]
}

@test "devices: without a name it keeps its own; one that was down is up inside" {
	box_set '.linux.netDevices = {eth7: {}}'
	run inside /probe interfaces
	equals "$status" 0
	contains "$output" "eth7 UP"
}

@test "devices: several" {
	pair eth8
	pair eth9
	address eth8 10.8.0.1/16
	box_set '.linux.netDevices = {eth7: {name: "a"}, eth8: {name: "b"}, eth9: {name: "eth7"}}'
	run inside /probe interfaces
	equals "$status" 0
	contains "$output" "a UP"
	contains "$output" "b UP 10.8.0.1/16"
	contains "$output" "eth7 UP"
}

@test "devices: a template is filled in" {
	share
	nsenter --net="/proc/$pod/ns/net" ip link add net0 type veth peer name net1
	box_set '.linux.netDevices = {eth7: {name: "net%d"}}'
	run inside /probe interfaces
	unshare_pod
	equals "$status" 0
	contains "$output" "net2 UP"
}

@test "devices: link-local, temporary and host-scope addresses are not taken along" {
	address eth7 169.254.3.4/16 scope link
	address eth7 10.1.1.1/24 valid_lft 1000 preferred_lft 1000
	address eth7 10.2.2.2/24
	box_set '.linux.netDevices = {eth7: {}}'
	run inside /probe interfaces
	equals "$status" 0
	contains "$output" "eth7 UP 10.2.2.2/24"
	[[ "$output" != *169.254* && "$output" != *10.1.1.1* ]]
}

@test "devices: given back when the container ends, as it was" {
	address eth7 10.9.8.7/24 broadcast 10.9.8.255
	address eth7 10.5.5.5 peer 10.6.6.6/32
	address eth7 fd00:9::7/64 nodad
	on_host ip link set eth7 up
	before=$(told_of eth7)
	share
	box_set '.linux.netDevices = {eth7: {name: "net1"}}'
	run inside /probe addresses
	contains "$output" "net1 UP"
	unshare_pod
	equals "$(told_of eth7)" "$before"
	on_host ip link show dev eth7 up | grep -q eth7
}

@test "devices: given back by delete, out of a namespace that goes on" {
	address eth7 10.9.8.7/24
	before=$(told_of eth7)
	share
	box_set '.linux.netDevices = {eth7: {name: "net1"}}'
	box_start /probe sleep 1000
	run on_host ip link show dev eth7
	[ "$status" -ne 0 ]
	run ironbox exec "$id" /probe interfaces
	contains "$output" "net1 UP 10.9.8.7/24"
	ironbox delete --force "$id"
	equals "$(told_of eth7)" "$before"
	equals "$(on_host ip -o link show dev eth7 up)" ""
	unshare_pod
}

@test "devices: given back although the container renamed it" {
	share
	mac=$(on_host ip -o link show eth7 | grep -o 'ether [^ ]*')
	box_set '.linux.netDevices = {eth7: {name: "net1"}}'
	box_start /probe sleep 1000
	nsenter --net="/proc/$pod/ns/net" ip link set net1 down
	nsenter --net="/proc/$pod/ns/net" ip link set net1 name other
	ironbox delete --force "$id"
	contains "$(on_host ip -o link show eth7)" "$mac"
	unshare_pod
}

@test "devices: one that the container deleted holds up no delete" {
	share
	box_set '.linux.netDevices = {eth7: {name: "net1"}}'
	box_start /probe sleep 1000
	nsenter --net="/proc/$pod/ns/net" ip link del net1
	run ironbox delete --force "$id"
	equals "$status" 0
	contains "$output" "the network device eth7 is not in the container any more"
	unshare_pod
}

@test "devices: given back when create fails after the move" {
	address eth7 10.9.8.7/24
	on_host ip link set eth7 up
	before=$(told_of eth7)
	box_set '.linux.netDevices = {eth7: {name: "net1"}}'
	run inside /no/such/program
	[ "$status" -ne 0 ]
	contains "$output" "no such file or directory"
	equals "$(told_of eth7)" "$before"
	contains "$(on_host ip -o link show eth7)" "UP"
}

@test "devices: when one can't go, those that went come back" {
	pair eth8
	share
	nsenter --net="/proc/$pod/ns/net" ip link add taken type veth peer name taken2
	box_set '.linux.netDevices = {eth7: {name: "net1"}, eth8: {name: "taken"}}'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "network: linux.netDevices.eth8: name it taken in the container: File exists"
	on_host ip link show dev eth7
	on_host ip link show dev eth8
	run nsenter --net="/proc/$pod/ns/net" ip link show dev net1
	[ "$status" -ne 0 ]
	unshare_pod
}

# bats test_tags=vm
@test "devices: into a user namespace's network namespace" {
	chmod 755 "$box" "$bundle"
	address eth7 10.9.8.7/24
	box_set '.linux.netDevices = {eth7: {}} | .linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	run inside /probe interfaces
	equals "$status" 0
	contains "$output" "eth7 UP 10.9.8.7/24"
}

@test "devices: with a user namespace, into a joined network namespace" {
	chmod 755 "$box" "$bundle"
	address eth7 10.9.8.7/24
	share
	box_set '.linux.netDevices = {eth7: {name: "net1"}} | .linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings
		| .mounts |= map(select(.type != "sysfs" and .type != "cgroup"))'
	run inside /probe interfaces
	unshare_pod
	equals "$status" 0
	contains "$output" "net1 UP 10.9.8.7/24"
}

@test "devices: in a new namespace a virtual one ends with it, and delete goes on" {
	box_set '.linux.netDevices = {eth7: {}}'
	box_start /probe sleep 1000
	run ironbox delete --force "$id"
	equals "$status" 0
	run on_host ip link show dev eth7
	[ "$status" -ne 0 ]
}

@test "devices: bad ones are refused before anything is made" {
	while IFS='@' read -r devices words; do
		box_set ".linux.netDevices |= $devices"
		run inside /bin/true
		equals "$status" 1
		contains "$output" "$words"
		on_host ip link show dev eth7
	done <<-'END'
		{"none": {}}@network: linux.netDevices: find the device none: No such device
		{"lo": {}}@network: linux.netDevices: lo can't leave its network namespace
		{"": {}}@network: linux.netDevices: "" is no name of a device
		{"..": {}}@network: linux.netDevices: ".." is no name of a device
		{"a/b": {}}@network: linux.netDevices: "a/b" is no name of a device
		{"eth7": {"name": "a b"}}@network: linux.netDevices.eth7.name: "a b" is no name of a device
		{"eth7": {"name": "sixteen_bytes_ab"}}@network: linux.netDevices.eth7.name: "sixteen_bytes_ab" is no name of a device
		{"eth7": {"name": "%d"}}@network: linux.netDevices.eth7.name: "%d" is no name of a device
		{"eth7": {"name": "a%dx"}}@network: linux.netDevices.eth7.name: "a%dx" is no name of a device
		{"eth7": {"name": "x"}, "far_eth7": {"name": "x"}}@are both to be "x"
		{"eth7": {"name": "lo"}}@name it lo in the container: File exists
		{"eth7": {"name": 23}}@linux.netDevices
		[]@linux.netDevices
	END
}

@test "devices: not without a network namespace, and not into the host's own" {
	box_set '.linux.netDevices = {eth7: {}}'
	cp "$bundle/config.json" "$box/before"
	box_set '.linux.namespaces |= map(select(.type != "network"))'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "linux.netDevices: no stage of the pipeline does it (network)"
	box_set '.linux.netDevices = {eth7: {name: "net1"}}'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "network: linux.netDevices: needs a network namespace in linux.namespaces"
	cp "$box/before" "$bundle/config.json"
	box_set '.linux.namespaces |= map(if .type == "network" then .path = $p else . end)' \
		--arg p "/proc/$host/ns/net"
	run inside /bin/true
	equals "$status" 1
	contains "$output" "network: linux.netDevices: needs a network namespace in linux.namespaces that is not the host's"
	on_host ip link show dev eth7
}

@test "devices: the record survives the runtime, and delete --force gives back what it moved" {
	address eth7 10.9.8.7/24
	before=$(told_of eth7)
	share
	box_set '.linux.netDevices = {eth7: {name: "net1"}}'
	box_create /probe sleep 1000
	ironbox delete --force "$id"
	ironbox delete --force "$id"
	equals "$(told_of eth7)" "$before"
	unshare_pod
}
