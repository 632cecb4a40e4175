# The life of a container, verb by verb, and what each says when it may not.
load ../../support/box

setup() {
	box_setup
}

teardown() {
	box_teardown
}

fails() {
	equals "$status" 1
	equals "$output" "ironbox: $1"
}

@test "verbs: created, running, paused, stopped, gone" {
	box_create /bin/sleep 100
	equals "$(state_of)" created
	ironbox start "$id"
	equals "$(state_of)" running
	ironbox pause "$id"
	equals "$(state_of)" paused
	ironbox resume "$id"
	equals "$(state_of)" running
	ironbox kill "$id" KILL
	await 5 eval '[ "$(state_of)" = stopped ]'
	equals "$(ironbox state "$id" | jq .pid)" 0
	ironbox delete "$id"
	run ironbox state "$id"
	fails "state $id: container does not exist"
}

@test "verbs: the program runs at start, and not before" {
	box_create /bin/sh -c 'echo ran >/tmp/ran; sleep 100'
	box_set .
	[ ! -e "$bundle/rootfs/tmp/ran" ]
	ironbox start "$id"
	await 5 ironbox exec "$id" /bin/true
	ironbox delete --force "$id"
}

@test "verbs: an id that is taken" {
	box_create /bin/sleep 100
	run ironbox create --bundle "$bundle" "$id" 3>&-
	fails "create $id: container with given ID already exists"
	ironbox delete "$id"
}

@test "verbs: ids that are none" {
	local bad
	for bad in '' . .. a/b 'a b' $'a\nb' "$(printf 'a%.0s' {1..201})"; do
		run ironbox create --bundle "$bundle" "$bad"
		equals "$status" 1
		contains "$output" "container id"
	done
}

@test "verbs: start twice, and start what has stopped" {
	box_start /bin/sleep 100
	run ironbox start "$id"
	fails "start $id: cannot start an already running container"
	ironbox kill "$id" KILL
	await 5 eval '[ "$(state_of)" = stopped ]'
	run ironbox start "$id"
	fails "start $id: cannot start a container that has stopped"
	ironbox delete "$id"
}

@test "verbs: delete of a running container wants --force" {
	box_start /bin/sleep 100
	run ironbox delete "$id"
	fails "delete $id: cannot delete container $id that is not stopped: running"
	ironbox delete --force "$id"
	run ironbox delete --force "$id"
	equals "$status" 0
	equals "$output" ""
}

@test "verbs: delete of a created container is granted" {
	box_create /bin/sleep 100
	ironbox delete "$id"
}

@test "verbs: kill of what does not run" {
	box_start /bin/true
	await 5 eval '[ "$(state_of)" = stopped ]'
	run ironbox kill "$id" TERM
	fails "kill $id: container not running"
	run ironbox kill --all "$id" 9
	equals "$status" 0
	ironbox delete "$id"
}

@test "verbs: kill --all reaches every process" {
	box_start /bin/sh -c 'sleep 100 & sleep 100 & sleep 100'
	await 5 eval '[ "$(ironbox ps --format json "$id" | jq length)" = 3 ]'
	ironbox kill --all "$id" KILL
	await 5 eval '[ "$(state_of)" = stopped ]'
	ironbox delete "$id"
}

@test "verbs: without a pid namespace, KILL and delete take all processes" {
	box_set 'del(.linux.namespaces[] | select(.type == "pid"))'
	box_start /bin/sh -c 'sleep 100 & exec sleep 100'
	await 5 eval '[ "$(ironbox ps --format json "$id" | jq length)" = 2 ]'
	ironbox kill "$id" KILL
	await 5 eval '[ "$(state_of)" = stopped ]'
	ironbox delete "$id"
}

@test "verbs: exec shares the namespaces, the root and the cgroup" {
	box_start /bin/sleep 100
	run ironbox exec "$id" /bin/sh -c 'readlink /proc/1/ns/* ; cat /proc/1/cgroup'
	local of_init=$output
	run ironbox exec "$id" /bin/sh -c 'readlink /proc/self/ns/* ; cat /proc/self/cgroup'
	equals "$output" "$of_init"
	run ironbox exec "$id" /bin/ls /
	contains "$output" probe
	ironbox delete --force "$id"
}

@test "verbs: exec's options" {
	box_start /bin/sleep 100
	run ironbox exec --user 1000:1000 --cwd /tmp --env A=b "$id" /bin/sh -c 'id -u; pwd; echo $A'
	equals "$output" $'1000\n/tmp\nb'
	run ironbox exec "$id" /bin/sh -c 'exit 33'
	equals "$status" 33
	run ironbox exec "$id" /nothere
	[ "$status" -ne 0 ]
	contains "$output" "exec: \"/nothere\": /nothere is not in the image: no such file or directory"
	ironbox exec --detach --pid-file "$box/exec.pid" "$id" /bin/sleep 50 >/dev/null 2>&1
	contains "$(tr '\0' ' ' <"/proc/$(cat "$box/exec.pid")/cmdline")" "sleep 50"
	ironbox delete --force "$id"
}

