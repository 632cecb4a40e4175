# What containerd hears comes in order, whatever dies when.
load shim

: "${times:=60}"

setup() {
	shim_setup
}

teardown() {
	shim_teardown
}

@test "many containers that die at once: create, start, exit, delete" {
	box_args true
	shim_start
	mapfile -d '' words < <(options_words)
	for ((i = 0; i < times; i++)); do
		name=$id-$i
		create >/dev/null
		call Start >/dev/null
		call Wait >/dev/null
		call Delete >/dev/null
	done
	shut_down
	for ((i = 0; i < times; i++)); do
		printf '/tasks/%s\n' "create container_id=$id-$i" "start container_id=$id-$i" \
			"exit container_id=$id-$i id=$id-$i exit_status=0" \
			"delete container_id=$id-$i exit_status=0"
	done >"$box/expected"
	told | diff - "$box/expected" | head -20 | (! grep .)
}

@test "many execs that die at once: added, started, exit" {
	begin sleep 1000
	for ((i = 0; i < times; i++)); do
		in_exec "e$i" true >/dev/null
		call Wait exec_id="e$i" >/dev/null
		call Delete exec_id="e$i" >/dev/null
	done
	end
	for ((i = 0; i < times; i++)); do
		printf '/tasks/%s\n' "exec-added container_id=$id exec_id=e$i" \
			"exec-started container_id=$id exec_id=e$i" \
			"exit container_id=$id id=e$i exit_status=0"
	done >"$box/expected"
	told | sed '1,2d' | head -n -2 | diff - "$box/expected" | head -20 | (! grep .)
}
