# TA4: /dev/console is a symlink, and /dev is the image's (CVE-2026-88264).
load attack

setup() {
	attack_setup
	box_set '.mounts |= map(select(.destination != "/dev")) | .process.terminal = true'
	mkdir -p "$rootfs/dev"
	box_args /bin/true
}

teardown() {
	box_teardown
}

on_a_terminal() {
	script -qec "$(printf '%q ' "$IRONBOX" --root "$state_root" \
		--config "$box/ironbox.ini" "$@")" /dev/null </dev/null 3>&-
}

each_link_is_refused() {
	local target
	while read -r target; do
		ln -sfn "$target" "$rootfs/dev/console"
		run on_a_terminal run --bundle "$bundle" "$id"
		unharmed "/dev/console -> $target"
		refused "/dev/console in the image is no file to mount on"
	done < <(links_to "$canary/new"; links_to "$canary/file"; links_to "$canary/dir/new")
}

@test "TA4: /dev/console is a symlink, and the root can be written to" {
	each_link_is_refused
}

@test "TA4: /dev/console is a symlink, and the root is read-only" {
	box_set '.root.readonly = true'
	each_link_is_refused
}

@test "TA4: /dev/console is a fifo, a socket, a directory" {
	local kind
	for kind in mkfifo mkdir mksock; do
		rm -rf "$rootfs/dev/console"
		$kind "$rootfs/dev/console"
		run on_a_terminal run --bundle "$bundle" "$id"
		unharmed "a /dev/console by $kind"
		refused "/dev/console in the image is no file to mount on"
	done
}

mksock() {
	(cd "$(dirname "$1")" && python3 -c 'import socket, sys
socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$(basename "$1")")
}
