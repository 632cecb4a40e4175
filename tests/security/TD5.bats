# TD5: an entry of the environment without "=" takes the value from the caller's (CVE-2026-57231).
load attack

setup() {
	attack_setup
}

teardown() {
	box_teardown
}

@test "TD5: an entry without = is refused" {
	local entry
	for entry in SECRET LD_PRELOAD '' 'A B'; do
		box_set '.process.env = ["PATH=/bin", $entry]' --arg entry "$entry"
		SECRET=1 LD_PRELOAD= run inside /bin/env
		refused "process.env[1]"
	done
}

@test "TD5: exec --env without = is refused, too" {
	box_start /bin/sleep 1000
	SECRET=1 run ironbox exec --env SECRET "$id" /bin/env
	[[ $output != *SECRET=1* ]] || won "exec hands on: $output"
	refused "env"
	ironbox delete --force "$id"
}

@test "TD5: nothing of the caller's environment is inside, but what it asks for" {
	box_set '.process.env = ["PATH=/bin", "A=b=c", "EMPTY="]'
	SECRET=1 TERM=xterm XDG_RUNTIME_DIR=/x run inside /bin/env
	[ "$(sort <<<"$output")" = $'A=b=c\nEMPTY=\nHOME=/root\nPATH=/bin' ] || won "inside is: $output"
	box_start /bin/sleep 1000
	SECRET=1 TERM=xterm run ironbox exec "$id" /bin/env
	[ "$(sort <<<"$output")" = $'A=b=c\nEMPTY=\nHOME=/root\nPATH=/bin' ] || won "inside is: $output"
	ironbox delete --force "$id"
}
