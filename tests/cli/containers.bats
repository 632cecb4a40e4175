# The command on real containers: exit codes, output beside runc's, the log that callers read.
bats_require_minimum_version 1.5.0
load ../support/box

setup() {
	box_setup
}

teardown() {
	ironbox delete --force "$id"
	box_teardown
}

# What runc says of the same bundle. Its own root, so that no one else sees it.
runc_here() {
	runc --root "$box/runc" "$@" 3>&-
}

@test "containers: create, start, state, kill, delete" {
	box_create /bin/sleep 1000
	equals "$(state_of)" created
	run ironbox start "$id"
	equals "$status" 0
	equals "$output" ""
	equals "$(state_of)" running
	ironbox kill "$id" KILL
	await 5 eval '[ "$(state_of)" = stopped ]'
	equals "$(ironbox state "$id" | jq .pid)" 0
	run ironbox delete "$id"
	equals "$status" 0
	equals "$output" ""
	run ironbox state "$id"
	equals "$status" 1
	contains "$output" "does not exist"
}

@test "containers: run ends with the container's status" {
	run inside /probe say hello exit 7
	equals "$output" hello
	equals "$status" 7
	run inside /bin/sh -c 'kill -9 $$; sleep 1' # PID 1 is safe from itself
	equals "$status" 0
	# its own word: `run` lets others see it from shortly before its program's first step
	box_args /bin/sh -c 'echo begun; exec sleep 1000'
	ironbox_with_fds run --bundle "$bundle" --pid-file "$box/pid" "$id" >"$box/out" 2>&1 3>&- &
	local run_pid=$!
	await 5 grep -q begun "$box/out"
	ironbox kill "$id" 9
	local run_status=0
	wait "$run_pid" || run_status=$?
	equals "$run_status" 137
}

@test "containers: run --detach and --keep" {
	box_args /bin/sleep 1000
	# not by bats' run: the container would hold its pipe
	ironbox run -d --bundle "$bundle" --pid-file "$box/pid" "$id" </dev/null >"$box/out" 2>&1
	equals "$(cat "$box/out")" ""
	equals "$(state_of)" running
	equals "$(ironbox state "$id" | jq .pid)" "$(box_pid)"
	ironbox delete --force "$id"
	box_args /bin/true
	run ironbox run --keep -no-subreaper --bundle "$bundle" "$id"
	equals "$status" 0
	equals "$(state_of)" stopped
	ironbox delete "$id"
}

@test "containers: exec ends with the status of its process, or with 255" {
	box_start /bin/sleep 1000
	run ironbox exec "$id" sh -c 'exit 9'
	equals "$status" 9
	run ironbox exec "$id" sh -c 'kill -9 $$'
	equals "$status" 137
	run ironbox exec -e A=b --cwd /tmp -u 1000:1000 "$id" sh -c 'echo $A $PWD; id -u; id -g'
	equals "$output" $'b /tmp\n1000\n1000'
	run ironbox exec "$id" no-such-program
	equals "$status" 255
	contains "$output" 'executable file not found in $PATH'
	run ironbox exec no-such-container true
	equals "$status" 255
	contains "$output" "does not exist"
}

@test "containers: state is runc's state" {
	box_set '.annotations = {"z": "1<&>", "a": "\"2\""}'
	box_start /bin/sleep 1000
	box_args /bin/sleep 1000
	box_set '.linux.cgroupsPath = "/" + $id' --arg id "$id-runc"
	runc_here run -d --bundle "$bundle" "$id" </dev/null >/dev/null 2>&1
	local theirs ours
	theirs=$(runc_here state "$id" | sed 's/"pid": [0-9]*/"pid": 0/; s/"created": .*/"created": "",/; s/1.0.2-dev/1.0.2/')
	ours=$(ironbox state "$id" | sed 's/"pid": [0-9]*/"pid": 0/; s/"created": .*/"created": "",/; s/1.3.0/1.0.2/')
	runc_here delete --force "$id"
	equals "$ours" "$theirs"
	[[ "$(ironbox state "$id" | jq -r .created)" =~ ^[0-9-]{10}T[0-9:]{8}\.[0-9]{1,9}Z$ ]]
}

@test "containers: list is runc's list" {
	run ironbox list
	equals "$output" "$(runc_here list)"
	run ironbox list -f json
	equals "$output" null
	box_start /bin/sleep 1000
	run ironbox list
	contains "${lines[0]}" "$(printf 'ID%*sPID ' $((${#id} + 1)) '')"
	contains "${lines[1]}" "$id   $(printf %-12s "$(box_pid)")running     $bundle   "
	contains "${lines[1]}" "Z   root"
	equals "$(ironbox list -q)" "$id"
	equals "$(ironbox list -f json | jq -c '.[] | [.id, .status, .owner, .bundle]')" \
		"$(jq -nc '[$id, "running", "root", $bundle]' --arg id "$id" --arg bundle "$bundle")"
}

@test "containers: ps is the container's processes" {
	box_start /bin/sh -c 'sleep 1001 & sleep 1002 & wait'
	await 5 eval '[ "$(ironbox ps -f json "$id" | jq length)" = 3 ]'
	equals "$(ironbox ps -f json "$id" | jq ".[0]")" "$(box_pid)"
	run ironbox ps "$id"
	equals "${#lines[@]}" 4
	contains "${lines[0]}" "UID "
	contains "$output" "sleep 1001"
	contains "$output" "sleep 1002"
	run ironbox ps "$id" -o pid,args -p 1
	equals "${#lines[@]}" 1 # the title: PID 1 is no process of the container
	ironbox kill "$id" 9
	await 5 eval '[ "$(state_of)" = stopped ]'
	run ironbox ps -f json "$id"
	equals "$status" 0
	equals "$output" null
}

