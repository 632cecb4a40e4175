#!/usr/bin/env bats
# mounts[]: types, options, binds, where they come to stand.

load ../../support/box

setup() {
	box_setup
	mkdir -p "$box/data/below" "$bundle/rootfs/mnt"
	echo hello >"$box/data/file"
}

teardown() {
	umount -l "$box/data/below" 2>/dev/null || true
	umount -l "$box/data" 2>/dev/null || true
	box_teardown
}

# add_mount JSON: one more of mounts[]
add_mount() {
	box_set '.mounts += [$mount]' --argjson mount "$1"
}

# bind OPTIONS [SOURCE [DESTINATION]]
bind() {
	add_mount "$(jq -n --arg source "${2:-$box/data}" --arg destination "${3:-/mnt}" \
		--arg options "$1" '{$destination, $source, options: ($options | split(","))}')"
}

refused() {
	run inside /bin/true
	equals "$status" 1
	contains "$output" "$1"
}

@test "rootfs: the mounts of a plain container, in their order" {
	run inside /probe mounts
	equals "$status" 0
	equals "$(cut -d' ' -f1,2,5 <<<"$output" | grep -v '^/sys/fs/cgroup/\|^/proc/[^s]\|^/sys/firmware')" \
		"/ $(stat -f -c %T "$bundle/rootfs" | sed 's/ext.*/ext4/') ro,relatime
/proc proc rw,relatime
/dev tmpfs rw,nosuid
/dev/pts devpts rw,nosuid,noexec,relatime
/dev/shm tmpfs rw,nosuid,nodev,noexec,relatime
/dev/mqueue mqueue rw,nosuid,nodev,noexec,relatime
/sys sysfs ro,nosuid,nodev,noexec,relatime
/sys/fs/cgroup tmpfs ro,nosuid,nodev,noexec,relatime
/proc/sys proc ro,relatime"
}

@test "rootfs: the same mounts as runc makes" {
	runc=$(command -v runc)
	box_set '.process.args = ["/probe", "mounts"]'
	(cd "$bundle" && "$runc" --root "$box/runc" run "$id-runc") | sed "s/$id-runc/ID/" >"$box/runc.mounts"
	run inside /probe mounts
	equals "$status" 0
	# runc leaves the tmpfs that holds the cgroups writable, though `ro` is asked for, and the
	# cgroups slaves of the host's
	equals "$(sed "s/$id/ID/" <<<"$output")" \
		"$(sed -e '/^\/sys\/fs\/cgroup tmpfs/s/ rw,nosuid/ ro,nosuid/' \
			-e '/^\/sys\/fs\/cgroup\//s/ master:[0-9]*$/ -/' -e "s/$id/ID/" "$box/runc.mounts")"
}

# bats test_tags=vm
@test "rootfs: no mount event reaches the host" {
	before=$(wc -l </proc/self/mountinfo)
	box_create /bin/sleep 100
	equals "$(wc -l </proc/self/mountinfo)" "$before"
	ironbox delete --force "$id"
}

@test "rootfs: tmpfs with data, flags and words that mount(2) does not know" {
	add_mount '{"destination": "/mnt", "type": "tmpfs", "source": "here",
		"options": ["size=1m", "noexec", "rw", "rprivate", "nosuid", "mode=750", "noatime"]}'
	run inside /probe mount /mnt stat /mnt
	equals "$output" "/mnt tmpfs here / rw,nosuid,noexec,noatime rw,size=1024k,mode=750 -
/mnt directory 0750 0 0"
}

@test "rootfs: a tmpfs without a mode takes that of its directory" {
	chmod 1751 "$bundle/rootfs/mnt"
	add_mount '{"destination": "/mnt", "type": "tmpfs"}'
	run inside /probe stat /mnt
	equals "$output" "/mnt directory 1751 0 0"
}

@test "rootfs: a read-only tmpfs, with a mount in it" {
	add_mount '{"destination": "/mnt", "type": "tmpfs", "options": ["ro"]}'
	bind bind "$box/data" /mnt/made
	run inside /probe write /mnt/x y read /mnt/made/file
	equals "$output" "write /mnt/x: EROFS
hello"
}

