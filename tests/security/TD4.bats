# TD4: /etc/passwd of the image is a trap for who looks the home directory up there (CVE-2024-9676,
# CVE-2025-4437, CVE-2026-47262, CVE-2022-4318).
load attack

setup() {
	attack_setup
	box_set 'del(.process.env[] | select(startswith("HOME")))'
	box_args /bin/sh -c 'echo "$HOME"'
	passwd=$rootfs/etc/passwd
	rm "$passwd"
}

teardown() {
	rm -f "$passwd"
	box_teardown
}

# finds HOME: in a short time, and in 96 MiB
finds() {
	run timeout -s KILL 5 "$BATS_TEST_DIRNAME/peak-memory" "$box/peak" "$IRONBOX" --root "$state_root" \
		--config "$box/ironbox.ini" run --bundle "$bundle" "$id" 3>&-
	[ "$status" -ne 137 ] || won "the runtime hangs"
	[ "$(cat "$box/peak")" -lt $((96 * 1024)) ] || won "the runtime takes $(cat "$box/peak") KiB"
	equals "$output" "$1"
	equals "$status" 0
}

line=root:x:0:0:root:/found:/bin/sh

@test "TD4: a file as it should be" {
	echo "$line" >"$passwd"
	finds /found
}

@test "TD4: a fifo, a device, a socket, a directory, a symlink to the outside" {
	mkfifo "$passwd"
	finds /
	rm "$passwd" && mknod "$passwd" c 1 5
	finds /
	rm "$passwd" && mknod "$passwd" c 5 0
	finds /
	rm "$passwd" && mkdir "$passwd"
	finds /
	rmdir "$passwd"
	echo "$line" >"$canary/passwd"
	for target in $(links_to "$canary/passwd"); do
		ln -sfn "$target" "$passwd"
		finds /
	done
}

@test "TD4: 4 GiB without a byte, 128 MiB in a line, a million lines" {
	truncate -s 4G "$passwd"
	finds /
	head -c 128M /dev/zero | tr '\0' x >"$passwd"
	finds /
	yes nobody:x:1:1:nobody:/:/bin/sh | head -n 1000000 >"$passwd"
	echo "$line" >>"$passwd"
	finds /
}

@test "TD4: bytes that are no line of passwd" {
	printf '\0\0\0' >"$passwd"
	finds /
	printf 'root:x:0:0:root:/fo\0und:/bin/sh\n' >"$passwd"
	finds /fo
	printf 'root:x:0:0:root:/fo\nLD_PRELOAD=/x.so:/bin/sh\n' >"$passwd"
	finds /fo
	printf 'root:x:0:0:root:relative:/bin/sh\n' >"$passwd"
	finds /
	printf '%s' :::::: 'root' 'root:x:0' >"$passwd"
	finds /
	printf 'root:x:00:0:root:/wrong:/\n+root:x:0x0:0::/wrong:/\n%s' "$line" >"$passwd"
	finds /found
}
