# `start`: what is answered, where the socket is, and who shares it.
load shim

setup() {
	shim_setup
}

teardown() {
	shim_teardown
}

# ---- answers ----

@test "start: the address and nothing else, by the formula of containerd's tools" {
	shim_bundle t1
	shim t1 start </dev/null >"$box/out" 2>&1
	equals "$(od -An -c "$box/out")" "$(printf %s "$(shim_address t1)" | od -An -c)"
	cmp "$box/out" address
	answers "$(cat address)"
	equals "$(daemons_of t1 | wc -l)" 1
}

@test "start: who waits for the end of its output is let go, while the daemon lives" {
	shim_bundle t1
	timeout 5 cat <(shim t1 start </dev/null 2>&1) >"$box/out"
	equals "$(cat "$box/out")" "$(shim_address t1)"
	equals "$(daemons_of t1 | wc -l)" 1
}

@test "start: options on stdin, as until containerd 2.2" {
	shim_bundle t1
	run shim t1 start < <(pb 1 containerd.runc.v1.Options)
	equals "$output" "$(shim_address t1)"
	equals "$status" 0
}

@test "start: parameters on stdin, as since containerd 2.3" {
	shim_bundle t1
	{ pb 1 t1; pb 2 ns; pb 5 /run/t.ttrpc; pb 6 /run/other.sock; pb 9 "$box/s"; } >"$box/in"
	env -u TTRPC_ADDRESS "$CONTAINERD_SHIM" -namespace ns -id t1 start \
		<"$box/in" >"$box/out" 3>&-
	local address
	address=unix://$box/s/$(printf %s /run/other.sock/ns/t1 | sha256sum | cut -d' ' -f1)
	{ printf '\x08\x02'; pb 2 "$address"; pb 3 ttrpc; } | cmp - "$box/out"
	equals "$(cat address)" "$address"
	answers "$address"
}

@test "start: parameters of another container are none" {
	shim_bundle t1
	run shim t1 start < <(pb 1 t2; pb 2 ns)
	equals "$output" "$(shim_address t1)"
}

@test "start: a stdin without an end is not waited for for ever" {
	shim_bundle t1
	mkfifo "$box/in"
	exec 8<>"$box/in"
	pb 1 containerd.runc.v1.Options >&8
	run shim t1 start <&8
	exec 8<&-
	equals "$status" 1
	equals "$output" "containerd-shim-ironbox-v1: start: stdin: not at its end after 10 s"
}

@test "start: what is wrong is one line, and nothing is left" {
	shim_bundle t1
	run shim t1 start < <(printf '{"a":1}')
	equals "$status" 1
	equals "$output" "containerd-shim-ironbox-v1: start: stdin: neither the runtime's options nor the parameters of containerd 2.3"
	run env -u TTRPC_ADDRESS "$CONTAINERD_SHIM" -namespace ns -id t1 -address /c start </dev/null
	equals "$output" "containerd-shim-ironbox-v1: start: TTRPC_ADDRESS is not set: where containerd takes events"
	run "$CONTAINERD_SHIM" -namespace ns -id t1 start </dev/null
	equals "$output" "containerd-shim-ironbox-v1: start: -address is missing: containerd's socket"
	run "$CONTAINERD_SHIM" -id t1 -address /c start </dev/null
	equals "$output" "containerd-shim-ironbox-v1: start: -namespace is missing"
	run "$CONTAINERD_SHIM" -namespace ../ns -id t1 -address /c start </dev/null
	contains "$output" "start: -namespace ../ns: expected letters and digits"
	run "$CONTAINERD_SHIM" -namespace ns -id .. -address /c start </dev/null
	contains "$output" "start: -id ..: expected letters and digits"
	run "$CONTAINERD_SHIM" -namespace ns -id t1 begin </dev/null
	equals "$output" "containerd-shim-ironbox-v1: begin: no such action: start or delete"
	run "$CONTAINERD_SHIM" -namespace ns -id t1 </dev/null
	equals "$output" "containerd-shim-ironbox-v1: an action is missing: start or delete; -h says more"
	equals "$status" 1
	[ ! -e "$sockets" ]
	equals "$(ls)" $'config.json\nlog\nrootfs'
	equals "$(daemon_count)" 0
}

@test "start: an answer that can't be given leaves neither daemon nor socket" {
	shim_bundle t1
	run bash -c '"$@" >/dev/full </dev/null' - "$CONTAINERD_SHIM" -namespace ns -id t1 \
		-address "$containerd" start
	equals "$status" 1
	equals "$output" "containerd-shim-ironbox-v1: start: answer containerd on stdout: No space left on device"
	equals "$(daemon_count)" 0
	equals "$(ls "$sockets")" ""
}

# ---- the socket ----

