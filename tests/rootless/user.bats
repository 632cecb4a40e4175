# user.bats: an ordinary user without subordinate ids: root inside is himself, and nobody else is.
load rootless

setup_file() {
	users_make
}

setup() {
	box_setup
	be alice
}

teardown() {
	rootless_teardown
}

@test "user: root inside is the user outside, and setgroups is denied" {
	run inside /probe ids read /proc/self/uid_map read /proc/self/gid_map read /proc/self/setgroups
	equals "$status" 0
	equals "$(tr -s ' ' <<<"$output")" "uid 0 0 0 0
gid 0 0 0 0
groups 0 65534
 0 20001 1
 0 20001 1
deny"
}

@test "user: namespaces, host name, capabilities and no_new_privs are as asked" {
	run inside /probe hostname capabilities nnp namespaces
	equals "$status" 0
	equals "$(line hostname)" ironbox
	for set in permitted effective bounding; do
		equals "$(line $set)" "CAP_KILL CAP_NET_BIND_SERVICE CAP_AUDIT_WRITE"
	done
	equals "$(line no_new_privs)" 1
	for type in user pid ipc uts mnt; do
		[ "$(line "$type")" != "$(readlink "/proc/self/ns/$type")" ]
	done
	equals "$(line net)" "$(readlink /proc/self/ns/net)"
}

@test "user: devices are the host's nodes" {
	run inside /probe stat /dev/null stat /dev/zero stat /dev/tty open /dev/zero r open /dev/null w
	echo "$output"
	equals "$status" 0
}

@test "user: /proc is the container's own, with its masks" {
	run inside /bin/sh -c 'echo $$; cat /proc/kcore | wc -c; echo 1 >/proc/sys/kernel/panic' 
	equals "${lines[0]}" 1
	contains "$output" "Read-only file system"
}

@test "user: the exit code is the process's" {
	run inside /bin/sh -c 'exit 42'
	equals "$status" 42
	run inside /bin/sh -c 'kill -9 $$; kill -TERM -1; sleep 1; exit 3'
	[ "$status" -ne 0 ]
}

@test "user: a network namespace of its own has lo and may have a sysfs" {
	box_set '.linux.namespaces += [{type: "network"}] |
		.mounts |= map(if .destination == "/sys" then
			{destination: "/sys", type: "sysfs", source: "sysfs", options: ["ro", "nosuid"]} else . end)'
	run inside /probe interfaces mount /sys
	equals "$status" 0
	contains "$output" "lo UP 127.0.0.1/8"
	contains "$output" "sysfs"
}

@test "user: the life of a container" {
	box_args /bin/sh -c 'sleep 1000 & exec sleep 1001'
	ironbox run --detach --bundle "$bundle" --pid-file "$box/pid" "$id" >"$box/out" 2>&1 </dev/null
	equals "$(state_of)" running
	equals "$(stat -c %u "/proc/$(box_pid)")" 20001
	equals "$(ironbox list --quiet)" "$id"
	run ironbox exec "$id" /probe ids
	equals "$status" 0
	contains "$output" "uid 0 0 0 0"
	run ironbox exec "$id" /bin/sh -c 'exit 9'
	equals "$status" 9
	await 5 eval '[ "$(ironbox ps --format json "$id" | jq length)" = 2 ]'
	run ironbox delete "$id"
	contains "$output" "cannot delete container $id that is not stopped: running"
	ironbox kill "$id" KILL
	await 10 eval '[ "$(state_of)" = stopped ]'
	run ironbox kill "$id" KILL
	contains "$output" "container not running"
	ironbox delete "$id"
	equals "$(ironbox list --quiet)" ""
}

@test "user: exec in a container that has joined the host's own namespaces by their paths" {
	box_set 'del(.hostname) | .linux.namespaces |= map(select(.type | IN("network", "ipc", "uts", "cgroup") | not)) +
		[["network", "net"], ["ipc", "ipc"], ["uts", "uts"], ["cgroup", "cgroup"]
		 | {type: .[0], path: ("/proc/self/ns/" + .[1])}] |
		.mounts |= map(select(.type != "mqueue"))'
	box_start /bin/sleep 1000
	run ironbox exec "$id" /probe ids namespaces
	echo "$output"
	equals "$status" 0
	contains "$output" "uid 0 0 0 0"
	for type in net ipc uts cgroup; do
		equals "$(line $type)" "$(readlink /proc/self/ns/$type)"
	done
	for type in user pid mnt; do
		equals "$(line $type)" "$(readlink "/proc/$(box_pid)/ns/$type")"
	done
	ironbox delete --force "$id"
}

@test "user: create, start, and a terminal for exec" {
	box_start /bin/sleep 1000
	run as "$user" script -qec "$BOX_SUITE/bin/ironbox --config $box/ironbox.ini exec -t $id tty" /dev/null </dev/null
	equals "$status" 0
	contains "$output" /dev/pts/0
	ironbox delete --force "$id"
}

