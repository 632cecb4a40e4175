#!/usr/bin/env bats
# What a hostile image tries: the ids are those of the list of known attacks. Each is an exploit of
# another runtime; the host's canary tree must be as it was, whatever the container comes to.

load ../../support/box

setup() {
	box_setup
	rootfs=$bundle/rootfs
	canary=$box/canary
	mkdir -p "$canary/dir" && chmod 777 "$canary"
	echo secret >"$canary/file"
	mkfifo "$canary/fifo"
	mknod "$canary/ptmx" c 5 2
	ln -s file "$canary/link"
	snap >"$box/before"
	box_set '.root.readonly = false'
}

teardown() {
	box_teardown
}

# All that an attack could have changed on the host.
snap() {
	(cd "$canary" && find . -printf '%p %y %m %U:%G %l %s\n' | sort && cat file)
	sysctl -n kernel.core_pattern
	stat -c '%t:%T %a %u:%g' /dev/null /dev/ptmx
	ls -A / /dev /etc /opt /srv
	mountinfo_mounts
}

unharmed() {
	snap >"$box/after"
	diff "$box/before" "$box/after"
}

without() {
	box_set '.mounts |= map(select(.destination | startswith($path) | not))' --arg path "$1"
}

# The links that lead from a name in the image to a name in the canary tree: "absolute" means the
# host's root, relative ones climb out of the rootfs.
each_link() {
	printf '%s\n' "$1" "../../../../../../../../..$1" "../../../../../../proc/self/root$1" \
		"/proc/self/root$1" "/proc/1/root$1"
}

@test "sec_TA2: symlinks where mounts, devices and links are to be made" {
	mkdir -p "$box/source" && touch "$box/source-file"
	for name in etc/resolv.conf srv/volume data dev/shm dev/null dev/ptmx dev/fd dev/tty dev/sub opt/node; do
		for target in "$canary/new" "../../../../../../../../..$canary/file" \
			"/proc/1/root$canary/dir" loop "/proc/self/fd/3"; do
			rm -rf "${rootfs:?}/$name" "$rootfs/dev" "$rootfs/srv" "$rootfs/opt"
			mkdir -p "$rootfs/dev" "$rootfs/srv" "$rootfs/opt"
			mkdir -p "$(dirname "$rootfs/$name")"
			ln -s "$target" "$rootfs/$name"
			[ "$target" != loop ] || ln -sfn "$(basename "$name")" "$rootfs/$name"
			box_set '.mounts |= map(select(.destination | IN("/proc", "/sys"))) + [
				{destination: "/etc/resolv.conf", source: ($box + "/source-file"), options: ["bind"]},
				{destination: "/srv/volume/deep/er", source: ($box + "/source"), options: ["rbind"]},
				{destination: "/data", type: "tmpfs"}, {destination: "/dev/shm", type: "tmpfs"}] |
				.linux.devices = [
				{path: "/dev/sub/x", type: "c", major: 1, minor: 3},
				{path: "/opt/node", type: "c", major: 1, minor: 3}]' --arg box "$box"
			run inside /bin/true
			unharmed || {
				echo "$name -> $target"
				return 1
			}
		done
	done
}

@test "sec_TA2: a fifo, a socket or a directory where a file is expected" {
	touch "$box/source-file"
	for kind in fifo socket directory; do
		for name in etc/resolv.conf dev/console dev/null dev/ptmx dev/fd; do
			rm -rf "${rootfs:?}/$name" && mkdir -p "$(dirname "$rootfs/$name")"
			case $kind in
			fifo) mkfifo "$rootfs/$name" ;;
			socket) python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$rootfs/$name" ;;
			directory) mkdir "$rootfs/$name" ;;
			esac
			without /dev
			box_set '.mounts += [{destination: "/etc/resolv.conf", source: $file, options: ["bind"]}]' \
				--arg file "$box/source-file"
			box_args /bin/true
			run timeout 5 "$IRONBOX" --root "$state_root" --config "$box/ironbox.ini" \
				run --bundle "$bundle" "$id" </dev/null 3>&-
			[ "$status" -ne 124 ]
			box_set 'del(.mounts[-1])'
			rm -rf "${rootfs:?}/$name"
			unharmed
		done
	done
}

