# subids.bats: an ordinary user to whom /etc/subuid and /etc/subgid grant ids: by newuidmap(1).
load rootless

setup_file() {
	users_make
}

setup() {
	box_setup
	be bob
	box_set '.linux.uidMappings += [{containerID: 1, hostID: 300000, size: 65535}] |
		.linux.gidMappings += [{containerID: 1, hostID: 400000, size: 65535}]'
}

teardown() {
	rootless_teardown
}

@test "subids: the maps are as asked, and setgroups is allowed" {
	run inside /probe ids read /proc/self/uid_map read /proc/self/gid_map read /proc/self/setgroups
	equals "$status" 0
	equals "$(tr -s ' ' <<<"$output")" "uid 0 0 0 0
gid 0 0 0 0
groups none
 0 20002 1
 1 300000 65535
 0 20002 1
 1 400000 65535
allow"
}

@test "subids: another user inside is one of the granted ids outside" {
	box_set '.process.user = {uid: 1000, gid: 1000, additionalGids: [5, 7]} |
		(.mounts[] | select(.destination == "/dev/pts") | .options) += ["gid=5"]'
	box_start /bin/sleep 1000
	equals "$(awk '$1 == "Uid:" {print $2}' "/proc/$(box_pid)/status")" 300999
	equals "$(awk '$1 == "Gid:" {print $2}' "/proc/$(box_pid)/status")" 400999
	equals "$(awk '$1 == "Groups:" {print $2, $3}' "/proc/$(box_pid)/status")" "400004 400006"
	run ironbox exec --user 7:8 "$id" /probe ids
	contains "$output" "uid 7 7 7 7"
	contains "$output" "gid 8 8 8 8"
	equals "$(ironbox ps --format json "$id" | jq length)" 1
	ironbox delete --force "$id"
}

@test "subids: what is made inside belongs to the granted ids outside" {
	box_set '.root.readonly = false | .process.capabilities |= map_values(. + ["CAP_CHOWN"])'
	run inside /bin/sh -c 'touch /made /given && chown 1000:1000 /given'
	equals "$status" 0
	equals "$(stat -c %u:%g "$bundle/rootfs/made")" 20002:20002
	equals "$(stat -c %u:%g "$bundle/rootfs/given")" 300999:400999
}

@test "subids: root inside may be a granted id, too" {
	box_set '.linux.uidMappings = [{containerID: 0, hostID: 300000, size: 1000}] |
		.linux.gidMappings = [{containerID: 0, hostID: 400000, size: 1000}]'
	chown -Rh 300000:400000 "$bundle/rootfs"
	run inside /probe ids
	equals "$output" $'uid 0 0 0 0\ngid 0 0 0 0\ngroups none'
	# such a root is nobody to the user's own folders
	chmod 700 "$box/bob"
	run inside /probe ids
	contains "$output" "root.path: copy the mount of"
	contains "$output" "Permission denied"
}

@test "subids: what was not granted is refused in newuidmap's words" {
	box_set '.linux.uidMappings[1].size = 65538'
	run inside /bin/true
	contains "$output" "linux.uidMappings: /usr/bin/newuidmap refused: "
	box_set '.linux.uidMappings[1].size = 10 | .linux.gidMappings[1].hostID = 399999'
	run inside /bin/true
	contains "$output" "linux.gidMappings: /usr/bin/newgidmap refused: "
}

@test "subids: the user's own groups are given up, or kept where podman's annotation says so" {
	mkdir "$box/bob/team"
	chown root:team "$box/bob/team"
	chmod 2070 "$box/bob/team"
	box_set '.mounts += [{destination: "/mnt", type: "bind", source: $source, options: ["bind"]}]' \
		--arg source "$box/bob/team"
	run inside /bin/ls /mnt
	contains "$output" "Permission denied"
	box_set '.annotations = {"run.oci.keep_original_groups": "0"}'
	run inside /probe ids
	contains "$output" "groups none"
	box_set '.annotations = {"run.oci.keep_original_groups": "1"}'
	run inside /probe ids
	contains "$output" "groups 0 65534" || contains "$output" "groups 65534"
	run inside /bin/ls /mnt
	equals "$status" 0
	equals "$output" ""
	box_start /bin/sleep 1000
	run ironbox exec "$id" /bin/ls /mnt
	equals "$status" 0
	ironbox delete --force "$id"
}

@test "subids: of root's caller no group is kept, whatever an annotation says" {
	box_set 'del(.linux.uidMappings, .linux.gidMappings) | .linux.cgroupsPath = "/" + $id |
		.linux.namespaces |= map(select(.type != "user")) |
		.annotations = {"run.oci.keep_original_groups": "1"} |
		.process.args = ["/probe", "ids"]' --arg id "$id"
	chown root "$box" "$box/bob" "$bundle"
	run setpriv --groups 5,7 "$BOX_SUITE/bin/ironbox" --root "$box/states" \
		--config "$box/ironbox.ini" run --bundle "$bundle" "$id"
	equals "$output" $'uid 0 0 0 0\ngid 0 0 0 0\ngroups none'
}

@test "subids: two containers share namespaces, as a pod does" {
	box_start /bin/sleep 1000
	pause=$(box_pid)
	box_set '.linux.namespaces |= map(if .type | IN("user", "pid", "ipc", "uts")
			then .path = "/proc/" + $pause + "/ns/" + .type else . end) |
		del(.linux.uidMappings, .linux.gidMappings, .hostname)' --arg pause "$pause"
	box_args /probe namespaces ids
	run ironbox run --bundle "$bundle" "$id-second"
	echo "$output"
	equals "$status" 0
	for type in user pid ipc uts; do
		equals "$(line $type)" "$(readlink "/proc/$pause/ns/$type")"
	done
	[ "$(line mnt)" != "$(readlink "/proc/$pause/ns/mnt")" ]
	contains "$output" "uid 0 0 0 0"
	# and its pid is the one that the host knows
	box_args /bin/sleep 1002
	ironbox run --detach --pid-file "$box/second" --bundle "$bundle" "$id-second" >"$box/out" 2>&1 \
		</dev/null
	equals "$(tr '\0' ' ' <"/proc/$(cat "$box/second")/cmdline")" "/bin/sleep 1002 "
	run ironbox exec "$id-second" /bin/ps
	contains "$output" "/bin/sleep 1000"
	contains "$output" "/bin/sleep 1002"
	ironbox delete --force "$id-second"
	ironbox delete --force "$id"
}
