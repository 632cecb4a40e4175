# host->write_attribute: the container's process, and an exec's, gets its own file below /proc.
load ../../support/box

setup() {
	box_setup
	ini
}

teardown() {
	box_teardown
}

ini() {
	box_ini $'[pipeline]\nstages = namespace cgroup rootfs network capabilities seccomp attribute\n[attribute]\n'"${1:-}"
}

# wrote TIMES: so often, each time by the process itself; and then stdio is all that it has open.
wrote() {
	local i expected=''
	for ((i = 0; i < $1; i++)); do
		expected+=$'write: EINVAL\n'
	done
	equals "$(cut -d' ' -f1,2 <<<"$output" | sed 's/^\([0-9]\) .*/\1/')" "${expected}0"$'\n1\n2'
	equals "$status" 0
}

@test "attributes: of init, of a joiner, with and without a pid namespace" {
	for namespaces in . 'map(select(.type != "pid"))'; do
		box_set ".linux.namespaces |= $namespaces"
		run inside /probe fds
		wrote 1
		box_start /bin/sleep 100
		run ironbox exec "$id" /probe fds
		wrote 1
		ironbox delete --force "$id"
	done
}

@test "attributes: in a user namespace" {
	box_set '.linux.namespaces += [{"type": "user"}] |
		.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] |
		.linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$bundle/rootfs"
	run inside /probe fds
	wrote 1
	box_start /bin/sleep 100
	run ironbox exec "$id" /probe fds
	wrote 1
	ironbox delete --force "$id"
}

@test "attributes: TB1, CVE-2019-16884: with the image's own /proc" {
	mkdir -p "$bundle/rootfs/proc/"{self,thread-self,1}/attr
	touch "$bundle/rootfs/proc/"{self,thread-self,1}/attr/exec
	box_set 'del(.linux.maskedPaths, .linux.readonlyPaths) |
		.mounts |= map(select(.destination != "/proc"))'
	box_start /bin/sleep 100
	equals "$(cat "$box/out")" "write: EINVAL"
	run ironbox exec "$id" /probe fds
	wrote 1
	equals "$(find "$bundle/rootfs/proc" -type f -size +0)" ''
	ironbox delete --force "$id"
}

@test "attributes: eight, and not one more" {
	ini 'times = 8'
	run inside /probe fds
	wrote 8
	box_start /bin/sleep 100
	run ironbox exec "$id" /probe fds
	wrote 8
	ini 'times = 9'
	run ironbox exec "$id" /bin/true
	equals "$output" "ironbox: exec in $id: attribute: attribute exec: more than 8"
	ironbox delete --force "$id"
	run inside /bin/true
	equals "$output" "ironbox: run $id: attribute: attribute exec: more than 8"
}

@test "attributes: one that the kernel does not have" {
	ini 'name = gone'
	run inside /bin/true
	equals "$output" "ironbox: run $id: attribute: open /proc/thread-self/attr/gone: No such file or directory"
	ini
	box_start /bin/sleep 100
	ini 'name = ../gone'
	run ironbox exec "$id" /bin/true
	equals "$(sed 's/[0-9]*\/attr/PID\/attr/' <<<"$output")" \
		"ironbox: exec in $id: attribute: open /proc/PID/attr/../gone: No such file or directory"
	ironbox delete --force "$id"
}