@test "verbs: exec's --env takes the place of what the container has of that name" {
	mkdir "$bundle/rootfs/tools"
	printf '#!/bin/sh\necho "$FOO"; tr "\\0" "\\n" </proc/$$/environ | grep -c "^FOO=\|^PATH="\n' \
		>"$bundle/rootfs/tools/tool"
	chmod 755 "$bundle/rootfs/tools/tool"
	box_set '.process.env += ["FOO=old"]'
	box_start /bin/sleep 1000
	run ironbox exec -e FOO=new -e PATH=/bin:/tools "$id" tool
	equals "$output" $'new\n2'
	ironbox delete --force "$id"
}

@test "verbs: an exec's process file that leaves them out has the container's confinement" {
	box_set '.process.noNewPrivileges = true
		| .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 77, hard: 78}]'
	box_start /bin/sleep 100
	jq -n '{cwd: "/", args: ["/bin/sh", "-c",
		"ulimit -n; grep -E \"NoNew|Cap[PEB]\" /proc/self/status"]}' >"$box/process.json"
	run ironbox exec --process "$box/process.json" "$id"
	equals "$output" "77
$(ironbox exec "$id" /bin/grep -E 'NoNew|Cap[PEB]' /proc/1/status)"
	jq '. + {noNewPrivileges: null, rlimits: [], capabilities: null, apparmorProfile: null}' \
		"$box/process.json" >"$box/nulls.json"
	run ironbox exec --process "$box/nulls.json" "$id"
	equals "$output" "77
$(ironbox exec "$id" /bin/grep -E 'NoNew|Cap[PEB]' /proc/1/status)"
	printf '{"cwd": "/", "args": ["/bin/grep", "CapEff", "/proc/self/status"],
		"capabilities": {"bounding": ["CAP_KILL"]}}' >"$box/process.json"
	run ironbox exec --process "$box/process.json" "$id"
	equals "$output" $'CapEff:\t0000000000000000'
	ironbox delete --force "$id"
}

@test "verbs: exec in what does not run, or is paused" {
	box_start /bin/sleep 100
	ironbox pause "$id"
	run ironbox exec "$id" /bin/true
	[ "$status" -ne 0 ]
	contains "$output" "cannot exec in a paused container (use --ignore-paused to override)"
	ironbox resume "$id"
	ironbox kill "$id" KILL
	await 5 eval '[ "$(state_of)" = stopped ]'
	run ironbox exec "$id" /bin/true
	contains "$output" "cannot exec in a stopped container"
	ironbox delete "$id"
}

@test "verbs: a state file that is cut off is an error that names it, and delete --force works" {
	box_start /bin/sleep 100
	local pid
	pid=$(box_pid)
	truncate -s 20 "$state_root/$id/state.json"
	run ironbox state "$id"
	fails "state $id: $state_root/$id/state.json is cut off, or not of this version of ironbox"
	ironbox delete --force "$id"
	await 5 test ! -e "/proc/$pid/root/probe"
}

@test "verbs: a record with a foreign line is told, and delete --force works" {
	box_start /bin/sleep 100
	echo foreign >>"$state_root/$id/record"
	run ironbox ps "$id"
	equals "$status" 1
	contains "$output" "record: a line is not of ours: foreign"
	run ironbox delete --force "$id"
	equals "$status" 0
	contains "$output" "level=warning"
}

@test "verbs: run whose pid file can't be written does not run" {
	box_args /bin/echo ran
	run ironbox run --pid-file /no/such/folder/pid --bundle "$bundle" "$id"
	equals "$status" 1
	equals "$output" "ironbox: run $id: write the pid file /no/such/folder/pid: No such file or directory"
}

@test "verbs: a poststart hook may exec into the container" {
	printf '#!/bin/sh\n%s --root %s --config %s exec %s /bin/echo from the hook >%s\n' \
		"$IRONBOX" "$state_root" "$box/ironbox.ini" "$id" "$box/told" >"$box/hook"
	chmod 755 "$box/hook"
	box_set '.hooks.poststart = [{path: $path}]' --arg path "$box/hook"
	box_start /bin/sleep 100
	equals "$(cat "$box/told")" "from the hook"
	ironbox delete --force "$id"
	box_args /bin/sleep 1
	ironbox run --bundle "$bundle" "$id"
	equals "$(cat "$box/told")" "from the hook"
}

@test "verbs: a creation that was cut off is told as that" {
	mkdir -p "$state_root" && mkdir -m 700 "$state_root/$id"
	chmod 700 "$state_root"
	run ironbox state "$id"
	fails "state $id: container does not exist: its creation is under way, or was cut off (delete removes what is left of it)"
	run ironbox delete "$id"
	fails "delete $id: container does not exist: its creation was cut off"
	[ ! -e "$state_root/$id" ]
}

