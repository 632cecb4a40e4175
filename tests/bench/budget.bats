# What a container may cost a kernel, counted at the system calls (count.c): docs/architecture.md
# says why each of these is dear on a node with a thousand containers.
load ../support/box
load counts

setup() {
	box_setup
}

teardown() {
	box_teardown
}

# count_ironbox ARG... [; ARG...]: counts calls of ironbox with this box's global options.
count_ironbox() {
	local words=("$IRONBOX" --root "$state_root" --config "$box/ironbox.ini") word
	local given=("${words[@]}")
	for word in "$@"; do
		case $word in
		';') given+=(';' "${words[@]}") ;;
		*) given+=("$word") ;;
		esac
	done
	"$COUNT" "${given[@]}" >"$box/counts" 3>&-
}

@test "budget: create, start and delete" {
	box_args /probe say hello
	box_set '.linux.namespaces += [{"type": "cgroup"}]'
	count_ironbox create --bundle "$bundle" "$id" ';' start "$id" ';' delete --force "$id"
	cat "$box/counts"
	at_most "execve" 7 # a launcher and an engine each, and the program
	at_most "processes made" 1
	at_most "threads made" 0
	at_most "umount calls" 1
	# proc, the runtime's private proc, sysfs, /dev, /dev/shm, devpts, mqueue, one for all masks
	at_most "new file systems" 8
	at_most "mount events on the host" 0
	at_most "moves between cgroups" 0
	at_most "reads of directories in /sys/fs/cgroup" 1
	at_most "of the opens: lists of mounts" 1
	at_most "system calls" 900 # crun 1.8.1: 1370
}

@test "budget: run" {
	box_args /probe say hello
	box_set '.linux.namespaces += [{"type": "cgroup"}]'
	count_ironbox run --bundle "$bundle" "$id"
	cat "$box/counts"
	at_most "execve" 3
	at_most "processes made" 1
	at_most "umount calls" 1
	at_most "new file systems" 8
	at_most "mount events on the host" 0
	at_most "moves between cgroups" 0
	at_most "reads of directories in /sys/fs/cgroup" 1
	at_most "of the opens: lists of mounts" 1
	at_most "system calls" 700 # crun 1.8.1: 800
}
