# joined.bats: namespaces that stand already, by linux.namespaces[].path.
load spaces

setup() {
	box_setup
}

teardown() {
	box_teardown
}

@test "joined: network, ipc, uts, pid, cgroup and time of another process" {
	hold --net --ipc --uts --pid --cgroup --time
	join network net ipc ipc uts uts pid pid cgroup cgroup time time
	run inside /probe namespaces pids
	release
	equals "$status" 0
	spaces=$output
	for type in net ipc uts pid cgroup time; do
		[ "$(line $type)" != "$(space_of self $type)" ]
	done
	contains "$spaces" "ppid 0"
	[[ "$spaces" != *$'\npid 1\n'* ]]
}

@test "joined: they are the holder's, in create and in exec" {
	hold --net --ipc --uts --pid --cgroup --time
	join network net ipc ipc uts uts pid pid cgroup cgroup time time
	box_start /probe sleep 1000
	run ironbox exec "$id" /probe namespaces
	for type in net ipc uts cgroup time; do
		equals "$(space_of "$(box_pid)" $type)" "$(space_of "$holder" $type)"
		equals "$(line $type)" "$(space_of "$holder" $type)"
	done
	equals "$(line pid)" "$(space_of "$holder" pid)"
	ironbox delete --force "$id"
	release
}

@test "joined: the host's own, as a pod on the host's network does" {
	holder=1
	box_set 'del(.hostname)'
	without pid
	join network net uts uts ipc ipc
	run inside /probe namespaces
	equals "$status" 0
	for type in net uts ipc pid; do
		equals "$(line $type)" "$(space_of self $type)"
	done
}

@test "joined: each of one's own" {
	holder=self
	box_set 'del(.hostname)'
	join network net uts uts ipc ipc pid pid cgroup cgroup time time
	run inside /probe namespaces
	equals "$status" 0
	for type in net uts ipc cgroup time; do
		equals "$(line $type)" "$(space_of self $type)"
	done
}

@test "joined: the container's program of another container's pid namespace" {
	box_start /probe sleep 1000
	first=$id
	holder=$(box_pid)
	id=$first-two
	join pid pid network net ipc ipc uts uts
	box_set '.linux.cgroupsPath = "/" + $id' --arg id "$id"
	run inside /bin/busybox ps
	id=$first
	ironbox delete --force "$id"
	equals "$status" 0
	contains "$output" "/probe sleep 1000"
}

@test "joined: a host name is set there, as it is in runc" {
	hold --uts
	join uts uts
	box_set '.hostname = "viapath"'
	run inside /probe hostname
	equals "$output" "hostname viapath"
	equals "$(nsenter -t "$holder" -u hostname)" viapath
	release
}

@test "joined: a sysctl of a joined network namespace, and not of the host's" {
	hold --net
	join network net
	host=$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)
	box_set '.linux.sysctl = {"net.ipv4.ip_unprivileged_port_start": "77"}'
	run inside /probe sysctl net.ipv4.ip_unprivileged_port_start
	equals "$output" "net.ipv4.ip_unprivileged_port_start 77"
	equals "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" "$host"
	release
}

@test "joined: when create fails, the runtime's own children are not in the joined ones" {
	hold --pid --net
	join pid pid network net
	run inside /no/such/program
	[ "$status" -ne 0 ]
	contains "$output" "no such file or directory"
	release
}

@test "joined: what is not a namespace, or not of that type, is refused" {
	mkfifo "$box/fifo"
	touch "$box/file"
	while read -r type path words; do
		box_set '.linux.namespaces = [{type: "mount"}, {type: $t, path: $p}]' \
			--arg t "$type" --arg p "${path/BOX/$box}"
		run inside /bin/true
		equals "$status" 1
		contains "$output" "${words/BOX/$box}"
	done <<-END
		uts /proc/self/ns/net /proc/self/ns/net is no uts namespace
		network BOX/file BOX/file is no namespace
		network BOX/fifo BOX/fifo is no namespace
		ipc /dev/null /dev/null is no namespace
		pid /no/such open the pid namespace /no/such: No such file or directory
	END
}
