# A bundle of `runc spec` runs unchanged, and shows inside what it shows under runc.
load ../support/box
load compare

setup() {
	box_setup
}

teardown() {
	runc_here delete --force "$id"
	ironbox delete --force "$id"
	box_teardown
}

@test "compare: what runc spec wrote" {
	rm "$bundle/config.json"
	runc spec --bundle "$bundle"
	compare '.process.terminal = false | .linux.cgroupsPath = "/" + $id' --arg id "$id"
}

@test "compare: user, additional gids, umask, cwd, environment" {
	# exec has the umask of the process too; runc 1.1.5 gives it to the first one alone
	local otherwise="/^(Umask:\t|umask )0022/{s/0022/0007/}"
	compare '.process.user = {uid: 1000, gid: 1000, additionalGids: [5, 10, 1000], umask: 7} |
		.process.cwd = "/tmp" | .process.env += ["A=b=c", "EMPTY="]'
}

@test "compare: a user without a name, a HOME that is given" {
	compare '.process.user = {uid: 4321, gid: 8765} | .process.env += ["HOME=/there"]'
}

@test "compare: a root that is writable, a cwd to be made" {
	compare '.root.readonly = false | .process.cwd = "/not/there"'
}

@test "compare: namespaces of the host" {
	compare 'del(.hostname) | del(.linux.namespaces[] |
		select(.type as $type | ["network", "uts", "ipc"] | index($type)))'
}

@test "compare: the pid namespace of the host" {
	compare 'del(.linux.namespaces[] | select(.type == "pid"))'
}

@test "compare: namespaces of another process, by path" {
	unshare --net --uts --ipc --pid --fork --kill-child sleep 1000 3>&- &
	local holder=$! inner
	await 5 eval 'inner=$(pgrep -P "$holder" sleep)'
	compare 'del(.hostname) | .linux.namespaces |= map(if .type == "mount" then . else
		.path = "/proc/" + $pid + "/ns/" + ({network: "net"}[.type] // .type) end)' \
		--arg pid "$inner"
	kill -KILL "$inner"
}

@test "compare: a cgroup namespace" {
	compare '.linux.namespaces += [{type: "cgroup"}]'
}

@test "compare: mounts" {
	mkdir -p "$box/source/below"
	install -d -m 500 "$bundle/rootfs/home"
	touch "$box/file"
	mount -t tmpfs -o mode=700 below "$box/source/below"
	local made=0
	compare '.mounts += [
		{destination: "/mnt/a", type: "tmpfs", source: "here",
			options: ["size=1m", "mode=1750", "noexec", "nr_inodes=20"]},
		{destination: "/mnt/bind", type: "bind", source: $source, options: ["bind", "ro"]},
		{destination: "/mnt/rbind", type: "bind", source: $source,
			options: ["rbind", "rw", "nosuid", "nodev"]},
		{destination: "/mnt/none", source: $source, options: ["rbind", "rprivate"]},
		{destination: "/mnt/slave", source: $source, options: ["bind", "rslave", "noatime"]},
		{destination: "/mnt/shared", source: $source, options: ["bind", "shared"]},
		{destination: "/etc/file", type: "bind", source: $file, options: ["bind", "ro", "noexec"]},
		{destination: "/dev/shm", type: "bind", source: $source, options: ["bind", "ro"]},
		{destination: "/mnt//b/", type: "tmpfs", source: "tmpfs"},
		{destination: "/root", type: "tmpfs", source: "tmpfs"},
		{destination: "/home", type: "tmpfs", source: "tmpfs", options: ["mode=711"]},
		{destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "hidepid=2"]}]' \
		--arg source "$box/source" --arg file "$box/file" || made=$?
	umount "$box/source/below"
	return $made
}

# Of the root itself runc makes a private mount, whatever it is to be: not compared.
@test "compare: volumes below a root of each propagation" {
	local propagation otherwise failed=0
	mkdir "$box/source"
	mount -t tmpfs source "$box/source"
	box_set '.mounts += (["shared", "rshared", "slave", "rslave", "private", "rprivate"] |
		map({destination: ("/mnt/" + .), source: $source, options: ["rbind", .]}))' \
		--arg source "$box/source"
	for propagation in shared rshared slave rslave rprivate; do
		otherwise=
		# rshared is for the whole tree: what is mounted on a volume inside shows to its peers
		[ "$propagation" != rshared ] ||
			otherwise='s,^(/mnt/.*) (-$|master),\1 shared:1 \2,; s,shared:1 -$,shared:1,'
		# slave is for the whole tree: runc cuts off "/" alone, not the file system of a volume
		[ "$propagation" != slave ] || otherwise='s,^(/mnt/r?shared .* shared:[0-9]+)$,\1 master:1,'
		box_set '.linux.rootfsPropagation = $to' --arg to "$propagation"
		compare_output "$propagation" /probe mount /mnt/shared mount /mnt/rshared mount /mnt/slave \
			mount /mnt/rslave mount /mnt/private mount /mnt/rprivate || failed=1
	done
	umount "$box/source"
	return $failed
}