@test "rootfs: an overlay" {
	mkdir "$box/upper" "$box/work"
	mount -t tmpfs none "$box/data"
	mkdir "$box/data/upper" "$box/data/work" "$box/lower" && echo low >"$box/lower/file"
	add_mount "{\"destination\": \"/mnt\", \"type\": \"overlay\", \"source\": \"overlay\", \"options\":
		[\"lowerdir=$box/lower,upperdir=$box/data/upper,workdir=$box/data/work\", \"private\"]}"
	run inside /probe read /mnt/file write /mnt/new x
	equals "$output" "low
write /mnt/new: ok"
	equals "$(cat "$box/data/upper/new")" x
}

@test "rootfs: an option that the file system does not know is refused by it" {
	add_mount '{"destination": "/mnt", "type": "tmpfs", "options": ["nonsense=1"]}'
	refused "rootfs: mounts[7]: mount tmpfs of type tmpfs on /mnt (nonsense=1,mode=755): Invalid argument"
}

@test "rootfs: a type that the kernel does not know" {
	add_mount '{"destination": "/mnt", "type": "nofs", "source": "x"}'
	refused "rootfs: mounts[7]: mount x of type nofs on /mnt (): No such device"
}

@test "rootfs: binds of a directory and of files, onto what is missing too" {
	echo old >"$bundle/rootfs/etc/hosts"
	bind rbind,rprivate "$box/data" /a/b/c
	bind bind "$box/data/file" /etc/hosts
	bind bind "$box/data/file" /new/file
	run inside /probe read /a/b/c/file read /etc/hosts read /new/file
	equals "$output" "hello
hello
hello"
	equals "$(stat -c '%A' "$bundle/rootfs/new/file" "$bundle/rootfs/a/b")" "-rwxr-xr-x
drwxr-xr-x"
}

@test "rootfs: a relative source is looked up in the bundle" {
	mkdir "$bundle/relative" && echo relative >"$bundle/relative/file"
	bind bind relative
	run inside /probe read /mnt/file
	equals "$output" relative
}

@test "rootfs: a mount point that a setgid directory makes has the mode that it should" {
	chmod 2775 "$bundle/rootfs/mnt" && chgrp 1000 "$bundle/rootfs/mnt"
	bind bind "$box/data" /mnt/x/y
	inside /bin/true
	equals "$(stat -c %a "$bundle/rootfs/mnt/x" "$bundle/rootfs/mnt/x/y")" "755
755"
}

@test "rootfs: bind flags are added, whatever the order" {
	bind nosuid,noexec,nodev,bind,rprivate,ro
	run inside /probe mount /mnt write /mnt/file x
	contains "$output" " ro,nosuid,nodev,noexec,relatime "
	contains "$output" "write /mnt/file: EROFS"
}

# bats test_tags=vm
@test "rootfs: ro is for the top, rro for all below it" {
	mount -t tmpfs none "$box/data/below"
	bind rbind,ro "$box/data" /mnt
	bind rbind,rro "$box/data" /tmp
	run inside /probe write /mnt/x y write /mnt/below/x y write /tmp/x y write /tmp/below/x y
	equals "$output" "write /mnt/x: EROFS
write /mnt/below/x: ok
write /tmp/x: EROFS
write /tmp/below/x: EROFS"
}

@test "rootfs: recursive flags, set and taken away" {
	mount -t tmpfs -o nosuid,nodev,noexec,ro none "$box/data/below"
	bind rbind,rrw,rsuid,rdev,rexec,rnoatime,rnosymfollow
	run inside /probe mount /mnt/below
	contains "$output" " rw,noatime,nosymfollow "
}

@test "rootfs: what the host has mounted read-only stays so, unless rrw asks" {
	mount -t tmpfs -o ro,nosuid none "$box/data/below"
	bind bind,rw,suid,noexec "$box/data/below" /mnt
	run inside /probe mount /mnt
	contains "$output" " ro,nosuid,noexec,relatime "
}

@test "rootfs: without rbind, what is mounted below does not show" {
	mount -t tmpfs none "$box/data/below" && touch "$box/data/below/hidden"
	bind bind
	run inside /probe list /mnt/below
	equals "$output" ""
}

@test "rootfs: two mounts on one destination: the last one shows" {
	bind bind "$box/data" /dev/shm
	run inside /probe read /dev/shm/file
	equals "$output" hello
}

@test "rootfs: remount" {
	bind bind
	add_mount '{"destination": "/mnt", "options": ["remount", "bind", "ro"]}'
	add_mount '{"destination": "/dev/shm", "type": "tmpfs", "options": ["remount", "size=1m"]}'
	run inside /probe write /mnt/file x mount /dev/shm
	contains "$output" "write /mnt/file: EROFS"
	contains "$output" "size=1024k"
}

# Each word alone on a tmpfs; what shows of it in mountinfo.
@test "rootfs: option words on a new file system" {
	while read -r words expected; do
		box_set '.mounts |= map(select(.destination != "/mnt")) + [{destination: "/mnt",
			type: "tmpfs", options: ($words | split(","))}]' --arg words "$words"
		run inside /probe mount /mnt
		equals "$words: $(cut -d' ' -f5 <<<"$output")" "$words: $expected"
	done <<'WORDS'
