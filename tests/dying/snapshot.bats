# snapshot.bats: a root of two mounts, in the container's own mount namespace, by the runtime before a
# user namespace exists, and in the bundle, where what is left would stay on the host.
load ../support/box
load sweep

setup() {
	dying_setup
	mv "$bundle/rootfs" "$box/base"
	mkdir "$bundle/rootfs" "$box/upper" "$box/work"
	printf '%s\n' "overlay / overlay lowerdir=$box/base,upperdir=$box/upper,workdir=$box/work" \
		'tmpfs tmp tmpfs size=64k' >"$work/fstab"
	export FSTAB=$work/fstab IRONBOX=$WITH_MOUNTS
	create="create --bundle $bundle --pid-file $box/pid $id"
	start="start $id"
}

teardown() {
	box_teardown
}

in_user_namespace() {
	box_set '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
		.linux.gidMappings = .linux.uidMappings'
}

@test "dying: create of a snapshot" {
	sweep --verb "$create"
}

@test "dying: create of a snapshot in a user namespace" {
	in_user_namespace
	sweep --verb "$create"
}

@test "dying: create of a snapshot that the host sees" {
	box_ini $'[rootfs]\nhost_visible = yes'
	sweep --verb "$create"
}

@test "dying: delete of a snapshot that the host sees" {
	box_ini $'[rootfs]\nhost_visible = yes'
	sweep --before "$create" --before "$start" --verb "delete --force $id"
}

@test "failures: create of a snapshot in a user namespace, each call fails once" {
	in_user_namespace
	sweep --fail 12 --verb "$create"
}

@test "failures: create of a snapshot that the host sees, each call fails once" {
	box_ini $'[rootfs]\nhost_visible = yes'
	sweep --fail 12 --verb "$create"
}
