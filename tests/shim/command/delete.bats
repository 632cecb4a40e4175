# `delete`: what containerd runs when it has lost a shim.
load shim

setup() {
	shim_setup
	state_root=/run/containerd/ironbox/ns
	mkdir -p "$state_root"
}

teardown() {
	shim_teardown
}

# container STATE NAME: a container as the shim makes it, with its record in the bundle.
container() {
	mkdir -p "$bundles"
	cp -a "$bundle" "$bundles/$2"
	cd "$bundles/$2"
	jq '.process.args = ["sleep", "600"]' "$bundle/config.json" >config.json
	ironbox create --bundle . --pid-file "$box/pid" "$2" </dev/null >"$box/out" 2>&1
	[ "$1" != running ] || ironbox start "$2"
	record "$(jq -n --argjson pid "$(box_pid)" '{pid: $pid}')"
}

# record JSON: ironbox.json, with these members beside what each has.
record() {
	jq -n --arg root "$state_root" --arg ini "$box/ironbox.ini" --argjson more "$1" \
		'{version: 1, stateRoot: $root, configPath: $ini, pid: 0} + $more' >ironbox.json
}

# answered PID STATUS [SECONDS]: what $box/answer says; without SECONDS about now.
answered() {
	/usr/bin/python3 - "$@" "$box/answer" <<-'END'
		import sys, time
		def fields(data):
		    out, at = {}, 0
		    def number():
		        nonlocal at
		        value = shift = 0
		        while True:
		            byte = data[at]; at += 1
		            value |= (byte & 127) << shift; shift += 7
		            if byte < 128:
		                return value
		    while at < len(data):
		        key = number()
		        if key & 7 == 0:
		            out[key >> 3] = number()
		        else:
		            size = number()
		            out[key >> 3] = data[at:at + size]; at += size
		    return out
		*expected, path = sys.argv[1:]
		answer = fields(open(path, "rb").read())
		when = fields(answer[3])[1]
		pid, status, seconds = (list(map(int, expected)) + [round(time.time())])[:3]
		assert (answer.get(1, 0), answer.get(2, 0)) == (pid, status), answer
		assert abs(when - seconds) < (1 if len(expected) > 2 else 10), (when, seconds)
	END
}

# delete NAME [OPTION...]: its answer is in $box/answer, its words in $box/words.
delete() {
	timeout 10 "$CONTAINERD_SHIM" -namespace ns -address "$containerd" -publish-binary x -id "$1" \
		"${@:2}" delete >"$box/answer" 2>"$box/words" </dev/null 3>&-
}

is_gone() {
	[ ! -e "$state_root/$1" ]
	[ ! -e "/proc/$(box_pid)" ] || [ "$(cut -d' ' -f3 "/proc/$(box_pid)/stat")" = Z ]
	equals "$(box_cgroups)" ""
}

@test "delete: TF5: a container whose shim was killed" {
	container running c1
	delete c1 -bundle "$PWD"
	answered "$(box_pid)" 137
	equals "$(cat "$box/words")" ""
	is_gone c1
}

@test "delete: one that was never started" {
	container created c1
	delete c1 -bundle "$PWD"
	answered "$(box_pid)" 137
	is_gone c1
}

@test "delete: a second time, and with no bundle at all" {
	container running c1
	delete c1 -bundle "$PWD"
	delete c1 -bundle "$PWD"
	answered "$(box_pid)" 137
	cd /
	rm -r "$bundles/c1"
	delete c1 -bundle "$bundles/c1"
	answered 0 137
	equals "$(cat "$box/words")" ""
}

@test "delete: the exit that the shim has seen" {
	shim_bundle c1
	record '{"pid": 77, "exit": {"status": 3, "seconds": 1700000000, "nanoseconds": 5}}'
	delete c1 -bundle "$PWD"
	answered 77 3 1700000000
	record '{"pid": 77, "exit": {"status": 0, "seconds": 1700000000, "nanoseconds": 0}}'
	delete c1 -bundle "$PWD"
	answered 77 0 1700000000
}

@test "delete: without -bundle, from its own and from another bundle of the pod" {
	container running c1
	shim_bundle c2
	record '{"pid": 5, "exit": {"status": 9, "seconds": 1700000000, "nanoseconds": 0}}'
	delete c1
	answered "$(box_pid)" 137
	is_gone c1
	delete c2
	answered 5 9 1700000000
}

# ---- broken bundles ----

@test "delete: bundles that are half made" {
	mkdir -p "$bundles/c1"
	delete c1 -bundle "$bundles/c1" # empty
	answered 0 137
	equals "$(cat "$box/words")" ""
	container running c2
	rm config.json
	delete c2 -bundle "$PWD"
	answered "$(box_pid)" 137
	is_gone c2
	delete c3 -bundle "$bundles/c3"
	answered 0 137
	touch "$bundles/file"
	run delete file -bundle "$bundles/file"
	equals "$status" 1
	contains "$(cat "$box/words")" "delete: open the bundle $bundles/file: Not a directory"
}

@test "delete: a record that can't be read is told, and the default root is looked into" {
	local broken
	for broken in '' '{' '{"version":1}' '{"version":99,"stateRoot":"/x","pid":0}' '[]'; do
		container running c1
		printf %s "$broken" >ironbox.json
		delete c1 -bundle "$PWD"
		answered 0 137
		contains "$(cat "$box/words")" "the bundle's ironbox.json"
		is_gone c1
		cd /
		rm -r "$bundles/c1"
	done
}

@test "delete: without a record" {
	container running c1
	rm ironbox.json
	delete c1 -bundle "$PWD"
	answered 0 137
	is_gone c1
}

