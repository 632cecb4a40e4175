# TA2: each path that the runtime makes or opens in a root filesystem is a trap there
# (CVE-2019-18837, CVE-2025-24965, CVE-2026-87766, CVE-2024-5154).
load attack

# Below the root filesystem, as NAME KIND: what the config below makes the runtime touch, but for
# what is in /dev/pts, a devpts by then. That nothing is missing is what the first test proves.
paths='bin directory
bin/program file
copied directory
data directory
dev directory
dev/console file
dev/core link
dev/fd link
dev/full node
dev/mqueue directory
dev/null node
dev/ptmx link
dev/pts directory
dev/random node
dev/shm directory
dev/stderr link
dev/stdin link
dev/stdout link
dev/sub directory
dev/sub/x node
dev/tty node
dev/urandom node
dev/zero node
etc directory
etc/passwd file
etc/resolv.conf file
masked directory
masked-file file
opt directory
opt/node node
proc directory
read-only directory
srv directory
srv/volume directory
srv/volume/deep directory
srv/volume/deep/er directory
sys directory
work directory
work/in directory'

setup() {
	attack_setup
	mkdir -p "$box/source" && touch "$box/source-file"
	# no mount on /dev, so that all names in there are the image's
	box_set '.mounts |= map(select(.destination != "/dev" and .destination != "/sys/fs/cgroup")) |
		.mounts += [
			{destination: "/etc/resolv.conf", source: ($box + "/source-file"), options: ["bind"]},
			{destination: "/srv/volume/deep/er", source: ($box + "/source"), options: ["rbind"]},
			{destination: "/data", type: "tmpfs"},
			{destination: "/copied", type: "tmpfs", options: ["tmpcopyup"]}] |
		.linux.devices = [
			{path: "/dev/sub/x", type: "c", major: 1, minor: 3},
			{path: "/opt/node", type: "c", major: 1, minor: 3}] |
		.linux.maskedPaths = ["/masked", "/masked-file"] | .linux.readonlyPaths = ["/read-only"] |
		.process += {terminal: true, cwd: "/work/in", args: ["/bin/program", "say", "it runs"]}' \
		--arg box "$box"
	pristine=$box/pristine
	mkdir -p "$pristine"/{bin,copied,dev,etc,masked,opt,proc,read-only,srv,sys,work}
	touch "$pristine/masked-file"
	cp "$rootfs/etc/passwd" "$pristine/etc/passwd"
	cp "$rootfs/probe" "$pristine/bin/program"
}

teardown() {
	box_teardown
}

renew_rootfs() {
	rm -rf "${rootfs:?}"
	cp -a --reflink=auto "$pristine" "$rootfs"
}

# run_it [WRAPPER...]: with a terminal, for /dev/console; 5 s at most, else a trap has caught us.
run_it() {
	timeout 5 script -qec "$(printf '%q ' "$@" "$IRONBOX" --root "$state_root" \
		--config "$box/ironbox.ini" run --bundle "$bundle" "$id")" /dev/null </dev/null 3>&-
}

@test "TA2: the list of the paths that the runtime touches is whole" {
	renew_rootfs
	run run_it strace -f -y -s 4096 -o "$box/trace" -e trace=%file
	contains "$output" "it runs"
	cut -d' ' -f1 <<<"$paths" >"$box/listed"
	"$BATS_TEST_DIRNAME/touched-paths" "$box/trace" "$rootfs" | sort -u >"$box/touched"
	contains "$(xargs <"$box/touched")" "bin/program" # the trace is read to its end
	[ "$(wc -l <"$box/touched")" -gt 30 ]
	equals "$(comm -13 "$box/listed" "$box/touched" | grep -v ^dev/pts/)" ""
}

# plant NAME HOW TARGET
plant() {
	local path=$rootfs/$1
	mkdir -p "$(dirname "$path")"
	rm -rf "$path"
	case $2 in
	link) ln -s "$3" "$path" ;;
	loop) ln -s "$(basename "$1")" "$path" ;;
	fifo) mkfifo "$path" ;;
	socket) mksock "$path" ;;
	directory) mkdir "$path" ;;
	file) echo image >"$path" ;;
	esac
}

mksock() {
	(cd "$(dirname "$1")" && python3 -c 'import socket, sys
socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$(basename "$1")")
}

# attack NAME HOW [TARGET]: it runs inside, or is refused in one line; and nothing else happens.
attack() {
	renew_rootfs
	plant "$@"
	run run_it
	unharmed "$*"
	[ "$status" -ne 124 ] || won "the runtime hangs: $*"
	[[ $output == *"it runs"* || $output == "ironbox: run $id: "* ]] || {
		echo "$*: $output"
		return 1
	}
}

# attack_each HOW [TARGET]
attack_each() {
	local name
	while read -r name _; do
		attack "$name" "$@"
	done <<<"$paths"
}

@test "TA2: symlinks to what is not there" {
	attack_each link "$canary/new"
	attack_each link "../../../../../../../../..$canary/new"
}

@test "TA2: symlinks to what is there" {
	local name kind target
	while read -r name kind; do
		target=$canary/file
		[ "$kind" != directory ] || target=$canary/dir
		attack "$name" link "$target"
		attack "$name" link "../../../../../../../../..$target"
		attack "$name" link "/proc/self/root$target"
		attack "$name" link "/proc/1/root$target"
	done <<<"$paths"
}

@test "TA2: symlinks to a descriptor of the runtime" {
	attack_each link /proc/self/fd/3
	attack_each link /proc/self/fd/4/new
}

@test "TA2: a loop, a fifo, a socket, a directory, a file" {
	local how
	for how in loop fifo socket directory file; do
		attack_each "$how"
	done
}
