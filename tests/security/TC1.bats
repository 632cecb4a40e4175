# TC1: a container finds the host by the process that exec sends into it: its fds, its root, its
# working directory (CVE-2016-9962, CVE-2016-8649).
load attack

setup() {
	attack_setup
	touch "$box/canary-here"
	box_set '.process.env += ["canary=" + $canary]' --arg canary "$box/canary-here"
}

teardown() {
	[ -z "${stopped-}" ] || kill -9 "$stopped" 2>/dev/null || true
	box_teardown
}

# Looks at every process but itself and init for something that only the host has.
spy='
	trap "echo looked \$sights times; exit 0" TERM
	sights=0
	echo looking
	while :; do
		for process in /proc/[0-9]*; do
			case $process in /proc/1) continue ;; esac
			[ ! -e $process/cwd/. ] || sights=$((sights + 1))
			for way in root cwd fd/3 fd/4 fd/5 fd/6 fd/7 fd/8 fd/9; do
				[ ! -e $process/$way$canary ] || echo $process/$way leads to the host
			done
			[ ! -e $process/cwd/canary-here ] || echo $process/cwd is of the host
			for state in $process/fd/*/record; do
				[ ! -e $state ] || echo $state is of the runtime
			done
		done
	done'

spy_begins() {
	box_start /bin/sh -c "$spy"
	await 5 grep -q looking "$box/out"
}

# spy_ends LEAST: it has seen this many processes, and nothing of the host.
spy_ends() {
	ironbox kill "$id" TERM
	await 5 grep -q looked "$box/out"
	ironbox delete --force "$id"
	! grep -m1 -E 'host|runtime' "$box/out" || won "$(grep -m1 -E 'host|runtime' "$box/out")"
	[ "$(sed -n 's/looked \(.*\) times/\1/p' "$box/out")" -ge "$1" ]
	unharmed
}

@test "TC1: a hundred joiners, and CAP_SYS_PTRACE inside" {
	box_set '.process.capabilities[] += ["CAP_SYS_PTRACE"]'
	spy_begins
	cd "$box"
	for _ in {1..100}; do
		ironbox exec "$id" /bin/true
	done
	cd - >/dev/null
	spy_ends 20
}

# is_looked_at_in_each_phase LEAST
is_looked_at_in_each_phase() {
	local phase
	stop_in nowhere
	spy_begins
	for phase in join confine drop seal; do
		stop_in $phase
		ironbox exec "$id" /bin/true 3>&- &
		await_stopped
		sleep 0.3
		go_on
		wait $!
	done
	stop_in nowhere
	spy_ends "$1"
}

@test "TC1: a joiner that stands still in each phase, and CAP_SYS_PTRACE inside" {
	box_set '.process.capabilities[] += ["CAP_SYS_PTRACE"]'
	is_looked_at_in_each_phase 3
}

@test "TC1: the same without that capability: nothing is to be seen till the last execve" {
	is_looked_at_in_each_phase 0
}

@test "TC1: the same in a user namespace" {
	chmod 755 "$box" "$bundle"
	in_user_namespace
	without_mount /sys
	box_set '.process.capabilities[] += ["CAP_SYS_PTRACE"]'
	is_looked_at_in_each_phase 0
}