# unix_names INODES: the names of those sockets that have one.
unix_names() {
	awk 'NR == FNR { ours[$1]; next } ($7 in ours) && $8 { print $8 }' <(echo "$1") /proc/net/unix
}

@test "start: TF1: the socket is its owner's alone, and has no abstract name" {
	shim_bundle t1
	shim t1 start </dev/null
	local path
	path=$(cat address)
	path=${path#unix://}
	equals "$(stat -c '%a %u %F' "$path")" "600 0 socket"
	equals "$(stat -c '%a %u' "$sockets")" "700 0"
	# of all sockets that it has, by their inodes: no other name, and none of a network
	local inodes
	inodes=$(find "/proc/$(daemons_of t1)/fd" -lname 'socket:*' -printf '%l\n' | tr -dc '0-9\n')
	[ -n "$inodes" ]
	await 5 eval '[ "$(unix_names "$inodes")" ]' # the list may leave some out, as others' sockets go
	equals "$(unix_names "$inodes")" "$path"
	equals "$(awk 'NR == FNR { ours[$1]; next } $10 in ours' <(echo "$inodes") \
		/proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6)" ""
	run setpriv --reuid 1000 --regid 1000 --clear-groups /usr/bin/python3 -c \
		'import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])' "$path"
	equals "$status" 1
	equals "${lines[-1]}" "PermissionError: [Errno 13] Permission denied"
}

@test "start: a folder of sockets that others may enter is refused" {
	shim_bundle t1
	for mode in 0755 0710 0701 1777; do
		install -d -m "$mode" "$sockets"
		run shim t1 start </dev/null
		equals "$status" 1
		contains "$output" "start: folder of sockets"
		rmdir "$sockets" # empty
	done
	install -d -m 700 -o 1000 "$sockets"
	run shim t1 start </dev/null
	contains "$output" "owned by user 1000 and not by root"
	rmdir "$sockets"
	mkdir -m 700 "$box/elsewhere"
	ln -s "$box/elsewhere" "$sockets"
	run shim t1 start </dev/null
	contains "$output" "open the folder of sockets /run/containerd/s: Not a directory"
	rm "$sockets"
	install -d -m 700 "$sockets"
	chmod 777 /run/containerd
	run shim t1 start </dev/null
	chmod 755 /run/containerd
	contains "$output" "folder of sockets: /run/containerd: others than root may write to it"
	equals "$(daemon_count)" 0
}

@test "start: the folder that containerd 1.6 makes, of mode 0600, will do" {
	shim_bundle t1
	install -d -m 600 "$sockets"
	run shim t1 start </dev/null
	equals "$output" "$(shim_address t1)"
}

@test "start: a socket that nobody listens on is replaced" {
	shim_bundle t1
	shim t1 start </dev/null
	local dead inode
	dead=$(daemons_of t1)
	inode=$(stat -c %i "$sockets"/*)
	kill -9 "$dead"
	await 5 eval "[ ! -e /proc/$dead ]"
	run answers "$(cat address)"
	contains "$output" "Connection refused"
	run shim t1 start </dev/null
	equals "$output" "$(shim_address t1)"
	answers "$output"
	equals "$(ls "$sockets" | wc -l)" 1
	[ "$(daemons_of t1)" != "$dead" ]
}

@test "start: one that lives serves its container again" {
	shim_bundle t1
	shim t1 start </dev/null
	local first
	first=$(daemons_of t1)
	rm address
	run shim t1 start </dev/null
	equals "$output" "$(shim_address t1)"
	equals "$(cat address)" "$(shim_address t1)"
	equals "$(daemons_of t1)" "$first"
}

@test "start: one whose backlog is full lives" {
	shim_bundle t1
	unshare --net sh -c 'echo 1 >/proc/sys/net/core/somaxconn; "$@" </dev/null' - \
		"$CONTAINERD_SHIM" -namespace ns -id t1 -address "$containerd" start 3>&- >"$box/out"
	local first
	first=$(daemons_of t1)
	kill -STOP "$first"
	python3 - "$(cat address)" 3>&- <<-'END' &
		import socket, sys, time
		callers = [socket.socket(socket.AF_UNIX) for _ in range(8)]
		full = False
		for caller in callers:
		    caller.setblocking(False)
		    try:
		        caller.connect(sys.argv[1][len("unix://"):])
		    except BlockingIOError:
		        full = True
		assert full
		open("full", "w")
		time.sleep(60)
	END
	local callers=$!
	await 10 [ -e full ]
	run shim t1 start </dev/null
	kill "$callers"
	kill -CONT "$first"
	equals "$output" "$(shim_address t1)"
	equals "$(daemon_count)" 1
	answers "$output"
}

# ---- groups ----

@test "start: containers of a pod share a shim" {
	shim_bundle pod1 io.kubernetes.cri.sandbox-id=pod1 io.kubernetes.cri.container-type=sandbox
	shim pod1 start </dev/null >"$box/first"
	shim_bundle app1 io.kubernetes.cri.sandbox-id=pod1
	run shim app1 start </dev/null
	equals "$output" "$(cat "$box/first")"
	equals "$output" "$(shim_address pod1)"
	equals "$(cat address)" "$output"
	equals "$(daemon_count)" 1
	shim_bundle app2 io.kubernetes.cri.sandbox-id=pod2
	run shim app2 start </dev/null
	equals "$output" "$(shim_address pod2)"
	equals "$(daemon_count)" 2
}

@test "start: the other annotations of a group" {
	shim_bundle a io.containerd.runc.v2.group=g
	run shim a start </dev/null
	equals "$output" "$(shim_address g)"
	shim_bundle b io.containerd.ironbox.v1.group=g
	run shim b start </dev/null
	equals "$output" "$(shim_address g)"
	equals "$(daemon_count)" 1
	shim_bundle c io.containerd.runc.v2.group=../x
	run shim c start </dev/null
	equals "$output" "containerd-shim-ironbox-v1: start: config.json: annotations: io.containerd.runc.v2.group: \"../x\" can't be a name"
}

# As `shim`, but with time for others between the look at the socket and the next one's bind(2).
shim_slowly() {
	strace -o "$box/strace.$1" -e trace=bind -e inject=bind:delay_enter=50000 \
		"$CONTAINERD_SHIM" -namespace ns -address "$containerd" -id "$1" start 3>&-
}

@test "start: of six at a time for one pod, one gets a daemon and all its address" {
	local round number starts
	for number in {1..6}; do
		shim_bundle "app$number" io.kubernetes.cri.sandbox-id=pod1
	done
	for round in new stale; do
		starts=()
		for number in {1..6}; do
			(cd "$bundles/app$number" && shim_slowly "app$number" </dev/null >out 2>&1) &
			starts+=($!)
		done
		wait "${starts[@]}"
		for number in {1..6}; do
			equals "$round: $(cat "$bundles/app$number/out")" "$round: $(shim_address pod1)"
		done
		equals "$(daemon_count)" 1
		answers "$(shim_address pod1)"
		kill -9 "$(pgrep -f "^$CONTAINERD_SHIM -namespace")" # the next round finds its socket
		await 5 eval '[ "$(daemon_count)" = 0 ]'
	done
}

# ---- its place on the node ----

@test "start: oom_score_adj is one more than containerd's, and at most 1000" {
	shim_bundle t1
	sh -c 'echo 100 >/proc/self/oom_score_adj; "$@" </dev/null; :' - "$CONTAINERD_SHIM" \
		-namespace ns -id t1 -address "$containerd" start
	equals "$(cat "/proc/$(daemons_of t1)/oom_score_adj")" 101
	shim_bundle t2
	sh -c 'echo 1000 >/proc/self/oom_score_adj; "$@" </dev/null; :' - "$CONTAINERD_SHIM" \
		-namespace ns -id t2 -address "$containerd" start
	equals "$(cat "/proc/$(daemons_of t2)/oom_score_adj")" 1000
}

@test "start: ShimCgroup of the options" {
	local hierarchy
	for hierarchy in pids unified; do
		mkdir "/sys/fs/cgroup/$hierarchy/$id"
	done
	shim_bundle t1
	{ pb 1 containerd.runc.v1.Options; pb 2 "$(pb 3 "/$id")"; } >"$box/in"
	run shim t1 start <"$box/in"
	equals "$output" "$(shim_address t1)"
	for hierarchy in pids unified; do
		equals "$(cat "/sys/fs/cgroup/$hierarchy/$id/cgroup.procs")" "$(daemons_of t1)"
	done
	kill -9 "$(daemons_of t1)"
	for hierarchy in pids unified; do
		await 5 rmdir "/sys/fs/cgroup/$hierarchy/$id"
	done
	shim_bundle t2
	run shim t2 start <"$box/in"
	equals "$status" 1
	equals "$output" "containerd-shim-ironbox-v1: start: ShimCgroup /$id: there is no such cgroup"
	equals "$(daemon_count)" 0
	equals "$(ls "$sockets")" "$(basename "$(shim_address t1)")" # of t1, which was killed
}

@test "start: SCHED_CORE is done, or told" {
	shim_bundle t1
	SCHED_CORE=1 run shim t1 start </dev/null
	if python3 -c 'import ctypes, sys; sys.exit(ctypes.CDLL(None).prctl(62, 0, 0, 0, 0) < 0)'; then
		equals "$output" "$(shim_address t1)"
	else # this kernel has no core scheduling
		contains "$output" "start: SCHED_CORE is set: prctl PR_SCHED_CORE, create a cookie: "
		equals "$(daemon_count)" 0
	fi
	SCHED_CORE='' run shim t1 start </dev/null
	equals "$output" "$(shim_address t1)"
}
