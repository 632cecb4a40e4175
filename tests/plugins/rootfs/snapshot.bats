#!/usr/bin/env bats
# A root that is made of a snapshot's mounts, which the host does not see. with_mounts stands in for
# the shim, which alone has such containers; all other verbs are the command's.

load ../../support/box
load snapshot

setup() {
	box_setup
	snapshot_setup
}

teardown() {
	snapshot_teardown
	box_teardown
}

@test "snapshot: one layer, bound, is the root" {
	snapshot_of "$layers/base / bind rbind,rw"
	run inside /probe read /etc/group
	equals "$status" 0
	contains "$output" tty:x:5:
	inside /bin/sh -c 'echo text >/written'
	equals "$(cat "$layers/base/written")" text
	equals "$(ls "$bundle/rootfs")" ""
}

@test "snapshot: a layer that is bound read-only stays so" {
	snapshot_of "$layers/base / bind rbind,ro"
	run inside /probe write /x y
	equals "$output" "write /x: EROFS"
}

@test "snapshot: an overlay, and what is written is in the upper directory" {
	snapshot_layers 2
	snapshot_of "overlay / overlay index=off,$upper,lowerdir=$lower"
	run inside /bin/sh -c 'cat /top /file1; echo text >/written; rm /file2; /probe mount /'
	contains "$output" "2
1
/ overlay "
	equals "$status" 0
	equals "$(cat "$layers/upper/written")" text
	equals "$(stat -c %F "$layers/upper/file2")" "character special file"
	equals "$(cat "$layers/2/fs/file2")" 2
}

@test "snapshot: an overlay without an upper directory is read-only" {
	snapshot_layers 2
	snapshot_of "overlay / overlay ro,lowerdir=$lower"
	run inside /probe write /x y read /top
	equals "$output" "write /x: EROFS
2"
}

@test "snapshot: a folder of layers with a colon and a backslash in its name" {
	store=$store/'a:b\c' layers=$store/$(printf 'y%.0s' {1..200})
	mkdir -p "$layers"
	mv "$box"/store/io.*/snapshots/base "$layers/base"
	snapshot_layers 20
	lower=${lower//'a:b\c'/'a\:b\\c'}
	# in upperdir the kernel takes a colon as it is; fstab(5) has the backslash as \134
	snapshot_of "overlay / overlay lowerdir=${lower//\\/\\134}"
	run inside /probe read /top
	equals "$output" 20
}

@test "snapshot: layers that have no folder in common, and are too many" {
	local n

	for n in {1..20}; do
		mkdir -p "$box/$n$(printf 'z%.0s' {1..220})"
		lower+=$box/$n$(printf 'z%.0s' {1..220}):
	done
	snapshot_of "overlay / overlay lowerdir=$lower$layers/base"
	run inside /bin/true
	equals "$status" 1
	contains "$output" "mount(2) takes 4095 bytes of options, also where layers are named from $box/: "
}

@test "snapshot: a second mount below the first one, and not out of it" {
	mkdir "$layers/base/data" "$layers/more"
	echo more >"$layers/more/file"
	ln -s /../../../data "$layers/base/link"
	snapshot_of "$layers/base / bind rbind,rw" "$layers/more data bind bind,ro" \
		"tmpfs /link/../tmp tmpfs size=64k,mode=750"
	run inside /probe read /data/file write /data/x y stat /tmp
	equals "${lines[0]}" more
	equals "${lines[1]}" "write /data/x: EROFS"
	contains "${lines[2]}" "/tmp directory 0750"
	snapshot_of "$layers/base / bind rbind,rw" "$layers/more missing bind bind"
	run inside /bin/true
	contains "$output" "open missing in the root: No such file or directory"
}

@test "snapshot: what a runtime does next is done in its own mount namespace" {
	in_user_namespace
	snapshot_of "$layers/base / bind rbind,rw"
	mkdir "$bundle/relative"
	box_set '.hooks = {createRuntime: [$hook], poststop: [$hook]} | .mounts += [{destination: "/tmp",
		source: "relative", options: ["bind"]}]' --argjson hook "$(jq -n --arg out "$box/hooks" \
		'{path: "/bin/sh", args: ["sh", "-c", "readlink /proc/self/ns/mnt >>\($out); ls rootfs >>\($out)"]}')"
	touch "$bundle/relative/there"
	(cd "$bundle" && inside /probe list /tmp >"$box/list")
	equals "$(cat "$box/list")" there
	equals "$(cat "$box/hooks")" "$(readlink /proc/self/ns/mnt)
$(readlink /proc/self/ns/mnt)"
}

