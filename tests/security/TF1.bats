# TF1: a container with the host's network calls the shim, or a user of the host does
# (CVE-2020-15257).
load shim_attack

setup() {
	shim_attack_setup
}

teardown() {
	shim_attack_teardown
}

@test "TF1: uid 0 of a container with the host's network finds no socket that answers" {
	shim_action start >/dev/null
	cp "$TOOLS/reach" "$rootfs/reach"
	box_set '.linux.namespaces |= map(select(.type != "network"))'
	box_args /reach /run/containerd/s "$(cat "$bundle/address")"
	run ironbox run --bundle "$bundle" "$id"
	contains "$output" done
	! grep answered <<<"$output" || won "a container calls the shim"
}

@test "TF1: the folder of sockets is closed to other users, and the socket is" {
	shim_start
	run setpriv --reuid 1000 --regid 1000 --clear-groups "$TOOLS/reach" "$shim"
	contains "$output" done
	! grep "answered $shim" <<<"$output" || won "another user calls the shim"
	chmod 755 /run/containerd /run/containerd/s # then it is the socket's own mode
	run setpriv --reuid 1000 --regid 1000 --clear-groups "$TOOLS/reach" "$shim"
	chmod 700 /run/containerd/s
	! grep "answered $shim" <<<"$output" || won "another user calls the shim"
	equals "$(stat -c '%a %u' "$shim")" "600 0"
}

@test "TF1: another user who finds the way open is not answered" {
	shim_start
	chmod 755 /run/containerd
	chmod 777 /run/containerd/s "$shim"
	run setpriv --reuid 1000 --regid 1000 --clear-groups "$TOOLS/reach" "$shim"
	chmod 700 /run/containerd/s
	contains "$output" done
	! grep "answered $shim" <<<"$output" || won "another user is answered"
	run "$TOOLS/reach" "$shim"
	contains "$output" "answered $shim" # as we are
}

@test "TF1: a folder of sockets that others may enter is refused" {
	install -d -m 755 /run/containerd
	for mode in 0755 0710 0777; do
		install -d -m "$mode" /run/containerd/s
		run shim_action start
		[ "$status" -ne 0 ] || won "it listens where others may enter ($mode)"
		rmdir /run/containerd/s
	done
	install -d -m 0700 -o 1000 /run/containerd/s
	run shim_action start
	[ "$status" -ne 0 ] || won "it listens in another user's folder"
	rmdir /run/containerd/s
}
