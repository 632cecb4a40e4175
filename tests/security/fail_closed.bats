# What is asked for and can't be given is an error before the program runs, and never less than
# what was asked for.
load attack

setup() {
	attack_setup
}

teardown() {
	box_teardown
}

# refuses WORDS JQ_EXPRESSION [JQ_OPTION...]: one change to the config, and it is refused by words
# that name the field.
refuses() {
	local words=$1
	shift
	cp "$bundle/config.json" "$box/config.before"
	box_set "$@"
	run ironbox run --bundle "$bundle" "$id"
	cp "$box/config.before" "$bundle/config.json"
	unharmed "$1"
	refused "$words"
	equals "$(tail -1 <<<"$output" | grep -c "^ironbox: run $id: ")" 1
}

@test "fail closed: what this node does not have is refused by its field" {
	box_args /bin/true
	refuses linux.intelRdt '.linux.intelRdt = {closID: "x", l3CacheSchema: "L3:0=f"}'
	refuses linux.memoryPolicy '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "1000"}'
	refuses process.scheduler '.process.scheduler = {policy: "SCHED_DEADLINE", runtime: 10, deadline: 5, period: 5}'
	refuses process.rlimits '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 1, hard: 1073741816}]'
	refuses "(no-such-option)" '.mounts += [{destination: "/m", type: "tmpfs", options: ["no-such-option"]}]'
	refuses "no such option" '.mounts += [{destination: "/m", source: "/", options: ["bind", "no-such-option"]}]'
	refuses "no-such-type" '.mounts += [{destination: "/m", type: "no-such-type"}]'
}

@test "fail closed: what needs a namespace of its own is refused without it" {
	local row
	box_args /bin/true
	for row in 'uts|hostname|.hostname = "x" | del(.domainname)' \
		'uts|domainname|.domainname = "x" | del(.hostname)' \
		'network|netDevices|.linux.netDevices = {"nothere0": {}}' \
		'time|timeOffsets|.linux.timeOffsets = {"monotonic": {"secs": 1}}' \
		'mount|mounts|.' \
		'mount|linux.maskedPaths|.mounts = []' \
		'mount|linux.readonlyPaths|.mounts = [] | .linux.maskedPaths = []' \
		'mount|root.readonly|.mounts = [] | .linux.maskedPaths = [] | .linux.readonlyPaths = [] | .root.readonly = true'; do
		IFS='|' read -r type field _ <<<"$row"
		refuses "$field" ".linux.namespaces |= map(select(.type != \$type)) | ${row#*|*|}" --arg type "$type"
	done
	refuses uidMappings '.linux.uidMappings = [{containerID: 0, hostID: 1000, size: 1}]'
}

@test "fail closed: a filter that would let more pass than it says is refused" {
	box_args /bin/true
	refuses seccomp '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [
		{names: ["no_such_call"], action: "SCMP_ACT_ERRNO"}]}'
	refuses seccomp '.linux.seccomp = {defaultAction: "SCMP_ACT_NONE"}'
	refuses seccomp '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_NONE"]}'
	refuses seccomp '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", flags: ["SECCOMP_FILTER_FLAG_NONE"]}'
	refuses seccomp '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [
		{names: ["reboot"], action: "SCMP_ACT_NOTIFY"}]}'
}

@test "fail closed: a mask or read-only path that is reached through a symlink is refused" {
	box_args /bin/true
	mkdir "$rootfs/there" && ln -s there "$rootfs/link"
	for path in /link /link/below; do
		refuses "linux.maskedPaths[0]: $path is reached through a symlink" \
			'.linux.maskedPaths = [$p]' --arg p $path
		refuses "linux.readonlyPaths[0]: $path is reached through a symlink" \
			'.linux.readonlyPaths = [$p]' --arg p $path
	done
}

@test "fail closed: a stage that is off in the ini, and the config needs it" {
	local stage
	box_set '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW"}'
	box_args /bin/true
	for stage in namespace cgroup rootfs network capabilities seccomp; do
		box_ini "[$stage]
enabled = no"
		echo "# without $stage"
		# without it lo stays down, which is less; devices are what it is needed for
		refuses "$stage" 'if $stage == "network" then .linux.netDevices = {"none0": {}} else . end' \
			--arg stage $stage
	done
}

# With everything that confines, and a program that tells what it is confined by.
ask_for_all() {
	box_set '.process += {user: {uid: 0, gid: 0, additionalGids: [7]}, noNewPrivileges: true} |
		.process.rlimits += [{type: "RLIMIT_CORE", soft: 0, hard: 0}] |
		.root.readonly = true | .domainname = "domain" |
		.linux.sysctl = {"net.ipv4.ip_forward": "1"} |
		.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [
			{names: ["reboot"], action: "SCMP_ACT_ERRNO"}]}'
	box_args /probe capabilities ids nnp seccomp pids cwd env rlimits umask signals hostname domainname \
		sysctl net.ipv4.ip_forward interfaces fds stat /dev/null list /proc/acpi open /proc/sysrq-trigger w \
		open /proc/keys r write /proc/sys/kernel/domainname x mknod /dev/kmsg c 1 11 write /x x
}

# run_without CALL ERRNO: of a caller who has a group too many. The namespaces are told apart by
# nothing, the mounts by where they are.
run_without() {
	setpriv --groups 27 -- "$TOOLS/deny" "$@" "$IRONBOX" --root "$state_root" \
		--config "$box/ironbox.ini" run --bundle "$bundle" "$id" </dev/null 3>&- | sed 's/\[[0-9]*\]/[]/'
}

@test "fail closed: whatever system call is not to be had, it is refused or has all that was asked for" {
	local call code whole refused=0
	ask_for_all
	run run_without kexec_load 38
	whole=$output
	contains "$whole" "seccomp 2"
	contains "$whole" "groups 7"
	while read -r call; do
		for code in 1 38; do # EPERM, ENOSYS
			run run_without "$call" $code
			# what could not be undone without that call, delete does
			[ "$call" != unlinkat ] || ironbox delete --force "$id"
			unharmed "$call"
			if [[ $output == *"ironbox: "* ]]; then
				refused=$((refused + 1))
				continue
			fi
			[ "$output" = "$whole" ] ||
				won "weaker without $call ($code): $(diff <(echo "$whole") <(echo "$output"))"
		done
	done < <(grep -v '^#' "$BATS_TEST_DIRNAME/confining-calls")
	[ $refused -gt 40 ]
}

# A call that confines and is not in the list would not be tried above.
@test "fail closed: the list of calls that confine has all that a container's init makes" {
	ask_for_all
	strace -f -o "$box/trace" "$IRONBOX" --root "$state_root" --config "$box/ironbox.ini" run \
		--bundle "$bundle" "$id" >/dev/null 2>&1 3>&- || true
	sed -nE 's/^[0-9]+ +([a-z0-9_]+)\(.*/\1/p' "$box/trace" | sort -u >"$box/made"
	sed 's/^# *//' "$BATS_TEST_DIRNAME/confining-calls" | tr ' ' '\n' | sort -u >"$box/known"
	equals "$(comm -23 "$box/made" "$box/known" | xargs)" ""
}
