# TA3: /dev of the image is a symlink (CVE-2026-41579, CVE-2026-47766).
load attack

setup() {
	attack_setup
}

teardown() {
	box_teardown
}

@test "TA3: /dev is a symlink, and no mount: refused, and nothing made" {
	without_mount /dev
	ln -s /elsewhere "$rootfs/chain"
	for target in $(links_to "$canary") chain ../chain; do
		rm -rf "$rootfs/dev" && ln -s "$target" "$rootfs/dev"
		run inside /bin/true
		unharmed "/dev -> $target"
		refused "/dev is a symlink in the image, and no mount"
	done
	[ ! -e "$rootfs/elsewhere" ]
}

@test "TA3: /dev is a symlink, below a tmpfs: works, inside" {
	rm -r "$rootfs/dev" && ln -s "$canary" "$rootfs/dev"
	run inside /probe stat /dev/null stat /dev/ptmx
	unharmed
	equals "$output" "/dev/null character 0666 0 0 1:3
/dev/ptmx link 0777 0 0 pts/ptmx"
}
