# A container as users of containerd start it: by ctr, of an image, with the shim under test.

load containerd

setup_file() {
	containerd_setup_file
}

setup() {
	containerd_setup
}

teardown() {
	containerd_teardown
}

# run_image [OPTION...] -- ARG...: a container in the foreground, which is gone afterwards.
run_image() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	ctr run --rm --runtime "$runtime" "${options[@]}" "$image" "$id" "${@:2}"
}

# refused WORDS: what `run` ran could not be created, and the user is told so.
refused() {
	equals "$output" "ctr: failed to create shim task: ironbox: create $id: $1: unknown"
	equals "$status" 1
}

# ---- the command and its end ----

# bats test_tags=vm
@test "run: the command of the manual, word for word" {
	run ctr run --rm --runtime io.containerd.ironbox.v1 "$image" "$id" echo hello
	equals "$output" hello
	equals "$status" 0
}

@test "run: its exit code is ctr's" {
	for code in 1 42 255; do
		run run_image -- sh -c "exit $code"
		equals "$output" ""
		equals "$status" "$code"
	done
}

@test "run: a signal to ctr is the container's, and its end by one is 128 and the number" {
	# ctr hands signals on from shortly after the start; before that they are its own end
	command ctr run --rm --runtime "$runtime" "$image" "$id" sh -c \
		'trap "echo heard; exit 3" TERM; sleep 1; echo ready; while :; do sleep 0.1; done' \
		>"$box/out" 3>&- &
	await 10 grep -q ready "$box/out"
	kill -TERM $!
	status=0
	wait $! || status=$?
	equals "$status" 3
	equals "$(cat "$box/out")" $'ready\nheard'

	# a fault ends PID 1 as well, whom no signal of its own namespace can
	run run_image -- sh -c 'kill -KILL $$; ulimit -t 1; while :; do :; done'
	equals "$status" 137
}

@test "run: the command is PID 1 of a namespace of its own" {
	run run_image -- sh -c 'echo $$; ls -d /proc/[0-9]*; readlink /proc/self/ns/pid'
	equals "${lines[0]}" 1
	equals "${lines[1]}" /proc/1
	[ "${lines[-1]}" != "$(readlink /proc/self/ns/pid)" ]
}

@test "run: pipes inside" {
	run run_image -- sh -c 'echo hello | cat'
	equals "$output" hello
	run run_image -- sh -c 'seq 100000 | sort -n | tail -1 | tr 0 o; exit 5'
	equals "$output" 1ooooo
	equals "$status" 5
}

@test "run: the same id again and again" {
	for round in 1 2 3 4 5 6; do
		run run_image -- echo "$round"
		equals "$output" "$round"
	done
}

# ---- what it sees ----

@test "run: the cgroup is where containerd says, in each hierarchy" {
	run run_image -- cat /proc/self/cgroup
	equals "$(cut -d: -f3 <<<"$output" | sort -u)" "/default/$id"
	run run_image --cgroup "/default/of-$id" -- cat /proc/self/cgroup
	equals "$(cut -d: -f3 <<<"$output" | sort -u)" "/default/of-$id"
}

@test "run: limits of memory and CPU are in its cgroup" {
	ctr run --detach --runtime "$runtime" --memory-limit 16777216 --cpus 0.5 --cpu-shares 512 \
		"$image" "$id" sleep 1000
	cd /sys/fs/cgroup
	equals "$(cat "memory/default/$id/memory.limit_in_bytes")" 16777216
	equals "$(cat "cpu/default/$id/cpu.cfs_quota_us")" 50000
	equals "$(cat "cpu/default/$id/cpu.cfs_period_us")" 100000
	equals "$(cat "cpu/default/$id/cpu.shares")" 512
}

@test "run: files of the image, and writes that end with the container" {
	run run_image -- sh -c 'cat /etc/group; echo mine >/new && cat /new'
	equals "$output" "$(cat "$BOX_SUITE/rootfs/etc/group")"$'\nmine'
	run run_image -- cat /new
	equals "$status" 1
}

# bats test_tags=vm
@test "run: no mount of a container on the host" {
	ctr run --detach --runtime "$runtime" "$image" "$id" sleep 1000
	equals "$(box_new_mounts)" ""
	[ -x "/proc/$(ctr task list | awk -v id="$id" '$1 == id { print $2 }')/root/bin/busybox" ]
}

@test "run: a root filesystem that is read-only" {
	run run_image --read-only -- sh -c 'exec 2>&1; echo x >/new; echo x >/dev/shm/new; ls /dev/shm'
	equals "$output" "sh: can't create /new: Read-only file system"$'\nnew'
}