defaults rw,relatime
ro ro,relatime
ro,rw rw,relatime
rro ro,relatime
nosuid rw,nosuid,relatime
nosuid,suid rw,relatime
nodev rw,nodev,relatime
nodev,dev rw,relatime
noexec rw,noexec,relatime
noexec,exec rw,relatime
rnosuid,rnodev,rnoexec rw,nosuid,nodev,noexec,relatime
noatime rw,noatime
noatime,atime rw,relatime
noatime,relatime rw,relatime
relatime,noatime rw,noatime
strictatime rw
strictatime,nostrictatime rw,relatime
rstrictatime rw
rnoatime rw,noatime
rrelatime rw,relatime
nodiratime rw,nodiratime,relatime
nodiratime,diratime rw,relatime
nosymfollow rw,relatime,nosymfollow
nosymfollow,symfollow rw,relatime
sync,dirsync,silent,loud,async rw,relatime
WORDS
}

@test "rootfs: sync, dirsync and lazytime are the superblock's" {
	add_mount '{"destination": "/mnt", "type": "tmpfs", "options": ["sync", "dirsync", "lazytime"]}'
	run inside /probe mount /mnt
	contains "$output" "rw,sync,dirsync,lazytime"
}

@test "rootfs: tmpcopyup brings up what the image has" {
	tree=$bundle/rootfs/mnt
	chmod 1733 "$tree"
	mkdir -m 2755 "$tree/dir" && chown 3:4 "$tree/dir" && chmod 2755 "$tree/dir"
	echo text >"$tree/dir/file" && chown 5:6 "$tree/dir/file" && chmod 4751 "$tree/dir/file"
	ln -s /etc/passwd "$tree/link"
	mkfifo -m 604 "$tree/fifo"
	mknod -m 640 "$tree/node" c 1 3
	head -c 3000000 /dev/urandom >"$tree/big"
	sum=$(md5sum <"$tree/big")
	add_mount '{"destination": "/mnt", "type": "tmpfs",
		"options": ["rw", "rprivate", "nosuid", "nodev", "tmpcopyup", "size=10m"]}'
	run inside /bin/sh -c '/probe stat /mnt stat /mnt/dir stat /mnt/dir/file stat /mnt/link \
		stat /mnt/fifo stat /mnt/node; echo more >/mnt/new; md5sum </mnt/big'
	equals "$output" "/mnt directory 1733 0 0
/mnt/dir directory 2755 3 4
/mnt/dir/file file 4751 5 6 5
/mnt/link link 0777 0 0 /etc/passwd
/mnt/fifo fifo 0604 0 0
/mnt/node character 0640 0 0 1:3
$sum"
	[ ! -e "$tree/new" ]
}