@test "snapshot: exec sees the same root; init's is what host-side tools find" {
	snapshot_layers 2
	snapshot_of "overlay / overlay $upper,lowerdir=$lower"
	snapshot_start /bin/sh -c 'echo text >/written; sleep 1000'
	await 5 test -e "/proc/$(box_pid)/root/written"
	run ironbox exec "$id" /bin/sh -c 'cat /written; stat -c %i /'
	equals "${lines[0]}" text
	equals "${lines[1]}" "$(stat -c %i "/proc/$(box_pid)/root/.")"
	ironbox pause "$id" && ironbox resume "$id"
	ironbox delete --force "$id"
}

@test "snapshot: after SIGKILL of init nothing is left, and the snapshot is free" {
	snapshot_layers 2
	snapshot_of "overlay / overlay $upper,lowerdir=$lower"
	snapshot_start /probe sleep 1000
	kill -9 "$(box_pid)"
	ironbox delete --force "$id"
	equals "$(box_new_mounts)" ""
	rm -r "$layers/upper" "$layers/work" "$bundle/rootfs"
}

@test "snapshot: delete loads no module for it" {
	snapshot_of "$layers/base / bind rbind,rw"
	snapshot_create /bin/true
	mv "$BOX_SUITE/plugins/rootfs.so" "$box"
	run ironbox delete --force "$id"
	mv "$box/rootfs.so" "$BOX_SUITE/plugins"
	equals "$output" ""
}

@test "snapshot: root.readonly, propagation and --no-pivot are as with any root" {
	snapshot_layers 2
	snapshot_of "overlay / overlay $upper,lowerdir=$lower"
	box_set '.root.readonly = true | .linux.rootfsPropagation = "rshared"'
	run inside /bin/sh -c '/probe write /x y; grep " / / " /proc/self/mountinfo'
	contains "${lines[0]}" "write /x: EROFS"
	contains "${lines[1]}" "shared:"
	contains "${lines[1]}" " ro,"
	run with_mounts run --no-pivot --bundle "$bundle" "$id"
	contains "$output" "write /x: EROFS"
	contains "$output" " ro,"
}

@test "snapshot: binds with ids of their own go on it" {
	snapshot_layers 2
	mkdir "$box/data" && touch "$box/data/file" && chown 1000:1000 "$box/data/file"
	snapshot_of "overlay / overlay $upper,lowerdir=$lower"
	box_set '.mounts += [{destination: "/mnt", source: ($box + "/data"), options: ["rbind"],
		uidMappings: [{containerID: 1000, hostID: 7, size: 1}],
		gidMappings: [{containerID: 1000, hostID: 8, size: 1}]}]' --arg box "$box"
	run inside /probe stat /mnt/file
	equals "$output" "/mnt/file file 0644 7 8 0"
}

@test "snapshot: host_visible makes them in the bundle, till delete" {
	box_ini $'[rootfs]\nhost_visible = yes'
	snapshot_layers 20
	snapshot_of "overlay / overlay $upper,lowerdir=$lower" "tmpfs tmp tmpfs size=64k"
	snapshot_start /bin/sh -c 'echo text >/written; sleep 1000'
	equals "$(cat "$bundle/rootfs/top")" 20
	await 5 test -e "$bundle/rootfs/written"
	equals "$(ironbox exec "$id" /bin/cat /top)" 20
	ironbox delete --force "$id"
	equals "$(ls "$bundle/rootfs")" ""
	equals "$(box_new_mounts)" ""
}

@test "snapshot: host_visible, in a user namespace" {
	box_ini $'[rootfs]\nhost_visible = yes'
	snapshot_layers 2
	in_user_namespace
	snapshot_of "overlay / overlay $upper,lowerdir=$lower"
	run inside /probe read /top
	equals "$output" 2
	equals "$(box_new_mounts)" ""
}

@test "snapshot: host_visible, and a mount that was there before stays" {
	box_ini $'[rootfs]\nhost_visible = yes'
	mount -t tmpfs before "$bundle/rootfs"
	touch "$bundle/rootfs/before"
	snapshot_of "$layers/base / bind rbind,rw"
	run inside /probe read /etc/group
	contains "$output" tty:x:5:
	equals "$(ls "$bundle/rootfs")" before
	umount "$bundle/rootfs"
}

@test "snapshot: host_visible, and the ini changes before delete" {
	box_ini $'[rootfs]\nhost_visible = yes'
	snapshot_of "$layers/base / bind rbind,rw"
	snapshot_create /bin/true
	box_ini ''
	ironbox delete --force "$id"
	equals "$(box_new_mounts)" ""
}