@test "run: mounts of the user's" {
	mkdir "$box/data"
	echo theirs >"$box/data/file"
	run run_image --mount "type=bind,src=$box/data,dst=/ro,options=rbind:ro" \
		--mount "type=bind,src=$box/data,dst=/rw,options=rbind:rw" \
		--mount type=tmpfs,src=tmpfs,dst=/scratch,options=size=64k \
		-- sh -c 'exec 2>&1; cat /ro/file; echo x >/ro/new; echo mine >/rw/new; cat /ro/new; /probe mount /scratch'
	equals "${lines[0]}" theirs
	equals "${lines[1]}" "sh: can't create /ro/new: Read-only file system"
	equals "${lines[2]}" mine
	contains "${lines[3]}" "/scratch tmpfs tmpfs / rw"
	contains "${lines[3]}" size=64k
	equals "$(cat "$box/data/new")" mine
}

@test "run: a device of the user's" {
	mknod "$box/zeros" c 1 5
	run run_image --device "$box/zeros" -- head -c 3 "$box/zeros"
	equals "$status" 0
	run run_image -- head -c 3 "$box/zeros"
	equals "$status" 1
}

@test "run: loopback is up, and there is no other interface" {
	run run_image -- /probe interfaces
	equals "$output" "lo UP 127.0.0.1/8"
	run run_image -- sh -c 'nc -l -p 7 -e echo over loopback & until nc 127.0.0.1 7; do :; done 2>/dev/null'
	equals "$output" "over loopback"
}

@test "run: the host's network, or that of somebody else" {
	run run_image --net-host -- readlink /proc/self/ns/net
	equals "$output" "$(readlink /proc/self/ns/net)"
	unshare --net sleep 1000 3>&- &
	other=$!
	await 5 is_elsewhere "$other"
	run run_image --with-ns "network:/proc/$other/ns/net" -- readlink /proc/self/ns/net
	equals "$output" "$(readlink /proc/$other/ns/net)"
	kill "$other"
}

is_elsewhere() { # PID
	! [ "/proc/$1/ns/net" -ef /proc/self/ns/net ]
}

@test "run: environment and working directory" {
	printf 'FROM_FILE=yes\n' >"$box/env"
	run run_image --env A=b --env 'WORDS=two words' --env-file "$box/env" --cwd /tmp -- /probe cwd env
	equals "$(sort <<<"$output")" "$(sort <<-'END'
		cwd /tmp
		PATH=/bin
		A=b
		WORDS=two words
		FROM_FILE=yes
		HOME=/root
	END
	)"
	run run_image --cwd /not/there -- /probe cwd
	equals "$output" "cwd /not/there"
}

# ---- what it may do ----

default_capabilities="CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_KILL CAP_SETGID CAP_SETUID"
default_capabilities+=" CAP_SETPCAP CAP_NET_BIND_SERVICE CAP_NET_RAW CAP_SYS_CHROOT CAP_MKNOD"
default_capabilities+=" CAP_AUDIT_WRITE CAP_SETFCAP"

@test "run: containerd's own set of capabilities" {
	run run_image -- /probe capabilities
	equals "$output" "inheritable none
permitted $default_capabilities
effective $default_capabilities
bounding $default_capabilities
ambient none"
	run run_image -- mount -t tmpfs none /tmp
	contains "$output" "permission denied"
	equals "$status" 1
}

@test "run: capabilities added and dropped" {
	run run_image --cap-add CAP_SYS_ADMIN --cap-drop CAP_CHOWN -- sh -c \
		'/probe capabilities; mount -t tmpfs none /tmp && echo mounted; chown 1000 /tmp'
	bounding=$(grep '^bounding' <<<"$output")
	contains "$bounding" " CAP_SYS_ADMIN"
	[[ "$bounding" != *CAP_CHOWN* ]]
	contains "$output" mounted
	contains "$output" "chown: /tmp: Operation not permitted"
}

@test "run: privileged has all capabilities, no masks, and sysfs to write to" {
	run run_image --privileged -- sh -c '/probe capabilities; /probe mounts; cat /proc/timer_list >/dev/null'
	equals "$status" 0
	# "all" are those of ctr itself
	equals "$(grep ^effective <<<"$output")" "$("$PROBE" capabilities | grep ^effective)"
	contains "$output" "/sys sysfs sysfs / rw,"
	[[ "$output" != *" /proc/"* ]]
}

@test "run: paths of the kernel are masked, or not to be written to" {
	run run_image -- sh -c 'exec 2>&1; ls /sys/firmware /proc/acpi; cat /proc/keys
		echo 1 >/proc/sys/kernel/hostname'
	equals "$output" "/proc/acpi:

/sys/firmware:
sh: can't create /proc/sys/kernel/hostname: Read-only file system"
}

