# idmap.bats: id maps written without root's rights: by one's own right, or by newuidmap(1).
load ../../support/box

setup() {
	box_setup
	# a user of this machine, and files of ours in the place of the host's for this suite
	user=daemon
	uid=$(id -u $user)
	gid=$(id -g $user)
	install -m 755 "$IDMAP_DRIVER" "$box/driver"
	echo "$user:300000:65536" >"$box/subuid"
	echo "$user:400000:65536" >"$box/subgid"
	for file in subuid subgid; do
		[ -e "/etc/$file" ] || return 1
		mount --bind "$box/$file" "/etc/$file"
	done
}

teardown() {
	umount /etc/subuid /etc/subgid
	box_teardown
}

as_user() {
	setpriv --reuid "$uid" --regid "$gid" --clear-groups --bounding-set +all \
		--inh-caps -all "$box/driver" "$@" | tr -s ' '
}

@test "idmap: one's own id needs no helper, but setgroups is denied" {
	run as_user 0 "$uid" 1 -- 0 "$gid" 1
	equals "$output" "uid_map 0 $uid 1
gid_map 0 $gid 1
setgroups deny"
}

@test "idmap: a granted range, by newuidmap and newgidmap" {
	run as_user 0 "$uid" 1 1 300000 65535 -- 0 "$gid" 1 1 400000 65535
	equals "$output" "uid_map 0 $uid 1
uid_map 1 300000 65535
gid_map 0 $gid 1
gid_map 1 400000 65535
setgroups allow"
}

@test "idmap: what is not granted is refused in newuidmap's words" {
	run as_user 0 0 1 -- 0 "$gid" 1
	contains "$output" "/usr/bin/newuidmap refused: "
	run as_user 0 300000 65537 -- 0 400000 65536
	contains "$output" "/usr/bin/newuidmap refused: "
	run as_user 0 300000 65536 -- 0 1 65536
	contains "$output" "/usr/bin/newgidmap refused: "
}

@test "idmap: root needs no helper" {
	run "$box/driver" 0 500000 1000 5000 7 3 -- 0 600000 10
	equals "$(tr -s ' ' <<<"$output")" "uid_map 0 500000 1000
uid_map 5000 7 3
gid_map 0 600000 10
setgroups allow"
}
