# checkpoint and restore with the true CRIU: what containers may have beside a program that counts.
load ../../support/box
load images

setup() {
	count_setup
}

teardown() {
	box_teardown
}

# It counts, is put into images, deleted, restored with the same options, and counts on.
goes_through() {
	local number
	await 60 counted 3
	checkpoint "$@"
	number=$(count)
	ironbox delete "$id"
	restore "$@"
	await 60 counted $((number + 3))
	[ "$(count)" -lt $((number + 1000)) ]
}

@test "criu: an open TCP connection on lo carries on with --tcp-established" {
	box_args sh -c 'mkfifo /tmp/up; exec 5<>/tmp/up; nc -l -p 7777 <&5 | while read i; do echo $i >/shared/count; done &
		until grep -q ":1E61 .* 0A " /proc/net/tcp6; do usleep 50000; done # it listens
		i=0; while :; do i=$((i+1)); echo $i; sleep 0.05; done | nc 127.0.0.1 7777 >&5'
	box_set '.root.readonly = false'
	run_container
	await 60 counted 3
	run ironbox checkpoint --image-path "$images" --work-path "$work" "$id"
	equals "$status" 1
	contains "$output" "(its log is $work/dump.log)"
	contains "$(cat "$work/dump.log")" "tcp"
	equals "$(state_of)" running
	local number
	number=$(count)
	await 30 counted $((number + 3))
	goes_through --tcp-established
	ironbox delete --force "$id"
}

is_locked() {
	run flock --nonblock "$shared/lock" true
	equals "$status" 1
	run python3 -c 'import fcntl, sys; fcntl.lockf(open(sys.argv[1], "w"), fcntl.LOCK_EX | fcntl.LOCK_NB)' \
		"$shared/lock"
	contains "$output" BlockingIOError
}

@test "criu: a file lock is held by the restored process" {
	install -m 755 "$HOLDS_LOCK" "$bundle/rootfs/bin/holds-lock"
	box_args holds-lock /shared/lock /shared/count
	run_container
	await 60 counted 3
	is_locked
	run ironbox checkpoint --image-path "$box/no" "$id"
	equals "$status" 1
	goes_through --file-locks
	is_locked
	ironbox delete --force "$id"
	flock --nonblock "$shared/lock" true
}

@test "criu: a user without rights, groups, rlimits, a cgroup namespace" {
	box_set '.process.user = {uid: 1000, gid: 1000, additionalGids: [5, 10]}
		| .process.capabilities = {} | .linux.namespaces += [{type: "cgroup"}]'
	box_args sh -c "$counting"
	run_container
	await 60 counted 3
	local before
	before=$(confinement "$(box_pid)")
	goes_through
	equals "$(confinement "$(box_pid)")" "$before"
	equals "$(cat "/proc/$(box_pid)/cgroup")" "0::/$id"
	equals "$(ironbox exec "$id" cat /proc/1/cgroup /proc/self/cgroup)" $'0::/\n0::/'
	contains "$(ironbox exec "$id" cat /proc/1/limits)" "Max open files            1024                 1024"
	[ "$(ironbox exec "$id" cat /sys/fs/cgroup/cgroup.procs | head -1)" -ge 0 ]
	contains "$(cat /proc/self/mountinfo)" "nsdelegate"
	ironbox delete --force "$id"
}

@test "criu: a network namespace that is joined by its path, another at restore" {
	ip netns add "$id-one"
	ip netns add "$id-two"
	ip -n "$id-two" link set lo up
	box_set '.linux.namespaces |= map(if .type == "network" then .path = $path else . end)' \
		--arg path "/run/netns/$id-one"
	box_args sh -c "$counting"
	run_container
	await 60 counted 3
	checkpoint
	ironbox delete "$id"
	box_set '.linux.namespaces |= map(if .type == "network" then .path = $path else . end)' \
		--arg path "/run/netns/$id-two"
	restore
	await 60 counted $(($(count) + 3))
	equals "$(stat -Lc %i "/proc/$(box_pid)/ns/net")" "$(stat -Lc %i "/run/netns/$id-two")"
	ironbox delete --force "$id"
	ip netns delete "$id-one"
	ip netns delete "$id-two"
	umount /run/netns
}

@test "criu: hooks: prestart and createRuntime before, poststart after, poststop at the end" {
	cat >"$box/hook" <<-END
		#!/bin/sh
		jq -c '[.status, .pid > 0]' | sed "s/^/\$1 /" >>$box/hooks
	END
	chmod 755 "$box/hook"
	box_set '.hooks = (["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]
		| map({key: ., value: [{path: $path, args: ["hook", .]}]}) | from_entries)
		| del(.hooks.createContainer, .hooks.startContainer)' --arg path "$box/hook"
	box_args sh -c "$counting"
	run_container
	await 60 counted 3
	checkpoint
	ironbox delete "$id"
	rm "$box/hooks"
	restore
	await 60 counted $(($(count) + 3))
	equals "$(cat "$box/hooks")" $'prestart ["creating",true]\ncreateRuntime ["creating",true]\npoststart ["running",true]'
	ironbox delete --force "$id"
	contains "$(cat "$box/hooks")" $'\npoststop ["stopped",'
	# one that fails: nothing is left
	printf '#!/bin/sh\nexit 3\n' >"$box/hook"
	run restore
	equals "$status" 1
	contains "$output" "hooks.prestart[0]"
	run ironbox state "$id"
	contains "$output" "container does not exist"
}

@test "criu: a rootfs that is new gets its mount points; a bind keeps the flags of config.json" {
	box_set '.mounts += [{destination: "/a/b", type: "bind", source: $path, options: ["bind", "noexec"]}]' \
		--arg path "$shared"
	box_args sh -c "$counting"
	run_container
	await 60 counted 3
	checkpoint
	ironbox delete "$id"
	rm -r "$bundle/rootfs"
	cp -a "$BOX_SUITE/rootfs" "$bundle/rootfs"
	restore
	await 60 counted $(($(count) + 3))
	contains "$(grep ' /a/b ' "/proc/$(box_pid)/mountinfo")" noexec
	ironbox delete --force "$id"
}

@test "criu: images whose mount lost its flag, or config.json that allows less: nothing runs" {
	box_args sh -c "$counting"
	run_container
	await 60 counted 3
	checkpoint
	ironbox delete "$id"
	local number
	number=$(count)
	box_set '.process.capabilities.bounding = ["CAP_KILL"]'
	box_set '.process.capabilities |= {bounding: ["CAP_KILL"]}'
	run restore
	equals "$status" 1
	contains "$output" "refused: capabilities: process.capabilities.bounding: the restored process has CAP_NET_BIND_SERVICE CAP_AUDIT_WRITE"
	sleep 1
	equals "$(count)" "$number"
	[ -z "$(box_cgroups)" ]
	run ironbox state "$id"
	contains "$output" "container does not exist"
}
