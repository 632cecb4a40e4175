# TA5: /dev/null of the image is another file: it must not become the stdio, nor be given to the
# user, and the host's own must not either (CVE-2026-88265).
load attack

setup() {
	attack_setup
	without_mount /dev
	box_set '.process.user = {"uid": 1000, "gid": 1000}'
}

teardown() {
	box_teardown
}

# reads [WHAT]: nothing of the canary is in what the container has read.
reads() {
	[[ $output != *secret* ]] || won "the container reads the secret"
	unharmed "$1"
}

@test "TA5: /dev/null is a symlink to a file, and stdin is null" {
	local target
	for target in $(links_to "$canary/file"); do
		ln -sfn "$target" "$rootfs/dev/null"
		run inside /bin/cat <"$canary/null"
		reads "/dev/null -> $target"
		refused "/dev/null in the image is not that device, but something else"
	done
}

@test "TA5: /dev/null is a file, a fifo, a directory" {
	local kind
	for kind in 'cp /etc/passwd' mkfifo mkdir; do
		rm -rf "$rootfs/dev/null"
		$kind "$rootfs/dev/null"
		run inside /bin/cat <"$canary/null"
		reads "a /dev/null by $kind"
		refused "/dev/null in the image is not that device, but something else"
	done
}

@test "TA5: of a null device, a file and a directory on stdio the owner stays" {
	local file
	for file in null file dir; do
		run inside /bin/true <"$canary/$file"
		equals "$output" ""
		unharmed "$file as stdin"
	done
	box_args /bin/echo secret
	"$IRONBOX" --root "$state_root" --config "$box/ironbox.ini" run --bundle "$bundle" "$id" \
		<"$canary/null" 2>"$canary/file" >"$canary/null" 3>&-
	equals "$(cat "$canary/file")" ""
	echo secret >"$canary/file"
	unharmed "files as stdout and stderr"
}

@test "TA5: what stdio is, a pipe too, the program reads and writes" {
	equals "$(echo pipe | inside /bin/cat | cat)" pipe
	inside /bin/sh -c 'cat; echo written' <"$canary/file" >"$box/written"
	equals "$(cat "$box/written")" "secret
written"
	unharmed
}
