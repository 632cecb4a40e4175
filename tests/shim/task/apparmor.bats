# AppArmor by the shim, in a VM whose kernel has it and with the profiles of ../../plugins/apparmor.

load shim

setup_file() {
	apparmor_parser -Kr "$BATS_TEST_DIRNAME/../../plugins/apparmor/profiles/container"
}

setup() {
	shim_setup
	box_set '.process.apparmorProfile = "ironbox-test" | .process.noNewPrivileges = false | .root.readonly = false'
}

teardown() {
	shim_teardown
}

@test "apparmor: the profile is the container's, and an exec's that names it; one that is not loaded is told" {
	begin sleep 1000
	equals "$(cat "/proc/$(field pid <"$box/started")/attr/apparmor/current")" "ironbox-test (enforce)"
	call Exec exec_id=e stdout="file://$box/out" \
		spec.type_url=types.containerd.io/opencontainers/runtime-spec/1/Process \
		spec.value='{"args": ["/probe", "read", "/proc/self/attr/apparmor/current", "write", "/tmp/denied", "x"],
			"cwd": "/", "user": {"uid": 0, "gid": 0}, "apparmorProfile": "ironbox-test"}'
	call Start exec_id=e >/dev/null
	call Wait exec_id=e >/dev/null
	call Delete exec_id=e >/dev/null
	equals "$(cat "$box/out")" $'ironbox-test (enforce)\nwrite /tmp/denied: EACCES'
	call Exec exec_id=f spec.type_url=x spec.value='{"args": ["true"], "cwd": "/", "user": {"uid": 0, "gid": 0},
		"apparmorProfile": "not-loaded"}'
	refused "$UNKNOWN" 'the profile "not-loaded" is not loaded on this node' call Start exec_id=f
	end
}
