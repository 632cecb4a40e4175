# cached.bats: a program is compiled once.
load ../../support/box
load profile

setup() {
	box_setup
	profile_file docker
}

teardown() {
	box_teardown
}

# The files that a run of the bundle opens, of runtime and init together.
opened() {
	traced open,openat,openat2 run --bundle "$bundle" "$id" >/dev/null 2>&1
	cat "$box/trace"
}

@test "seccomp: the second container opens no libseccomp" {
	box_args /bin/true
	contains "$(opened)" libseccomp.so
	run opened
	! contains "$output" libseccomp >/dev/null
	! contains "$output" actions_avail >/dev/null
	contains "$output" "$state_root/seccomp/"
}

@test "seccomp: a parked container maps no libseccomp, whether it was the first or not" {
	for turn in first second; do
		box_create sleep 100
		run grep -c libseccomp "/proc/$(box_pid)/maps"
		equals "$turn $output" "$turn 0"
		ironbox delete --force "$id"
	done
}

@test "seccomp: exec takes the program from the cache" {
	box_start sleep 100
	run traced open,openat,openat2 exec "$id" /probe seccomp
	equals "$output" "seccomp 2"
	! grep -q libseccomp "$box/trace"
	ironbox delete --force "$id"
}

@test "seccomp: the cache is root's alone, and outlives its containers" {
	run inside /probe seccomp
	equals "$output" "seccomp 2"
	equals "$(stat -c '%a %u' "$state_root/seccomp")" "700 0"
	equals "$(stat -c '%a %u' "$state_root/seccomp/"*)" "600 0"
	equals "$(find "$state_root/seccomp" -type f | wc -l)" 1
	run inside /probe seccomp
	equals "$(find "$state_root/seccomp" -type f | wc -l)" 1
}

@test "seccomp: a file that was damaged is passed over and made anew" {
	inside /bin/true
	file=$(echo "$state_root/seccomp/"*)
	cp "$file" "$box/good"
	printf 'x' | dd of="$file" bs=1 seek=500 conv=notrunc status=none
	run inside /probe seccomp syscall $NR_keyctl 0 -3 0
	equals "$output" $'seccomp 2\nsyscall 250 = EPERM'
	cmp "$file" "$box/good"
	: >"$file"
	run inside /probe seccomp
	equals "$output" "seccomp 2"
	cmp "$file" "$box/good"
}

@test "seccomp: a file of someone else is passed over, whatever it holds" {
	inside /bin/true
	file=$(echo "$state_root/seccomp/"*)
	chown 1000 "$file"
	run opened
	contains "$output" libseccomp.so
	equals "$(stat -c %u "$file")" 0
	chmod 666 "$file"
	run opened
	contains "$output" libseccomp.so
	equals "$(stat -c %a "$file")" 600
}

@test "seccomp: a cache that can't be written makes containers slower, and no worse" {
	mkdir -p "$state_root/seccomp"
	chmod 755 "$state_root/seccomp"
	run inside /probe seccomp
	equals "$status" 0
	contains "$output" "seccomp 2"
	contains "$output" "keep a compiled program below $state_root: Permission denied"
	equals "$(ls -A "$state_root/seccomp")" ""
}