@test "containers: pause, resume, and what a paused one refuses" {
	box_start /bin/sleep 1000
	ironbox pause "$id"
	equals "$(state_of)" paused
	run ironbox exec "$id" true
	equals "$status" 255
	contains "$output" paused
	ironbox resume "$id"
	equals "$(state_of)" running
	run ironbox resume "$id"
	equals "$status" 1
}

@test "containers: kill by name and number, and all" {
	box_start /bin/sh -c 'trap "echo got it; exit 5" USR1; echo ready; while :; do sleep 0.1; done'
	await 5 grep -q ready "$box/out"
	run ironbox kill "$id" SIGNOSUCH
	equals "$status" 1
	equals "$output" "ironbox: kill $id: signal SIGNOSUCH: no such name or number"
	equals "$(state_of)" running
	ironbox kill "$id" usr1
	await 5 eval '[ "$(state_of)" = stopped ]'
	contains "$(cat "$box/out")" "got it"
	run ironbox kill --all "$id" 9 # docker and CRI do so after its end
	equals "$status" 0
	run ironbox kill "$id" 15
	equals "$status" 1
	contains "$output" "not running"
}

@test "containers: delete --force of one that is not there is silent" {
	run ironbox delete --force "$id"
	equals "$status" 0
	equals "$output" ""
	run ironbox delete "$id"
	equals "$status" 1
	contains "$output" "does not exist"
	box_start /bin/sleep 1000
	run ironbox delete "$id"
	equals "$status" 1
	equals "$(state_of)" running
	run ironbox delete --force "$id"
	equals "$status" 0
	equals "$output" ""
}

@test "containers: update changes a limit, by options and by a document" {
	box_set '.linux.resources.pids = {"limit": 50}'
	box_start /bin/sleep 1000
	limit() {
		cat "$(find /sys/fs/cgroup -path "*$id/pids.max" | head -1)"
	}
	equals "$(limit)" 50
	ironbox update --pids-limit 20 "$id"
	equals "$(limit)" 20
	ironbox update --resources - "$id" <<<'{"pids": {"limit": 30}, "memory": {"limit": 0}}'
	equals "$(limit)" 30
	run ironbox update --resources - "$id" <<<'{"pids": {"limit": "30"}}'
	equals "$status" 1
	contains "$output" "pids.limit"
	equals "$(limit)" 30
}

@test "containers: events --stats is one line of JSON" {
	box_start /bin/sleep 1000
	run ironbox events --stats "$id"
	equals "$status" 0
	equals "${#lines[@]}" 1
	equals "$(jq -c '[.type, .id, (.data | has("cpu"), has("memory"), has("pids"))]' <<<"$output")" \
		"$(jq -nc '["stats", $id, true, true, true]' --arg id "$id")"
	equals "$(jq .data.pids.current <<<"$output")" 1
}

@test "containers: the log's last line is the error that stderr has" {
	box_args /no/such/program
	run --separate-stderr ironbox --log "$box/log" --log-format json create --bundle "$bundle" "$id"
	equals "$status" 1
	contains "$stderr" "no such file or directory"
	equals "ironbox: $(tail -1 "$box/log" | jq -r .msg)" "${stderr##*$'\n'}"
	equals "$(tail -1 "$box/log" | jq -r .level)" error
}

@test "containers: a bundle that spec wrote runs" {
	rm "$bundle/config.json"
	ironbox spec --bundle "$bundle"
	box_set '.process.terminal = false | .linux.cgroupsPath = "/" + $id' --arg id "$id"
	run inside /bin/sh -c 'echo $$; hostname'
	equals "$output" $'1\nironbox'
	equals "$status" 0
}

@test "containers: plugins knows each stage of the default pipeline" {
	run ironbox plugins --format json
	equals "$status" 0
	equals "$(jq -r '[.[] | select(.problem == null and .enabled) | .stage] | join(" ")' <<<"$output")" \
		"namespace cgroup rootfs network capabilities apparmor selinux seccomp criu"
	jq -e --arg dir "$BOX_SUITE/plugins/" 'all(.path | startswith($dir))' <<<"$output"
	box_ini $'[network]\nenabled = no'
	equals "$(ironbox plugins -f json | jq -c '.[] | select(.stage == "network") | .enabled')" false
}

@test "containers: features names the mount options that the rootfs stage knows" {
	local name
	for name in $(ironbox features | jq -r '.mountOptions[]'); do
		grep -qaF "$name" "$BOX_SUITE/plugins/rootfs.so" || {
			echo "$name: not in rootfs.so"
			return 1
		}
	done
}

@test "containers: the caller's umask and fds change nothing inside" {
	local output_at_umask expected=
	for umask in 000 022 077; do
		output_at_umask=$(umask "$umask" && inside /bin/sh -c 'umask; ls -ld /dev /dev/shm; ls /proc/self/fd' 9</etc/passwd)
		output_at_umask=$(sed 's/ [A-Z][a-z][a-z] .* / /' <<<"$output_at_umask")
		[ -n "$expected" ] || expected=$output_at_umask
		equals "$output_at_umask" "$expected"
	done
	equals "${expected%%$'\n'*}" 0022
}
