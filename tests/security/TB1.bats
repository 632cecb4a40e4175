# TB1: something else is mounted on /proc, or inside of it: labels would be written to a file of the
# image's (CVE-2019-16884, CVE-2019-19921). Here that none can be; the suites of the stages apparmor
# and selinux see the label itself.
load attack

setup() {
	attack_setup
	mkdir "$box/empty"
	mounts=$(jq -c .mounts "$bundle/config.json")
}

teardown() {
	box_teardown
}

# adding MOUNT: runs with one more mount
adding() {
	box_set '.mounts = $mounts + [$mount]' --argjson mounts "$mounts" --argjson mount "$1"
	run inside /bin/true
	unharmed "$1"
}

@test "TB1: nothing but a procfs on /proc, and nothing inside of it" {
	local mount
	for mount in '{"destination": "/proc/self", "type": "tmpfs"}' \
		'{"destination": "/proc/self/attr", "type": "tmpfs"}' \
		'{"destination": "/proc/1/attr", "type": "tmpfs"}' \
		'{"destination": "/proc/sys", "type": "tmpfs"}' \
		'{"destination": "//proc/./thread-self", "type": "tmpfs"}' \
		"{\"destination\": \"/proc\", \"source\": \"$box/empty\", \"options\": [\"bind\"]}" \
		'{"destination": "/proc", "source": "/proc/sys", "options": ["bind"]}' \
		'{"destination": "/proc/", "type": "tmpfs"}'; do
		adding "$mount"
		refused "mounts[7]"
	done
}

@test "TB1: not through a symlink of the image either" {
	local destination
	ln -s proc/self/attr "$rootfs/attr"
	ln -s /proc/1 "$rootfs/one"
	ln -s proc "$rootfs/alias"
	for destination in /attr /one/attr /alias/self /alias; do
		adding "{\"destination\": \"$destination\", \"type\": \"tmpfs\"}"
		refused "$destination leads into a procfs"
	done
}
