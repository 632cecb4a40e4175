# What a shim is beside its methods: several containers, one that is killed, one that is short of
# something, and what it costs when it has nothing to do.
load shim

setup() {
	shim_setup
}

teardown() {
	shim_teardown
}

# second_bundle: a container of the same pod, as CRI marks it.
second_bundle() {
	box_set '.annotations["io.kubernetes.cri.sandbox-id"] = $id' --arg id "$id"
	cp -a "$bundle" "$box/second"
	jq --arg path "/$id-2" '.linux.cgroupsPath = $path' "$box/second/config.json" >"$box/second/new"
	mv "$box/second/new" "$box/second/config.json"
}

@test "two containers of a pod in one shim: each lives and ends by itself" {
	box_args sleep 1000
	second_bundle
	shim_start
	first=$shim
	shim_start "$id-2" "$box/second"
	equals "$shim" "$first"
	create >/dev/null
	name=$id-2 folder=$box/second create >/dev/null
	call Start >/dev/null
	name=$id-2 call Start >/dev/null
	call Kill signal=9
	call Wait >/dev/null
	call Delete >/dev/null
	call Shutdown # there is the other one
	name=$id-2 status_is "$RUNNING"
	name=$id-2 call Kill signal=9
	name=$id-2 call Wait >/dev/null
	name=$id-2 call Delete >/dev/null
	shut_down
}

@test "a reader that does not read holds up its own container alone" {
	box_args sh -c 'while :; do echo a line that nobody reads; done'
	second_bundle
	mkfifo "$box/out"
	exec {reader}<>"$box/out" # open, and never read from
	shim_start
	create stdout="$box/out" >/dev/null
	call Start >/dev/null
	await 10 is_full "$reader"
	jq '.process.args = ["sleep", "1000"]' "$box/second/config.json" >"$box/second/new"
	mv "$box/second/new" "$box/second/config.json"
	for ((i = 0; i < 5; i++)); do
		name=$id-2 folder=$box/second create >/dev/null
		name=$id-2 call Start >/dev/null
		status_is "$RUNNING"
		name=$id-2 call Kill signal=9
		name=$id-2 call Wait >/dev/null
		name=$id-2 call Delete >/dev/null
	done
	in_exec e1 true >/dev/null
	call Wait exec_id=e1 >/dev/null
	call Kill signal=9
	call Wait >/dev/null
	call Delete >/dev/null # what nobody reads is given up in the end
	exec {reader}>&-
	shut_down
}

# Nothing moves any more: the FIFO and the pipe behind it are full.
is_full() {
	local pid=/proc/$(call State | field pid) before
	before=$(grep ^wchar "$pid/io")
	sleep 0.2
	[ "$before" != "wchar: 0" ] && [ "$before" = "$(grep ^wchar "$pid/io")" ]
}

# bats test_tags=vm
@test "a killed shim: the container lives on, and the action delete leaves nothing of it" {
	begin sleep 1000
	pid=$(field pid <"$box/started")
	in_exec e1 sleep 1000 >/dev/null
	kill -KILL "$(shim_pid)"
	sleep 0.2
	[ -d "/proc/$pid" ]
	shim_action delete >/dev/null
	await 5 process_ended "$pid"
	equals "$(box_cgroups)" ""
	[ ! -e "/run/containerd/ironbox/$namespace/$id" ]
	rm -f "$shim"
}

@test "a shim killed after the end: the true exit is kept in the bundle" {
	begin sh -c 'exit 42'
	call Wait >/dev/null
	equals "$(jq -r .exit.status "$bundle/ironbox.json")" 42
	equals "$(jq -r .pid "$bundle/ironbox.json")" "$(field pid <"$box/started")"
	kill -KILL "$(shim_pid)"
	shim_action delete >"$box/deleted"
	grep -qF "$(printf '\x10\x2a')" "$box/deleted" # exit_status=2: 42
	rm -f "$shim"
}

@test "a shim that was shut down is not found by a start, though it has events to tell" {
	begin sleep 1000
	pid=$(shim_pid)
	call Kill signal=9
	call Wait >/dev/null
	kill -STOP "$listener"
	call Delete >/dev/null
	call Shutdown
	[ ! -e "$shim" ]
	shim_start
	kill -CONT "$listener"
	await 5 process_ended "$pid"
	create >/dev/null # by the second one, whose socket the first has not removed
	call Start >/dev/null
	end
}

# told_at_signal WORDS: what comes by the FIFO $log is in $box/log then.
told_at_signal() {
	kill -USR1 "$(shim_pid)"
	timeout 0.5 cat <&"$log" >"$box/log"
	grep -q "$1" "$box/log"
}

