#!/usr/bin/env bats
# User namespaces and mounts with other ids.

load ../../support/box

setup() {
	box_setup
	mkdir -p "$box/data/below" "$bundle/rootfs/mnt"
	echo hello >"$box/data/file"
	chown 1000:1000 "$box/data/file"
	chmod 700 "$box/data"
	mount --bind "$box/data" "$box/data"
}

teardown() {
	umount -l "$box/data" 2>/dev/null || true
	box_teardown
}

in_user_namespace() {
	box_set '.linux.namespaces += [{"type": "user"}] |
		.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] |
		.linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$bundle/rootfs"
}

bind() {
	box_set '.mounts += [{destination: "/mnt", source: ($box + "/data"), options: ($options | split(","))} + $more]' \
		--arg box "$box" --arg options "$1" --argjson more "${2:-{\}}"
}

# bats test_tags=vm
@test "rootfs: a container in a user namespace" {
	in_user_namespace
	run inside /bin/sh -c 'id -u; cd /dev; for f in null zero full random urandom tty; do /probe stat /dev/$f; done
		echo text >/dev/null && echo written; ls -l /dev/ptmx; /probe mount /proc mount /sys'
	equals "$status" 0
	equals "${lines[0]}" 0
	contains "$output" "/dev/null character 0666 65534 65534 1:3
/dev/zero character 0666 65534 65534 1:5"
	contains "$output" written
	contains "$output" "/sys sysfs"
}

@test "rootfs: in a user namespace without a mount on /dev, the nodes stand on files, also the next time" {
	in_user_namespace
	box_set '.root.readonly = false |
		.mounts |= map(select(.destination | startswith("/dev") | not)) |
		.linux.devices = [{"path": "/dev/full", "type": "c", "major": 1, "minor": 7}]'
	for time in first second; do
		run inside /probe stat /dev/null stat /dev/full
		equals "$output" "/dev/null character 0666 65534 65534 1:3
/dev/full character 0666 65534 65534 1:7"
		equals "$(stat -c '%F %s' "$bundle/rootfs/dev/null")" "regular empty file 0"
	done
	# a file with something in it does no harm below the node; a link is refused all the same
	echo text >"$bundle/rootfs/dev/null"
	run inside /bin/cat /dev/null
	equals "$output" ""
	equals "$(cat "$bundle/rootfs/dev/null")" text
	ln -sf zero "$bundle/rootfs/dev/null"
	run inside /bin/true
	contains "$output" "/dev/null in the image is not that device, but something else"
}

# terminal COMMAND...: ironbox with a terminal; what it writes comes out without its \r.
terminal() {
	script -qec "$(printf '%q ' "$IRONBOX" --root "$state_root" --config "$box/ironbox.ini" "$@")" \
		/dev/null </dev/null 3>&- | tr -d '\r'
}

@test "rootfs: in a user namespace, a terminal of the host's devpts, whose own ptmx is closed" {
	in_user_namespace
	mkdir -p "$box/dev/pts"
	mount -t devpts -o newinstance,ptmxmode=000,mode=620 devpts "$box/dev/pts"
	mknod -m 666 "$box/dev/ptmx" c 5 2
	mknod -m 666 "$box/dev/tty" c 5 0
	touch "$box/dev/console"
	box_set '.mounts |= map(select(.destination | startswith("/dev") | not)) |
		.mounts += [{destination: "/dev", source: $dev, options: ["rbind"]}] |
		.process.terminal = true | .process.args = ["/probe", "tty", "stat", "/dev/console"]' \
		--arg dev "$box/dev"
	run terminal run --bundle "$bundle" "$id"
	contains "$output" "/dev/pts/0 "
	contains "$output" " controlling"
	contains "$output" "/dev/console character 0620 0 0 136:0"
	box_set '.process.terminal = false'
	box_start /bin/sleep 1000
	run terminal exec --tty "$id" /probe tty
	contains "$output" "/dev/pts/0 "
	# a ptmx that is a link to the closed one, or no ptmx at all, helps nobody
	for ptmx in link file other; do
		rm "$box/dev/ptmx"
		case $ptmx in
		link) ln -s pts/ptmx "$box/dev/ptmx" ;;
		file) touch "$box/dev/ptmx" ;;
		other) mknod -m 666 "$box/dev/ptmx" c 1 3 ;;
		esac
		run terminal exec --tty "$id" /probe tty
		contains "$output" "process.terminal: open /dev/pts/ptmx: Permission denied"
	done
	ironbox delete --force "$id"
	umount "$box/dev/pts"
}

@test "rootfs: without a user namespace, a file is taken for no device" {
	box_set '.mounts |= map(select(.destination | startswith("/dev") | not))'
	touch "$bundle/rootfs/dev/null"
	run inside /bin/true
	contains "$output" "/dev/null in the image is not that device, but something else"
}

