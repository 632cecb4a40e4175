# TF5: a container that wants more memory than it may have takes the shim with it; and a shim that is
# killed leaves things behind (CVE-2019-14891).
load shim_attack

setup() {
	shim_attack_setup
	box_set '.linux.resources.memory.limit = 134217728'
}

teardown() {
	shim_attack_teardown
}

@test "TF5: the shim outlives its container's want of memory, and tells of it before its end" {
	begin tail /dev/zero # which keeps all of its last line
	pid=$(shim_pid)
	equals "$(call Wait | field exit_status)" 137
	kill -0 "$pid" || won "the shim is dead"
	status_is "$STOPPED"
	end
	equals "$(told | grep -A1 /tasks/oom)" "/tasks/oom container_id=$id
/tasks/exit container_id=$id id=$id exit_status=137" || won "the end is told before its cause"
}

@test "TF5: the shim is in no cgroup of its container's" {
	begin sleep 1000
	! grep -q "/$id" "/proc/$(shim_pid)/cgroup" || won "the shim is in its container's cgroup"
	end
}

@test "TF5: what a killed shim leaves, delete removes, whenever that was" {
	local moment
	mkfifo "$box/out"
	exec {reader}<>"$box/out"
	for moment in created running exec; do
		box_args sh -c 'sleep 1000 & while :; do echo line; done'
		shim_start
		create stdout="$box/out" >"$box/created"
		[ $moment = created ] || call Start >/dev/null
		[ $moment != exec ] || in_exec e1 sh -c 'sleep 1000 & sleep 1000' >/dev/null
		kill -KILL "$(shim_pid)"
		timeout 6 bash -c 'kill -0 $1' - "$(field pid <"$box/created")"
		shim_action delete >/dev/null
		await 5 all_gone "$(field pid <"$box/created")" ||
			won "a killed shim's container stays ($moment): $(box_cgroups) $(ls "$(dirname "$shim")")"
		shim_action delete >/dev/null # again: nothing is left to do
	done
	exec {reader}>&-
}

all_gone() { # PID
	process_ended "$1" && [ -z "$(box_cgroups)" ] && [ ! -e "$shim" ] &&
		[ ! -e "/run/containerd/ironbox/$namespace/$id" ]
}
