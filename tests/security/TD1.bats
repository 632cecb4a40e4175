# TD1: what is in the five sets of a running process, for each way to start one: a set that is not
# asked for is not filled from another (CVE-2022-24769, CVE-2022-29162, CVE-2025-27612).
load attack
load ../plugins/capabilities/sets

setup() {
	attack_setup
}

teardown() {
	box_teardown
}

# is HOW GOT EXPECTED
is() {
	[ "$2" = "$3" ] || won "$1: expected:"$'\n'"$3"$'\n'"but got:"$'\n'"$2"
}

filled() {
	grep -q ambient "$box/out"
}

# row B E P I A ROOT ROOT_NNP USER: the sets as they are asked for ("." is absent), and the
# inheritable, permitted, bounding and ambient ones of the program then, as i/p/b/a: as uid 0, as
# uid 0 with no_new_privs, and as uid 1000.
row() {
	local asked uid nnp expected
	asked=$(capabilities "$1" "$2" "$3" "$4" "$5")
	for uid in 0 1000; do
		for nnp in false true; do
			case $uid$nnp in
			0false) expected=$6 ;;
			0true) expected=$7 ;;
			*) expected=$8 ;;
			esac
			IFS=/ read -r i p b a <<<"$expected"
			check "$asked" $uid $nnp "$(shows "$i" "$p" "$b" "$a")"
		done
	done
}

# check CAPABILITIES UID NNP EXPECTED
check() {
	local how="$1 uid $2 nnp $3"
	box_set '.process.capabilities = $c | .process.user.uid = $u | .process.noNewPrivileges = $n' \
		--argjson c "$1" --argjson u "$2" --argjson n "$3"
	box_start /probe capabilities sleep 1000
	await 5 filled
	is "run, $how" "$(cat "$box/out")" "$4"
	is "exec, $how" "$(ironbox exec "$id" /probe capabilities)" "$4"
	jq '.process | .args = ["/probe", "capabilities"]' "$bundle/config.json" >"$box/process.json"
	is "exec --process, $how" "$(ironbox exec --process "$box/process.json" "$id")" "$4"
	ironbox delete --force "$id"
}

@test "TD1: none of them" {
	#   B  E  P  I  A  root        root, nnp   user
	row .  .  .  .  .  -/-/-/-     -/-/-/-     -/-/-/-
	row -  -  -  -  -  -/-/-/-     -/-/-/-     -/-/-/-
}

@test "TD1: what docker and containerd ask for" {
	row kn kn kn .  .  -/kn/kn/-   -/kn/kn/-   -/-/kn/-
	row kn .  .  .  .  -/kn/kn/-   -/-/kn/-    -/-/kn/-
}

@test "TD1: all five" {
	row kn kn kn kn kn kn/kn/kn/kn kn/kn/kn/kn kn/kn/kn/kn
	row kn kn kn kn k  kn/kn/kn/k  kn/kn/kn/k  kn/k/kn/k
}

@test "TD1: an ambient one that is not inheritable, as runc spec writes it" {
	row kn kn kn .  kn -/kn/kn/-   -/kn/kn/-   -/-/kn/-
	row kn kn kn k  kn k/kn/kn/k   k/kn/kn/k   k/k/kn/k
}

@test "TD1: an ambient one that is not permitted" {
	row kn .  .  kn kn kn/kn/kn/-  kn/-/kn/-   kn/-/kn/-
}

@test "TD1: inheritable ones are those that are named, and no others" {
	row kn kn kn k  .  k/kn/kn/-   k/kn/kn/-   k/-/kn/-
}

@test "TD1: fewer effective, fewer permitted, none in the bounding set" {
	row kn k  kn .  .  -/kn/kn/-   -/kn/kn/-   -/-/kn/-
	row kn k  k  .  .  -/kn/kn/-   -/k/kn/-    -/-/kn/-
	row .  k  k  .  .  -/-/-/-     -/-/-/-     -/-/-/-
}

# CVE-2022-29162: what exec adds was inheritable as well
@test "TD1: exec --cap adds to no inheritable set" {
	for uid in 0 1000; do
		box_set '.process.capabilities = $c | .process.user.uid = $u' \
			--argjson c "$(capabilities kn kn kn . .)" --argjson u $uid
		box_start /probe sleep 1000
		run ironbox exec --cap CAP_CHOWN "$id" /probe capabilities
		ironbox delete --force "$id"
		is "exec --cap" "$(grep -E 'inheritable|ambient' <<<"$output")" "inheritable none
ambient none"
		equals "$(grep bounding <<<"$output")" "bounding$(names ckn)"
		if [ $uid = 0 ]; then
			equals "$(grep permitted <<<"$output")" "permitted$(names ckn)"
		fi
	done
}

@test "TD1: without process.capabilities there are none" {
	box_set 'del(.process.capabilities)'
	run inside /probe capabilities
	is "run without process.capabilities" "$output" "$(shows - - - -)"
}

@test "TD1: a parked container holds no more than it will get" {
	box_set '.process.capabilities = $c' --argjson c "$(capabilities k k k . .)"
	box_create /bin/true
	run grep Cap "/proc/$(box_pid)/status"
	ironbox delete --force "$id"
	equals "$(tr -s '\t' ' ' <<<"$output")" "CapInh: 0000000000000000
CapPrm: 0000000000000020
CapEff: 0000000000000020
CapBnd: 0000000000000020
CapAmb: 0000000000000000"
}

@test "TD1: in a user namespace all that exist can be had" {
	chmod 755 "$box" "$bundle"
	box_set '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings
		| .process.capabilities = {bounding: ["CAP_SYS_RESOURCE", "CAP_SYS_ADMIN"],
			effective: ["CAP_SYS_RESOURCE"], permitted: ["CAP_SYS_RESOURCE"]}'
	run inside /probe capabilities
	equals "$status" 0
	contains "$output" "bounding CAP_SYS_ADMIN CAP_SYS_RESOURCE"
	contains "$output" "effective CAP_SYS_RESOURCE"
}
