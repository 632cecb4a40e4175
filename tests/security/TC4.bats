# TC4: what is open in the processes that the runtime makes, at each step on their way; and all of
# it is closed by execve(2), whatever happens before.
load attack
load ../shim/task/shim

setup() {
	attack_setup
}

teardown() {
	[ -z "${listener-}" ] || shim_silence
	[ -z "${stopped-}" ] || kill -9 "$stopped" 2>/dev/null || true
	box_teardown
}

# open_in PID: "FD FLAGS TARGET" of what is open there above stdio.
open_in() {
	local fd flags
	for fd in "/proc/$1/fd"/*; do
		[ "${fd##*/}" -gt 2 ] || continue
		flags=$(sed -n 's/^flags:\t//p' "/proc/$1/fdinfo/${fd##*/}")
		echo "${fd##*/} $flags $(readlink "$fd")"
	done
}

# allowed PATTERN: of the stopped process. O_CLOEXEC is 02000000 in fdinfo: open(2), proc(5).
allowed() {
	local fd flags target
	open_in "$stopped" >"$box/open"
	[ -s "$box/open" ]
	while read -r fd flags target; do
		((flags & 02000000)) || won "fd $fd, $target, would stay open in the container: $phase"
		[ "$(readlink "/proc/$$/fd/$fd")" != "$target" ] || continue # the caller's own leak
		[[ $target =~ ^($1)$ ]] || won "$target is open in $phase"
	done <"$box/open"
}

# What a stage needs till the host's tree is gone: roots and mounts, the way to /proc, its line to
# the runtime, the FIFOs of start.
early="socket:\[.*\]|/proc|/run/suite/box-[0-9a-f]*/state/[^/]*/start(ed)?|.*/bundle/rootfs(/dev)?|/(dev)?"
late="socket:\[.*\]|/run/suite/box-[0-9a-f]*/state/[^/]*/start(ed)?( \(deleted\))?|/start(ed)?"

@test "TC4: of init, in each phase of create" {
	local phase
	for phase in setup pivot enter confine drop; do
		stop_in $phase
		box_create /bin/true &
		await_stopped
		case $phase in
		setup | pivot | enter) allowed "$early" ;;
		*) allowed "$late" ;;
		esac
		go_on
		wait $!
		ironbox delete --force "$id"
	done
}

@test "TC4: of init that waits for start, and just before the program" {
	local phase=created stopped
	box_create /bin/true
	stopped=$(box_pid)
	allowed "$late"
	ironbox delete --force "$id"

	phase=seal
	stop_in seal
	box_create /bin/true
	ironbox start "$id" 3>&- &
	await_stopped
	allowed "$late"
	go_on
	wait $!
	ironbox delete --force "$id"
}

@test "TC4: of the joiner, in each phase of exec" {
	local phase
	stop_in nowhere
	box_start /bin/sleep 1000
	for phase in join confine drop seal; do
		stop_in $phase
		ironbox exec "$id" /bin/true 3>&- &
		await_stopped
		case $phase in
		join) allowed "$early|anon_inode:\[(pidfd|signalfd)\]" ;;
		*) allowed "socket:\[.*\]" ;;
		esac
		go_on
		wait $!
	done
	stop_in nowhere
	ironbox delete --force "$id"
}

@test "TC4: of hooks there is stdio alone" {
	printf '#!/bin/sh\necho "$1: $(ls /proc/self/fd | xargs)" >>"%s/fds"\n' "$box" >"$box/hook"
	cp "$box/hook" "$rootfs/hook"
	chmod 755 "$box/hook" "$rootfs/hook"
	box_set '{path: $hook, env: ["PATH=/bin:/usr/bin"]} as $one | .hooks = ([
		"prestart", "createRuntime", "createContainer", "poststart", "poststop"] |
		map({(.): [$one + {args: ["hook", .]}]}) | add)' --arg hook "$box/hook"
	exec 9<"$canary/file"
	run inside /bin/true
	exec 9<&-
	equals "$status" 0
	equals "$(wc -l <"$box/fds")" 5
	# 3 is the directory that ls reads
	[ -z "$(grep -v ': 0 1 2 3$' "$box/fds")" ] || won "a hook has more: $(cat "$box/fds")"
}

@test "TC4: of the program there are stdio and what --preserve-fds says" {
	exec 9<"$canary/file"
	run inside /probe fds
	[ -z "$(grep -v '^[012] ' <<<"$output")" ] || won "the program has more: $output"
	box_start /bin/sleep 1000
	run ironbox exec "$id" /probe fds
	exec 9<&-
	[ -z "$(grep -v '^[012] ' <<<"$output")" ] || won "the program has more: $output"
	ironbox delete --force "$id"
}

# One container that says what it has open, from its first word to its last.
come_and_go() {
	create stdout="file://$box/out" >/dev/null
	call Start >/dev/null
	call Wait >/dev/null
	call -t 20000 Delete >/dev/null
}

shim_fds() {
	find "/proc/$(shim_pid)/fd" -mindepth 1 | wc -l
}

@test "TC4: of a shim that is idle, as many after thirty containers as after one" {
	local phase="an idle shim" fds
	shim_listen
	box_args /probe fds
	shim_start
	come_and_go
	fds=$(shim_fds)
	for ((i = 0; i < 29; i++)); do
		come_and_go
	done
	[ "$(shim_fds)" -le "$fds" ] || won "a shim holds $(shim_fds) fds instead of $fds"
	stopped=$(shim_pid)
	allowed "socket:\[.*\]|anon_inode:\[(eventpoll|signalfd)\]|/dev/null"
	stopped=
	[ -z "$(grep -v '^[012] ' "$box/out")" ] || won "a program has more: $(cat "$box/out")"
	shut_down
}

# A keeper takes no process that is as long as the last one's.
@test "TC4: of the programs that a shim starts, by a worker and by a keeper, there is stdio" {
	local exec_id long=
	shim_listen
	begin sleep 1000
	for exec_id in by-keeper again by-worker; do
		[ $exec_id != by-worker ] || long=$(head -c 40000 /dev/zero | tr '\0' x)
		call Exec exec_id=$exec_id stdout="file://$box/$exec_id" spec.value="$(jq -n --arg long "$long" \
			'{args: ["/probe", "fds"], cwd: "/", env: ["A=" + $long], user: {uid: 0, gid: 0}}')"
		call Start exec_id=$exec_id >/dev/null
		call Wait exec_id=$exec_id >/dev/null
		call -t 20000 Delete exec_id=$exec_id >/dev/null
		[ "$(wc -l <"$box/$exec_id")" -ge 3 ]
		[ -z "$(grep -v '^[012] ' "$box/$exec_id")" ] ||
			won "a program has more: $(cat "$box/$exec_id")"
	done
	end
}
