# TE5: sysctls of the node by way of a container's (CVE-2022-0811, CVE-2022-0532). What is asked for
# is what the node has: an attack that wins changes nothing.
load attack

setup() {
	attack_setup
}

teardown() {
	box_teardown
}

# asks KEY VALUE WORDS
asks() {
	box_set '.linux.sysctl = {($key): $value}' --arg key "$1" --arg value "$2"
	run inside /bin/true
	unharmed "$1"
	[ "$status" -ne 0 ] || won "$1 is accepted"
	contains "$output" "$3"
}

@test "TE5: what is the node's is refused" {
	local key
	for key in kernel.core_pattern kernel/core_pattern kernel.printk_ratelimit vm.overcommit_memory \
		fs.file-max kernel.panic kernel.modprobe user.max_user_namespaces; do
		asks "$key" "$(sysctl -n "$key")" "$key belongs to the whole node, not to a container"
	done
	for key in kernel.shm_next_id.x kernel.msgmax/x kernel.semantics dev.cdrom.info \
		fs.mqueuex.msg_max network.ipv4.ip_forward; do
		asks "$key" 1 "$key belongs to the whole node, not to a container"
	done
}

@test "TE5: what is no name of one is refused" {
	local key value
	value=$(sysctl -n kernel.printk_ratelimit)
	for key in net/ipv4/../../kernel/printk_ratelimit net.ipv4.../../../kernel/printk_ratelimit \
		net/../kernel/printk_ratelimit 'net.ipv4.ip_forward ' net..ipv4 .net.ipv4 net.ipv4. \
		/net/ipv4/ip_forward net//ipv4 net/./ipv4 'net.ipv4.ip_forward=1+kernel.core_pattern' \
		'' . .. "net.$(printf 'x%.0s' {1..300})" $'net.ipv4.ip_forward\nkernel.core_pattern' \
		'net.ipv4.ip_forward+kernel.core_pattern'; do
		asks "$key" "$value" "is no name of a sysctl"
	done
}

@test "TE5: a value is one line, and what the kernel takes whole" {
	asks net.ipv4.ip_forward $'1\n1' "must be one line"
	asks net.ipv4.ip_forward "" "must be one line"
	asks net.ipv4.ip_forward "+kernel.core_pattern=x" "set the sysctl net.ipv4.ip_forward"
}

@test "TE5: not without a namespace of the container's own, new or joined" {
	local row type file key
	cp "$bundle/config.json" "$box/config.before"
	for row in network:net:net.ipv4.ip_forward ipc:ipc:kernel.shmmax ipc:ipc:fs.mqueue.msg_max \
		uts:uts:kernel.domainname; do
		IFS=: read -r type file key <<<"$row"
		box_set 'del(.hostname) | .linux.namespaces |= map(select(.type != $type))' --arg type "$type"
		asks "$key" "$(sysctl -n "$key")" \
			"$key needs a namespace of type $type in linux.namespaces that is not the host's"
		box_set '.linux.namespaces += [{type: $type, path: $path}]' --arg type "$type" \
			--arg path "/proc/self/ns/$file"
		asks "$key" "$(sysctl -n "$key")" \
			"$key needs a namespace of type $type in linux.namespaces that is not the host's"
		cp "$box/config.before" "$bundle/config.json"
	done
}
