# Hooks: six kinds, each at its place, with the container's state on stdin.
load ../../support/box

setup() {
	box_setup
	mkdir "$box/hooks"
	trace=$box/trace
}

teardown() {
	box_teardown
}

# hook KIND SCRIPT...: adds a hook of that kind; the script is sh's
hook() {
	local kind=$1 number
	number=$(find "$box/hooks" -type f | wc -l)
	printf '#!/bin/sh\n%s\n' "$2" >"$box/hooks/$number"
	chmod 755 "$box/hooks/$number"
	box_set '.hooks[$kind] += [{path: $path}]' --arg kind "$kind" --arg path "$box/hooks/$number"
}

all_kinds='prestart createRuntime createContainer startContainer poststart poststop'

@test "hooks: all six run, in the order of the spec, with the state of their moment" {
	local kind
	for kind in $all_kinds; do
		[ "$kind" != startContainer ] || continue
		hook "$kind" "jq -r '\"$kind \" + .status + \" \" + .id' >>$trace"
	done
	# startContainer's is resolved and run inside
	printf '#!/bin/sh\ncat >/dev/null; echo startContainer in $(hostname)\n' >"$bundle/rootfs/hook"
	chmod 755 "$bundle/rootfs/hook"
	box_set '.hooks.startContainer = [{path: "/hook"}] | .hostname = "inside"'
	run inside /bin/echo program
	equals "$status" 0
	equals "$output" "program"
	equals "$(cat "$trace")" "prestart creating $id
createRuntime creating $id
createContainer creating $id
poststart running $id
poststop stopped $id"
}

@test "hooks: the state has pid, bundle, version and annotations" {
	hook createRuntime "cat >$trace"
	box_set '.annotations = {"a.b": "c"}'
	box_create /bin/sleep 100
	run jq -r '[.ociVersion, .bundle, (.pid | tostring), .annotations["a.b"]] | join(" ")' "$trace"
	equals "$output" "$(jq -r .ociVersion "$bundle/config.json") $bundle $(box_pid) c"
	ironbox delete --force "$id"
}

@test "hooks: createRuntime sees the mounts through init's root, on the host" {
	box_set '.mounts += [{destination: "/made", type: "tmpfs", source: "tmpfs"}]'
	hook createRuntime "readlink /proc/self/ns/mnt >$trace"
	hook createRuntime 'pid=$(jq .pid); grep " '"$bundle"'/rootfs/made " /proc/$pid/mountinfo >>'"$trace"
	run inside /bin/true
	equals "$status" 0
	equals "$(head -1 "$trace")" "$(readlink /proc/self/ns/mnt)"
	contains "$(tail -1 "$trace")" "tmpfs"
}

@test "hooks: createContainer runs in the container's namespaces, with the host's tree" {
	hook createContainer "readlink /proc/self/ns/uts >$trace; pwd >>$trace"
	run inside /bin/true
	equals "$status" 0
	[ "$(head -1 "$trace")" != "$(readlink /proc/self/ns/uts)" ]
	equals "$(tail -1 "$trace")" "$bundle"
}

@test "hooks: arguments and environment are as config.json has them" {
	printf '#!/bin/sh\necho "$@" >%s\nenv >>%s\n' "$trace" "$trace" >"$box/hooks/h"
	chmod 755 "$box/hooks/h"
	box_set '.hooks.createContainer = [{path: $path, args: ["h", "one", "two"], env: ["A=b"]}]' \
		--arg path "$box/hooks/h"
	run inside /bin/true
	equals "$status" 0
	equals "$(head -1 "$trace")" "one two"
	contains "$(tail -n +2 "$trace")" "A=b"
}

@test "hooks: one that fails before the start stops the container, in one line with its words" {
	local kind
	for kind in prestart createRuntime createContainer; do
		box_set '.hooks = {}'
		hook $kind 'echo "no such luck" >&2; exit 3'
		run inside /bin/echo program
		equals "$status" 1
		contains "$output" "ironbox: run $id: hooks.$kind[0]: $box/hooks/"
		contains "$output" ": exit status 3: no such luck"
		equals "$(wc -l <<<"$output")" 1
		equals "$(box_cgroups)" ""
	done
}

@test "hooks: a failing startContainer hook stops the program" {
	printf '#!/bin/sh\nexit 4\n' >"$bundle/rootfs/hook"
	chmod 755 "$bundle/rootfs/hook"
	box_set '.hooks.startContainer = [{path: "/hook"}]'
	run inside /bin/echo program
	equals "$status" 1
	equals "$output" "ironbox: run $id: hooks.startContainer[0]: /hook: exit status 4"
}

@test "hooks: a failing poststart hook is an error, and stops the container" {
	hook poststart 'exit 6'
	box_create /bin/sleep 100
	run ironbox start "$id"
	equals "$status" 1
	contains "$output" "ironbox: start $id: hooks.poststart[0]: "
	await 5 eval '[ "$(state_of)" = stopped ]'
	ironbox delete "$id"
	run inside /bin/sleep 100
	equals "$status" 1
}

@test "hooks: poststop runs also where creation failed after something was made" {
	hook createRuntime 'exit 3'
	hook poststop "echo poststop >>$trace"
	run inside /bin/true
	equals "$status" 1
	equals "$(cat "$trace")" poststop
}

@test "hooks: poststop that fails is a warning, and the container is gone" {
	hook poststop 'exit 5'
	box_start /bin/true
	await 5 test "$(state_of)" = stopped || true
	run ironbox delete --force "$id"
	equals "$status" 0
	contains "$output" "level=warning"
	contains "$output" "exit status 5"
}

@test "hooks: a timeout ends the hook and its children" {
	hook createRuntime 'sleep 60 & sleep 60'
	box_set '.hooks.createRuntime[0].timeout = 1'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "not done after 1 s"
}

@test "hooks: one that does not read its stdin is no trouble" {
	hook createRuntime 'exec 0<&-; exit 0'
	box_set '.annotations = {"big": ("x" * 200000)}'
	run inside /bin/echo program
	equals "$output" program
}