@test "rootfs: tmpcopyup, read-only" {
	echo text >"$bundle/rootfs/mnt/file"
	add_mount '{"destination": "/mnt", "type": "tmpfs", "options": ["ro", "tmpcopyup"]}'
	run inside /probe read /mnt/file write /mnt/file x
	equals "$output" "text
write /mnt/file: EROFS"
}

@test "rootfs: propagation words of a bind" {
	mount -t tmpfs none "$box/data"
	mount --make-shared "$box/data"
	while read -r word expected; do
		box_set '.mounts |= map(select(.destination != "/mnt"))'
		bind "rbind,$word"
		run inside /probe mount /mnt
		contains "$word: $(cut -d' ' -f7- <<<"$output" | sed 's/:[0-9]*//g')" "$word: $expected"
	done <<'WORDS'
rprivate -
private -
rslave master
slave master
rshared shared
shared shared
runbindable unbindable
unbindable unbindable
slave,shared shared
WORDS
}

@test "rootfs: a shared volume: what is mounted inside shows on the host" {
	mount -t tmpfs none "$box/data" && mkdir "$box/data/point"
	mount --make-shared "$box/data"
	bind rbind,rshared
	box_set '.process.capabilities[] += ["CAP_SYS_ADMIN"] | .linux.rootfsPropagation = "rshared"'
	box_start /bin/sh -c 'mount -t tmpfs inside /mnt/point && sleep 100'
	await 5 grep -q " $box/data/point .* inside " /proc/self/mountinfo
	ironbox delete --force "$id"
	umount "$box/data/point"
}

@test "rootfs: a slave volume: what the host mounts shows inside, and not the other way" {
	mount -t tmpfs none "$box/data" && mkdir "$box/data/point" "$box/data/other"
	bind rbind,rslave
	box_set '.process.capabilities[] += ["CAP_SYS_ADMIN"]'
	box_start /bin/sh -c 'mount -t tmpfs inside /mnt/other && sleep 100'
	mount -t tmpfs outside "$box/data/point"
	await 5 grep -q " /mnt/point .* outside " "/proc/$(box_pid)/mountinfo"
	await 5 grep -q " /mnt/other .* inside " "/proc/$(box_pid)/mountinfo"
	! grep -q " $box/data/other " /proc/self/mountinfo
	ironbox delete --force "$id"
	umount "$box/data/point"
}

@test "rootfs: propagation of a new file system" {
	add_mount '{"destination": "/mnt", "type": "tmpfs", "options": ["shared", "nosuid"]}'
	run inside /probe mount /mnt
	contains "$output" " rw,nosuid,relatime "
	contains "$output" " shared:"
}

@test "rootfs: a source that is missing" {
	bind bind "$box/nowhere"
	refused "rootfs: mounts[7]: open the source $box/nowhere: No such file or directory"
}

@test "rootfs: a directory onto a file, and a file onto a directory" {
	bind bind "$box/data" /etc/passwd
	refused "rootfs: mounts[7]: mount on /etc/passwd: one of both is not a directory"
	box_set 'del(.mounts[7])'
	bind bind "$box/data/file" /mnt
	refused "rootfs: mounts[7]: mount on /mnt: one of both is not a directory"
}

@test "rootfs: cgroups without a cgroup namespace: its own alone, and read-only" {
	run inside /bin/sh -c 'for h in /sys/fs/cgroup/*; do cat $h/cgroup.procs; touch $h/cgroup.procs; done; ls /sys/fs/cgroup'
	[ "${#lines[@]}" -gt 2 ]
	! grep -vx '1\|[0-9]\{1,2\}\|[a-z]*\|touch: .*: Read-only file system' <<<"$output"
	contains "$output" "Read-only file system"
	contains "$output" memory
	[ "$(grep -c '^1$' <<<"$output")" -ge 8 ]
}

