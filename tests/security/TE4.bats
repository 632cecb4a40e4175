# TE4: the list of devices starts from "deny all", in whatever order, by run and exec, and after
# update (GHSA-g54h-m393-cpwq). Majors 60 to 63 are for local use: nobody here has a driver for
# them, so what the program lets pass is ENXIO.
load attack

setup() {
	attack_setup
	box_set '.process.capabilities |= map_values(. + ["CAP_MKNOD"])'
}

teardown() {
	box_teardown
}

open_it() {
	printf '%s\n' /probe mknod /dev/some c 60 1 open /dev/some r mknod /dev/kmsg c 1 11 open /dev/kmsg r
}

denied='mknod /dev/some: ok
open /dev/some: EPERM
mknod /dev/kmsg: ok
open /dev/kmsg: EPERM'

# is_denied WHAT
is_denied() {
	[ "$output" = "$denied" ] || won "$1: $output"
}

@test "TE4: what no rule allows can't be opened" {
	local rules
	for rules in '[]' '[{"allow": false, "access": "rwm"}]' '[{"allow": false}]' \
		'[{"allow": true, "type": "c", "major": 61, "access": "rwm"}]' \
		'[{"allow": true, "type": "b", "access": "rwm"}]' \
		'[{"allow": true, "type": "c", "access": "m"}]' \
		'[{"allow": true, "type": "c", "major": 60, "minor": 2, "access": "rwm"}]' \
		'[{"allow": true, "access": "rwm"}, {"allow": false, "access": "rwm"}]' \
		'[{"allow": true, "type": "c", "access": "rwm"}, {"allow": false, "type": "c", "access": "r"}]'; do
		box_set '.linux.resources.devices = $rules' --argjson rules "$rules"
		run inside $(open_it)
		is_denied "run with $rules"
	done
	box_set 'del(.linux.resources)'
	run inside $(open_it)
	is_denied "run without resources"
}

@test "TE4: by exec neither, nor after a hundred updates" {
	local round
	box_start /bin/sleep 1000
	for round in {1..100}; do
		ironbox update --pids-limit $((round + 100)) "$id" 2>/dev/null || # the host may lack it
			printf '{"devices": [{"allow": true, "access": "rwm"}]}' | ironbox update -r - "$id"
	done
	run ironbox exec --cap CAP_MKNOD "$id" $(open_it)
	ironbox delete --force "$id"
	is_denied "exec after updates"
}
