# Every verb gives back what it took. LeakSanitizer looks as a process ends, and writes what it finds
# to a file: a verb's own status and output stay as they are.
load ../support/box

setup() {
	box_setup
	export ASAN_OPTIONS=detect_leaks=1:log_path=$box/leaks:abort_on_error=0:exitcode=99
}

teardown() {
	unset ASAN_OPTIONS
	ironbox delete --force "$id"
	box_teardown
}

# verb ARG...: its status is 0, and it leaked nothing.
verb() {
	local status=0

	ironbox "$@" >"$box/out" 2>&1 </dev/null || status=$?
	no_leaks "$*" && equals "$*: $status" "$*: 0"
}

# fails ARG...: it does, and leaks nothing.
fails() {
	local status=0

	ironbox "$@" >"$box/out" 2>&1 </dev/null || status=$?
	no_leaks "$*" && [ "$status" -ne 0 ] && [ "$status" -ne 99 ]
}

no_leaks() {
	local reports

	reports=$(cat "$box"/leaks.* 2>/dev/null) || true
	[ -z "$reports" ] || {
		printf '%s:\n%s\n' "$1" "$reports"
		return 1
	}
}

@test "leaks: one that is made on purpose is seen" {
	box_ini $'[pipeline]\nstages = namespace cgroup rootfs network capabilities seccomp leak\n[leak]\nleak = yes'
	box_args /bin/true
	ironbox run --bundle "$bundle" "$id" >"$box/out" 2>&1 </dev/null || true
	contains "$(cat "$box"/leaks.*)" "1234 byte(s)"
	rm "$box"/leaks.*
}

@test "leaks: a container's life, with all that a config can ask for" {
	mkdir "$box/source"
	box_set '.linux.resources += {pids: {limit: 40}, memory: {limit: 67108864}, cpu: {shares: 512}} |
		.linux.sysctl = {"net.ipv4.ip_forward": "1"} |
		.linux.devices = [{path: "/dev/fuse", type: "c", major: 10, minor: 229}] |
		.mounts += [{destination: "/mnt", source: $source, options: ["rbind", "ro"]},
			{destination: "/etc", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"]}] |
		.annotations = {"a": "b"} |
		.hooks = {prestart: [{path: "/bin/true"}], poststart: [{path: "/bin/true"}],
			poststop: [{path: "/bin/true"}]} |
		.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir"],
			action: "SCMP_ACT_ERRNO", args: [{index: 1, value: 5, op: "SCMP_CMP_EQ"}]}]}' \
		--arg source "$box/source"
	box_args /bin/sleep 1000
	verb create --bundle "$bundle" --pid-file "$box/pid" "$id"
	verb state "$id"
	verb start "$id"
	verb exec "$id" /bin/true
	verb exec --detach --user 1000:1000 --env A=b --cwd /tmp "$id" /bin/sleep 1000
	verb list
	verb list --format json
	verb ps "$id"
	verb ps --format json "$id"
	verb events --stats "$id"
	verb update --pids-limit 30 "$id"
	verb pause "$id"
	verb resume "$id"
	verb kill "$id" USR1
	verb kill --all "$id" KILL
	await 5 eval '[ "$(state_of)" = stopped ]'
	verb delete "$id"
	verb delete --force "$id"
	box_args /bin/true
	verb run --bundle "$bundle" "$id"
	verb run --detach --bundle "$bundle" "$id"
	verb delete --force "$id"
}

@test "leaks: a user namespace, joined namespaces" {
	chown -Rh 200000:200000 "$bundle/rootfs"
	box_args /bin/true
	box_set '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 200000, size: 65536}] |
		.linux.gidMappings = .linux.uidMappings'
	verb run --bundle "$bundle" "$id"
	chown -Rh 0:0 "$bundle/rootfs"
	box_set 'del(.linux.uidMappings, .linux.gidMappings, .hostname) | .linux.namespaces =
		[{type: "mount"}, {type: "pid"}] +
		(["ipc", "uts", "net"] | map({type: (if . == "net" then "network" else . end),
			path: ("/proc/self/ns/" + .)}))'
	verb run --bundle "$bundle" "$id"
}

@test "leaks: verbs that need no container" {
	verb --version
	verb --help
	verb features
	verb plugins
	verb plugins --format json
	mkdir "$box/new"
	verb spec --bundle "$box/new"
}

@test "leaks: calls that fail" {
	fails state "$id"
	fails exec "$id" true
	fails create --bundle /nowhere "$id"
	fails nosuchverb
	box_args /no/such/program
	fails create --bundle "$bundle" "$id"
	fails run --bundle "$bundle" "$id"
	box_args /bin/sleep 1000
	box_set '.mounts += [{destination: "/mnt", source: "/no/such", options: ["bind"]}]'
	fails create --bundle "$bundle" "$id"
	box_set '.mounts[-1].source = "/" | .linux.sysctl = {"net.ipv4.no_such": "1"}'
	fails create --bundle "$bundle" "$id"
	box_set '.linux.sysctl = {} | .process.capabilities.effective = 5'
	fails create --bundle "$bundle" "$id"
	echo '{"a":' >"$bundle/config.json"
	fails create --bundle "$bundle" "$id"
	box_ini $'[nosuch]\nkey = value'
	fails plugins
}
