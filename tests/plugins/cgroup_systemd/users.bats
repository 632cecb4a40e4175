#!/usr/bin/env bats
# Cgroups by a user's own systemd, as rootless podman asks for them.
load ../../rootless/rootless

# alice's systemd and her D-Bus. Where the machine's systemd sees its files, too: the rest of /run is
# the suite's own.
setup_file() {
	: "${QUICK_BATS:?a machine of its own, by add_vm_suite: it gets a user and his systemd}"
	echo alice:x:20001:20001::/:/bin/sh >>/etc/passwd # the machine's, whose systemd looks there
	users_make
	install -d -m 700 -o alice -g alice /run/systemd/alice
	mkdir -p /run/systemd/user
	cat >/run/systemd/system/user@20001.service <<-END
		[Unit]
		DefaultDependencies=no
		[Service]
		Type=notify
		User=20001
		Slice=user-20001.slice
		Delegate=pids memory cpu
		TasksMax=infinity
		Environment=XDG_RUNTIME_DIR=/run/systemd/alice HOME=/
		ExecStart=/lib/systemd/systemd --user --unit=dbus.service
	END
	cat >/run/systemd/user/dbus.socket <<-END
		[Unit]
		DefaultDependencies=no
		[Socket]
		ListenStream=%t/bus
	END
	cat >/run/systemd/user/dbus.service <<-END
		[Unit]
		DefaultDependencies=no
		Requires=dbus.socket
		[Service]
		Type=notify
		ExecStart=/usr/bin/dbus-daemon --session --address=systemd: --nofork --nopidfile --systemd-activation
	END
	systemctl daemon-reload
	systemctl start user@20001.service
	# as run-suite does it with the system's: systemctl's own way does not cross a pid namespace
	mount --bind /dev/null /run/systemd/alice/systemd/private
	own=/sys/fs/cgroup/user.slice/user-20001.slice/user@20001.service
	install -d -o alice -g alice "$own/suite.scope"
	export own
}

teardown_file() {
	umount /run/systemd/alice/systemd/private
	systemctl stop user@20001.service
	rm -r /run/systemd/system/user@20001.service /run/systemd/user /run/systemd/alice
}

setup() {
	box_setup
	box_ini ''
	be alice
	runtime_dir=/run/systemd/alice
	state_root=$runtime_dir/ironbox
	callers=$own/suite.scope
	scope=libpod-$id.scope
	cgroup=$own/user.slice/$scope
	box_set '.linux.cgroupsPath = $path | .linux.resources = {memory: {limit: 67108864}, pids: {limit: 20}}' \
		--arg path "user.slice:libpod:$id"
	box_args /bin/sleep 1000
}

teardown() {
	rootless_teardown
}

# What alice does she does as podman does, in a scope of her systemd; and where $within says so, in a
# user namespace.
ironbox() {
	(
		[ -z "${callers:-}" ] || echo "$BASHPID" >"$callers/cgroup.procs"
		as alice $within "$BOX_SUITE/bin/ironbox" --config "$box/ironbox.ini" --systemd-cgroup "$@"
	)
}

# properties NAME...: of the scope, as name=value, sorted.
properties() {
	as alice systemctl --user show "$scope" "${@/#/--property=}" | sort
}

files() {
	(cd "$cgroup" && cat "$@")
}

is_gone() {
	[ ! -e "$cgroup" ]
}

@test "user's systemd: a scope in its slice, limits in files and properties, exec, update, delete" {
	box_create /bin/sleep 1000
	ironbox start "$id"
	equals "$(files cgroup.procs)" "$(box_pid)"
	equals "$(stat -c %U "$cgroup")" alice
	equals "$(files memory.max pids.max)" $'67108864\n20'
	equals "$(properties MemoryMax TasksMax Delegate Slice)" \
		$'Delegate=yes\nMemoryMax=67108864\nSlice=user.slice\nTasksMax=20'
	run ironbox exec "$id" /bin/sh -c 'cat /proc/self/cgroup'
	equals "$output" 0::/
	ironbox update --pids-limit 30 "$id"
	equals "$(files pids.max)" 30
	equals "$(properties TasksMax)" TasksMax=30
	ironbox delete --force "$id"
	is_gone
	equals "$(properties LoadState)" LoadState=not-found
}

@test "user's systemd: one that is there is somebody else's; with the last process it is gone" {
	box_create /bin/sleep 1000
	run ironbox run --bundle "$bundle" "$id-2"
	equals "$output" "ironbox: run $id-2: cgroup: $scope exists already: cgroup ${cgroup#/sys/fs/cgroup}"
	equals "$(files cgroup.procs)" "$(box_pid)"
	ironbox kill "$id" KILL
	await 20 is_gone
	ironbox delete "$id"
}

@test "user's systemd: root of a user namespace, as podman's, is the user to it" {
	within="unshare --user --map-root-user --mount"
	box_set '.linux.uidMappings[0].hostID = 0 | .linux.gidMappings[0].hostID = 0'
	box_create /bin/sleep 1000
	equals "$(files cgroup.procs memory.max)" "$(box_pid)"$'\n67108864'
	ironbox update --memory 33554432 "$id"
	equals "$(files memory.max)" 33554432
	equals "$(properties MemoryMax)" MemoryMax=33554432
	ironbox delete --force "$id"
	is_gone
}

@test "user's systemd: outside of it, and without its D-Bus, the user is told what to do" {
	callers=
	run ironbox run --bundle "$bundle" "$id"
	equals "$status" 1
	contains "$output" "cgroup: cgroups by the user's own systemd: this process is in "
	contains "$output" 'which is none of it (`systemd-run --user --scope COMMAND` is)'
	callers=$own/suite.scope
	runtime_dir=/run/user/20001
	run ironbox run --bundle "$bundle" "$id"
	equals "$status" 1
	contains "$output" "start $scope: reach the user's D-Bus (DBUS_SESSION_BUS_ADDRESS, or the socket bus in XDG_RUNTIME_DIR): No such file"
	is_gone
}
