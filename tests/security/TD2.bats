# TD2: a user that is no number, or one that is out of range, becomes root (CVE-2026-30892,
# CVE-2024-40635, CVE-2016-3697).
load attack

setup() {
	attack_setup
	box_start /bin/sleep 1000
	# in the image all of these names are root's
	printf '%s:x:0:0:root:/:/bin/sh\n' root user -1 4294967295 4294967296 1e3 01 \
		18446744073709551617 >"$rootfs/etc/passwd"
}

teardown() {
	ironbox delete --force "$id" || true
	box_teardown
}

# is_user UID GID: what `run` has told is exactly this user.
is_user() {
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	[ "$(sed -n '1,2s/^[a-z]* //p' <<<"$output")" = "$1 $1 $1 $1
$2 $2 $2 $2" ] || won "asked for $1:$2, and it is: $output"
}

@test "TD2: exec --user takes numbers as they are written, and nothing else" {
	local user
	for user in 0 1 10 65534 65535 2147483647 2147483648 4294967294; do
		run ironbox exec --user "$user" "$id" /probe ids
		is_user "$user" 0
		run ironbox exec --user "$user:$user" "$id" /probe ids
		is_user "$user" "$user"
	done
	for user in '' 01 00 +1 -1 ' 1' '1 ' $'1\n' 1: :1 : 1::1 1:01 1:-1 '1: 1' 1:root root root:root \
		root:1 user 1.0 1e3 0x1 1,2 true 4294967295 4294967296 4294967297 1:4294967295 \
		1:4294967296 8589934592 9223372036854775807 9223372036854775808 \
		18446744073709551615 18446744073709551616 18446744073709551617 \
		99999999999999999999999999999999999999; do
		run ironbox exec --user "$user" "$id" /probe ids
		[ "$status" -ne 0 ] || won "exec --user \"$user\" gives: $output"
		contains "$output" "user"
	done
}

@test "TD2: process.user takes whole numbers from 0 to 4294967294" {
	local member value process=$box/process.json
	for value in 0 1 2147483648 4294967294; do
		jq '.process | .args = ["/probe", "ids"] | .user = {uid: $id, gid: $id}' --argjson id "$value" \
			"$bundle/config.json" >"$process"
		run ironbox exec --process "$process" "$id"
		is_user "$value" "$value"
	done
	for member in uid gid; do
		for value in -1 4294967295 4294967296 4294967297 9223372036854775808 \
			18446744073709551616 18446744073709551617 1e3 1.0 1.5 true '"1"' '""' '"root"' '[1]'; do
			printf '{"cwd": "/", "args": ["/probe", "ids"], "user": {"uid": 1000, "gid": 1000, "%s": %s}}' \
				"$member" "$value" | sed "s/\"$member\": 1000, //" >"$process"
			run ironbox exec --process "$process" "$id"
			[ "$status" -ne 0 ] || won "process.user.$member $value gives: $output"
			contains "$output" "$member"
		done
	done
}