@test "compare: no capabilities" {
	compare '.process.capabilities = {}'
}

@test "compare: no word of capabilities" {
	compare 'del(.process.capabilities)'
}

@test "compare: all capabilities that there are to give, in each set" {
	local all
	all=$("$PROBE" capabilities | grep ^bounding)
	compare '($all | split(" ")[1:]) as $all | .process.capabilities =
		{bounding: $all, effective: $all, permitted: $all, inheritable: $all, ambient: $all}' \
		--arg all "$all"
}

@test "compare: capabilities of a user: bounding alone, and ambient" {
	compare '.process.user = {uid: 1000, gid: 1000} |
		.process.capabilities = {bounding: ["CAP_CHOWN", "CAP_KILL"]}'
	compare '.process.capabilities = (["bounding", "permitted", "inheritable", "ambient",
		"effective"] | map({key: ., value: ["CAP_KILL"]}) | from_entries)'
}

@test "compare: without no_new_privs" {
	compare '.process.noNewPrivileges = false'
}

@test "compare: paths masked and read-only" {
	mkdir "$bundle/rootfs/masked"
	touch "$bundle/rootfs/masked/inside" "$bundle/rootfs/etc/secret"
	compare '.root.readonly = false |
		.linux.maskedPaths = ["/masked", "/etc/secret", "/nowhere", "/proc/kcore"] |
		.linux.readonlyPaths = ["/etc", "/nowhere", "/tmp", "/proc/sys"]'
	compare 'del(.linux.maskedPaths, .linux.readonlyPaths)'
}

@test "compare: seccomp, with and without no_new_privs" {
	compare '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
		architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
		syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 7}]}'
	compare '.process.noNewPrivileges = false'
}

@test "compare: a user namespace" {
	chown -Rh 200000:200000 "$bundle/rootfs"
	compare '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 200000, size: 65536}] |
		.linux.gidMappings = [{containerID: 0, hostID: 200000, size: 1000},
			{containerID: 1000, hostID: 300000, size: 64536}]'
}

@test "compare: resources" {
	compare '.linux.resources += {
		pids: {limit: 42}, memory: {limit: 67108864, reservation: 33554432, swap: 67108864},
		cpu: {shares: 512, quota: 50000, period: 100000, cpus: "0", mems: "0"},
		blockIO: {weight: 0}}'
}

@test "compare: no cgroup mount, no resources" {
	compare 'del(.mounts[] | select(.type == "cgroup")) | del(.linux.resources)'
}

@test "compare: devices" {
	compare '.linux.devices = [
		{path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 438, uid: 0, gid: 0},
		{path: "/dev/deep/er/loop", type: "b", major: 7, minor: 0, fileMode: 432, uid: 1000, gid: 5},
		{path: "/dev/pipe", type: "p", fileMode: 420}] |
		.linux.resources.devices += [{allow: true, type: "c", major: 10, minor: 229, access: "rw"},
			{allow: true, type: "b", major: 7, access: "r"}]'
}

# NOFILE with soft and hard alike: Go raises the soft one of each of its programs at its start, and
# now and then later than runc has set it for `runc init`.
@test "compare: sysctls, limits, oom_score_adj" {
	compare '.linux.sysctl = {"net.ipv4.ip_forward": "1", "net.ipv4.ping_group_range": "0 5",
			"kernel.msgmax": "4096", "kernel/shmmax": "1048576"} |
		.process.oomScoreAdj = 321 |
		.process.rlimits = [{type: "RLIMIT_NOFILE", hard: 256, soft: 256},
			{type: "RLIMIT_CORE", hard: 1000, soft: 0}, {type: "RLIMIT_NPROC", hard: 99, soft: 99}]'
}

@test "compare: a domain name, and no hostname" {
	compare 'del(.hostname)'
}

# In the foreground, with a terminal of script(1) as the user's.
@test "compare: a terminal" {
	local -A command=([runc]="runc --root $box/runc"
		[ironbox]="$IRONBOX --root $state_root --config $box/ironbox.ini")
	local runtime program

	box_set '.process.terminal = true'
	for program in "/probe ${FACTS[*]}" \
		'stat -c %n:%F:%a:%u:%g:%t:%T /dev/console /dev/pts/0 /dev/pts/ptmx /dev/ptmx /dev/tty /dev'; do
		# shellcheck disable=SC2086
		box_args $program
		for runtime in runc ironbox; do
			script -qec "${command[$runtime]} run --bundle $bundle $id" "$box/typescript" \
				</dev/null >"$box/terminal.$runtime" 3>&-
		done
		same terminal
	done
	contains "$(cat "$box/terminal.ironbox")" "/dev/console:character special file"
}
