#!/usr/bin/env bats
# linux.maskedPaths and linux.readonlyPaths.

load ../../support/box

setup() {
	box_setup
	mkdir -p "$bundle/rootfs/secret/below" "$bundle/rootfs/other"
	echo hidden >"$bundle/rootfs/secret/below/file"
	echo hidden >"$bundle/rootfs/file"
	box_set '.root.readonly = false'
}

teardown() {
	box_teardown
}

@test "rootfs: a masked directory is empty and read-only, a masked file is null" {
	box_set '.linux.maskedPaths = ["/secret", "/other", "/file", "/not/there", "/file/below"]'
	run inside /probe list /secret write /secret/x y write /other/x y read /file \
		write /file text read /file stat /file
	equals "$output" "write /secret/x: EROFS
write /other/x: EROFS
write /file: ok
/file character 0666 0 0 1:3"
	equals "$(cat "$bundle/rootfs/file")" hidden
}

# bats test_tags=vm
@test "rootfs: all masked directories share one superblock" {
	mkdir "$bundle/rootfs/third"
	box_set '.linux.maskedPaths = ["/secret", "/other", "/third"]'
	run inside /bin/sh -c "grep -E ' /(secret|other|third) ' /proc/self/mountinfo | cut -d' ' -f3 | sort -u | wc -l"
	equals "$output" 1
}

@test "rootfs: a read-only path, with what is mounted below it" {
	box_set '.mounts += [{"destination": "/secret/below", "type": "tmpfs"}] |
		.linux.readonlyPaths = ["/secret", "/not/there"] | .linux.maskedPaths = []'
	run inside /probe write /secret/x y write /secret/below/x y write /other/x y
	equals "$output" "write /secret/x: EROFS
write /secret/below/x: EROFS
write /other/x: ok"
}

@test "rootfs: a mask inside of a read-only path" {
	box_set '.linux.readonlyPaths = ["/secret"] | .linux.maskedPaths = ["/secret/below"]'
	run inside /probe list /secret list /secret/below write /secret/x y
	equals "$output" "below
write /secret/x: EROFS"
}

@test "rootfs: a mask through a symlink is refused" {
	ln -s secret "$bundle/rootfs/link"
	for field in maskedPaths readonlyPaths; do
		for path in /link /link/below; do
			box_set '.linux.maskedPaths = [] | .linux.readonlyPaths = [] |
				.linux[$field] = [$path]' --arg field "$field" --arg path "$path"
			run inside /bin/true
			equals "$status" 1
			contains "$output" "rootfs: linux.$field[0]: $path is reached through a symlink"
		done
	done
}

@test "rootfs: masks without a /dev of the container's own" {
	box_set '.linux.maskedPaths = ["/file", "/secret"] |
		.mounts |= map(select(.destination | startswith("/dev") | not))'
	run inside /probe stat /file list /secret mount /file
	contains "$output" "/file character 0666 0 0 1:3"
	contains "$output" "tmpfs"
}

@test "rootfs: masks of procfs are over the procfs" {
	run inside /probe read /proc/keys write /proc/sys/kernel/core_pattern x open /proc/timer_list r stat /proc/keys
	equals "$output" "write /proc/sys/kernel/core_pattern: EROFS
open /proc/timer_list: ok
/proc/keys character 0666 0 0 1:3"
}

@test "rootfs: values of the path lists that are refused" {
	while IFS='|' read -r path expected; do
		for field in maskedPaths readonlyPaths; do
			box_set '.linux.maskedPaths = [] | .linux.readonlyPaths = [] |
				.linux[$field] = [$path]' --arg field "$field" --argjson path "$path"
			run inside /bin/true
			equals "$path: $status" "$path: 1"
			contains "$output" "linux.$field[0]"
		done
	done <<'ROWS'
""|
"/"|
"//./"|
"relative"|
7|
ROWS
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
