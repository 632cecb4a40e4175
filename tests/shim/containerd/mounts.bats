# The snapshot's mounts are made inside the container, whatever they are made of: the host sees none.
load containerd
load tasks

setup_file() {
	containerd_setup_file
	layers_image
}

teardown_file() {
	containerd_stop
}

setup() {
	containerd_setup
}

teardown() {
	containerd_teardown
}

LAYERS=20
layers_image=ironbox.test/layers:latest

# busybox below, and on it layers that each have a file of their own and a new /top.
layers_image() {
	local number folder tars=("$BOX_SUITE/layer.tar")
	for ((number = 2; number <= LAYERS; number++)); do
		folder=$BOX_SUITE/layers/$number
		mkdir -p "$folder/layers"
		echo "layer $number" | tee "$folder/top" >"$folder/layers/$number"
		tar -C "$folder" -cf "$folder.tar" .
		tars+=("$folder.tar")
	done
	"$CONTAINERD_TESTS/make-image" "$BOX_SUITE/layers.tar" "$layers_image" "${tars[@]}"
	ctr image import "$BOX_SUITE/layers.tar" >/dev/null
}

# The file system of the container's root: "overlay", and its options.
root_inside() {
	awk -v point="${1:-/}" '$5 == point {
		for (i = 7; $i != "-"; i++)
			;
		print $(i + 1), $(i + 3)
	}' "/proc/$(task_pid)/mountinfo"
}

host_sees_nothing() {
	equals "$(box_new_mounts)" ""
	equals "$(ls -A "$tasks/$id/rootfs")" ""
}

# is_removed: by containerd, and the host has seen nothing of that either.
is_removed() {
	kill_task
	equals "$(status_of_deleted)" 137
	equals "$(box_new_mounts)" ""
	[ ! -e "$tasks/$id" ]
}

@test "overlayfs: the root is the snapshot, and the host sees no mount" {
	detached "$id" -- sleep 1000
	host_sees_nothing
	contains "$(root_inside)" "overlay "
	equals "$(in_container cat /etc/group)" "$(cat "$BOX_SUITE/rootfs/etc/group")"
	in_container sh -c 'echo written >/file'
	equals "$(in_container cat /file)" written
	host_sees_nothing
	is_removed
}

@test "the native snapshotter: a bind mount, and the host sees none" {
	detached "$id" --snapshotter native -- sleep 1000
	host_sees_nothing
	[[ "$(root_inside)" != overlay* ]]
	in_container sh -c 'echo written >/file'
	equals "$(cat /run/containerd-root/io.containerd.snapshotter.v1.native/snapshots/*/file)" written
	is_removed
}

# 20 lower folders and the container's own; each layer is there, and the last one is on top.
has_all_layers() {
	local number
	for ((number = 2; number <= LAYERS; number++)); do
		echo "layer $number"
	done >"$box/expected"
	equals "$(in_container sh -c "for i in \$(seq 2 $LAYERS); do cat /layers/\$i; done")" \
		"$(cat "$box/expected")"
	equals "$(in_container cat /top)" "layer $LAYERS"
	equals "$(in_container cat /etc/group)" "$(cat "$BOX_SUITE/rootfs/etc/group")" # of the first
}

lower_folders() {
	root_inside | sed 's/.*lowerdir=\([^,]*\).*/\1/' | tr ':' '\n' | grep -c .
}

@test "20 layers" {
	image=$layers_image detached "$id" -- sleep 1000
	host_sees_nothing
	equals "$(lower_folders)" "$LAYERS"
	has_all_layers
	is_removed
}

@test "20 layers, native" {
	image=$layers_image detached "$id" --snapshotter native -- sleep 1000
	host_sees_nothing
	has_all_layers
	is_removed
}

user_namespace=(--uidmap 0:100000:65536 --gidmap 0:100000:65536)

# Root is somebody else outside, and the files are root's inside.
is_mapped() {
	contains "$(in_container cat /proc/self/uid_map | tr -s ' ')" " 0 100000 65536"
	equals "$(in_container id -u)" 0
	equals "$(stat -c %u "/proc/$(task_pid)")" 100000
	equals "$(in_container stat -c %u:%g /etc/group)" 0:0
	in_container sh -c 'echo written >/file'
	equals "$(in_container stat -c %u:%g /file)" 0:0
}

@test "a user namespace" {
	detached "$id" "${user_namespace[@]}" -- sleep 1000
	host_sees_nothing
	contains "$(root_inside)" "overlay "
	is_mapped
	is_removed
}

@test "a user namespace, native" {
	detached "$id" --snapshotter native "${user_namespace[@]}" -- sleep 1000
	host_sees_nothing
	is_mapped
	is_removed
}

@test "a user namespace and 20 layers" {
	image=$layers_image detached "$id" "${user_namespace[@]}" -- sleep 1000
	host_sees_nothing
	is_mapped
	has_all_layers
	is_removed
}

@test "a read-only root" {
	detached "$id" --read-only -- sleep 1000
	host_sees_nothing
	run in_container touch /file
	contains "$output" "Read-only file system"
	is_removed
}

@test "[rootfs] host_visible = yes: they are in the bundle, and gone with the container" {
	containerd_ini $'[rootfs]\nhost_visible = yes'
	detached "$id" -- sleep 1000
	contains "$(box_new_mounts)" " $tasks/$id/rootfs "
	equals "$(cat "$tasks/$id/rootfs/etc/group")" "$(cat "$BOX_SUITE/rootfs/etc/group")"
	in_container sh -c 'echo written >/file'
	equals "$(cat "$tasks/$id/rootfs/file")" written
	is_removed
}

@test "[rootfs] host_visible = yes: gone too when the container can't be made" {
	containerd_ini $'[rootfs]\nhost_visible = yes'
	run detached "$id" -- /no/such/program
	contains "$output" "no such file or directory"
	equals "$(box_new_mounts)" ""
}