@test "sec_TA3: /dev is a symlink, and no mount: refused, and nothing made" {
	without /dev
	ln -s /elsewhere "$rootfs/chain"
	for target in $(each_link "$canary") chain ../chain; do
		rm -rf "$rootfs/dev" && ln -s "$target" "$rootfs/dev"
		run inside /bin/true
		equals "$status" 1
		contains "$output" "/dev is a symlink in the image, and no mount"
		unharmed
	done
	[ ! -e "$rootfs/elsewhere" ]
}

@test "sec_TA3: /dev is a symlink, below a tmpfs: works, inside" {
	rm -r "$rootfs/dev" && ln -s "$canary" "$rootfs/dev"
	run inside /probe stat /dev/null stat /dev/ptmx
	equals "$output" "/dev/null character 0666 0 0 1:3
/dev/ptmx link 0777 0 0 pts/ptmx"
	unharmed
}

@test "sec_TA4: /dev/console is a symlink" {
	box_set '.mounts |= map(select(.destination != "/dev")) | .process.terminal = true'
	mkdir -p "$rootfs/dev"
	box_args /bin/true
	for readonly in true false; do
		box_set ".root.readonly = $readonly"
		for target in $(each_link "$canary/new") $(each_link "$canary/file"); do
			ln -sfn "$target" "$rootfs/dev/console"
			run script -qec "$(printf '%q ' "$IRONBOX" --root "$state_root" \
				--config "$box/ironbox.ini" run --bundle "$bundle" "$id")" /dev/null </dev/null
			contains "$output" "/dev/console in the image is no file to mount on"
			unharmed
		done
	done
}

@test "sec_TA5: /dev/null is another file, and the stdio is null, a pipe, a file" {
	without /dev
	box_set '.process.user = {"uid": 1000, "gid": 1000}'
	for target in $(each_link "$canary/file"); do
		ln -sfn "$target" "$rootfs/dev/null"
		run inside /bin/cat </dev/null
		[ "$status" -ne 0 ]
		contains "$output" "/dev/null in the image is not that device, but something else"
		unharmed
	done
	rm "$rootfs/dev/null"
	run inside /bin/cat </dev/null
	equals "$output" ""
	equals "$(echo pipe | inside /bin/cat | cat)" pipe
	inside /bin/sh -c 'cat; echo written' <"$canary/file" >"$box/written"
	equals "$(cat "$box/written")" "secret
written"
	unharmed
}

@test "sec_TB1: nothing but a procfs on /proc, and nothing inside of it" {
	mkdir "$box/empty"
	before=$(jq -c .mounts "$bundle/config.json")
	for mount in '{"destination": "/proc/self", "type": "tmpfs"}' \
		'{"destination": "/proc/self/attr", "type": "tmpfs"}' \
		'{"destination": "//proc/./thread-self", "type": "tmpfs"}' \
		"{\"destination\": \"/proc\", \"source\": \"$box/empty\", \"options\": [\"bind\"]}" \
		'{"destination": "/proc", "source": "/proc/sys", "options": ["bind"]}' \
		'{"destination": "/proc/", "type": "tmpfs"}'; do
		box_set '.mounts = $before + [$mount]' --argjson before "$before" --argjson mount "$mount"
		run inside /bin/true
		equals "$mount: $status" "$mount: 1"
		contains "$output" "mounts[7]"
		unharmed
	done
}

@test "sec_TB1: not through a symlink of the image either" {
	ln -s proc/self/attr "$rootfs/attr"
	ln -s proc "$rootfs/alias"
	for destination in /attr /alias/self /alias; do
		box_set '.mounts = .mounts[0:7] + [{destination: $destination, type: "tmpfs"}]' \
			--arg destination "$destination"
		run inside /bin/true
		equals "$status" 1
		contains "$output" "$destination leads into a procfs"
	done
}

@test "rootfs: what lxcfs gives may be mounted inside of /proc, and the host's procfs on it" {
	echo faked >"$box/uptime"
	box_set '.mounts += [{destination: "/proc/uptime", source: ($box + "/uptime"), options: ["bind"]}]' \
		--arg box "$box"
	run inside /probe read /proc/uptime
	equals "$output" faked
	box_set '(.mounts[] | select(.destination == "/proc")) =
		{destination: "/proc", type: "bind", source: "/proc",
		options: ["rbind", "nosuid", "noexec", "nodev", "rw", "rprivate"]} |
		.linux.namespaces |= map(select(.type != "pid"))'
	run inside /probe read /proc/1/comm
	equals "$output" "$(cat /proc/1/comm)"
}

