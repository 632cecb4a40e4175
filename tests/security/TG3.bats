# TG3: a privileged process of the runtime loads or runs what the image brings: its libraries,
# name services, converters, locales, helpers (CVE-2019-14271, CVE-2026-41567, CVE-2026-84042).
load attack

setup() {
	attack_setup
	local folder name
	for folder in lib lib64 usr/lib lib/x86_64-linux-gnu lib/aarch64-linux-gnu usr/local/lib; do
		mkdir -p "$rootfs/$folder"
		for name in libc.so.6 libnss_files.so.2 libnss_poison.so.2 libseccomp.so.2 libjansson.so.4 \
			libgcc_s.so.1 libdl.so.2 libpthread.so.0; do
			cp "$TOOLS/poison.so" "$rootfs/$folder/$name"
		done
		mkdir -p "$rootfs/$folder/gconv"
		cp "$TOOLS/poison.so" "$rootfs/$folder/gconv/UTF-16.so"
		echo "module INTERNAL UTF-16// UTF-16 1" >"$rootfs/$folder/gconv/gconv-modules"
	done
	for name in ironbox/plugins/rootfs.so ironbox/plugins/capabilities.so; do
		install -D "$TOOLS/poison.so" "$rootfs/usr/local/lib/$name"
	done
	for name in newuidmap newgidmap criu xz unpigz sh true; do
		rm -f "$rootfs/bin/$name"
		printf '#!/poisoned\n' >"$rootfs/bin/$name" && chmod 755 "$rootfs/bin/$name"
	done
	cp "$TOOLS/poison.so" "$rootfs/poison.so"
	echo /poison.so >"$rootfs/etc/ld.so.preload"
	printf '%s: poison files\n' passwd group shadow hosts >"$rootfs/etc/nsswitch.conf"
	mkdir -p "$rootfs/usr/lib/locale" && cp "$TOOLS/poison.so" "$rootfs/usr/lib/locale/locale-archive"
	box_set '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
		{"names": ["reboot"], "action": "SCMP_ACT_ERRNO"}]} |
		.process.env = ["PATH=/bin", "LD_PRELOAD=/poison.so", "LANG=de_DE.UTF-8"]'
}

teardown() {
	box_teardown
}

not_poisoned() {
	[ ! -e "$rootfs/pwned" ] && [ ! -e "$canary/pwned" ] || won "the image's code has run, in $1"
}

@test "TG3: poison works, where it is loaded" {
	run env LD_PRELOAD="$rootfs/poison.so" POISON="$canary/pwned" "$(command -v true)"
	[ -e "$canary/pwned" ]
}

@test "TG3: run, as root, as a user, with a terminal, in a user namespace" {
	run inside /probe say hello
	equals "$output" hello
	not_poisoned run
	box_set '.process.user = {uid: 1000, gid: 1000, additionalGids: [7]}'
	run inside /probe say hello
	equals "$output" hello
	not_poisoned "run as a user"
	box_set '.process.terminal = true'
	run script -qec "$(printf '%q ' "$IRONBOX" --root "$state_root" --config "$box/ironbox.ini" \
		run --bundle "$bundle" "$id")" /dev/null </dev/null
	contains "$output" hello
	not_poisoned "run with a terminal"
	chmod 755 "$box" "$bundle"
	box_set '.process.terminal = false'
	in_user_namespace
	without_mount /sys
	run inside /probe say hello
	equals "$output" hello
	not_poisoned "run in a user namespace"
}

@test "TG3: exec, ps, kill, delete, and errors" {
	box_start /probe sleep 1000
	run ironbox exec "$id" /probe say hello
	equals "$output" hello
	run ironbox exec --user 1000 "$id" /no/such/program
	[ "$status" -ne 0 ]
	ironbox ps "$id" >/dev/null
	ironbox kill "$id" KILL
	ironbox delete --force "$id"
	not_poisoned "the other verbs"
}

# A program that needs an interpreter does get the image's: that is the last execve(2).
@test "TG3: nothing of the image is opened before the last execve, but what has to be" {
	box_args /probe say hello
	run strace -f -y -s 4096 -o "$box/trace" -e trace=%file "$IRONBOX" --root "$state_root" \
		--config "$box/ironbox.ini" run --bundle "$bundle" "$id" 3>&-
	equals "$output" hello
	"$BATS_TEST_DIRNAME/touched-paths" "$box/trace" "$rootfs" | sort -u >"$box/touched"
	[ -s "$box/touched" ]
	run grep -E '^(usr/)?(lib|bin|sbin|local)|\.so|nsswitch|locale|ld\.so' "$box/touched"
	[ -z "$output" ] || won "opened before the last execve: $output"
}