@test "SIGUSR1: the log has the tree, the calls that wait, the workers and the fds" {
	mkfifo "$bundle/log"
	exec {log}<>"$bundle/log"
	waiting_hook poststart
	box_args sleep 1000
	shim_start
	create >/dev/null
	note_exec e1 true
	call Wait >/dev/null &
	call Start >/dev/null &
	await 10 test -e "$box/begun"
	await 10 told_at_signal "1 wait for its end" # its client may come late
	touch "$box/go"
	for words in "state: version 1" "container $id: made" "init of $id: created, starting" \
		"1 wait for its end" "exec e1: created" "call: containerd.task.v2.Task/Wait" \
		"call: containerd.task.v2.Task/Start" "worker: start $id" "pidfd of $id" "fd: 0"; do
		contains "$(cat "$box/log")" "$words"
	done
	await 5 status_is "$RUNNING"
	end
	exec {log}>&-
}

# with_logger SCRIPT: a program that may be a logger, as $logger.
with_logger() {
	logger=binary://$box/loggers/log
	mkdir "$box/loggers"
	printf '#!/bin/sh\n%s\n' "$1" >"$box/loggers/log"
	chmod 755 "$box/loggers/log"
	box_ini "[stdio]"$'\n'"loggers = $box/loggers"
}

# Its exec goes with its container, and is not waited for.
@test "a logger that does not end is killed, though the shim is shut down at once" {
	with_logger "trap '' TERM; echo \$\$ >$box/logger; exec 5>&-; while :; do sleep 0.1; done"
	begin sleep 1000
	call Exec exec_id=e1 stdout="$logger" \
		spec.value='{"args": ["true"], "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0}}'
	call Start exec_id=e1 >/dev/null
	call Wait exec_id=e1 >/dev/null
	call Kill signal=9
	call Wait >/dev/null
	call Delete >/dev/null
	! process_ended "$(cat "$box/logger")"
	shut_down
	await 1 process_ended "$(cat "$box/logger")"
}

@test "a signal for the shim: loggers of what lives on go on, of what has ended they are ended" {
	with_logger "echo \$\$ >>$box/loggers/pids; exec 5>&-; cat <&3 >>$box/log; trap '' TERM
		while :; do sleep 0.1; done"
	mkfifo "$box/go"
	box_set '.mounts += [{destination: "/mnt", type: "bind", source: $source, options: ["bind"]}]' \
		--arg source "$box"
	box_args sh -c 'echo first; read line </mnt/go; echo second; sleep 1000'
	shim_start
	pid=$(shim_pid)
	create stdout="$logger" >"$box/created"
	call Start >/dev/null
	call Exec exec_id=e1 stdout="$logger" \
		spec.value='{"args": ["true"], "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0}}'
	call Start exec_id=e1 >/dev/null
	call Wait exec_id=e1 >/dev/null
	{ read -r of_init && read -r of_exec; } <"$box/loggers/pids"
	kill -TERM "$pid"
	await 10 process_ended "$pid"
	await 1 process_ended "$of_exec"
	! process_ended "$of_init"
	echo go >"$box/go"
	await 5 grep -q second "$box/log"
	equals "$(cat "$box/log")" $'first\nsecond'
	shim_action delete >/dev/null
	await 5 process_ended "$(field pid <"$box/created")"
	kill -KILL "$of_init"
}

@test "fds: the shim may have as many as the hard limit says, its containers as before" {
	box_args sh -c 'ulimit -Sn; ulimit -Hn'
	box_set 'del(.process.rlimits)'
	ulimit -Sn 200
	ulimit -Hn 2000
	shim_start
	create stdout="file://$box/out" >/dev/null
	call Start >/dev/null
	call Wait >/dev/null
	call Delete >/dev/null
	equals "$(cat "$box/out")" $'200\n2000'
	contains "$(tr -s ' ' <"/proc/$(shim_pid)/limits")" "Max open files 2000 2000"
	shut_down
}

@test "short of fds: the call fails alone, and the next one works" {
	begin sleep 1000
	note_exec e1 true
	before=$(fds_at_rest)
	fds_left 1
	refused "$EXHAUSTED" "Too many open files" call Start exec_id=e1
	status_is "$RUNNING"
	fds_enough
	in_exec e2 sh -c 'exit 6' >/dev/null
	equals "$(call Wait exec_id=e2 | field exit_status)" 6
	end
}

# fds_left COUNT: so many more than $before may the shim open. Each call takes one, while it lasts,
# which may be for a moment longer than its client.
fds_left() {
	local pid limit left=$1
	await 5 fd_count_is "$before"
	pid=$(shim_pid)
	for ((limit = 0; left > 0; limit++)); do
		[ -L "/proc/$pid/fd/$limit" ] || left=$((left - 1))
	done
	prlimit --pid "$pid" --nofile="$limit":
}

fds_enough() {
	prlimit --pid "$(shim_pid)" --nofile=1000:
}

fds_at_rest() {
	local count last=
	until count=$(fd_count) && [ "$count" = "$last" ]; do
		last=$count
		sleep 0.1
	done
	echo "$count"
}

