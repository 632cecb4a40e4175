# refused.bats: on a node without AppArmor, and on one that seems to have it: what can't be given is
# said before anything is made. confined.bats shows what is given.
load ../../support/box

setup() {
	box_setup
	box_set '.process.apparmorProfile = "ironbox-test"'
}

teardown() {
	! mountpoint -q /sys/module || umount /sys/module
	! mountpoint -q /sys/kernel/security || umount /sys/kernel/security
	box_teardown
}

# refused WORDS [COMMAND...]: `run`, or the command, fails in exactly this line, and makes nothing
refused() {
	local words=$1
	shift
	run "${@:-inside}" /bin/true
	equals "$output" "ironbox: $words"
	[ "$status" -ne 0 ]
}

absent='process.apparmorProfile: this node has no AppArmor (/sys/module/apparmor/parameters/enabled is not Y): boot it with apparmor in lsm=, or leave \"%s\" out'

no_apparmor() {
	# shellcheck disable=SC2059 # a format
	printf "${absent//\\/}" "$1"
}

# node ENABLED [PROFILES]: what sysfs and securityfs say from here on
node() {
	mount -t tmpfs tmpfs /sys/module
	mkdir -p /sys/module/apparmor/parameters
	printf '%s\n' "$1" >/sys/module/apparmor/parameters/enabled
	mount -t tmpfs tmpfs /sys/kernel/security
	[ $# -lt 2 ] || {
		mkdir /sys/kernel/security/apparmor
		printf '%s' "$2" >/sys/kernel/security/apparmor/profiles
	}
}

@test "refused: a profile, where there is no AppArmor" {
	refused "run $id: apparmor: $(no_apparmor ironbox-test)"
	[ ! -e "$state_root/$id" ]
	run box_create /bin/true
	contains "$output" "apparmor: $(no_apparmor ironbox-test)"
}

@test "refused: a profile, where AppArmor is compiled in and off" {
	node N $'ironbox-test (enforce)\n'
	refused "run $id: apparmor: $(no_apparmor ironbox-test)"
}

@test "refused: but unconfined and \"\" ask for nothing there" {
	for profile in unconfined ''; do
		box_set '.process.apparmorProfile = $p' --arg p "$profile"
		run inside /probe say hello
		equals "$output" hello
		equals "$status" 0
	done
}

@test "refused: a profile of an exec" {
	box_set 'del(.process.apparmorProfile)'
	box_start /bin/sleep 100
	refused "exec in $id: apparmor: $(no_apparmor other)" ironbox exec --apparmor other "$id"
	equals "$status" 255
	jq '.process | .args = ["/bin/true"] | .apparmorProfile = "another"' "$bundle/config.json" \
		>"$box/process.json"
	run ironbox exec --process "$box/process.json" "$id"
	equals "$output" "ironbox: exec in $id: apparmor: $(no_apparmor another)"
	# the container itself goes on; and an empty one is none
	run ironbox exec --apparmor '' "$id" /probe say hello
	equals "$output" hello
	ironbox delete --force "$id"
}

@test "refused: a profile that is not loaded is named, with what to do" {
	node Y $'ironbox-test2 (enforce)\n/usr/bin/ironbox-test (complain)\n'
	refused "run $id: apparmor: process.apparmorProfile: the profile \"ironbox-test\" is not loaded on this node: load it by apparmor_parser -r FILE"
	[ ! -e "$state_root/$id" ]
	box_set '.process.apparmorProfile = "ironbox-test2//&gone"'
	refused "run $id: apparmor: process.apparmorProfile: the profile \"gone\" is not loaded on this node: load it by apparmor_parser -r FILE"
}

@test "refused: by the kernel, where all before it was fooled" {
	node Y $'ironbox-test (enforce)\n'
	refused "run $id: apparmor: open /proc/thread-self/attr/apparmor/current: No such file or directory"
	box_set '.process.noNewPrivileges = false'
	refused "run $id: apparmor: open /proc/thread-self/attr/apparmor/exec: No such file or directory"
	umount /sys/module /sys/kernel/security
	node Y # nobody tells which are loaded
	refused "run $id: apparmor: open /proc/thread-self/attr/apparmor/exec: No such file or directory"
	[ ! -e "$state_root/$id" ]
}

@test "refused: names that can be none" {
	node Y
	box_set '.process.apparmorProfile = "a\nb"'
	refused "run $id: apparmor: process.apparmorProfile: a control character is in the name"
	box_set '.process.apparmorProfile = " a"'
	refused "run $id: apparmor: process.apparmorProfile: \" a\" begins with a blank"
	box_set '.process.apparmorProfile = "x" * 4096'
	refused "run $id: apparmor: process.apparmorProfile: File name too long"
	for value in 7 true '[]' '{}'; do
		box_set '.process.apparmorProfile = $v' --argjson v "$value"
		refused "run $id: config.json: process.apparmorProfile: expected a string"
	done
}

@test "refused: off in the ini, and the container asks for it" {
	box_ini $'[apparmor]\nenabled = no'
	refused "run $id: apparmor: off in $box/ironbox.ini:4, but process.apparmorProfile asks for it"
}

@test "refused: or said, and the container runs without" {
	box_ini $'on_disabled = warn\n[apparmor]\nenabled = no'
	run inside /probe say hello
	contains "$output" "apparmor: off in $box/ironbox.ini:5, so process.apparmorProfile is not carried out"
	equals "${lines[-1]}" hello
	equals "$status" 0
	box_start /bin/sleep 100
	run ironbox exec "$id" /probe say hello
	contains "$output" "so process.apparmorProfile is not carried out"
	equals "${lines[-1]}" hello
	ironbox delete --force "$id"
}

@test "refused: an ini that the stage does not know" {
	box_ini $'[apparmor]\nprofile = x'
	refused "run $id: apparmor: $box/ironbox.ini:4: [apparmor] profile: no such key"
	box_ini $'[pipeline]\nstages = namespace cgroup rootfs network capabilities seccomp apparmor'
	refused "run $id: $box/ironbox.ini:4: [pipeline] stages: seccomp must stand behind apparmor"
	box_ini $'[pipeline]\nstages = namespace cgroup rootfs network capabilities seccomp'
	refused "run $id: config.json: process.apparmorProfile: no stage of the pipeline does it (apparmor)"
}

@test "refused: and what asks for no profile does not load the stage" {
	box_args /bin/true
	run ironbox --debug run --bundle "$bundle" "$id"
	contains "$output" "apparmor: configure"
	box_set 'del(.process.apparmorProfile)'
	run ironbox --debug run --bundle "$bundle" "$id"
	contains "$output" "rootfs: validate"
	[[ "$output" != *apparmor* ]]
}

@test "refused: plugins says what this node lacks" {
	lacks() {
		ironbox plugins -f json | jq -r '.[] | select(.stage == "apparmor") | .lacks[]'
	}
	equals "$(lacks)" "AppArmor is not in force: containers that ask for a profile are refused"
	node Y
	equals "$(lacks)" ""
}
