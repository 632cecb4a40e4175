# Pods: the containers of one share a shim and, where they say so, namespaces.
load containerd
load events
load tasks

setup_file() {
	containerd_setup_file
}

teardown_file() {
	containerd_stop
}

setup() {
	containerd_setup
}

teardown() {
	containerd_teardown
}

# In CRI's words: the sandbox is the pod's first container and gives the pod its name.
group=io.kubernetes.cri.sandbox-id

# member NAME [OPTION...] -- ARG...
member() {
	detached "$id-$1" --annotation "$group=$id-sandbox" "${@:2}"
}

sandbox() {
	member sandbox "$@" -- sleep 1000
	pid=$(task_pid "$id-sandbox")
}

# joined NAMESPACE...: options of a member that is in these of the sandbox.
joined() {
	local name
	for name; do
		printf '%s\n' --with-ns "$name:/proc/$pid/ns/${name/network/net}"
	done
}

# shims_are COUNT: of the test's, once no fork of theirs has their command line any more.
shims_are() {
	await 20 shim_count_is "$1"
}

shim_count_is() {
	equals "$(pgrep -fc -- "^$BOX_SUITE/bin/containerd-shim-ironbox-v1 -namespace default -id $id")" "$1"
}

in_member() {
	ctr task exec --exec-id "e$SRANDOM" "$id-$1" "${@:2}"
}

@test "one shim for the containers of a pod, gone with the last one" {
	sandbox
	member one -- sleep 1000
	member two -- sh -c 'exit 3'
	shims_are 1
	shim=$(shim_of "$id-sandbox")
	await 20 has_stopped "$id-two"
	equals "$(status_of_deleted "$id-two")" 3
	kill_task "$id-one"
	equals "$(status_of_deleted "$id-one")" 137
	shims_are 1
	equals "$(in_member sandbox cat /proc/1/comm)" sleep
	kill_task "$id-sandbox"
	equals "$(status_of_deleted "$id-sandbox")" 137
	await 20 ended "$shim"
}

@test "the group annotation of containerd's own shim: the same" {
	group=io.containerd.runc.v2.group
	sandbox
	member one -- sleep 1000
	shims_are 1
}

@test "two pods, and a container that is in none: a shim each" {
	sandbox
	detached "$id-other" --annotation "$group=$id-other" -- sleep 1000
	detached "$id-alone" -- sleep 1000
	shims_are 3
}

@test "the pod's network, ipc and pid namespaces are shared, and no others" {
	sandbox
	mapfile -t namespaces < <(joined network ipc pid)
	member one "${namespaces[@]}" -- sleep 1000
	for name in net ipc pid; do
		equals "$(in_member one readlink /proc/self/ns/$name)" "$(readlink "/proc/$pid/ns/$name")"
	done
	for name in mnt uts; do
		[ "$(in_member one readlink /proc/self/ns/$name)" != "$(readlink "/proc/$pid/ns/$name")" ]
	done
	detached_exec "$id-sandbox" server sh -c 'echo hello | nc -l -p 8080'
	equals "$(in_member one sh -c 'until nc 127.0.0.1 8080; do usleep 10000; done')" hello
	contains "$(in_member one ps -o pid,args)" "1 sleep 1000" # the sandbox's init
	[ "$(in_member one sh -c 'echo $PPID; ps -o comm' | grep -c sleep)" -eq 2 ]
}

@test "without namespaces of the sandbox a member has its own" {
	sandbox
	member one -- sleep 1000
	for name in net ipc pid mnt uts; do
		[ "$(in_member one readlink /proc/self/ns/$name)" != "$(readlink "/proc/$pid/ns/$name")" ]
	done
}

@test "the end of a member in the sandbox's pid namespace: it alone, with all of its processes" {
	sandbox
	mapfile -t namespaces < <(joined pid)
	member one "${namespaces[@]}" -- sh -c 'sleep 1001 & exec sleep 1002'
	await 20 pgrep -f '^sleep 1001'
	kill_task "$id-one"
	await 20 no_process '^sleep 1001'
	is_running "$id-sandbox"
	equals "$(status_of_deleted "$id-one")" 137
}

no_process() {
	! pgrep -f "$1" >/dev/null
}

@test "the end of the sandbox whose pid namespace is shared ends the members, which are told of" {
	events_begin
	sandbox
	mapfile -t namespaces < <(joined pid)
	member one "${namespaces[@]}" -- sleep 1000
	kill_task "$id-sandbox"
	await 10 heard "exit 137" "$id-one"
	equals "$(status_of_deleted "$id-one")" 137
	equals "$(status_of_deleted "$id-sandbox")" 137
	shims_are 0
	events_end
}

@test "a killed shim of a pod: containerd clears each of its containers away" {
	events_begin
	sandbox
	member one -- sleep 1000
	kill -KILL "$(shim_of "$id-sandbox")"
	await 10 heard "delete 137" "$id-sandbox"
	await 10 heard "delete 137" "$id-one"
	await 20 no_process '^sleep 1000'
	equals "$(ctr task list --quiet)" ""
	events_end
}

@test "containerd restarts: a pod's containers are all taken up again" {
	sandbox
	member one -- sleep 1000
	containerd_stop KILL
	containerd_start
	is_running "$id-sandbox"
	is_running "$id-one"
	equals "$(in_member one cat /proc/1/comm)" sleep
	member two -- sleep 1000 # the shim is still the pod's
	shims_are 1
	for name in two one sandbox; do
		kill_task "$id-$name"
		equals "$(status_of_deleted "$id-$name")" 137
	done
	shims_are 0
}
