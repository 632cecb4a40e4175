# What a container sees of the process that exec sends into it.
load ../../support/box

setup() {
	box_setup
}

teardown() {
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
			for way in root cwd fd/3 fd/4 fd/5 fd/6 fd/7; do
				[ ! -e $process/$way$canary ] || echo $process/$way leads to the host
			done
			[ ! -e $process/cwd/canary ] || echo $process/cwd is of the host
			for state in $process/fd/*/record; do
				[ ! -e $state ] || echo $state is of the runtime
			done
		done
	done'

@test "exec: CAP_SYS_PTRACE inside finds no way out by the joiner (TC1, CVE-2016-9962)" {
	local round
	touch "$box/canary"
	box_set '.process.capabilities[] += ["CAP_SYS_PTRACE"]
		| .process.env += ["canary=" + $canary]' --arg canary "$box/canary"
	box_start /bin/sh -c "$spy"
	await 5 grep -q looking "$box/out"
	cd "$box"
	for round in {1..100}; do
		ironbox exec "$id" /bin/true
	done
	cd - >/dev/null
	ironbox kill "$id" TERM
	await 5 grep -q looked "$box/out"
	run cat "$box/out"
	contains "$output" looked
	[ "$(sed -n 's/looked \(.*\) times/\1/p' "$box/out")" -gt 20 ]
	[[ "$output" != *host* && "$output" != *runtime* ]]
	ironbox delete --force "$id"
}

@test "exec: the joiner is the runtime's child, and the only one" {
	box_start /bin/sleep 100
	run ironbox exec "$id" /bin/sh -c 'exit 7'
	equals "$status" 7
	ironbox exec --detach --pid-file "$box/joined" "$id" /bin/sleep 50
	run tr '\0' ' ' <"/proc/$(<"$box/joined")/cmdline"
	equals "$output" "/bin/sleep 50 "
	run ironbox exec "$id" /bin/ps -o comm
	equals "$(sort <<<"$output" | tr '\n' ' ')" "COMMAND ps sleep sleep "
	ironbox delete --force "$id"
}