@test "sec_TB2: /proc or /sys is a symlink" {
	mkdir -p "$rootfs/bad-proc" "$rootfs/x"
	for user in no yes; do
		if [ "$user" = yes ]; then
			box_set '.linux.namespaces += [{"type": "user"}] |
				.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] |
				.linux.gidMappings = .linux.uidMappings'
		fi
		while read -r name target; do
			rm -rf "${rootfs:?}/$name" && ln -s "$target" "$rootfs/$name"
			run inside /probe mounts
			equals "$name -> $target: $status" "$name -> $target: 1"
			contains "$output" "/$name is a symlink, or below one, in the image"
			unharmed
			rm "$rootfs/$name" && mkdir "$rootfs/$name"
		done <<ROWS
proc /bad-proc
proc bad-proc
proc sys
proc /nowhere
proc $canary/dir
sys /x
sys x
sys $canary/dir
ROWS
	done
}

# masks_hold: inside, /tf and /proc/kcore (if there is one) are null.
masks_hold() {
	box_set '.linux.maskedPaths = ["/proc/kcore", "/proc/keys", "/tf"]'
	run inside /probe stat /tf read /tf write /tf text write /proc/keys text stat /proc/keys
	if [ "$status" -eq 0 ]; then
		equals "$output" "/tf character 0666 0 0 1:3
write /tf: ok
write /proc/keys: ok
/proc/keys character 0666 0 0 1:3"
	fi
	unharmed
}

@test "sec_TB3: a /dev/null of the image's own making, without a mount on /dev" {
	echo unmasked >"$rootfs/tf"
	without /dev
	for fake in 'ln -s /proc/sys/kernel/core_pattern' 'ln -s /proc/sysrq-trigger' \
		"ln -s $canary/file" 'cp /etc/passwd' mkfifo; do
		rm -f "$rootfs/dev/null"
		$fake "$rootfs/dev/null"
		masks_hold
		equals "$fake: $status" "$fake: 1"
		contains "$output" "/dev/null in the image is not that device, but something else"
	done
	rm -f "$rootfs/dev/null" && mknod "$rootfs/dev/null" c 1 5
	masks_hold
	equals "$status" 1
	rm -f "$rootfs/dev/null"
	masks_hold
	equals "$status" 0
}

@test "sec_TB3: a /dev/null of the image's own making, and /dev is a bind" {
	echo unmasked >"$rootfs/tf"
	without /dev
	mkdir "$box/dev"
	box_set '.mounts += [{destination: "/dev", source: $dev, options: ["bind"]}]' --arg dev "$box/dev"
	for fake in 'ln -s /proc/sys/kernel/core_pattern' 'ln -s /proc/sysrq-trigger' \
		"ln -s $canary/file" 'cp /etc/passwd' mkfifo true; do
		rm -f "$box/dev/null"
		$fake "$box/dev/null"
		masks_hold
		equals "$fake: $status" "$fake: 0"
	done
	rm -f "$box/dev/null" && mknod "$box/dev/null" c 1 5
	masks_hold
	equals "$status" 0
}

@test "sec_TB3: in a user namespace the masks are null as well" {
	echo unmasked >"$rootfs/tf"
	without /dev
	chown -R 100000:100000 "$rootfs"
	box_set '.linux.namespaces += [{"type": "user"}] |
		.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] |
		.linux.gidMappings = .linux.uidMappings | .linux.maskedPaths = ["/tf"]'
	run inside /probe stat /tf read /tf write /tf text
	equals "$output" "/tf character 0666 65534 65534 1:3
write /tf: ok"
	unharmed
}

# A hook stands for what mounts from a container that shares the tree, between setup and the masks.
@test "sec_TB5: the procfs is covered before the masks are made" {
	for what in "mount -t tmpfs none $rootfs/proc" "mount --bind $box $rootfs/proc" \
		"umount -l $rootfs/proc; ln -sfn /nowhere $rootfs/proc || rmdir $rootfs/proc; ln -sfn /sys $rootfs/proc"; do
		printf '#!/bin/sh\n%s\n' "$what" >"$box/hook" && chmod 755 "$box/hook"
		box_set '.hooks = {createContainer: [{path: $hook, env: [$path]}]}' \
			--arg hook "$box/hook" --arg path "PATH=$PATH"
		run inside /probe read /proc/keys
		equals "$status" 1
		contains "$output" "rootfs: "
		contains "$output" "/proc"
		rm -f "$rootfs/proc" 2>/dev/null || true
		mkdir -p "$rootfs/proc"
	done
	unharmed
}
