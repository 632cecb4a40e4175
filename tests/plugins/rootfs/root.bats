#!/usr/bin/env bats
# The root itself: pivot, propagation, read-only, without a mount namespace; the ini.

load ../../support/box

setup() {
	box_setup
}

teardown() {
	box_teardown
}

no_mounts='.mounts = [] | .linux.maskedPaths = [] | .linux.readonlyPaths = [] | .root.readonly = false'

@test "rootfs: nothing of the host is left" {
	run inside /probe list /
	equals "$output" "bin
dev
etc
probe
proc
root
sys
tmp"
	run inside /bin/sh -c 'cat /proc/self/mountinfo | wc -l; ls -di / /..'
	[ "${lines[0]}" -lt 40 ]
	equals "$(cut -d/ -f1 <<<"${lines[1]}")" "$(cut -d/ -f1 <<<"${lines[2]}")"
}

@test "rootfs: root.readonly" {
	run inside /probe write /x y
	equals "$output" "write /x: EROFS"
	box_set '.root.readonly = false'
	run inside /probe write /x y
	equals "$output" "write /x: ok"
}

@test "rootfs: a root that has mounts below it, on the host" {
	mkdir "$bundle/rootfs/mnt"
	mount -t tmpfs none "$bundle/rootfs/mnt" && touch "$bundle/rootfs/mnt/there"
	run inside /probe list /mnt
	umount "$bundle/rootfs/mnt"
	equals "$output" there
}

@test "rootfs: a root that is a mount itself, and shared" {
	mount --bind "$bundle/rootfs" "$bundle/rootfs"
	mount --make-shared "$bundle/rootfs"
	run inside /probe list /mnt list /etc
	umount "$bundle/rootfs"
	contains "$output" passwd
}

@test "rootfs: a root through a symlink" {
	ln -s rootfs "$bundle/link"
	box_set '.root.path = "link"'
	run inside /probe read /etc/group
	contains "$output" tty:x:5:
}

@test "rootfs: rootfsPropagation" {
	while read -r word expected; do
		box_set '.linux.rootfsPropagation = $word' --arg word "$word"
		run inside /probe mount /
		equals "$word: $(cut -d' ' -f7- <<<"$output" | sed 's/:[0-9]*//g')" "$word: $expected"
	done <<'WORDS'
private -
rprivate -
slave master
rslave master
shared shared master
rshared shared master
unbindable unbindable
runbindable unbindable
WORDS
	box_set '.linux.rootfsPropagation = "sideways"'
	run inside /bin/true
	equals "$status" 1
	contains "$output" linux.rootfsPropagation
}

@test "rootfs: --no-pivot" {
	box_args /bin/sh -c '/probe list / cwd; cut -d" " -f5 /proc/self/mountinfo | grep -c "^/proc$"'
	run ironbox run --no-pivot --bundle "$bundle" "$id"
	equals "$status" 0
	equals "$output" "bin
dev
etc
probe
proc
root
sys
tmp
cwd /
1"
	box_args /probe write /x y write /proc/sys/kernel/core_pattern z stat /proc/keys
	run ironbox run --no-pivot --bundle "$bundle" "$id"
	equals "$output" "write /x: EROFS
write /proc/sys/kernel/core_pattern: EROFS
/proc/keys character 0666 0 0 1:3"
}

@test "rootfs: no mount namespace: a chroot, and what asks for mounts is refused" {
	box_set '.linux.namespaces |= map(select(.type != "mount"))'
	while IFS='|' read -r change expected; do
		box_set "$no_mounts"
		box_set "$change"
		run inside /bin/true
		equals "$change: $status" "$change: 1"
		contains "$output" "rootfs: $expected: there is no mount namespace of the container's own"
	done <<'ROWS'
.mounts = [{"destination": "/proc", "type": "proc"}]|mounts
.linux.maskedPaths = ["/proc/keys"]|linux.maskedPaths
.linux.readonlyPaths = ["/proc/sys"]|linux.readonlyPaths
.root.readonly = true|root.readonly
.linux.rootfsPropagation = "rslave"|linux.rootfsPropagation
ROWS
	box_set "$no_mounts | del(.linux.rootfsPropagation)"
	run inside /probe list /etc cwd stat /dev/null
	equals "$output" "group
passwd
cwd /
/dev/null character 0666 0 0 1:3"
}

@test "rootfs: exec in a container without a mount namespace comes to its root" {
	box_set '.linux.namespaces |= map(select(.type != "mount"))'
	box_set "$no_mounts"
	box_start /bin/sleep 100
	run ironbox exec "$id" /probe list /etc
	ironbox delete --force "$id"
	equals "$output" "group
passwd"
}

@test "rootfs: a mount namespace that is joined stays as it stands" {
	unshare --mount --propagation private sh -c "mount --bind $bundle/rootfs $bundle/rootfs &&
		cd $bundle/rootfs && mount -t proc proc proc && pivot_root . tmp && umount -l /tmp &&
		exec bin/sleep 100" 3>&- &
	other=$!
	await 5 grep -q sleep "/proc/$other/comm"
	box_set '(.linux.namespaces[] | select(.type == "mount")).path = $path' \
		--arg path "/proc/$other/ns/mnt"
	run inside /bin/true
	equals "$status" 1
	contains "$output" "rootfs: mounts: the mount namespace is joined, and stays as it stands"
	box_set "$no_mounts"
	run inside /bin/sh -c 'readlink /proc/self/ns/mnt; cut -d" " -f5 /proc/self/mountinfo'
	kill "$other"
	equals "$status" 0
	contains "$output" "/
/proc"
}

@test "rootfs: root.path that is missing, or no directory" {
	box_set '.root.path = "nowhere"'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "root.path $bundle/nowhere: No such file or directory"
	touch "$bundle/nowhere"
	run inside /bin/true
	equals "$status" 1
	contains "$output" "Not a directory"
	box_set 'del(.root)'
	run inside /bin/true
	equals "$status" 1
	contains "$output" root
}

@test "rootfs: off in the ini, and the container asks for it" {
	box_ini $'[rootfs]\nenabled = no'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "rootfs: off in $box/ironbox.ini:4, but "
}

@test "rootfs: a key that it does not know" {
	box_ini $'[rootfs]\nhost_visble = yes'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "ironbox.ini:4"
	contains "$output" "host_visble"
}

@test "rootfs: hooks see the mounts at root.path, in the runtime's view and in init's" {
	cat >"$box/hook" <<HOOK
#!/bin/sh
pid=\$(jq .pid)
grep -c " $bundle/rootfs/proc " /proc/\$pid/mountinfo >"$box/hook.\$1"
HOOK
	chmod 755 "$box/hook"
	box_set '.hooks = {createRuntime: [{path: $hook, args: ["hook", "runtime"], env: [$path]}]}' \
		--arg hook "$box/hook" --arg path "PATH=$PATH"
	inside /bin/true
	equals "$(cat "$box/hook.runtime")" 1
}