@test "verbs: KILL ends all who are in a joined pid namespace, and no one else there" {
	unshare --pid --fork sleep 1000 3>&- &
	await 5 pgrep -P $! sleep
	local other
	other=$(pgrep -P $! sleep)
	box_set '.linux.namespaces |= map(if .type == "pid" then .path = $path else . end)' \
		--arg path "/proc/$other/ns/pid"
	box_start /bin/sh -c 'sleep 500 & sleep 501'
	await 5 eval '[ "$(ironbox ps --format json "$id" | jq length)" -ge 2 ]'
	ironbox kill "$id" KILL
	await 5 eval '[ "$(ironbox ps --format json "$id" | jq length)" = 0 ]'
	[ -d "/proc/$other" ]
	ironbox delete "$id"
	kill -9 "$other"
	wait $! || true
}

# The hook deletes its container, and makes another one by this name.
@test "verbs: run whose poststart hook fails leaves a container alone that is not its own any more" {
	local again="$IRONBOX --root $state_root --config $box/ironbox.ini"
	cp -a "$bundle" "$box/other"
	printf '#!/bin/sh\n%s delete --force %s && %s run --detach --bundle %s %s\nexit 1\n' \
		"$again" "$id" "$again" "$box/other" "$id" >"$box/hook"
	chmod 755 "$box/hook"
	box_args /bin/sleep 1000
	cp "$bundle/config.json" "$box/other/"
	box_set '.hooks.poststart = [{path: $path}]' --arg path "$box/hook"
	for detach in --detach ''; do
		# shellcheck disable=SC2086
		run ironbox run $detach --bundle "$bundle" "$id" </dev/null
		equals "$status" 1
		contains "$output" poststart
		equals "$(state_of)" running
		ironbox delete --force "$id"
	done
}

@test "verbs: run --detach, --keep" {
	box_args /bin/sleep 100
	ironbox run --detach --bundle "$bundle" "$id" >/dev/null 2>&1 </dev/null
	equals "$(state_of)" running
	ironbox delete --force "$id"
	box_args /bin/true
	ironbox run --keep --bundle "$bundle" "$id"
	equals "$(state_of)" stopped
	ironbox delete "$id"
}

@test "verbs: run forwards signals" {
	box_args /bin/sh -c 'trap "echo told; exit 5" USR1; echo ready; while :; do sleep 0.05; done'
	ironbox run --bundle "$bundle" "$id" >"$box/out" 2>&1 &
	local pid=$!
	await 5 grep -q ready "$box/out"
	kill -USR1 "$(pgrep -P "$pid" -f -- --bundle || echo "$pid")"
	status=0
	wait "$pid" || status=$?
	equals "$(tail -1 "$box/out")" told
	equals "$status" 5
}

@test "verbs: two commands on one id: one waits for the other" {
	box_start /bin/sleep 100
	local i
	for i in 1 2 3 4; do
		ironbox delete --force "$id" &
	done
	wait
	equals "$(find "$state_root" -mindepth 1 -maxdepth 1 -name "$id")" ""
}

@test "verbs: events tells that the memory ran out" {
	box_set '.linux.resources.memory = {limit: 20971520, swap: 20971520}'
	box_create /probe alloc 200
	ironbox events --interval 60s "$id" >"$box/events" 2>&1 &
	local events=$!
	await 10 box_is_watched
	ironbox start "$id"
	await 10 eval '[ "$(state_of)" = stopped ]'
	await 5 grep -q '"oom"' "$box/events"
	wait "$events"
	contains "$(cat "$box/events")" "\"type\":\"oom\""
	ironbox delete "$id"
}

# Redirections stand outside: the shell itself would want descriptors for them.
ironbox_with_few_fds() {
	(ulimit -n "$1" && shift && exec "$IRONBOX" --root "$state_root" \
		--config "$box/ironbox.ini" "$@") 2>"$box/error" 3>&-
}

@test "delete: a want of descriptors is an error, and nothing is forgotten for it" {
	local most refused=0
	for most in {4..14}; do
		box_start /bin/sleep 100
		if ! ironbox_with_few_fds "$most" delete --force "$id"; then
			refused=$((refused + 1))
			contains "$(<"$box/error")" "Too many open files"
			[ -e "$state_root/$id/record" ]
			ironbox delete --force "$id"
		fi
		equals "$(box_cgroups)" ""
		[ ! -e "/proc/$(box_pid)" ] || grep -q '^State:.Z' "/proc/$(box_pid)/status"
	done
	[ "$refused" -gt 2 ]
}

@test "create: a want of descriptors leaves no id behind" {
	local most
	box_args /bin/true
	for most in {4..12}; do
		! ironbox_with_few_fds "$most" create --bundle "$bundle" "$id"
		contains "$(<"$box/error")" "Too many open files"
		equals "$(wc -l <"$box/error")" 1
		[ ! -e "$state_root/$id" ]
	done
}
