#!/usr/bin/env bats
# /dev: nodes, links, linux.devices; the console.

load ../../support/box

setup() {
	box_setup
}

teardown() {
	box_teardown
}

without_dev() {
	box_set '.mounts |= map(select(.destination | startswith("/dev") | not))'
}

add_device() {
	box_set '.linux.devices += [$device]' --argjson device "$1"
}

# Runs a command in the container with a terminal; what it writes comes out without its \r.
in_terminal() {
	box_set '.process.terminal = true'
	box_args "$@"
	script -qec "$(printf '%q ' "$IRONBOX" --root "$state_root" --config "$box/ironbox.ini" \
		run --bundle "$bundle" "$id")" /dev/null </dev/null 3>&- | tr -d '\r'
}

# bats test_tags=vm
@test "rootfs: the default nodes and links of /dev" {
	run inside /bin/sh -c 'cd /dev; for f in *; do /probe stat /dev/$f; done'
	equals "$(grep -v '^/dev/core ' <<<"$output")" "/dev/fd link 0777 0 0 /proc/self/fd
/dev/full character 0666 0 0 1:7
/dev/mqueue directory 1777 0 0
/dev/null character 0666 0 0 1:3
/dev/ptmx link 0777 0 0 pts/ptmx
/dev/pts directory 0755 0 0
/dev/random character 0666 0 0 1:8
/dev/shm directory 1777 0 0
/dev/stderr link 0777 0 0 /proc/self/fd/2
/dev/stdin link 0777 0 0 /proc/self/fd/0
/dev/stdout link 0777 0 0 /proc/self/fd/1
/dev/tty character 0666 0 0 5:0
/dev/urandom character 0666 0 0 1:9
/dev/zero character 0666 0 0 1:5"
}

@test "rootfs: the same /dev as runc makes" {
	box_set '.process.args = ["/bin/sh", "-c", "cd /dev; for f in * pts/*; do /probe stat /dev/$f; done"]'
	(cd "$bundle" && runc --root "$box/runc" run "$id-runc") >"$box/runc.dev"
	run ironbox run --bundle "$bundle" "$id"
	equals "$output" "$(cat "$box/runc.dev")"
}

@test "rootfs: without a mount on /dev the nodes are made in the image" {
	without_dev
	box_set '.root.readonly = false'
	run inside /probe stat /dev/null stat /dev/ptmx
	equals "$output" "/dev/null character 0666 0 0 1:3
/dev/ptmx link 0777 0 0 pts/ptmx"
	inside /bin/true # and they may be there already
}

@test "rootfs: without a mount on /dev, an old ptmx node is replaced" {
	without_dev
	mknod "$bundle/rootfs/dev/ptmx" c 5 2
	run inside /probe stat /dev/ptmx
	equals "$output" "/dev/ptmx link 0777 0 0 pts/ptmx"
}

@test "rootfs: a /dev that is bound from elsewhere gets no nodes" {
	without_dev
	mkdir "$box/dev"
	box_set '.mounts += [{"destination": "/dev", "source": $dev, "options": ["rbind"]}]' \
		--arg dev "$box/dev"
	run inside /probe list /dev
	equals "$output" ""
	add_device '{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229}'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "linux.devices[0]: open /dev/fuse, and /dev is a bind: No such file or directory"
	mknod "$box/dev/fuse" c 10 228
	run inside /bin/true
	contains "$output" "linux.devices[0]: /dev/fuse is another device, and /dev is a bind"
	rm "$box/dev/fuse" && mknod "$box/dev/fuse" c 10 229
	inside /bin/true
}

@test "rootfs: linux.devices of each type, anywhere" {
	add_device '{"path": "/dev/c", "type": "c", "major": 10, "minor": 229, "fileMode": 416, "uid": 1, "gid": 2}'
	add_device '{"path": "/dev/u", "type": "u", "major": 10, "minor": 200}'
	add_device '{"path": "/dev/sub/dir/b", "type": "b", "major": 7, "minor": 300, "fileMode": 25008}'
	add_device '{"path": "/dev/p", "type": "p", "fileMode": 384}'
	add_device '{"path": "/opt/null", "type": "c", "major": 1, "minor": 3}'
	run inside /probe stat /dev/c stat /dev/u stat /dev/sub/dir/b stat /dev/p stat /opt/null
	equals "$output" "/dev/c character 0640 1 2 10:229
/dev/u character 0666 0 0 10:200
/dev/sub/dir/b block 0660 0 0 7:300
/dev/p fifo 0600 0 0
/opt/null character 0666 0 0 1:3"
}

