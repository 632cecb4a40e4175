# users.bats: a user namespace with id maps, an idmapped mount, which takes helper processes, and
# bind mounts whose sources are opened on the host.
load ../support/box
load sweep

setup() {
	dying_setup
	mkdir "$box/data" "$bundle/rootfs/mnt"
	chmod 755 "$box" "$bundle" "$box/data"
	box_set '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
		.linux.gidMappings = .linux.uidMappings | .mounts += [
		{destination: "/mnt", source: $data, options: ["rbind", "ro"]},
		{destination: "/tmp", source: $data, options: ["bind", "idmap"],
		 uidMappings: [{containerID: 0, hostID: 100042, size: 1}],
		 gidMappings: [{containerID: 0, hostID: 100043, size: 1}]}]' --arg data "$box/data"
	create="create --bundle $bundle --pid-file $box/pid $id"
	start="start $id"
}

teardown() {
	box_teardown
}

@test "dying: create with a user namespace" {
	sweep --verb "$create"
}

@test "dying: start with a user namespace" {
	sweep --before "$create" --verb "$start"
}

@test "dying: run with a user namespace" {
	sweep --verb "run --detach --bundle $bundle $id"
}

@test "dying: exec with a user namespace" {
	sweep --before "$create" --before "$start" --verb "exec --detach $id /bin/sleep 1000"
}

@test "dying: delete --force with a user namespace" {
	sweep --before "$create" --before "$start" --verb "delete --force $id"
}
