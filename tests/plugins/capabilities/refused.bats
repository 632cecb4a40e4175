# refused.bats: what can't be, what this host does not have, and what is no capability.
load ../../support/box
load sets

setup() {
	box_setup
}

teardown() {
	box_teardown
}

# poorer COMMAND...: in a process whose bounding set lacks CAP_MKNOD
poorer() {
	setpriv --bounding-set -mknod --inh-caps -mknod -- "$@"
}

inside_poorer() {
	box_args "$@" && poorer "$IRONBOX" --root "$state_root" --config "$box/ironbox.ini" run \
		--bundle "$bundle" "$id" 3>&-
}

@test "refused: sets that the kernel would not take, before anything is made" {
	while read -r sets words; do
		read -r b e p i a <<<"${sets//,/ }"
		box_set '.process.capabilities = $c' --argjson c "$(capabilities $b $e $p $i $a)"
		run inside /bin/true
		equals "$status" 1
		contains "$output" "capabilities: process.capabilities.$words"
	done <<-END
		kn,kn,n,.,. effective: CAP_KILL not in permitted
		kn,kn,.,.,. effective: CAP_KILL CAP_NET_BIND_SERVICE not in permitted
		k,k,k,n,. inheritable: CAP_NET_BIND_SERVICE not in bounding
	END
}

@test "refused: what this host does not have to give" {
	for set in bounding permitted; do
		box_set '.process.capabilities = {($s): ["CAP_KILL", "CAP_MKNOD"]}' --arg s $set
		run inside_poorer /bin/true
		equals "$status" 1
		contains "$output" "capabilities: process.capabilities: this host does not have CAP_MKNOD to give"
		[ ! -e "$state_root/$id" ]
	done
}

@test "refused: or warned of, when the ini says so" {
	box_ini $'[capabilities]\nmissing = warn'
	box_set '.process.capabilities = {bounding: $c, permitted: $c, effective: $c}' \
		--argjson c '["CAP_KILL", "CAP_MKNOD"]'
	run inside_poorer /probe capabilities
	contains "$output" "process.capabilities: this host does not have CAP_MKNOD to give"
	contains "$output" "$(shows - k k -)"
}

@test "refused: what is no capability is a warning" {
	box_set '.process.capabilities = {bounding: ["CAP_FOO", "CAP_KILL", "cap_chown"], permitted: ["CAP_KILL"],
		effective: ["CAP_KILL"]}'
	run inside /probe capabilities
	equals "$status" 0
	contains "$output" 'process.capabilities.bounding: \"CAP_FOO\" is no capability: ignored'
	contains "$output" 'process.capabilities.bounding: \"cap_chown\" is no capability: ignored'
	contains "$output" "$(shows - k k -)"
}

@test "refused: wrong types" {
	for value in '{"bounding": "CAP_KILL"}' '{"bounding": [7]}' '["CAP_KILL"]' '"all"'; do
		box_set '.process.capabilities = $c' --argjson c "$value"
		run inside /bin/true
		equals "$status" 1
		contains "$output" "process.capabilities"
	done
}
