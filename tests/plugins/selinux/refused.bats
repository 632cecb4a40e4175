# refused.bats: on a node without SELinux, and on one that only seems to have it: what can't be given
# is said before anything is made. enforcing.bats shows what is given.
load ../../support/box

process=system_u:system_r:container_t:s0:c1,c2
mounts=system_u:object_r:container_file_t:s0:c1,c2

setup() {
	box_setup
}

teardown() {
	box_teardown
}

# refused WORDS [COMMAND...]: `run`, or the command, fails in exactly this line
refused() {
	local words=$1
	shift
	run "${@:-inside}" /bin/true
	equals "$output" "ironbox: $words"
	[ "$status" -ne 0 ]
}

no_selinux() {
	printf '%s: this node has no SELinux (there is no /sys/fs/selinux/enforce): boot it with selinux in lsm=, or leave "%s" out' "$1" "$2"
}

@test "refused: a label, where there is no SELinux" {
	box_set '.process.selinuxLabel = $l' --arg l $process
	refused "run $id: selinux: $(no_selinux process.selinuxLabel $process)"
	[ ! -e "$state_root/$id" ]
	box_set 'del(.process.selinuxLabel) | .linux.mountLabel = $l' --arg l $mounts
	refused "run $id: selinux: $(no_selinux linux.mountLabel $mounts)"
	[ ! -e "$state_root/$id" ]
}

@test "refused: but \"\" asks for nothing there" {
	box_set '.process.selinuxLabel = "" | .linux.mountLabel = ""'
	run inside /probe say hello
	equals "$output" hello
	equals "$status" 0
}

@test "refused: a label of an exec" {
	box_start /bin/sleep 100
	run ironbox exec --process-label $process "$id" /bin/true
	equals "$output" "ironbox: exec in $id: selinux: $(no_selinux process.selinuxLabel $process)"
	equals "$status" 255
	run ironbox exec --process-label '' "$id" /probe say hello
	equals "$output" hello
	ironbox delete --force "$id"
}

# In a mount namespace of its own: what looks like selinuxfs and is none
on_fake_node() {
	box_args /bin/true
	# shellcheck disable=SC2016 # for the shell inside
	unshare --mount --propagation private sh -ec '
		mkdir "$1/fs"
		mount --rbind /sys/fs "$1/fs"
		mount -t tmpfs tmpfs /sys/fs
		mkdir /sys/fs/cgroup /sys/fs/selinux
		mount --rbind "$1/fs/cgroup" /sys/fs/cgroup
		echo 1 >/sys/fs/selinux/enforce
		echo >/sys/fs/selinux/context
		shift
		exec "$@"' sh "$box" "$IRONBOX" --root "$state_root" --config "$box/ironbox.ini" \
		run --bundle "$bundle" "$id" 3>&-
}

@test "refused: a policy that is none" {
	box_set '.process.selinuxLabel = $l' --arg l $process
	run on_fake_node
	equals "$output" "ironbox: run $id: selinux: process.selinuxLabel: ask the policy for \"$process\": No such device"
	equals "$status" 1
}

@test "refused: both labels, for a kernel has one of both at most" {
	box_set '.process.selinuxLabel = $l | .process.apparmorProfile = "x"' --arg l $process
	run inside /bin/true
	contains "$output" "apparmor: process.apparmorProfile: this node has no AppArmor"
	equals "$status" 1
}

@test "refused: wrong types" {
	for value in 7 true '[]' '{}'; do
		box_set '.process.selinuxLabel = $v' --argjson v "$value"
		refused "run $id: config.json: process.selinuxLabel: expected a string"
		box_set 'del(.process.selinuxLabel) | .linux.mountLabel = $v' --argjson v "$value"
		refused "run $id: config.json: linux.mountLabel: expected a string"
		box_set 'del(.linux.mountLabel)'
	done
}

@test "refused: off in the ini, and the container asks for it" {
	box_ini $'[selinux]\nenabled = no'
	box_set '.process.selinuxLabel = $l' --arg l $process
	refused "run $id: selinux: off in $box/ironbox.ini:4, but process.selinuxLabel asks for it"
	box_set 'del(.process.selinuxLabel) | .linux.mountLabel = $l' --arg l $mounts
	refused "run $id: selinux: off in $box/ironbox.ini:4, but linux.mountLabel asks for it"
}

# A kernel without SELinux knows no context=, so a mount that had got it would fail.
@test "refused: or said, and the mounts too are as without" {
	box_set '.process.selinuxLabel = $l | .linux.mountLabel = $m' --arg l $process --arg m $mounts
	box_ini $'on_disabled = warn\n[selinux]\nenabled = no'
	run inside /probe say hello
	contains "$output" "selinux: off in $box/ironbox.ini:5, so process.selinuxLabel is not carried out"
	contains "$output" "selinux: off in $box/ironbox.ini:5, so linux.mountLabel is not carried out"
	equals "${lines[-1]}" hello
	equals "$status" 0
}

@test "refused: an ini that the stage does not know" {
	box_set '.process.selinuxLabel = $l' --arg l $process
	box_ini $'[selinux]\nlabel = x'
	refused "run $id: selinux: $box/ironbox.ini:4: [selinux] label: no such key"
	box_ini $'[pipeline]\nstages = namespace cgroup selinux rootfs network capabilities seccomp'
	refused "run $id: $box/ironbox.ini:4: [pipeline] stages: selinux must stand behind rootfs"
	box_ini $'[pipeline]\nstages = namespace cgroup rootfs network capabilities seccomp'
	refused "run $id: config.json: process.selinuxLabel: no stage of the pipeline does it (selinux)"
}

@test "refused: and what asks for no label does not load the stage" {
	box_args /bin/true
	run ironbox --debug run --bundle "$bundle" "$id"
	contains "$output" "rootfs: validate"
	[[ "$output" != *selinux* ]]
	box_set '.linux.mountLabel = $l' --arg l $mounts
	run ironbox --debug run --bundle "$bundle" "$id"
	contains "$output" "selinux: configure"
}

@test "refused: plugins says what this node lacks" {
	run ironbox plugins -f json
	equals "$(jq -r '.[] | select(.stage == "selinux") | .lacks[]' <<<"$output")" \
		"SELinux is not in force: containers that ask for a label are refused"
}