# bats test_tags=vm
@test "rootfs: in a user namespace, sources and a root below directories that are closed to it" {
	in_user_namespace
	chmod 700 "$box"
	bind rbind,rprivate
	chown 100000:100000 "$box/data"
	run inside /probe stat /mnt/file read /mnt/file
	equals "$output" "/mnt/file file 0644 65534 65534 6
hello"
}

# bats test_tags=vm
@test "rootfs: in a user namespace, what the host has read-only can't be made writable" {
	in_user_namespace
	mount -o remount,bind,ro,nosuid "$box/data"
	chown 100000:100000 "$bundle/rootfs/mnt"
	bind rbind
	box_set '.process.capabilities[] += ["CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE"]'
	run inside /bin/sh -c 'mount -o remount,bind,rw /mnt; mount -o remount,bind,ro,suid /mnt; /probe mount /mnt'
	contains "$output" "ermission denied"
	contains "$output" " ro,nosuid,relatime "
}

@test "rootfs: in a user namespace a terminal works" {
	in_user_namespace
	box_set '.process.terminal = true'
	box_args /probe tty stat /dev/console
	run script -qec "$(printf '%q ' "$IRONBOX" --root "$state_root" --config "$box/ironbox.ini" \
		run --bundle "$bundle" "$id")" /dev/null </dev/null
	contains "$output" "/dev/pts/0 "
	contains "$output" "/dev/console character 0620 0 5 136:0"
}

@test "rootfs: in a user namespace a linux.devices node is bound from the host" {
	in_user_namespace
	box_set '.linux.devices = [{"path": "/dev/kmsg", "type": "c", "major": 1, "minor": 11}]'
	run inside /probe stat /dev/kmsg
	contains "$output" "/dev/kmsg character"
	contains "$output" "65534 65534 1:11"
	box_set '.linux.devices[0].minor = 12'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "linux.devices[0]: the host's /dev/kmsg is another device"
}

@test "rootfs: idmap by the container's own user namespace" {
	in_user_namespace
	bind rbind,idmap
	run inside /probe stat /mnt/file
	equals "$output" "/mnt/file file 0644 1000 1000 6"
}

@test "rootfs: idmap by mappings of the mount, without a user namespace" {
	chmod 755 "$box/data"
	bind rbind,idmap '{"uidMappings": [{"containerID": 1000, "hostID": 7, "size": 1}],
		"gidMappings": [{"containerID": 1000, "hostID": 8, "size": 1}]}'
	run inside /probe stat /mnt/file
	equals "$output" "/mnt/file file 0644 7 8 6"
}

@test "rootfs: idmap by mappings of the mount, in a user namespace" {
	chmod 755 "$box/data"
	in_user_namespace
	bind bind,idmap '{"uidMappings": [{"containerID": 1000, "hostID": 100042, "size": 1}],
		"gidMappings": [{"containerID": 1000, "hostID": 100043, "size": 1}]}'
	run inside /probe stat /mnt/file
	equals "$output" "/mnt/file file 0644 42 43 6"
}

@test "rootfs: idmap is for the top, ridmap for all below it" {
	chmod 755 "$box/data"
	mount -t tmpfs none "$box/data/below"
	touch "$box/data/below/file" && chown 1000:1000 "$box/data/below/file"
	maps='{"uidMappings": [{"containerID": 1000, "hostID": 7, "size": 1}],
		"gidMappings": [{"containerID": 1000, "hostID": 8, "size": 1}]}'
	bind rbind,idmap "$maps"
	run inside /probe stat /mnt/file stat /mnt/below/file
	equals "$output" "/mnt/file file 0644 7 8 6
/mnt/below/file file 0644 1000 1000 0"
	box_set 'del(.mounts[-1])'
	bind rbind,ridmap "$maps"
	run inside /probe stat /mnt/file stat /mnt/below/file
	equals "$output" "/mnt/file file 0644 7 8 6
/mnt/below/file file 0644 7 8 0"
}

@test "rootfs: two maps, two processes for them, none left" {
	chmod 755 "$box/data"
	for n in 1 2; do
		bind bind,idmap "{\"uidMappings\": [{\"containerID\": 1000, \"hostID\": $n, \"size\": 1}],
			\"gidMappings\": [{\"containerID\": 1000, \"hostID\": $n, \"size\": 1}]}"
	done
	box_set '.mounts[-2].destination = "/tmp"'
	run inside /probe stat /tmp/file stat /mnt/file
	equals "$output" "/tmp/file file 0644 1 1 6
/mnt/file file 0644 2 2 6"
}

@test "rootfs: a map that the kernel refuses" {
	bind bind,idmap '{"uidMappings": [{"containerID": 0, "hostID": 0, "size": 0}],
		"gidMappings": [{"containerID": 0, "hostID": 0, "size": 1}]}'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "mounts[7]: write /proc/"
}

@test "rootfs: in a user namespace, many sources" {
	in_user_namespace
	box_set '.mounts += [range(300) | {destination: ("/tmp/" + tostring), source: "/usr/share",
		options: ["rbind", "ro"]}]'
	run inside /bin/sh -c 'grep -c " /tmp/" /proc/self/mountinfo'
	equals "$output" 300
}
