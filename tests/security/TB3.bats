# TB3: a null device of the image's own making is what masks are made of, or none is
# (CVE-2025-31133, CVE-2025-62161).
load attack

setup() {
	attack_setup
	echo unmasked >"$rootfs/tf"
	box_set '.linux.maskedPaths = ["/proc/kcore", "/proc/keys", "/tf"]'
}

teardown() {
	box_teardown
}

# What is written, should a mask be that file: a value of the container's own namespace. The two
# that matter on a host stand in the list of fakes, and are only looked at.
harmless=/proc/sys/kernel/domainname

fakes=("ln -s $harmless" "ln -s ..$harmless" 'ln -s /proc/sys/kernel/core_pattern'
	'ln -s /proc/sysrq-trigger' 'ln -s /nowhere' 'ln -s null' 'cp /etc/passwd' mkfifo mkdir
	'mknod_as c 1 5' 'mknod_as c 1 11')

mknod_as() {
	mknod "$4" "$1" "$2" "$3"
}

# masks_hold WORDS: it was refused in these words; or, if they are empty, all three are null.
masks_hold() {
	local null='character 0666 [0-9]* [0-9]* 1:3'
	run inside /probe stat /tf stat /proc/keys
	unharmed
	[ "$status" -ne 0 ] || [[ $output =~ ^/tf\ $null$'\n'/proc/keys\ $null$ ]] ||
		won "a mask is no null device: $output"
	if [ -n "$1" ]; then
		refused "$1"
		return
	fi
	equals "$status" 0
	run inside /probe read /tf write /tf text write /proc/keys text read /proc/keys
	equals "$output" "write /tf: ok
write /proc/keys: ok"
}

# with_each_fake FOLDER WORDS
with_each_fake() {
	local fake
	for fake in "${fakes[@]}"; do
		rm -rf "$1/null"
		$fake "$1/null"
		echo "# null is made by: $fake"
		masks_hold "$2"
	done
	rm -rf "$1/null"
}

@test "TB3: null as a symlink to core_pattern, as another device …, without a mount on /dev: refused" {
	without_mount /dev
	with_each_fake "$rootfs/dev" "/dev/null in the image is not that device, but something else"
}

@test "TB3: no null at all, without a mount on /dev: made" {
	without_mount /dev
	masks_hold ""
}

@test "TB3: null as a symlink to core_pattern, as another device …, in a /dev that is bound: not used" {
	mkdir "$box/dev"
	without_mount /dev
	box_set '.mounts += [{destination: "/dev", source: $dev, options: ["bind"]}]' --arg dev "$box/dev"
	with_each_fake "$box/dev" ""
	masks_hold ""
}

@test "TB3: the same in a user namespace" {
	chmod 755 "$box" "$bundle"
	mkdir "$box/dev"
	without_mount /dev
	without_mount /sys
	chown -R 100000:100000 "$rootfs"
	in_user_namespace
	box_set '.mounts += [{destination: "/dev", source: $dev, options: ["bind"]}]' --arg dev "$box/dev"
	with_each_fake "$box/dev" ""
}