@test "run: seccomp, by containerd's own profile" {
	run run_image --seccomp -- sh -c 'exec 2>&1; /probe seccomp; unshare -U true'
	equals "$output" "seccomp 2
unshare: unshare(0x10000000): Operation not permitted"
	run run_image -- /probe seccomp
	equals "$output" "seccomp 0"
}

@test "run: seccomp, by a profile of the user's" {
	cat >"$box/profile.json" <<-'END'
		{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
		  {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}
	END
	run run_image --seccomp --seccomp-profile "$box/profile.json" -- mkdir /tmp/new
	equals "$output" "mkdir: can't create directory '/tmp/new': No space left on device"
}

@test "run: new privileges, refused unless they are allowed" {
	run run_image -- /probe nnp
	equals "$output" "no_new_privs 1"
	run run_image --allow-new-privs -- /probe nnp
	equals "$output" "no_new_privs 0"
}

@test "run: user and group that the image names" {
	image_of_user user
	run ctr run --rm --runtime "$runtime" "$image-user" "$id" sh -c 'exec 2>&1; /probe ids; echo x >/etc/new'
	equals "$output" "uid 1000 1000 1000 1000
gid 1000 1000 1000 1000
groups 1000
sh: can't create /etc/new: Permission denied"
	ctr image delete "$image-user" >/dev/null
	image_of_user 7:5
	run ctr run --rm --runtime "$runtime" "$image-user" "$id" /probe ids
	equals "${lines[0]}" "uid 7 7 7 7"
	equals "${lines[1]}" "gid 5 5 5 5"
	ctr image delete "$image-user" >/dev/null
}

image_of_user() {
	"$CONTAINERD_TESTS/make-image" --user "$1" "$box/image.tar" "$image-user" "$BOX_SUITE/layer.tar"
	ctr image import "$box/image.tar" >/dev/null
}

@test "run: ids of a user namespace" {
	run run_image --uidmap 0:100000:65536 --gidmap 0:200000:65536 -- \
		sh -c 'cat /proc/self/uid_map /proc/self/gid_map; stat -c %u:%g /bin/busybox'
	equals "$(tr -s ' ' <<<"$output")" " 0 100000 65536
 0 200000 65536
0:0"
}

@test "run: a config.json and a root filesystem of the user's own" {
	box_set '.process.user = {uid: 1000, gid: 1000, additionalGids: [5, 7]} | .hostname = "mine"
		| .root.path = $path' --arg path "$bundle/rootfs"
	box_args sh -c '/probe ids hostname'
	run ctr run --rm --runtime "$runtime" --config "$bundle/config.json" "$id"
	equals "$output" "uid 1000 1000 1000 1000
gid 1000 1000 1000 1000
groups 5 7
hostname mine"
	run ctr run --rm --runtime "$runtime" --rootfs "$bundle/rootfs" "$id" cat /etc/passwd
	equals "$output" "$(cat "$bundle/rootfs/etc/passwd")"
}

# ---- what can't be run: the user's terminal says why ----

@test "refused: a program that is not there" {
	run run_image -- /bin/none
	refused 'exec: "/bin/none": /bin/none is not in the image: no such file or directory'
	run run_image -- program
	refused 'exec: "program": not in /bin: executable file not found in $PATH'
}

@test "refused: a program that can't be executed" {
	run run_image -- /etc/passwd
	refused 'exec: "/etc/passwd": /etc/passwd has no x bit (mode 0644, owner 0:0): permission denied'
	run run_image -- /etc
	refused 'exec: "/etc": /etc is a directory: permission denied'
}

@test "refused: a user whom the user namespace does not have" {
	box_set '.linux.namespaces += [{type: "user"}] | .process.user.uid = 1000
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 10}]
		| .root.path = $path' --arg path "$bundle/rootfs"
	run ctr run --rm --runtime "$runtime" --config "$bundle/config.json" "$id"
	refused 'process.user.uid: become user 1000 (the user namespace maps no such id): Invalid argument'
}

@test "refused: a mount of what is not there, a namespace of nobody, a profile of no sense" {
	run run_image --mount "type=bind,src=$box/none,dst=/data,options=rbind" -- true
	refused "rootfs: mounts[7]: open the source $box/none: No such file or directory"
	run run_image --with-ns network:/bin/none -- true
	refused 'namespace: open the network namespace /bin/none: No such file or directory'
	echo '{"defaultAction": "SCMP_ACT_PLEASE"}' >"$box/profile.json"
	run run_image --seccomp --seccomp-profile "$box/profile.json" -- true
	contains "$output" "create $id: config.json: linux.seccomp.defaultAction: \"SCMP_ACT_PLEASE\" is none of "
	equals "$status" 1
}
