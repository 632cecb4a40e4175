# checkpoint and restore with the true CRIU, on a kernel that it knows.
load ../../support/box
load images
load ../rootfs/snapshot

setup() {
	count_setup
}

teardown() {
	box_teardown
}

@test "criu: a counting process counts on, with the same confinement, cgroup, mounts and masks" {
	box_set '.linux.resources.pids.limit = 77 | .linux.resources.memory.limit = 100000000
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [
			{names: ["swapon"], action: "SCMP_ACT_ERRNO"}]}
		| .mounts += [{destination: "/ro", type: "bind", source: $path, options: ["rbind", "ro", "nosuid"]}]' \
		--arg path "$shared"
	box_args sh -c "$counting"
	run_container
	await 30 counted 5
	local before number
	before=$(confinement "$(box_pid)")
	checkpoint
	equals "$(state_of)" stopped
	number=$(count)
	equals "$(ls "$images/ironbox.incomplete" 2>&1 | grep -c 'No such')" 1
	ironbox delete "$id"
	[ -z "$(box_cgroups)" ]

	restore
	equals "$(state_of)" running
	await 30 counted $((number + 3))
	[ "$(count)" -lt $((number + 1000)) ]
	equals "$(confinement "$(box_pid)")" "$before"
	contains "$(cat "/proc/$(box_pid)/cgroup")" "/$id"
	equals "$(cat "/sys/fs/cgroup/$id/pids.max")" 77
	equals "$(cat "/sys/fs/cgroup/$id/memory.max")" 99999744
	[ -z "$(box_new_mounts)" ]

	run ironbox exec "$id" sh -c 'touch /ro/x; echo 1 >/proc/sys/vm/drop_caches; touch /x'
	contains "$output" "touch: /ro/x: Read-only file system"
	contains "$output" "/proc/sys/vm/drop_caches: Read-only file system"
	contains "$output" "touch: /x: Read-only file system"
	equals "$(ironbox exec "$id" sh -c 'cat /proc/kcore | wc -c; hostname')" $'0\nbox'

	ironbox kill "$id" KILL
	await 10 stopped
	ironbox delete "$id"
}

@test "criu: --leave-running; paused it stays paused, and is restored running" {
	box_args sh -c "$counting"
	run_container
	await 30 counted 3
	checkpoint --leave-running
	equals "$(state_of)" running
	local number
	number=$(count)
	await 30 counted $((number + 3))

	ironbox pause "$id"
	images=$box/paused
	number=$(count)
	checkpoint --leave-running
	equals "$(state_of)" paused
	ironbox resume "$id"
	await 30 counted $((number + 3))
	ironbox delete --force "$id"
	restore
	equals "$(state_of)" running
	await 30 counted $((number + 3))
	ironbox delete --force "$id"
}

@test "criu: --pre-dump, then --parent-path takes what has changed since" {
	box_args sh -c "$counting"
	run_container
	await 30 counted 3
	images=$box/before
	checkpoint --pre-dump
	equals "$(state_of)" running
	local number
	number=$(count)
	await 30 counted $((number + 2))
	images=$box/images
	run ironbox checkpoint --image-path "$images" --parent-path /before "$id"
	equals "$output" "ironbox: checkpoint $id: criu: --parent-path /before: not relative to --image-path"
	checkpoint --parent-path ../before
	[ -e "$images/parent" ]
	number=$(count)
	ironbox delete "$id"
	restore
	await 30 counted $((number + 3))
	ironbox delete --force "$id"
}

@test "criu: in the foreground it exits as the restored process does" {
	box_args sh -c 'i=0; while [ ! -e /shared/end ]; do i=$((i+1)); echo $i >/shared/count; sleep 0.05; done; exit 42'
	run_container
	await 30 counted 3
	checkpoint
	ironbox delete "$id"
	touch "$shared/end"
	status=0
	ironbox --log "$box/log" restore --bundle "$bundle" --image-path "$images" --work-path "$work" \
		"$id" </dev/null >/dev/null 2>"$box/err" || status=$?
	equals "$status $(cat "$box/err" "$box/log")" "42 "
	run ironbox state "$id"
	contains "$output" "container does not exist"
}

# between PIPES VERB [OPTION...]: the verb in the background, with FIFOs of ours for stdin and stdout.
between() {
	local pipes=$1
	shift
	mkfifo "$pipes.in" "$pipes.out"
	exec {in}<>"$pipes.in" {out}<>"$pipes.out"
	cat "$pipes.in" {in}<&- {out}<&- | ironbox "$@" 2>/dev/null {in}<&- {out}<&- |
		cat >"$pipes.out" {in}<&- {out}<&- &
}

# says LINE ANSWER
says() {
	echo "$1" >&"$in"
	read -r -t 60 line <&"$out"
	equals "$line" "$2"
}

@test "criu: pipes of stdio are those of who restores" {
	box_args sh -c 'while read line; do echo "$$ got $line"; done'
	between "$box/one" run --detach --bundle "$bundle" "$id"
	says one "1 got one"
	checkpoint
	ironbox delete "$id"
	exec {in}>&- {out}>&-
	between "$box/two" restore --detach --bundle "$bundle" --image-path "$images" --work-path "$work" "$id"
	says two "1 got two"
	ironbox delete --force "$id"
	exec {in}>&- {out}>&-
	wait
}

@test "criu: the root of a snapshot is mounted anew, and the host sees it in neither life" {
	ironbox() {
		with_mounts "$@"
	}
	snapshot_setup
	snapshot_layers 20
	snapshot_of "overlay / overlay $upper,lowerdir=$lower"
	box_args sh -c "echo text >/written; $counting"
	watch_begin
	run_container
	await 30 counted 5
	checkpoint
	ironbox delete "$id"
	before=$(count)
	restore
	await 30 counted $((before + 5))
	run ironbox exec "$id" /bin/sh -c 'cat /top /written; echo more >/more'
	equals "$output" "20
text"
	equals "$(cat "$layers/upper/more")" more
	ironbox delete --force "$id"
	equals "$(watch_end)" 0
}