@test "delete: an ini that is broken by now does not keep what is to go" {
	container running c1
	printf 'nonsense\n' >"$box/ironbox.ini"
	delete c1 -bundle "$PWD"
	answered "$(box_pid)" 137
	contains "$(cat "$box/words")" "$box/ironbox.ini:1: "
	contains "$(cat "$box/words")" "going on with the node's own"
	is_gone c1
}

# ---- mounts ----

@test "delete: mounts on the bundle's rootfs, one on the other" {
	shim_bundle c1
	mount -t tmpfs first rootfs
	mkdir rootfs/below
	mount -t tmpfs below rootfs/below
	mount -t tmpfs second rootfs
	delete c1 -bundle "$PWD"
	answered 0 137
	equals "$(box_new_mounts)" ""
}

@test "delete: a mount that is in use" {
	shim_bundle c1
	mount -t tmpfs used rootfs
	sleep 60 7<rootfs 3>&- &
	delete c1 -bundle "$PWD"
	kill $!
	answered 0 137
	equals "$(box_new_mounts)" ""
}

@test "delete: a rootfs that is a symlink leads nowhere" {
	shim_bundle c1
	rmdir rootfs
	mkdir "$box/elsewhere"
	mount -t tmpfs elsewhere "$box/elsewhere"
	ln -s "$box/elsewhere" rootfs
	delete c1 -bundle "$PWD"
	answered 0 137
	mountpoint "$box/elsewhere"
	umount "$box/elsewhere"
}

# ---- sockets ----

@test "delete: the socket of a killed shim goes, that of a living one stays" {
	shim_bundle pod1 io.kubernetes.cri.sandbox-id=pod1
	shim pod1 start </dev/null >"$box/out"
	shim_bundle app1 io.kubernetes.cri.sandbox-id=pod1
	shim app1 start </dev/null >"$box/out"
	delete app1 -bundle "$PWD"
	answers "$(cat address)"
	kill -9 "$(daemons_of pod1)"
	await 5 eval '[ "$(daemon_count)" = 0 ]'
	delete app1 -bundle "$PWD"
	equals "$(ls "$sockets")" ""
	equals "$(cat "$box/words")" ""
	delete pod1 -bundle "$bundles/pod1"
	equals "$(cat "$box/words")" ""
}

@test "delete: the socket of a shim that is just being killed goes too" {
	shim_bundle t1
	shim t1 start </dev/null >"$box/out"
	kill -9 "$(daemons_of t1)"
	rm "$sockets"/*
	python3 - "$(shim_address t1)" 3>&- <<-'END' &
		import select, socket, sys
		dying = socket.socket(socket.AF_UNIX) # as in a fork of it
		dying.bind(sys.argv[1][len("unix://"):])
		dying.listen()
		open("listens", "w")
		select.select([dying], [], []) # is asked, and ends without an answer
	END
	local fork=$!
	await 10 [ -e listens ]
	delete t1 -bundle "$PWD"
	wait "$fork"
	equals "$(ls "$sockets")" ""
	equals "$(cat "$box/words")" ""
}

@test "delete: what a start has left that was killed" {
	local moment
	# write: of the address (the launcher's copy was the first), the OOM score, the answer
	for moment in write:2 bind:1 listen:1 write:3 clone:1 write:4; do
		shim_bundle "t-${moment/:/-}"
		# --daemonize: what is waited for is the shim, and not strace, which has the daemon too
		strace --daemonize -f -o "$box/strace" -e trace="${moment%:*}" \
			-e inject="${moment%:*}":signal=KILL:when="${moment#*:}" \
			"$CONTAINERD_SHIM" -namespace ns -id "t-${moment/:/-}" \
			-address "$containerd" start </dev/null >out 2>&1 3>&- || true
		await 5 grep -q '+++ killed by SIGKILL +++' "$box/strace"
		end_all every_daemon
		await 5 eval '[ "$(daemon_count)" = 0 ]'
		delete "t-${moment/:/-}" -bundle "$PWD"
		answered 0 137
		equals "$moment: $(ls "$sockets" 2>/dev/null)" "$moment: "
		equals "$(cat "$box/words")" ""
	done
}

@test "delete: an address that is not of a shim's socket is left alone" {
	shim_bundle c1
	echo precious >"$box/file"
	printf 'unix://%s/file' "$box" >address
	delete c1 -bundle "$PWD"
	answered 0 137
	equals "$(cat "$box/file")" precious
	equals "$(cat "$box/words")" ""
	rm address
	mkfifo address # which nobody ever writes to
	delete c1 -bundle "$PWD"
	answered 0 137
}

# ---- in time ----

@test "delete: what hangs is told within five seconds" {
	container running c1
	flock "$state_root/c1" sleep 60 3>&- &
	local holder=$! begun=$SECONDS
	await 5 eval '! flock -n "$state_root/c1" true'
	run delete c1 -bundle "$PWD"
	equals "$status" 1
	((SECONDS - begun < 9))
	contains "$(cat "$box/words")" "delete: not done after 4 s, at "
	[[ "$(cat "$box/words")" =~ " is in state "[SR]" at " ]] # it looks for the lock again and again
	pkill -P "$holder" sleep || true
	wait "$holder" || true
	delete c1 -bundle "$PWD"
	answered "$(box_pid)" 137
	is_gone c1
}

@test "delete: names that could lead out of the state root are refused" {
	run delete ../x
	equals "$status" 1
	contains "$(cat "$box/words")" "delete: -id ../x: expected letters and digits"
}
