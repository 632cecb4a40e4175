# TA1: a container exchanges, in a volume that it shares, the folder on which another one is about
# to mount (CVE-2021-30465, CVE-2024-45310, CVE-2026-42306, CVE-2018-15664).
load attack

setup() {
	attack_setup
	volume=$box/volume
	mkdir -p "$volume/d" "$box/source"
	ln -s "$canary" "$volume/l"
	touch "$box/source-file"
	# the one that exchanges
	mkdir -p "$box/first"
	cp -a "$bundle" "$box/first/bundle"
	install -m 755 "$TOOLS/swap" "$box/first/bundle/rootfs/swap"
	jq '.mounts += [{destination: "/v", source: $volume, options: ["rbind"]}] |
		.process.args = ["/swap", "/v/d", "/v/l"] | .linux.cgroupsPath += "-first" |
		.linux.maskedPaths = []' --arg volume "$volume" "$bundle/config.json" \
		>"$box/first/bundle/config.json"
	ironbox create --bundle "$box/first/bundle" "$id-first" >"$box/out" 2>&1 </dev/null
	ironbox start "$id-first"
	box_set '.mounts |= map(select(.destination == "/proc")) + [
		{destination: "/v", source: $volume, options: ["rbind"]},
		{destination: "/v/d/a/b/c", type: "tmpfs"},
		{destination: "/v/d/b", source: ($box + "/source"), options: ["bind"]},
		{destination: "/v/d/f", source: ($box + "/source-file"), options: ["bind"]}] |
		.linux.devices = [{path: "/v/d/node", type: "c", major: 1, minor: 3}]' \
		--arg volume "$volume" --arg box "$box"
	box_args /bin/ls /v/d/file
}

teardown() {
	ironbox delete --force "$id-first"
	box_teardown
}

# Whatever comes of it, it is inside, or an error.
stays_inside() {
	diff <(cd "$canary" && find . | sort) <(printf '%s\n' . ./dir ./fifo ./file ./link ./null ./ptmx) ||
		won "the host is changed"
	[[ $output != /v/d/file ]] || won "the container sees the host"
	rm -rf "$volume"/[dl]/{a,b,f,node} 2>/dev/null || true
}

@test "TA1: two hundred times" {
	for _ in {1..200}; do
		run ironbox run --bundle "$bundle" "$id"
		stays_inside
	done
}

@test "TA1: slowly" {
	for _ in {1..30}; do
		run strace -f -o /dev/null -e trace=mkdirat,openat2,move_mount,mknodat \
			-e inject=mkdirat,openat2,move_mount,mknodat:delay_enter=2000 \
			"$IRONBOX" --root "$state_root" --config "$box/ironbox.ini" run --bundle "$bundle" "$id" 3>&-
		stays_inside
	done
}
