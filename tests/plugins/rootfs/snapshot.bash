# shellcheck shell=bash
# Layers, and containers of them.

# $layers/base has what the box's rootfs has; root.path, as containerd makes it, is empty. A long
# name, so that 20 of them are more than mount(2) takes.
snapshot_setup() {
	local long=io.containerd.snapshotter.v1.overlayfs-$(printf 'x%.0s' {1..180})

	store=$box/store
	layers=$store/$long/snapshots
	mkdir -p "$layers"
	mv "$bundle/rootfs" "$layers/base"
	mkdir -m 711 "$bundle/rootfs"
	box_set '.root.readonly = false'
}

snapshot_teardown() {
	ironbox delete --force "$id" 2>/dev/null || true
}

# snapshot_of LINE...: lines of fstab(5).
snapshot_of() {
	printf '%s\n' "$@" >"$box/fstab"
}

# snapshot_layers COUNT: overlay layers 1 to COUNT beside base, each with a file of its number and
# the file `top` that says which one is on top. $lower: the list of them, as lowerdir has it.
snapshot_layers() {
	local n folders=("$layers/upper" "$layers/work")

	lower=
	for ((n = 1; n <= $1; n++)); do
		folders+=("$layers/$n/fs")
	done
	mkdir -p "${folders[@]}"
	for ((n = 1; n <= $1; n++)); do
		echo "$n" >"$layers/$n/fs/file$n"
		echo "$n" >"$layers/$n/fs/top"
		lower=$layers/$n/fs:$lower
	done
	lower+=$layers/base
	if [ -n "${mapped:-}" ]; then
		chown -R 100000:100000 "$layers"
	fi
	upper=upperdir=$layers/upper,workdir=$layers/work
}

# with_mounts ARG...: the command, with the mounts of snapshot_of.
with_mounts() {
	FSTAB=$box/fstab "$WITH_MOUNTS" --root "$state_root" --config "$box/ironbox.ini" "$@" 3>&-
}

# inside, with these mounts.
inside() {
	box_args "$@" && with_mounts run --bundle "$bundle" "$id"
}

# From here on each change of this mount table is a line in $box/events. Ends with watch_end, which
# tells how many there were.
watch_begin() {
	mkfifo "$box/watched"
	"$MOUNT_EVENTS" <"$box/watched" >"$box/events" 3>&- &
	exec {watched}>"$box/watched"
	await 5 grep -q ready "$box/events"
}

watch_end() {
	exec {watched}>&-
	wait $!
	grep -c event "$box/events" || true
}

# A container in the background, as box_create and box_start make one.
snapshot_create() {
	box_args "$@" &&
		with_mounts create --bundle "$bundle" --pid-file "$box/pid" "$id" \
			>"$box/out" 2>&1 </dev/null || {
		cat "$box/out"
		return 1
	}
}

snapshot_start() {
	snapshot_create "$@" && ironbox start "$id"
}

in_user_namespace() {
	box_set '.linux.namespaces += [{"type": "user"}] |
		.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] |
		.linux.gidMappings = .linux.uidMappings'
	mapped=yes # and so will be what snapshot_layers makes
	chown -R 100000:100000 "$layers"
	chmod 700 "$store" "$box" # init, which is nobody there, finds no way through these
}
