# shellcheck shell=bash
# shim.bash: bundles as containerd makes them, and the shim as containerd calls it. /run is the
# suite's own (run-suite), so the sockets are where they are on a node.

source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../../support/box.bash"

: "${CONTAINERD_SHIM:?the shim to test}"
sockets=/run/containerd/s
containerd=/run/containerd/containerd.sock
export TTRPC_ADDRESS=$containerd.ttrpc

# For setup.
shim_setup() {
	box_setup
	bundles=$box/bundles
	mkdir -m 755 -p /run/containerd
}

# For teardown: whatever daemons a test has left.
shim_teardown() {
	end_all every_daemon
	rm -rf "$sockets"
	box_teardown
}

# shim_bundle NAME [ANNOTATION=VALUE]...: makes a bundle, and goes there.
shim_bundle() {
	mkdir -p "$bundles/$1/rootfs"
	cd "$bundles/$1"
	jq -n '{ociVersion: "1.0.2", annotations: ($ARGS.positional | map(split("=") |
		{key: .[0], value: .[1]}) | from_entries)}' --args "${@:2}" >config.json
	mkfifo -m 700 log
}

# shim ID ACTION: as containerd calls it, from the bundle.
shim() {
	timeout 20 "$CONTAINERD_SHIM" -namespace ns -address "$containerd" \
		-publish-binary /usr/bin/containerd -id "$1" "$2" 3>&-
}

every_daemon() {
	pgrep -f "^$CONTAINERD_SHIM -namespace"
}

# The daemons whose container is this one.
daemons_of() {
	pgrep -f "^$CONTAINERD_SHIM -namespace ns -id $1 "
}

# daemon_count: of all.
daemon_count() {
	pgrep -cf "^$CONTAINERD_SHIM -namespace" || true
}

# shim_address ID: by the formula.
shim_address() {
	printf 'unix://%s/%s' "$sockets" "$(printf %s "$containerd/ns/$1" | sha256sum | cut -d' ' -f1)"
}

# pb FIELD TEXT: a field of a protobuf message.
pb() {
	local size=${#2}

	((size < 128)) || return 1
	# shellcheck disable=SC2059
	printf "\\x$(printf %02x $(($1 << 3 | 2)))\\x$(printf %02x "$size")%s" "$2"
}

# answers ADDRESS: whether who listens there answers Connect, the call that needs no container.
answers() {
	python3 - "${1#unix://}" <<-'END'
		import socket, struct, sys
		shim = socket.socket(socket.AF_UNIX)
		shim.settimeout(10)
		shim.connect(sys.argv[1])
		request = b"\x0a\x17containerd.task.v2.Task\x12\x07Connect"
		shim.sendall(struct.pack(">IIBB", len(request), 1, 1, 0) + request)
		header = b""
		while len(header) < 10:
		    part = shim.recv(10 - len(header))
		    assert part, "closed"
		    header += part
		assert struct.unpack(">IIBB", header)[1:3] == (1, 2), header
	END
}
