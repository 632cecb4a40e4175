# ceiling.bats: [capabilities] in ironbox.ini, and off.
load ../../support/box
load sets

setup() {
	box_setup
	box_set '.process.capabilities = $c' --argjson c "$(capabilities ckn ckn ckn ckn ckn)"
}

teardown() {
	box_teardown
}

@test "ceiling: what is denied is in no set, and told" {
	box_ini $'[capabilities]\ndeny = CAP_SYS_MODULE CAP_CHOWN, CAP_KILL'
	run inside /probe capabilities
	equals "$status" 0
	contains "$output" "capabilities: not given, by [capabilities] deny: CAP_CHOWN CAP_KILL"
	contains "$output" "$(shows n n n n)"
}

# bats test_tags=vm
@test "ceiling: it holds in exec, also for what exec adds" {
	box_ini $'[capabilities]\ndeny = CAP_SYS_ADMIN CAP_KILL'
	box_start /probe sleep 1000
	run ironbox exec --cap CAP_SYS_ADMIN "$id" /probe capabilities
	ironbox delete --force "$id"
	contains "$output" "deny: CAP_KILL CAP_SYS_ADMIN"
	contains "$output" "$(shows cn cn cn cn)"
}

@test "ceiling: what nobody asks for is not told" {
	box_ini $'[capabilities]\ndeny = CAP_SYS_MODULE'
	run inside /probe capabilities
	equals "$output" "$(shows ckn ckn ckn ckn)"
}

@test "ceiling: bad lines" {
	while IFS='@' read -r lines words; do
		box_ini "[capabilities]"$'\n'"$lines"
		run inside /bin/true
		equals "$status" 1
		contains "$output" "$words"
	done <<-'END'
		deny = CAP_SYS_MODUL@[capabilities] deny: "CAP_SYS_MODUL" is no capability
		deny = cap_kill@[capabilities] deny: "cap_kill" is no capability
		deny = CAP_KILL;CAP_CHOWN@is no capability
		missing = ignore@[capabilities] missing: expected refuse or warn, not "ignore"
		bounding = CAP_KILL@bounding
	END
}

@test "ceiling: off in the ini, and the container asks for it" {
	box_ini $'[capabilities]\nenabled = no'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "capabilities: off in "
	contains "$output" "but process.capabilities asks for it"
}
