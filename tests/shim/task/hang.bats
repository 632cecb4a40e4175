# What hangs is a FUSE file system whose server is stopped. It costs the call that needs it: that one
# fails at its deadline, says where it stood and what sits where in the kernel, and is undone.
load shim

setup() {
	shim_setup
	mkdir "$box/fuse"
	"$FUSE_HANG" "$box/fuse" /bin/busybox >"$box/fuse.out" 2>&1 3>&- &
	fuse=$!
	await 10 grep -q ready "$box/fuse.out"
}

teardown() {
	kill -9 "$fuse" 2>/dev/null || true # which ends all that hangs in it
	wait "$fuse" || true
	umount "$box/fuse"
	shim_teardown
}

hang() {
	kill -STOP "$fuse"
}

# A container beside the one that hangs, of the same shim.
neighbour() {
	cp -a "$bundle" "$box/well"
	jq --arg path "/$id-2" '.linux.cgroupsPath = $path | .process.args = ["sleep", "1000"]' \
		"$bundle/config.json" >"$box/well/config.json"
	shim_start
	name=$id-2 folder=$box/well create >/dev/null
	name=$id-2 call Start >/dev/null
}

is_well() {
	name=$id-2 status_is "$RUNNING"
	name=$id-2 in_exec "look$SRANDOM" true >/dev/null
}

neighbour_ends() {
	name=$id-2 call Kill signal=9
	name=$id-2 call Wait >/dev/null
	name=$id-2 call Delete >/dev/null
	shut_down
}

create_within() {
	local words
	mapfile -d '' words < <(options_words)
	call -t "$1" Create bundle="$bundle" "${words[@]}" "${@:2}"
}

nothing_is_left() {
	[ ! -e "/run/containerd/ironbox/$namespace/$id" ] && ! call State >/dev/null
}

@test "hang: what a mount of the container is made of" {
	neighbour
	box_set '.mounts += [{destination: "/mnt", type: "bind", source: $source, options: ["bind"]}]' \
		--arg source "$box/fuse/tmp"
	hang
	create_within 3000 >"$box/refused" &
	sleep 1
	is_well
	refused "$ALREADY" "already exists" create
	wait %% || true
	contains "$(cat "$box/refused")" "$DEADLINE: ironbox: create $id: not done after"
	contains "$(cat "$box/refused")" "rootfs"
	contains "$(cat "$box/refused")" "at request_wait_answer" # the kernel's, of FUSE
	is_well
	kill -CONT "$fuse"
	await 10 nothing_is_left
	neighbour_ends
}

@test "hang: the root file system" {
	neighbour
	box_set '.root.path = $path' --arg path "$box/fuse"
	hang
	refused "$DEADLINE" "at request_wait_answer" create_within 2000
	is_well
	kill -CONT "$fuse"
	await 10 nothing_is_left
	neighbour_ends
}

@test "hang: what output is to be written to" {
	neighbour
	box_args sleep 1000
	hang
	refused "$DEADLINE" "at open its streams; process" create_within 2000 stdout="file://$box/fuse/tmp/log"
	is_well
	kill -CONT "$fuse"
	await 10 nothing_is_left
	neighbour_ends
}

@test "hang: a container that comes from a checkpoint: who waits for it hears that it never came" {
	neighbour
	create checkpoint="$box/images" stdout="file://$box/fuse/tmp/log" >/dev/null
	note_exec e1 true
	call Wait >"$box/wait" &
	call Wait exec_id=e1 >"$box/wait.e1" &
	hang
	refused "$DEADLINE" "restore $id: not done after" call -t 1000 Start
	await 5 grep -q "^$NOT_FOUND: process $id was deleted" "$box/wait"
	await 5 grep -q "^$NOT_FOUND: process e1 was deleted" "$box/wait.e1"
	is_well
	kill -CONT "$fuse"
	await 10 nothing_is_left
	neighbour_ends
}

@test "hang: the program of an exec" {
	box_set '.mounts += [{destination: "/mnt", type: "bind", source: $source, options: ["rbind"]}]' \
		--arg source "$box/fuse"
	begin sleep 1000
	in_exec e1 true >/dev/null
	hang
	note_exec e2 /mnt/bin/sh -c true
	refused "$DEADLINE" "exec e2 of $id: not done after" call -t 2000 Start exec_id=e2
	in_exec e3 true >/dev/null
	kill -CONT "$fuse"
	sleep 0.5
	! pgrep -f /mnt/bin/sh
	end
}