@test "user: run with a terminal" {
	box_set '.process.terminal = true | .process.args = ["/bin/sh", "-c", "tty; stat -c %u /dev/console"]'
	run as "$user" script -qec "$BOX_SUITE/bin/ironbox --config $box/ironbox.ini run -b $bundle $id" /dev/null </dev/null
	equals "$status" 0
	contains "$output" /dev/pts/0
}

@test "user: init hides from everyone once its id maps stand" {
	box_create /bin/true
	# what is undumpable belongs to the host's root: proc(5)
	equals "$(stat -c %u "/proc/$(box_pid)/environ")" 0
	equals "$(tr -s ' ' <"/proc/$(box_pid)/uid_map")" " 0 20001 1"
	ironbox delete --force "$id"
}

@test "user: ps and kill --all go by the pid namespace, and by those below it" {
	box_set '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	box_start /bin/sh -c 'trap "exit 7" TERM; unshare -p -f sleep 1002 & while :; do sleep 0.05; done'
	await 5 pgrep -f 'sleep 1002'
	await 5 eval '[ "$(ironbox ps --format json "$id" | jq length)" -ge 3 ]'
	for pid in $(pgrep -f 'sleep 1002'); do
		ironbox ps --format json "$id" | jq -e --argjson pid "$pid" 'index($pid) != null'
	done
	# of other processes none, least of all ours
	ironbox ps --format json "$id" | jq -e --argjson pid "$$" 'index($pid) == null'
	ironbox kill --all "$id" TERM
	await 5 eval '[ "$(state_of)" = stopped ]'
	await 5 eval '! pgrep -f "sleep 1002"'
	ironbox delete "$id"
}

@test "user: what takes a cgroup is refused in words, and the container goes on" {
	box_start /bin/sleep 1000
	run ironbox pause "$id"
	equals "$output" "ironbox: pause $id: cgroup: pause: the container has no cgroup"
	run ironbox events --stats "$id"
	contains "$output" "the container has no cgroup"
	run ironbox update --pids-limit 10 "$id"
	contains "$output" "the container has no cgroup"
	run ironbox exec --cgroup /below "$id" /bin/true
	contains "$output" "--cgroup /below: the container has no cgroup"
	equals "$(state_of)" running
	ironbox delete --force "$id"
}

@test "user: a limit that nobody delegated is refused in words" {
	box_set '.linux.resources = {memory: {limit: 100000000}}'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "without root's rights it has to be below a cgroup that was delegated"
	box_set '.linux.resources = {} | .linux.cgroupsPath = "/" + $id' --arg id "$id"
	run inside /bin/true
	equals "$status" 1
	contains "$output" "without root's rights it has to be below a cgroup that was delegated"
	box_set 'del(.linux.cgroupsPath)'
	run inside /bin/true
	equals "$status" 0
}

@test "user: groups that can't be had are refused; one's own is had already" {
	box_set '.process.user.additionalGids = [0]'
	run inside /bin/true
	equals "$status" 0
	box_set '.process.user.additionalGids = [0, 5]'
	run inside /bin/true
	contains "$output" "process.user.additionalGids: 5: this user namespace denies setgroups(2)"
}

@test "user: an id that is not mapped is refused" {
	box_set '.process.user = {uid: 5, gid: 0}'
	run inside /bin/true
	contains "$output" "process.user.uid: become user 5 (the user namespace maps no such id)"
	box_set '.process.user = {uid: 0, gid: 5}'
	run inside /bin/true
	contains "$output" "process.user.gid: become group 5 (the user namespace maps no such id)"
}

@test "user: ids that nobody granted are refused in newuidmap's words" {
	box_set '.linux.uidMappings += [{containerID: 1, hostID: 300000, size: 10}]'
	run inside /bin/true
	contains "$output" "linux.uidMappings: /usr/bin/newuidmap refused: "
	box_set '.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}]'
	run inside /bin/true
	contains "$output" "linux.uidMappings: /usr/bin/newuidmap refused: "
}

@test "user: oomScoreAdj is raised, and lowering it is left out" {
	box_set '.process.oomScoreAdj = 500'
	run inside /probe oom-score-adj
	equals "$output" "oom_score_adj 500"
	box_set '.process.oomScoreAdj = -500'
	run inside /probe oom-score-adj
	equals "$status" 0
	equals "$output" "oom_score_adj $(cat /proc/self/oom_score_adj)"
}

@test "user: rlimits are lowered, and raising one is refused in words" {
	box_set '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 50, hard: 60}]'
	run inside /bin/sh -c 'ulimit -n; ulimit -Hn'
	equals "$output" $'50\n60'
	box_set '.process.rlimits = [{type: "RLIMIT_NPROC", soft: 50, hard: 2000}]'
	run as "$user" prlimit --nproc=1000:1000 "$BOX_SUITE/bin/ironbox" --config "$box/ironbox.ini" \
		run --bundle "$bundle" "$id"
	contains "$output" "process.rlimits: set RLIMIT_NPROC to soft 50, hard"
	contains "$output" "Operation not permitted"
}

@test "user: scheduling is lowered, and real time is refused in words" {
	box_set '.process.scheduler = {policy: "SCHED_BATCH", nice: 10}'
	run inside /probe scheduler
	equals "$status" 0
	contains "$output" BATCH
	box_set '.process.scheduler = {policy: "SCHED_FIFO", priority: 10}'
	run inside /bin/true
	contains "$output" "process.scheduler: sched_setattr: Operation not permitted"
}

