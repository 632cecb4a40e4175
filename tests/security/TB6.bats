# TB6: a read-only path or a mask is put in place before it is one, or elsewhere
# (GHSA-3q8j-pf29-vwv8).
load attack

setup() {
	attack_setup
	mkdir -p "$box/v/ro/below" "$box/v/m" "$box/v/other/below"
	echo secret >"$box/v/m/secret"
	box_set '.mounts += [{destination: "/v", source: $v, options: ["rbind"]}] |
		.linux.readonlyPaths = ["/v/ro"] | .linux.maskedPaths = ["/v/m"]' --arg v "$box/v"
}

teardown() {
	[ -z "${swapper-}" ] || kill "$swapper"
	box_teardown
}

# writable_on REGEX: mounts there that can be written to. Their own options, not the file system's.
writable_on() {
	awk -v point="$1"'$' '$5 ~ point && $6 ~ /^rw/ { print $5, $6 }'
}

@test "TB6: at no moment is there a mount on the path that can be written to" {
	local round=0
	box_args /probe write /v/ro/x text list /v/m
	# long enough at each step for somebody to look
	strace -f -o "$box/trace" -e trace=open_tree,move_mount,mount_setattr,mount,pivot_root \
		-e inject=move_mount,mount_setattr,pivot_root:delay_enter=60000:delay_exit=60000 \
		"$IRONBOX" --root "$state_root" --config "$box/ironbox.ini" run --bundle "$bundle" "$id" \
		>"$box/out" 2>&1 3>&- &
	while kill -0 $! 2>/dev/null; do
		cat /proc/[0-9]*/mountinfo 2>/dev/null | writable_on '/v/(ro|m)' >>"$box/seen"
		round=$((round + 1))
		sleep 0.02
	done
	wait $! || true # the program's own: it could not write
	equals "$(cat "$box/out")" "write /v/ro/x: EROFS"
	[ $round -gt 10 ]
	[ ! -s "$box/seen" ] || won "a mount can be written to: $(head -1 "$box/seen")"
}

# Which of both folders gets it nobody can say, and their names change; but one gets it whole.
@test "TB6: the folders are exchanged all the time by who shares the volume" {
	"$TOOLS/swap" "$box/v/ro" "$box/v/other" 3>&- &
	swapper=$!
	for _ in {1..60}; do
		run inside /bin/cat /proc/self/mountinfo
		if [ "$status" -ne 0 ]; then
			contains "$output" "linux.readonlyPaths[0]"
			continue
		fi
		[ -z "$(writable_on '/v/(ro|other)' <<<"$output")" ] ||
			won "the read-only path can be written to: $(grep /v/ <<<"$output")"
		grep -qE ' /v/(ro|other) ro' <<<"$output" || won "there is no read-only path: $output"
	done
}
