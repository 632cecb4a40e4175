# What containerd's clients hear of a task, and in which order, whatever dies when.
load containerd
load events
load tasks

setup_file() {
	containerd_setup_file
}

teardown_file() {
	containerd_stop
}

setup() {
	containerd_setup
	events_begin
}

teardown() {
	events_end
	containerd_teardown
}

@test "a container's whole life, in order" {
	detached "$id" -- sleep 1000
	ctr task exec --exec-id e1 "$id" sh -c 'exit 3' || true
	ctr task pause "$id"
	ctr task resume "$id"
	detached_exec "$id" e2 sleep 1000
	ctr task kill -s KILL "$id"
	await 10 heard "exit 137"
	ctr task rm "$id" || true # its status is the container's
	ctr container rm "$id"
	equals "$(told)" "create
start
exec-added e1
exec-started e1
exit e1 3
paused
resumed
exec-added e2
exec-started e2
exit e2 137
exit 137
delete 137"
}

@test "a process that dies at once: start is told before exit" {
	for ((i = 0; i < 20; i++)); do
		ctr run --rm --runtime "$runtime" "$image" "$id-$i" sh -c "exit $i" || true
	done
	for ((i = 0; i < 20; i++)); do
		equals "$(told "$id-$i")" $'create\nstart\n'"exit $i"$'\n'"delete $i"
	done
}

@test "an exec that dies at once: exec-started is told before exit" {
	detached "$id" -- sleep 1000
	for ((i = 0; i < 20; i++)); do
		ctr task exec --exec-id "e$i" "$id" sh -c "exit $i" || true
		printf '%s\n' "exec-added e$i" "exec-started e$i" "exit e$i $i" >>"$box/expected"
	done
	equals "$(told | grep ' e')" "$(cat "$box/expected")"
	ctr task kill -s KILL "$id"
	await 10 heard "exit 137"
}

@test "a container that can't be made is not told of" {
	run ctr run --rm --runtime "$runtime" "$image" "$id" /no/such/program
	equals "$status" 1
	equals "$(told)" ""
}

# containerd forwards what the shim logs to its own log.
out_of_memory() {
	grep -o "$id: out of memory: .*" "$BOX_SUITE/containerd.log"
}

@test "want of memory: told before the exit; the log says who, how much, and which limit" {
	run ctr run --rm --runtime "$runtime" --memory-limit 33554432 "$image" "$id" /probe alloc 256
	equals "$status" 137
	equals "$(told)" $'create\nstart\noom\nexit 137\ndelete 137'
	run out_of_memory
	echo "$output"
	# the kernel tells its own pids: those of the first pid namespace, where the suite is not
	[[ $output =~ process\ [0-9]+\ \(probe\)\ was\ killed\;\ it\ held\ ([0-9.]+)\ MiB\;\ limit\ 32\ MiB\ of\ (/[^\"]*) ]]
	awk -v held="${BASH_REMATCH[1]}" 'BEGIN { exit !(held > 24 && held <= 33) }'
	contains "${BASH_REMATCH[2]}" "/default/$id"
}

@test "want of memory: of a child, which its container survives" {
	detached "$id" --memory-limit 33554432 -- \
		sh -c '/probe alloc 256; sleep 1000'
	await 10 heard oom
	contains "$(ctr task ls | grep "$id")" RUNNING
	await 5 out_of_memory
	ctr task exec --exec-id e1 "$id" /probe alloc 256 || true
	await 10 heard "exit e1 137"
	ctr task kill -s KILL "$id"
	await 10 heard "exit 137"
	equals "$(told)" "create
start
oom
exec-added e1
exec-started e1
oom
exit e1 137
exit 137"
}
