# TF3: output that nobody reads fills the shim, and a child that an exec leaves behind keeps its end
# from being known (CVE-2022-1708, CVE-2022-23471, CVE-2025-64329).
load shim_attack

setup() {
	shim_attack_setup
	mkfifo "$box/out"
	exec {reader}<>"$box/out" # open, and never read from
}

teardown() {
	exec {reader}>&-
	shim_attack_teardown
}

# exec_to_fifo EXEC_ID ARG...
exec_to_fifo() {
	call Exec exec_id="$1" stdout="$box/out" spec.value="$(jq -n '{args: $ARGS.positional,
		cwd: "/", env: ["PATH=/bin"], user: {uid: 0, gid: 0}}' --args -- "${@:2}")"
	call Start exec_id="$1" >/dev/null
}

run_kb() {
	df --output=used -k /run | tail -1
}

# stands_still EXEC_ID: it waits in its write.
stands_still() {
	local io
	io=/proc/$(call State exec_id="$1" | field pid)/io before=
	before=$(grep ^wchar "$io")
	sleep 0.3
	[ "$before" != "wchar: 0" ] && [ "$before" = "$(grep ^wchar "$io")" ]
}

@test "TF3: output without an end and without a reader takes no memory, on no account" {
	begin sleep 1000
	exec_to_fifo first true
	call Wait exec_id=first >/dev/null
	call Delete exec_id=first >/dev/null
	memory=$(shim_memory) files=$(run_kb)
	exec_to_fifo e1 dd if=/dev/zero bs=65536 count=2000 # 125 MiB
	await 10 stands_still e1 || true
	[ "$(run_kb)" -lt $((files + 8192)) ] || won "the output fills /run"
	[ "$(shim_memory)" -lt $((memory + 1024)) ] || won "the output fills the shim"
	stands_still e1
	call Kill exec_id=e1 signal=9
	equals "$(call -t 5000 Wait exec_id=e1 | field exit_status)" 137
	end
}

@test "TF3: a child that holds the pipes keeps neither Wait nor Delete, and no fds" {
	begin sleep 1000
	exec_to_fifo first true
	call Wait exec_id=first >/dev/null
	call Delete exec_id=first >/dev/null
	fds=$(shim_fds)
	for ((i = 0; i < 40; i++)); do
		exec_to_fifo "e$i" sh -c 'sleep 1000 &'
		run call -t 5000 Wait exec_id="e$i"
		equals "$(field exit_status <<<"$output")" 0
	done
	run call -t 12500 Delete exec_id=e39
	[ "$status" -eq 0 ] || won "a child that was left behind keeps Delete: $output"
	# those that nobody deletes, too
	[ "$(shim_fds)" -le $((fds + 8)) ] || await 3 eval '[ "$(shim_fds)" -le $((fds + 8)) ]' ||
		won "the shim holds $(shim_fds) fds instead of $fds"
	end
}

@test "TF3: resizes, and readers that come and go, leave nothing" {
	box_args sleep 1000
	shim_start
	box_set '.process.terminal = true'
	create terminal=true stdout="$box/out" >/dev/null
	call Start >/dev/null
	fds=$(shim_fds) memory=$(shim_memory)
	for ((i = 1; i <= 100; i++)); do
		call ResizePty width="$i" height="$i"
		exec {other}<>"$box/out"
		exec {other}>&-
	done
	[ "$(shim_fds)" -le "$fds" ] || won "the shim holds more fds than before"
	[ "$(shim_memory)" -lt $((memory + 512)) ] || won "the shim has grown"
	end
}
