# TC3: the working directory, or the program, by a descriptor that the runtime or its caller holds
# (CVE-2024-21626).
load attack

setup() {
	attack_setup
	# what the caller leaks: directories of the host, as fds 20 to 30 (bats has lower ones)
	for fd in {20..30}; do
		eval "exec $fd<'$canary'"
	done
	ln -s /proc/self/fd/20 "$rootfs/cwd-link"
	install -m 755 "$rootfs/probe" "$canary/program"
	picture >"$box/before"
}

teardown() {
	for fd in {20..30}; do
		eval "exec $fd<&-"
	done
	box_teardown
}

cwds() {
	printf '%s\n' /proc/self/fd/{3..40} /proc/self/fd/{3..30}/.. /proc/self/fd/{3..30}/dir \
		/proc/1/cwd /proc/self/cwd /proc/self/root/../.. /proc/thread-self/fd/20 /cwd-link \
		/cwd-link/dir /proc/1/fd/20 /proc/1/root
}

programs() {
	printf '%s\n' /proc/self/fd/{3..30}/program /proc/1/fd/20/program /cwd-link/program \
		/proc/self/exe /proc/1/exe
}

# It is in the container's root, or was not let in.
is_inside() {
	if [ "$status" -ne 0 ]; then
		contains "$output" "process.cwd"
		return
	fi
	[[ $output != *unreachable* && $output != *program* ]] || won "$1 leads to the host: $output"
	contains "$output" "cwd /"
}

@test "TC3: run with a working directory through a descriptor" {
	local cwd
	box_args /probe cwd list .
	while read -r cwd; do
		box_set '.process.cwd = $cwd' --arg cwd "$cwd"
		run ironbox run --bundle "$bundle" "$id"
		is_inside "$cwd"
		unharmed "$cwd"
	done < <(cwds)
}

@test "TC3: exec with a working directory through a descriptor" {
	local cwd
	box_start /bin/sleep 1000
	while read -r cwd; do
		run ironbox exec --cwd "$cwd" "$id" /probe cwd list .
		is_inside "$cwd"
	done < <(cwds)
	ironbox delete --force "$id"
	unharmed
}

@test "TC3: run a program through a descriptor" {
	local program
	while read -r program; do
		run inside "$program" say started
		refused "exec: \"$program\": "
		unharmed "$program"
	done < <(programs)
}

@test "TC3: exec a program through a descriptor" {
	local program
	box_start /bin/sleep 1000
	while read -r program; do
		run ironbox exec "$id" "$program" say started
		refused "exec: \"$program\": "
	done < <(programs)
	ironbox delete --force "$id"
	unharmed
}

# Not by the runtime's hand: only what is open then counts.
@test "TC3: the program itself finds none of the descriptors" {
	run inside /probe fds
	equals "$(grep -v '^[012] ' <<<"$output")" ""
}