@test "rootfs: cgroups with a cgroup namespace" {
	box_set '.linux.namespaces += [{"type": "cgroup"}]'
	run inside /probe mount /sys/fs/cgroup/memory mount /sys/fs/cgroup/systemd
	equals "$(cut -d' ' -f1,2,4,5 <<<"$output")" \
		"/sys/fs/cgroup/memory cgroup / ro,nosuid,nodev,noexec,relatime
/sys/fs/cgroup/systemd cgroup / ro,nosuid,nodev,noexec,relatime"
}

@test "rootfs: cgroups without a cgroup namespace, inside of a container that has none either" {
	outer=/sys/fs/cgroup/pids/$id-outer
	mkdir "$outer"
	cat >"$box/within" <<SCRIPT
echo \$\$ >$outer/cgroup.procs
mount --make-rprivate /
mount --bind $outer /sys/fs/cgroup/pids
exec "$IRONBOX" --root "$state_root" --config "$box/ironbox.ini" "\$@"
SCRIPT
	box_args /bin/sh -c 'cat /proc/self/cgroup; /probe mount /sys/fs/cgroup/pids
		grep -x 1 /sys/fs/cgroup/pids/cgroup.procs && echo init is seen'
	run unshare --mount bash "$box/within" run --bundle "$bundle" "$id"
	rmdir "$outer"
	equals "$status" 0
	contains "$output" ":pids:/$id-outer/$id"
	contains "$output" "/sys/fs/cgroup/pids cgroup cgroup /$id-outer/$id ro,nosuid,nodev,noexec,relatime "
	contains "$output" "init is seen"
}

@test "rootfs: writable cgroups, where they are asked for" {
	box_set '(.mounts[] | select(.type == "cgroup") | .options) -= ["ro"]'
	run inside /bin/sh -c 'mkdir /sys/fs/cgroup/pids/x && rmdir /sys/fs/cgroup/pids/x && echo made'
	equals "$output" made
}

@test "rootfs: values of mounts[] that are refused" {
	while IFS='|' read -r mount expected; do
		box_set '.mounts |= (.[0:7] + [$mount])' --argjson mount "$mount"
		run ironbox run --bundle "$bundle" "$id"
		equals "$mount: $status" "$mount: 1"
		contains "$mount: $output" "$expected"
	done <<'ROWS'
{"destination": "", "type": "tmpfs"}|mounts[7].destination
{"destination": "/", "type": "tmpfs"}|mounts[7].destination: / is the root itself
{"destination": "//./", "type": "tmpfs"}|mounts[7].destination: //./ is the root itself
{"destination": "/a/../../b", "type": "tmpfs"}|mounts[7].destination: /a/../../b: .. is not allowed
{"destination": "/mnt"}|mounts[7].type: missing, and it is no bind
{"destination": "/mnt", "type": "tmpfs", "options": ["rbind"]}|mounts[7].source: a bind needs one
{"destination": "/mnt", "source": "/tmp", "options": ["bind", "size=1"]}|mounts[7].options: size=1: no such option
{"destination": "/mnt", "type": "proc", "options": ["tmpcopyup"]}|mounts[7].options: tmpcopyup is for tmpfs
{"destination": "/mnt", "type": "tmpfs", "options": ["idmap"]}|mounts[7]: idmap is for binds
{"destination": "/mnt", "source": "/tmp", "options": ["bind", "idmap"]}|mounts[7]: idmap without uidMappings needs a user namespace
{"destination": "/mnt", "source": "/tmp", "options": ["bind"], "uidMappings": [{"containerID": 0, "hostID": 1, "size": 1}]}|uidMappings and gidMappings go together
{"destination": "/proc/self", "type": "tmpfs"}|nothing may be mounted inside of /proc there
{"destination": "/proc/sys/kernel", "source": "/tmp", "options": ["bind"]}|nothing may be mounted inside of /proc there
{"destination": "/proc", "type": "tmpfs"}|only a procfs may be mounted there
{"destination": "/mnt", "type": 7}|mounts[7].type
{"type": "tmpfs"}|mounts[7].destination
{"destination": "/mnt", "type": "tmpfs", "options": "ro"}|mounts[7].options
ROWS
}
