# TB2: /proc or /sys of the image is a symlink: masks, read-only paths and labels would be elsewhere
# (CVE-2023-27561, CVE-2023-28642, CVE-2025-54867).
load attack

setup() {
	attack_setup
	mkdir -p "$rootfs/bad-proc" "$rootfs/x"
	ln -s bad-proc "$rootfs/chain"
}

teardown() {
	box_teardown
}

links_are_refused() {
	local name target
	while read -r name target; do
		rm -rf "${rootfs:?}/$name" && ln -s "$target" "$rootfs/$name"
		run inside /probe mounts
		unharmed "$name -> $target"
		refused "/$name is a symlink, or below one, in the image"
		rm "$rootfs/$name" && mkdir "$rootfs/$name"
	done <<-ROWS
		proc /bad-proc
		proc bad-proc
		proc chain
		proc sys
		proc /nowhere
		proc $canary/dir
		proc ../../../../../../../../..$canary/dir
		sys /x
		sys x
		sys /nowhere
		sys $canary/dir
	ROWS
}

@test "TB2: a symlink where the procfs or the sysfs is to be" {
	links_are_refused
}

@test "TB2: the same in a user namespace" {
	in_user_namespace
	links_are_refused
}
