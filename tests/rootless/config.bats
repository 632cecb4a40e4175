# config.bats: whose ironbox.ini and modules an ordinary user's runtime believes.
load rootless

setup_file() {
	users_make
}

setup() {
	box_setup
	be alice
	own=$box/alice/ironbox.ini
	cp "$box/ironbox.ini" "$own"
	chown alice "$own"
}

teardown() {
	rootless_teardown
}

# with INI: the container of the bundle by this file.
with() {
	box_args /bin/true
	as "$user" "$BOX_SUITE/bin/ironbox" --config "$1" run --bundle "$bundle" "$id"
}

@test "config: root's file and root's modules are the node's" {
	chown root:root "$box/ironbox.ini"
	run with "$box/ironbox.ini"
	equals "$output" ""
	equals "$status" 0
}

@test "config: the user's own file is as good, for him" {
	run with "$own"
	equals "$status" 0
	echo '[cgroup]
enabled = no' >>"$own"
	run as alice "$BOX_SUITE/bin/ironbox" --config "$own" plugins
	contains "$output" "cgroup"
	# what it says counts
	echo nonsense >>"$own"
	run with "$own"
	contains "$output" "$own:"
}

@test "config: so are modules of his own" {
	cp -r "$BOX_SUITE/plugins" "$box/alice/plugins"
	chown -R alice "$box/alice/plugins"
	printf '[ironbox]\nplugin_path = %s\n' "$box/alice/plugins" >"$own"
	run with "$own"
	equals "$output" ""
	equals "$status" 0
	chown bob "$box/alice/plugins/rootfs.so"
	run with "$own"
	contains "$output" "rootfs.so: owned by user 20002 and not by root or by us"
	chown alice "$box/alice/plugins/rootfs.so"
	chmod 775 "$box/alice/plugins"
	run with "$own"
	contains "$output" "others than root may write to it"
}

@test "config: another user's file, or one that others may write, is refused" {
	chown bob "$own"
	run with "$own"
	equals "$status" 1
	contains "$output" "$own: owned by user 20002 and not by root or by us"
	chown alice "$own"
	chmod 664 "$own"
	run with "$own"
	equals "$status" 1
	contains "$output" "others than root may write to it"
}

@test "config: for root a user's file is another's" {
	chown root "$box" # and so no folder on the way stands for it
	run "$BOX_SUITE/bin/ironbox" --config "$own" list
	equals "$status" 1
	contains "$output" "owned by user 20001 and not by root"
}
