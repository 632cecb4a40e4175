# The same calls to runc and to ironbox: exit status, the words that callers match, the shape of
# what is printed.
load ../support/box
load compare

setup() {
	box_setup
	box_args /bin/sleep 1000
}

teardown() {
	runc_here delete --force "$id"
	ironbox delete --force "$id"
	box_teardown
}

# What containerd, docker, podman and people look for in an error; see each one's exit codes.
WORDS='container does not exist|container with given id already exists|container not running
cannot start an already running container
cannot start a container that has stopped|that is not stopped: (running|paused)
cannot exec in a (paused|stopped) container|executable file not found in \$path
no such file or directory|permission denied|unknown option|flag provided but not defined'

# call ARG...: "state x: 1 container does not exist", by $runtime. Words in lower case, for those
# who match without it.
call() {
	local status=0 words=${WORDS//$'\n'/|}

	"$runtime" "$@" >"$box/call" 2>"$box/call.error" </dev/null || status=$?
	printf '%s: %s %s\n' "$*" "$status" \
		"$(tail -1 "$box/call.error" | tr A-Z a-z | grep -oE "$words" | tail -1)"
}

# The same without words: where no caller looks for them, ironbox says what is so.
call_status() {
	call "$@" | sed -E 's/(: [0-9]+ ).*/\1/'
}

# in_both FUNCTION: it is given $runtime, and prints calls; what it prints is the same.
in_both() {
	local runtime

	for runtime in runc_here ironbox; do
		"$1" >"$box/$runtime"
		"$runtime" delete --force "$id"
	done
	diff -U 1 --label runc --label ironbox "$box/runc_here" "$box/ironbox"
	[ "$(wc -l <"$box/ironbox")" -ge "$2" ]
}

@test "calls: of a container that is not there" {
	calls() {
		local verb
		for verb in state start kill delete ps pause resume "update --pids-limit 5" \
			"events --stats" "ps --format json" "delete --force"; do
			call $verb "$id"
		done
		call kill "$id" 15
		call exec "$id" true
	}
	in_both calls 13
	contains "$(cat "$box/ironbox")" "start $id: 1 container does not exist"
}

@test "calls: wrong use" {
	calls() {
		call nosuchverb
		call create
		call run
		call state
		call kill
		call exec
		call delete
		call state a b
		call list --format xml
		call list -q
		call create --bundle /nowhere "$id"
		call create --bundle "$bundle" 'a b'
	}
	in_both calls 12
	contains "$(cat "$box/ironbox")" "nosuchverb: 3 "
}

@test "calls: programs that cannot be run" {
	install -m 644 /bin/busybox "$bundle/rootfs/bin/not-executable"
	calls() {
		local verb program
		for program in /no/such nosuch '' /etc/passwd /bin /bin/not-executable /etc/passwd/x; do
			box_args "$program"
			for verb in create run; do
				call $verb --bundle "$bundle" "$id"
			done
		done
	}
	in_both calls 14
	contains "$(cat "$box/ironbox")" '1 executable file not found in $path'
}

@test "calls: of one that is created" {
	calls() {
		call create --bundle "$bundle" "$id"
		call create --bundle "$bundle" "$id"
		call exec "$id" true
		call resume "$id"
		call pause "$id"
		call resume "$id"
		call kill "$id" USR1
		call delete "$id"
	}
	in_both calls 8
}

@test "calls: of one that runs" {
	calls() {
		call create --bundle "$bundle" "$id"
		call start "$id"
		call start "$id"
		call create --bundle "$bundle" "$id"
		call run --bundle "$bundle" "$id"
		call delete "$id"
		call resume "$id"
		call update --resources /nowhere "$id"
		call kill "$id" SIGNONE
		call kill "$id" 65
		call kill "$id" usr2
		call kill "$id" SIGCONT
	}
	in_both calls 12
}

@test "calls: exec" {
	echo '{' >"$box/bad.json"
	calls() {
		call create --bundle "$bundle" "$id"
		call start "$id"
		call exec "$id" true
		call exec "$id" false
		call exec "$id" sh -c 'exit 3'
		call exec "$id" sh -c 'kill -9 $$'
		call exec "$id" sh -c 'kill -TERM $$'
		call exec "$id" /no/such
		call exec "$id" nosuch
		call exec "$id" ''
		call exec "$id" /etc/passwd
		call exec "$id" /bin
		call exec --cwd /nowhere "$id" true
		call exec --user 1:x "$id" true
		call exec --process /nowhere "$id"
		call exec --process "$box/bad.json" "$id"
		call exec --pid-file /nowhere/pid "$id" true
		call exec "$id"
	}
	in_both calls 18
	contains "$(cat "$box/ironbox")" "exec $id nosuch: 255 executable file not found"
}

@test "calls: of one that is paused" {
	calls() {
		call create --bundle "$bundle" "$id"
		call start "$id"
		call pause "$id"
		call_status pause "$id"
		call exec "$id" true
		call delete "$id"
		call kill "$id" 15
		call resume "$id"
		call resume "$id"
	}
	in_both calls 9
}

@test "calls: of one that has stopped" {
	calls() {
		call create --bundle "$bundle" "$id"
		call start "$id"
		call kill "$id" 9
		await 5 is_stopped "$runtime"
		call state "$id"
		call start "$id"
		call kill "$id" 15
		call kill --all "$id" 9
		call exec "$id" true
		call pause "$id"
		call_status resume "$id"
		call ps "$id"
		call ps --format json "$id"
		call_status events --stats "$id"
		call update --pids-limit 5 "$id"
		call create --bundle "$bundle" "$id"
		call delete "$id"
		call delete "$id"
		call delete --force "$id"
	}
	in_both calls 18
}

@test "calls: how run ends" {
	calls() {
		local program
		for program in 'exit 0' 'exit 1' 'exit 255' 'kill -9 $$' \
			'/bin/sh -c "kill -9 \$\$"; exit $?' '/bin/sh -c "kill -SEGV \$\$"; exit $?'; do
			box_args /bin/sh -c "$program"
			call run --bundle "$bundle" "$id"
		done
		box_args /bin/sleep 1000
		call run --detach --bundle "$bundle" "$id"
	}
	in_both calls 7
}

@test "calls: state, list and ps have the same keys and values" {
	local runtime
	box_set '.annotations = {"a": "b"}'
	for runtime in runc_here ironbox; do
		"$runtime" create --bundle "$bundle" --pid-file "$box/pid" "$id" >/dev/null 2>&1 </dev/null
		"$runtime" start "$id"
		{
			"$runtime" state "$id" | jq .
			"$runtime" list --format json | jq .
			"$runtime" ps --format json "$id" | jq .
			"$runtime" list
			"$runtime" ps "$id"
		} | sed -E "s/\b$(box_pid)\b/PID/; s/[0-9-]{10}T[0-9:.]+Z/TIME/; s/1\.0\.2-dev/1.0.2/
			s/ +/ /g; s/ [0-9]+ [0-9]{2}:[0-9]{2} / C HOUR /" >"$box/$runtime"
		"$runtime" delete --force "$id"
	done
	diff "$box/runc_here" "$box/ironbox"
	[ "$(wc -l <"$box/ironbox")" -gt 20 ]
}

@test "calls: events --stats has the keys that readers of runc's look for" {
	local runtime
	box_set '.linux.resources.pids = {limit: 40}'
	for runtime in runc_here ironbox; do
		"$runtime" create --bundle "$bundle" "$id" >/dev/null 2>&1 </dev/null
		"$runtime" start "$id"
		"$runtime" events --stats "$id" | jq -r 'paths(type != "array" and type != "object") |
			map(strings) | join(".")' | sort -u >"$box/$runtime"
		"$runtime" delete --force "$id"
	done
	# Ours has more (oomKills); of runc's, this is a kernel's knob that nobody reads, and null.
	equals "$(comm -23 "$box/runc_here" "$box/ironbox")" \
		$'data.cpuset.sched_relax_domain_level\ndata.network_interfaces'
	contains "$(cat "$box/ironbox")" data.memory.usage.limit
}

@test "calls: spec writes what runc spec writes" {
	mkdir "$box/runc-spec" "$box/ironbox-spec"
	local option
	for option in '' --rootless; do
		(cd "$box/runc-spec" && rm -f config.json && runc spec $option)
		(cd "$box/ironbox-spec" && rm -f config.json && ironbox spec $option)
		# the version of the spec and the name are each one's own
		equals "$(sed 's/"1.3.0"/"1.0.2-dev"/; s/"ironbox"/"runc"/' "$box/ironbox-spec/config.json")" \
			"$(cat "$box/runc-spec/config.json")"
		run ironbox spec --bundle "$box/ironbox-spec"
		equals "$status" 1
	done
}
