# shellcheck shell=bash
# For the suites that run cli-fake: the command on a lifecycle that tells what it is asked for.

# ok 'WORDS' 'EXPECTED OUTPUT': the words, split at spaces, give this output and status 0.
ok() {
	local words
	read -ra words <<<"$1"
	run "$IRONBOX" "${words[@]}"
	told "$1" "$2" 0
}

# fails STATUS 'WORDS' 'EXPECTED LINE': the one line on stderr, without "ironbox: ".
fails() {
	local words
	read -ra words <<<"$2"
	run "$IRONBOX" "${words[@]}"
	told "$2" "ironbox: $3" "$1"
}

told() {
	[ "$output" = "$2" ] && [ "$status" -eq "$3" ] || {
		printf '$ ironbox %s\nexpected (%d):\n%s\nbut got (%d):\n%s\n' "$1" "$3" "$2" \
			"$status" "$output"
		return 1
	}
}