fd_count() {
	find "/proc/$(shim_pid)/fd" -mindepth 1 | wc -l
}

fd_count_is() {
	[ "$(fd_count)" -eq "$1" ]
}

# with_terminal NAME COMMAND...: a call of the terminal that has FIFOs by this name, and a client.
with_terminal() {
	mkfifo "$box/$1.in" "$box/$1.out"
	exec {client}<>"$box/$1.out"
	"${@:2}" terminal=true stdin="$box/$1.in" stdout="$box/$1.out"
}

nobody_has_fifos() { # NAME
	[ -z "$(find /proc/[0-9]*/fd -lname "$box/$1.*" 2>/dev/null)" ]
}

terminal_is_given_back() { # NAME
	exec {client}<&-
	await 5 nobody_has_fifos "$1"
	await 5 fd_count_is "$before"
}

begin_with_keeper() {
	begin sleep 1000
	in_exec e0 true >/dev/null
	call Wait exec_id=e0 >/dev/null
	call Delete exec_id=e0 >/dev/null
	before=$(fds_at_rest)
	sleep_spec=$(jq -n '{args: ["sleep", "1000"], cwd: "/", env: ["PATH=/bin"], user: {uid: 0, gid: 0}}')
}

init_is_alone() {
	[ "$(call Pids | grep -c pid=)" -eq 1 ]
}

# An exec is at first short of an fd for its worker, then of those for what the worker has made,
# and then of copies of the terminal's.
@test "short of fds: an exec with a terminal is ended, whatever it was that there was no fd for" {
	begin_with_keeper
	for ((left = 1; left < 20; left++)); do
		with_terminal "e$left" call Exec exec_id="e$left" spec.value="$sleep_spec"
		fds_left "$left"
		! call Start exec_id="e$left" >"$box/started" || break
		fds_enough
		contains "$(cat "$box/started")" "$EXHAUSTED: ironbox: "
		contains "$(cat "$box/started")" "Too many open files"
		cat "$box/started" >>"$box/refused"
		await 5 init_is_alone
		equals "$(call Wait exec_id="e$left" | field exit_status)" 255
		refused "$NOT_FOUND" "process already finished" call Kill exec_id="e$left" signal=9
		run call Delete exec_id="e$left"
		equals "$(field pid <<<"$output") $(field exit_status <<<"$output")" "0 255"
		terminal_is_given_back "e$left"
	done
	fds_enough
	for words in "make room for a worker" "take what came of it" "copy the terminal's fd"; do
		contains "$(cat "$box/refused")" "$words"
	done
	call Kill exec_id="e$left" signal=9
	equals "$(call Wait exec_id="e$left" | field exit_status)" 137
	call Delete exec_id="e$left" >/dev/null
	terminal_is_given_back "e$left"
	end
	equals "$(told | grep -c '/tasks/exit.* id=e')" 2 # e0's, and that of the one that ran
}

# It is killed, and may be reaped, and gone from the shim, in any order. Four fds are enough to hand it
# over, and too few for its logger.
@test "short of fds: an exec that is deleted while it is being ended is forgotten" {
	begin_with_keeper
	pid=$(shim_pid)
	for i in {1..20}; do
		call Exec exec_id="e$i" stdout="file://$box/out" spec.value="$sleep_spec"
		fds_left 4
		refused "$EXHAUSTED" "open logger" call Start exec_id="e$i"
		prlimit --pid "$pid" --nofile=1000:
		call Delete exec_id="e$i" >/dev/null
	done
	await 5 init_is_alone
	equals "$(shim_pid)" "$pid"
	end
}

# The same of a container: what undoes it has no more fds than what made it had.
@test "short of fds: a container with a terminal is undone, whatever it was that there was no fd for" {
	box_args sleep 1000
	box_set '.process.terminal = true'
	shim_start
	before=$(fds_at_rest)
	for ((left = 1; left < 20; left++)); do
		fds_left "$left"
		! with_terminal "c$left" create >"$box/created" || break
		contains "$(cat "$box/created")" "$EXHAUSTED: ironbox: create $id: "
		contains "$(cat "$box/created")" "Too many open files"
		cat "$box/created" >>"$box/refused"
		await 10 nothing_is_left
		terminal_is_given_back "c$left"
	done
	fds_enough
	for words in "make a socket pair" "take what came of it" "copy the terminal's fd"; do
		contains "$(cat "$box/refused")" "$words"
	done
	call Start >/dev/null
	end
	exec {client}<&-
	nobody_has_fifos "c$left"
	equals "$(told)" "/tasks/create container_id=$id
/tasks/start container_id=$id
/tasks/exit container_id=$id id=$id exit_status=137
/tasks/delete container_id=$id exit_status=137"
}

nothing_is_left() {
	refused "$NOT_FOUND" "" call State &&
		[ ! -e "/run/containerd/ironbox/$namespace/$id" ] && [ -z "$(box_cgroups)" ]
}