@test "rootfs: linux.devices may name a default node, with an owner" {
	add_device '{"path": "/dev/null", "type": "c", "major": 1, "minor": 3, "fileMode": 438, "uid": 5}'
	run inside /probe stat /dev/null
	equals "$output" "/dev/null character 0666 5 0 1:3"
}

@test "rootfs: values of linux.devices[] that are refused" {
	while IFS='|' read -r device expected; do
		box_set '.linux.devices = [$device]' --argjson device "$device"
		run ironbox run --bundle "$bundle" "$id"
		equals "$device: $status" "$device: 1"
		contains "$device: $output" "$expected"
	done <<'ROWS'
{"path": "/dev/x", "type": "q", "major": 1, "minor": 1}|linux.devices[0].type
{"path": "/dev/x", "type": "cc", "major": 1, "minor": 1}|linux.devices[0].type
{"path": "dev/x", "type": "c", "major": 1, "minor": 1}|linux.devices[0].path
{"path": "/dev/x", "type": "c", "minor": 1}|linux.devices[0]
{"path": "/dev/x", "type": "c", "major": -5, "minor": 1}|linux.devices[0]
{"path": "/dev/x", "type": "c", "major": 5000000000, "minor": 1}|linux.devices[0]
{"path": "/dev/x", "type": "c", "major": "1", "minor": 1}|linux.devices[0].major
{"path": "/dev/x", "type": "c", "major": 1, "minor": 1, "fileMode": "0666"}|linux.devices[0].fileMode
{"type": "c", "major": 1, "minor": 1}|linux.devices[0].path
{"path": "/dev/", "type": "c", "major": 1, "minor": 1}|linux.devices[0]
{"path": "/dev/null", "type": "c", "major": 1, "minor": 5}|/dev/null
ROWS
}

@test "rootfs: the terminal is the container's own, and stands on /dev/console" {
	run in_terminal /probe tty stat /dev/console mount /dev/console
	contains "$output" "/dev/pts/0 "
	contains "$output" " controlling"
	contains "$output" "/dev/console character 0620 0 5 136:0"
	contains "$output" "/dev/console devpts devpts /0 rw,nosuid,noexec,relatime"
}

@test "rootfs: the terminal belongs to the user of the process" {
	box_set '.process.user = {"uid": 1000, "gid": 1000}'
	run in_terminal /bin/sh -c '/probe stat /dev/pts/0; echo again >/dev/tty; echo console >/dev/console'
	contains "$output" "/dev/pts/0 character 0620 1000 5 136:0"
	contains "$output" "again
console"
}

@test "rootfs: consoleSize" {
	mkfifo "$box/hold"
	box_set '.process.consoleSize = {"height": 31, "width": 97} | .process.terminal = true'
	box_args /probe tty
	python3 - "$box/console.sock" >"$box/console.out" 3>&- <<'PYTHON' &
import array, os, socket, sys
listener = socket.socket(socket.AF_UNIX); listener.bind(sys.argv[1]); listener.listen(1)
connection, _ = listener.accept()
_, control, _, _ = connection.recvmsg(4096, 64)
master = array.array("i", control[0][2])[0]
while True:
    try:
        text = os.read(master, 4096)
    except OSError:
        break
    if not text:
        break
    sys.stdout.write(text.decode().replace("\r", "")); sys.stdout.flush()
PYTHON
	reader=$!
	await 5 test -S "$box/console.sock"
	ironbox create --bundle "$bundle" --console-socket "$box/console.sock" "$id" </dev/null >"$box/out" 2>&1
	ironbox start "$id"
	await 5 grep -q '31 97' "$box/console.out"
	wait "$reader"
	await 5 ironbox delete "$id"
}

@test "rootfs: a terminal for exec comes from the container's devpts" {
	box_start /bin/sleep 100
	run script -qec "$(printf '%q ' "$IRONBOX" --root "$state_root" --config "$box/ironbox.ini" \
		exec --tty "$id" /probe tty)" /dev/null </dev/null
	contains "$output" "/dev/pts/0 "
	ironbox delete --force "$id"
}

@test "rootfs: a terminal without a devpts in the container" {
	box_set '.process.terminal = true | .mounts |= map(select(.destination != "/dev/pts"))'
	run in_terminal /bin/true
	contains "$output" "process.terminal: open /dev/pts: No such file or directory"
	box_set '.mounts += [{"destination": "/dev/pts", "type": "tmpfs"}]'
	run in_terminal /bin/true
	contains "$output" "process.terminal: /dev/pts is no devpts"
}
