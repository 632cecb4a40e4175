# TH1: lengths that wrap, are cut or overflow a buffer (CVE-2021-43784).
load attack

setup() {
	attack_setup
	ulimit -c 0
}

teardown() {
	box_teardown
}

lengths="0 255 256 4095 4096 65535 65536 70000 1048576"

text_of() {
	head -c "$1" /dev/zero | tr '\0' "${2:-x}"
}

# with EXPRESSION LENGTH: config.json by jq, $text of this length
with() {
	text_of "$2" >"$box/text"
	jq --rawfile text "$box/text" "$1" "$box/plain.json" >"$bundle/config.json"
}

# whole WHAT: the namespaces are the container's own, or it ended in one line of words.
whole() {
	[ "$status" -lt 128 ] || won "$1: exit status $status: ${output:0:200}"
	if [ "$status" -ne 0 ]; then
		contains "${output:0:200}" "ironbox: run $id: "
	elif grep -qxF "$(cat "$box/hosts-namespaces")" <<<"$output"; then
		won "$1: a namespace is the host's"
	else
		contains "$output" "pid:["
	fi
}

@test "TH1: environment, arguments, annotations, hostname, cwd, ids, sysctls of all lengths" {
	local length expression
	"$PROBE" namespaces | grep -E '^(pid|net|ipc|uts|mnt) ' >"$box/hosts-namespaces"
	box_args /probe namespaces
	cp "$bundle/config.json" "$box/plain.json"
	while read -r expression; do
		for length in $lengths; do
			with "$expression" "$length"
			run ironbox run --bundle "$bundle" "$id"
			whole "$expression, $length bytes"
		done
	done <<-'ROWS'
		.process.env += ["A=" + $text]
		.process.args += ["say", $text]
		.annotations = {a: $text}
		.annotations = {($text): "a"}
		.hostname = $text
		.domainname = $text
		.process.cwd = "/" + $text
		.process.args[0] = "/" + $text
		.linux.sysctl = {("net." + $text): "1"}
		.linux.sysctl = {"net.ipv4.ip_forward": $text}
		.linux.maskedPaths += ["/" + $text]
		.mounts += [{destination: ("/" + $text), type: "tmpfs"}]
		.mounts += [{destination: "/m", type: "tmpfs", source: $text}]
		.mounts += [{destination: "/m", type: "tmpfs", options: [$text]}]
		.mounts += [{destination: "/m", source: ("/" + $text), options: ["bind"]}]
		.linux.devices = [{path: ("/" + $text), type: "c", major: 1, minor: 3}]
		(.linux.namespaces[] | select(.type == "network")).path = "/" + $text
		(.linux.namespaces[] | select(.type == "pid")).path = "/" + $text
		.linux.cgroupsPath = "/" + $text
		.root.path = "/" + $text
		.linux.mountLabel = $text
	ROWS
}

@test "TH1: a config.json of 16 MiB is refused" {
	cp "$bundle/config.json" "$box/plain.json"
	with '.annotations = {a: $text}' 16777216
	run inside /bin/true
	refused "config.json"
}

@test "TH1: what is long arrives whole" {
	local length
	box_args /bin/sh -c 'echo ${#A} ${#1}' sh argument
	cp "$bundle/config.json" "$box/plain.json"
	for length in 255 4096 65536 70000 131000; do
		with '.process.env += ["A=" + $text] | .process.args[4] = $text' "$length"
		run ironbox run --bundle "$bundle" "$id"
		[ "$output" = "$length $length" ] || won "of $length bytes: ${output:0:200}"
	done
}

@test "TH1: id maps, as many as the kernel takes, and more" {
	local count
	chmod 755 "$box" "$bundle"
	in_user_namespace
	without_mount /dev/pts # its gid has to be mapped
	for count in 1 5 6 100 339 340 341 1000 20000; do
		box_set '.linux.uidMappings = [range($count) | {containerID: ., hostID: (100000 + .), size: 1}] |
			.linux.gidMappings = .linux.uidMappings' --argjson count $count
		run inside /bin/sh -c 'grep -c . /proc/self/uid_map'
		[ "$status" -lt 128 ] || won "$count lines: exit status $status"
		if [ "$status" -eq 0 ]; then
			[ "$output" = "$count" ] || won "of $count lines there are $output"
		else
			[ $count -gt 300 ] # a page of text at most
			contains "$output" "uidMappings"
		fi
	done
}