@test "snapshot: what is refused, and in which words" {
	local line options words

	while IFS='|' read -r line words; do
		snapshot_of "$line"
		run inside /bin/true
		equals "$status" 1
		contains "$output" "rootfs: the snapshot's mount of ${line%% *}, type "
		contains "$output" "$words"
	done <<-EOF
		/dev/x / ext4 rw,loop|option loop: no loop device is set up here
		/img / erofs X-containerd.loop|option X-containerd.loop: an option for containerd
		overlay / overlay uidmap=0:100000:65536,lowerdir=/a:/b|option uidmap=0:100000:65536: layers with other ids
		/x / bind rbind,size=1|option size=1: a bind has no file system to take it
		tmpfs / tmpfs lowerdir=/x|option lowerdir: it is an overlay's
		tmpfs / tmpfs tmpcopyup|remount, idmap and tmpcopyup are for mounts[]
		/x / bind rbind,rshared|a snapshot's mounts are private
	EOF
}

@test "snapshot: a mount that fails is named, and nothing is left" {
	local options

	snapshot_layers 2
	snapshot_of "overlay / overlay lowerdir=$lower:/nowhere"
	run inside /bin/true
	equals "$status" 1
	contains "$output" "rootfs: the snapshot's mount of overlay, type overlay, options lowerdir=$store/io"
	contains "$output" "…: lowerdir /nowhere: No such file or directory"
	snapshot_of "$box/nothing / bind rbind"
	run inside /bin/true
	contains "$output" "the snapshot's mount of $box/nothing, type bind, options rbind: open the source: No such"
	snapshot_of "nothing / nosuchfs rw"
	run inside /bin/true
	contains "$output" "type nosuchfs, options rw: mount: No such device"
	in_user_namespace
	run inside /bin/true
	contains "$output" "type nosuchfs, options rw: mount: No such device"
	equals "$(ls "$state_root")" ""
}

# hangs_at TEXT: create hangs, says so, and is killed as by who has waited too long; delete is not held
# up by it.
hangs_at() {
	local hung runtime

	mkdir "$box/hung"
	"$HUNG_MOUNT" "$box/hung" 3>&- &
	hung=$!
	await 10 mounted_at "$box/hung"
	box_args /bin/true
	PROGRESS=$box/progress FSTAB=$box/fstab "$WITH_MOUNTS" --root "$state_root" --config "$box/ironbox.ini" \
		create --bundle "$bundle" "$id" >"$box/out" 2>&1 3>&- &
	runtime=$!
	await 10 grep -qa "$1" "$box/progress"
	kill -9 "$runtime"
	wait "$runtime" || true
	timeout 10 "$IRONBOX" --root "$state_root" --config "$box/ironbox.ini" delete --force "$id"
	umount -l "$box/hung"
	kill -9 "$hung"
	wait "$hung" || true
}

mounted_at() {
	grep -q " $1 " /proc/self/mountinfo
}

@test "snapshot: a layer that hangs is named to who waits, and killed" {
	snapshot_of "overlay / overlay lowerdir=$box/hung/1:$layers/base"
	hangs_at "rootfs: the snapshot's mount of overlay, type overlay, options lowerdir=$box/hung"
}

@test "snapshot: so is it in a user namespace" {
	in_user_namespace
	snapshot_of "$box/hung/1 / bind bind"
	hangs_at "rootfs: the snapshot's mount of $box/hung/1, type bind"
}

@test "snapshot: so is a source in mounts[] that hangs" {
	snapshot_of "$layers/base / bind rbind"
	box_set '.mounts += [{destination: "/tmp", source: ($box + "/hung/1"), options: ["bind"]}]' --arg box "$box"
	hangs_at "rootfs: mounts.7., $box/hung/1 on /tmp"
}

@test "snapshot: the second of them fails, also where the host sees the first" {
	box_ini $'[rootfs]\nhost_visible = yes'
	snapshot_of "$layers/base / bind rbind" "nothing / nosuchfs rw"
	run inside /bin/true
	equals "$status" 1
	equals "$(box_new_mounts)" ""
}

@test "snapshot: without a stage that makes its mounts it is refused" {
	box_ini $'on_disabled = warn\n[rootfs]\nenabled = no'
	snapshot_of "$layers/base / bind rbind"
	run inside /bin/true
	equals "$status" 1
	contains "$output" "its root is to be made of 1 mounts, and no stage of ironbox.ini makes them"
}

@test "snapshot: without a mount namespace only where the host may see it" {
	box_set '.mounts = [] | .linux.maskedPaths = [] | .linux.readonlyPaths = [] |
		.linux.namespaces |= map(select(.type != "mount"))'
	snapshot_of "$layers/base / bind rbind"
	run inside /bin/true
	contains "$output" "the snapshot's mounts would be the host's; [rootfs] host_visible = yes lets them"
	box_ini $'[rootfs]\nhost_visible = yes'
	run inside /probe list /
	contains "$output" probe
	equals "$(box_new_mounts)" ""
}
