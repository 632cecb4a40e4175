# TB4: /dev/pts is the image's, or another container's, and leads the console elsewhere
# (CVE-2025-52565).
load attack

# Harmless to write to: a value of the container's own namespace.
target=/proc/sys/kernel/domainname

setup() {
	attack_setup
	box_set '.process.terminal = true'
	box_args /probe stat /dev/console
}

teardown() {
	[ -z "${swapper-}" ] || kill "$swapper"
	box_teardown
}

on_a_terminal() {
	script -qec "$(printf '%q ' "$@" "$IRONBOX" --root "$state_root" \
		--config "$box/ironbox.ini" run --bundle "$bundle" "$id")" /dev/null </dev/null 3>&- | tr -d '\r\0'
}

# evil FOLDER: all names in it are links to the target.
evil() {
	local name
	mkdir -p "$1"
	for name in ptmx {0..99}; do
		ln -sfn "$target" "$1/$name"
	done
}

# is_console: it was refused, or the console is the other side of a pseudo-terminal.
is_console() {
	unharmed "$1"
	[[ $output == *"ironbox: run $id: "* ]] || [[ $output =~ /dev/console\ character\ [^$'\n']*\ 136:[0-9]+($|$'\n') ]] ||
		won "the console is: $output"
}

@test "TB4: /dev/pts is a folder of the image: refused" {
	without_mount /dev
	evil "$rootfs/dev/pts"
	run on_a_terminal
	is_console "a folder"
	contains "$output" "process.terminal: /dev/pts is no devpts"
}

@test "TB4: /dev/pts is a bind of somebody's folder, or a symlink to a devpts: refused" {
	without_mount /dev/pts
	evil "$box/pts"
	box_set '.mounts += [{destination: "/dev/pts", source: $pts, options: ["bind"]}]' --arg pts "$box/pts"
	run on_a_terminal
	is_console "a bind"
	contains "$output" "process.terminal: /dev/pts is no devpts"
	box_set 'del(.mounts[-1])'
	without_mount /dev
	ln -s /other "$rootfs/dev/pts" && mkdir "$rootfs/other"
	box_set '.mounts += [{destination: "/other", type: "devpts", source: "devpts"}]'
	run on_a_terminal
	is_console "a symlink"
	contains "$output" "process.terminal: open /dev/pts"
}

@test "TB4: ptmx of a devpts is covered by another file: not taken" {
	touch "$box/file"
	box_set '.mounts += [{destination: "/dev/pts/ptmx", source: $file, options: ["bind"]}]' --arg file "$box/file"
	run on_a_terminal
	is_console "a file on ptmx"
	contains "$output" "process.terminal: open /dev/pts/ptmx"
}

@test "TB4: /dev/pts is exchanged all the time by who shares /dev" {
	mkdir -p "$box/dev/pts"
	evil "$box/dev/evil"
	touch "$box/dev/console"
	box_set '(.mounts[] | select(.destination == "/dev")) = {destination: "/dev", source: $dev, options: ["bind"]} |
		.mounts |= map(select(.destination | IN("/proc", "/dev", "/dev/pts")))' --arg dev "$box/dev"
	"$TOOLS/swap" "$box/dev/pts" "$box/dev/evil" 3>&- &
	swapper=$!
	for _ in {1..60}; do
		run on_a_terminal
		is_console "an exchanged folder"
	done
	for _ in {1..15}; do
		run on_a_terminal strace -f -o /dev/null -e trace=openat2,open_tree,ioctl \
			-e inject=openat2,open_tree,ioctl:delay_enter=3000
		is_console "an exchanged folder, slowly"
	done
}