@test "user: mounts that the kernel won't make tell why" {
	box_set '(.mounts[] | select(.destination == "/dev/pts") | .options) += ["gid=5"]'
	run inside /bin/true
	contains "$output" "the user namespace may have no such gid"
	box_set '(.mounts[] | select(.destination == "/dev/pts") | .options) -= ["gid=5"] |
		.mounts += [{destination: "/mnt", type: "sysfs", source: "sysfs"}]'
	run inside /bin/true
	contains "$output" "it takes a network namespace of its own"
	box_set '.mounts |= map(select(.destination != "/mnt")) |
		.linux.namespaces |= map(select(.type != "ipc"))'
	run inside /bin/true
	contains "$output" "it takes an ipc namespace of its own"
}

@test "user: where the host's /proc is masked the kernel makes no other, and that is said" {
	mount --bind /dev/null /proc/timer_list
	run inside /bin/true
	umount /proc/timer_list
	equals "$status" 1
	contains "$output" "in a user namespace a /proc of the host's without masks"
}

@test "user: what the host has mounted read-only, nosuid and nodev stays so" {
	mkdir "$box/locked"
	mount -t tmpfs -o ro,nosuid,nodev,noatime locked "$box/locked"
	box_set '.mounts += [{destination: "/mnt", type: "bind", source: $source,
		options: ["rbind", "rw", "suid", "dev", "relatime"]}]' --arg source "$box/locked"
	run inside /probe mount /mnt
	echo "$output"
	equals "$status" 0
	for flag in ro nosuid nodev noatime; do
		contains "$output" "$flag"
	done
	# by the words that would take it away, it is refused and not done by half
	for word in rrw rsuid rdev; do
		box_set '.mounts[-1].options = ["rbind", $word]' --arg word "$word"
		run inside /bin/true
		contains "$output" "set the attributes of the mount: Operation not permitted"
	done
	# nor can the container do it itself
	box_set '.mounts[-1].options = ["rbind"] |
		.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	run inside /bin/sh -c 'mount -o remount,bind,rw /mnt || echo "still locked"'
	contains "$output" "still locked"
	umount "$box/locked"
}

@test "user: a file of his own through a bind, and one of root's" {
	echo private >"$box/of-root"
	chmod 600 "$box/of-root"
	as "$user" sh -c "echo mine >$box/alice/mine"
	box_set '.mounts += [{destination: "/mine", type: "bind", source: $mine, options: ["bind"]},
		{destination: "/of-root", type: "bind", source: $root, options: ["bind"]}]' \
		--arg mine "$box/alice/mine" --arg root "$box/of-root"
	run inside /bin/sh -c 'cat /mine; echo more >>/mine; cat /of-root'
	contains "$output" mine
	contains "$output" "Permission denied"
	equals "$(cat "$box/alice/mine")" $'mine\nmore'
}

@test "user: seccomp profiles, and the cache of them is the user's alone" {
	box_set '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
		syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 95}]}'
	for _ in 1 2; do
		run inside /bin/sh -c 'mkdir /tmp/x'
		contains "$output" "Operation not supported"
	done
	equals "$(stat -c '%U %a' "$state_root/seccomp")" "alice 700"
	[ -n "$(find "$state_root/seccomp" -type f -user alice -perm 600)" ]
}

@test "user: hooks are the user's, outside" {
	box_set '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", $line]}]' \
		--arg line "id -u >$box/hook; readlink /proc/self/ns/user >>$box/hook"
	run inside /bin/true
	equals "$status" 0
	equals "$(cat "$box/hook")" "20001
$(readlink /proc/self/ns/user)"
}

@test "user: after kill -9 of the runtime, delete --force leaves nothing" {
	box_args /bin/sleep 1000
	as "$user" "$BOX_SUITE/bin/ironbox" --config "$box/ironbox.ini" run --bundle "$bundle" \
		--pid-file "$box/pid" "$id" </dev/null >/dev/null 2>&1 &
	await 10 test -s "$box/pid"
	await 10 eval '[ "$(state_of)" = running ]'
	kill -KILL $!
	wait $! || true
	ironbox delete --force "$id"
	[ ! -e "$state_root/$id" ]
	run ironbox delete --force "$id"
	equals "$status" 0
	equals "$output" ""
}

@test "user: --rootless says it outright" {
	run ironbox --rootless maybe list
	contains "$output" "--rootless maybe: neither true, false nor auto"
	# false: as if it were root, who keeps states in /run/ironbox and gives each container a cgroup
	run ironbox --rootless=false run --bundle "$bundle" "$id"
	contains "$output" "/run/ironbox"
	mkdir "$box/states"
	chown alice "$box/states"
	chmod 700 "$box/states"
	run ironbox --rootless=false --root "$box/states" run --bundle "$bundle" "$id"
	equals "$status" 1
	contains "$output" "make cgroup"
	run ironbox --rootless=true run --bundle "$bundle" "$id"
	equals "$status" 0
}
