# TD3: supplementary groups: exactly those asked for, and none of the caller's (CVE-2022-2989,
# CVE-2022-2990, CVE-2022-2995, CVE-2023-25173).
load attack

setup() {
	attack_setup
}

teardown() {
	box_teardown
}

# with_groups COMMAND...: by a caller who has some
with_groups() {
	setpriv --groups 4,27,50 -- "$@" 3>&-
}

launch() {
	with_groups "$IRONBOX" --root "$state_root" --config "$box/ironbox.ini" "$@"
}

# has WHO GROUPS
has() {
	equals "$status" 0
	[ "$(sed -n 's/^groups //p' <<<"$output")" = "$2" ] || won "$1 is in groups: $output"
}

@test "TD3: what is asked for, by run, exec and exec --process, for root and a user" {
	local uid asked expected
	while IFS='|' read -r asked expected; do
		for uid in 0 1000; do
			box_set '.process.user = {uid: $uid, gid: $uid, additionalGids: $gids} |
				.process.args = ["/probe", "ids"]' --argjson uid $uid --argjson gids "$asked"
			run launch run --bundle "$bundle" "$id"
			has "run, $asked:" "$expected"
			jq .process "$bundle/config.json" >"$box/process.json"
			box_set '.process.args = ["/bin/sleep", "1000"]'
			launch create --bundle "$bundle" "$id" >"$box/out" 2>&1 </dev/null
			launch start "$id"
			run launch exec "$id" /probe ids
			has "exec, $asked:" "$expected"
			run launch exec --process "$box/process.json" "$id"
			has "exec --process, $asked:" "$expected"
			ironbox delete --force "$id"
		done
	done <<-'ROWS'
		[]|none
		[0]|0
		[5, 7]|5 7
		[5, 5]|5 5
		[4294967294]|4294967294
	ROWS
}

@test "TD3: without additionalGids there are none" {
	box_set '.process.user = {uid: 1000, gid: 1000} | .process.args = ["/probe", "ids"]'
	run launch run --bundle "$bundle" "$id"
	has "run" none
}

@test "TD3: more than the kernel takes are an error, and not fewer" {
	box_set '.process.user = {uid: 1000, gid: 1000, additionalGids: [range(65537)]}'
	run inside /probe ids
	refused "process.user.additionalGids"
}
