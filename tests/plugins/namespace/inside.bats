# inside.bats: host name, domain name and sysctls, inside and not on the host.
load spaces

setup() {
	box_setup
}

teardown() {
	box_teardown
}

# host_sysctls: all that a stray write could have changed
host_sysctls() {
	cat /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname /proc/sys/kernel/domainname \
		/proc/sys/kernel/sem /proc/sys/kernel/shm* /proc/sys/kernel/msg* \
		/proc/sys/fs/mqueue/* /proc/sys/net/ipv4/ip_forward \
		/proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/net/ipv4/ping_group_range
}

@test "names: host name and domain name" {
	box_set '.hostname = "web1" | .domainname = "example.org"'
	run inside /probe hostname domainname
	equals "$output" $'hostname web1\ndomainname example.org'
	[ "$(hostname)" != web1 ]
}

@test "names: absent or empty, it is the one that the namespace was born with" {
	box_set '.hostname = ""'
	run inside /probe hostname
	equals "$output" "hostname $(hostname)"
	box_set 'del(.hostname)'
	run inside /probe hostname
	equals "$output" "hostname $(hostname)"
}

@test "names: 64 bytes are the most" {
	name=$(printf 'x%.0s' {1..64})
	box_set '.hostname = $n' --arg n "$name"
	run inside /probe hostname
	equals "$output" "hostname $name"
	box_set '.hostname = $n' --arg n "x$name"
	run inside /bin/true
	equals "$status" 1
	contains "$output" "namespace: hostname: longer than 64 bytes"
}

@test "names: not without a uts namespace, and not into the host's" {
	without uts
	for name in hostname domainname; do
		box_set 'del(.hostname) | .[$n] = "x"' --arg n $name
		run inside /bin/true
		equals "$status" 1
		contains "$output" "namespace: $name: needs a uts namespace in linux.namespaces that is not the host's"
	done
	holder=self
	join uts uts
	run inside /bin/true
	equals "$status" 1
	contains "$output" "namespace: domainname: needs a uts namespace"
	[ "$(hostname)" != x ]
}

@test "sysctl: of the network, ipc and uts namespaces" {
	before=$(host_sysctls)
	box_set '.linux.sysctl = {
		"net.ipv4.ip_forward": "1",
		"net.ipv4.ip_unprivileged_port_start": "0",
		"net.ipv4.ping_group_range": "0 2147483647",
		"net/ipv6/conf/all/forwarding": "1",
		"kernel.sem": "32000 1024000000 500 3200",
		"kernel.shm_rmid_forced": "1",
		"kernel.shmmax": "100000000", "kernel.shmall": "100000", "kernel.shmmni": "99",
		"kernel.msgmax": "9000", "kernel.msgmnb": "20000", "kernel.msgmni": "98",
		"fs.mqueue.msg_max": "33", "fs.mqueue.queues_max": "44",
		"kernel.domainname": "by.sysctl"}'
	run inside /probe sysctl net.ipv4.ip_forward sysctl net.ipv4.ip_unprivileged_port_start \
		sysctl net.ipv4.ping_group_range sysctl net.ipv6.conf.all.forwarding \
		sysctl kernel.sem sysctl kernel.shm_rmid_forced sysctl kernel.shmmax \
		sysctl kernel.shmall sysctl kernel.shmmni sysctl kernel.msgmax sysctl kernel.msgmnb \
		sysctl kernel.msgmni sysctl fs.mqueue.msg_max sysctl fs.mqueue.queues_max domainname
	equals "$status" 0
	equals "$(tr '\t' ' ' <<<"$output")" "net.ipv4.ip_forward 1
net.ipv4.ip_unprivileged_port_start 0
net.ipv4.ping_group_range 0 2147483647
net.ipv6.conf.all.forwarding 1
kernel.sem 32000 1024000000 500 3200
kernel.shm_rmid_forced 1
kernel.shmmax 100000000
kernel.shmall 100000
kernel.shmmni 99
kernel.msgmax 9000
kernel.msgmnb 20000
kernel.msgmni 98
fs.mqueue.msg_max 33
fs.mqueue.queues_max 44
domainname by.sysctl"
	equals "$(host_sysctls)" "$before"
}

@test "sysctl: in a user namespace" {
	before=$(host_sysctls)
	map_ids
	box_set '.linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.shm_rmid_forced": "1",
		"fs.mqueue.msg_max": "33", "kernel.domainname": "by.sysctl"}'
	run inside /probe sysctl net.ipv4.ip_forward sysctl kernel.shm_rmid_forced \
		sysctl fs.mqueue.msg_max domainname
	equals "$output" "net.ipv4.ip_forward 1
kernel.shm_rmid_forced 1
fs.mqueue.msg_max 33
domainname by.sysctl"
	equals "$(host_sysctls)" "$before"
}

@test "sysctl: a slash within dots is a dot of a name" {
	box_set '.linux.sysctl = {"net.ipv4.conf.no/such.forwarding": "1"}'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "set the sysctl net.ipv4.conf.no/such.forwarding: open /proc/sys/net/ipv4/conf/no.such/forwarding: No such file or directory"
}

@test "sysctl: a value that the kernel refuses" {
	before=$(host_sysctls)
	while IFS='=' read -r key value; do
		box_set '.linux.sysctl = {($k): $v}' --arg k "$key" --arg v "$value"
		run inside /bin/true
		equals "$status" 1
		contains "$output" "namespace: set the sysctl $key: write \"$value\": "
	done <<-'END'
		net.ipv4.ip_forward=yes
		net.ipv4.ip_unprivileged_port_start=70000
		net.ipv4.ip_forward=+kernel.core_pattern=x
		fs.mqueue.msg_max=0
	END
	equals "$(host_sysctls)" "$before"
}

@test "sysctl: the host name has a field of its own" {
	box_set '.linux.sysctl = {"kernel.hostname": "x"}'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "kernel.hostname is refused: give it as hostname"
}
