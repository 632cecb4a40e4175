# TA6: the source of a bind is exchanged between the look at it and its use (CVE-2024-1753,
# CVE-2021-25741).
load attack

setup() {
	attack_setup
	mkdir -p "$box/fake/self/attr"
	ln -s /proc "$box/good"
	ln -s "$box/fake" "$box/bad"
	"$TOOLS/swap" "$box/good" "$box/bad" 3>&- &
	swapper=$!
	# only a procfs may be bound on /proc: is what is mounted what was looked at?
	box_set '(.mounts[] | select(.destination == "/proc")) =
		{destination: "/proc", source: $source, options: ["rbind"]} |
		.linux.namespaces |= map(select(.type != "pid")) | del(.linux.maskedPaths, .linux.readonlyPaths)' \
		--arg source "$box/good"
	box_args /bin/busybox stat -f -c %T /proc
	runs=0
}

teardown() {
	kill "$swapper"
	box_teardown
}

is_procfs() {
	if [ "$status" -ne 0 ]; then
		contains "$output" "only a procfs may be mounted on /proc"
		return
	fi
	runs=$((runs + 1))
	[ "$output" = proc ] || won "on /proc is a $output"
}

@test "TA6: a source that is exchanged all the time is what was looked at, or refused" {
	for _ in {1..60}; do
		run ironbox run --bundle "$bundle" "$id"
		is_procfs
	done
	[ $runs -gt 0 ]
	unharmed
}

@test "TA6: slowly" {
	for _ in {1..20}; do
		run strace -f -o /dev/null -e trace=open_tree,fstatfs,move_mount \
			-e inject=open_tree,fstatfs,move_mount:delay_enter=3000:delay_exit=3000 \
			"$IRONBOX" --root "$state_root" --config "$box/ironbox.ini" run --bundle "$bundle" "$id" 3>&-
		is_procfs
	done
}
