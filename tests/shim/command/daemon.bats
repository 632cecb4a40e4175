# What `start` leaves behind: a process that holds nothing of who called it.
load shim

setup() {
	shim_setup
}

teardown() {
	shim_teardown
}

@test "daemon: it has /dev/null, its log and sockets, and nothing of its caller" {
	shim_bundle t1
	exec 7<config.json 8<.
	shim t1 start </dev/null >"$box/out"
	exec 7<&- 8<&-
	local pid
	pid=$(daemons_of t1)
	equals "$(readlink "/proc/$pid/fd/0" "/proc/$pid/fd/1" "/proc/$pid/fd/2")" "/dev/null
/dev/null
$PWD/log"
	run find "/proc/$pid/fd" -mindepth 1 -not -name '[012]' \
		-not -lname 'socket:*' -not -lname 'anon_inode:*' -not -lname /dev/null -printf '%f %l\n'
	equals "$output" ""
	equals "$(readlink "/proc/$pid/cwd")" /
}

@test "daemon: a session of its own, no child of who called, and no zombie" {
	shim_bundle t1
	shim t1 start </dev/null >"$box/out"
	local pid
	pid=$(daemons_of t1)
	await 5 eval '[ "$(ps -o sid= -p '"$pid"' | tr -d " ")" = '"$pid"' ]'
	equals "$(ps -o ppid= -p "$pid" | tr -d ' ')" 1
	equals "$(ps -o tty= -p "$pid" | tr -d ' ')" "?"
	run pgrep -r Z -f .
	equals "$output" ""
}

@test "daemon: ps tells which shim it is" {
	shim_bundle t1
	shim t1 start </dev/null >"$box/out"
	local pid words
	pid=$(daemons_of t1)
	words="$CONTAINERD_SHIM -namespace ns -id t1 -address $containerd"
	equals "$(ps -o args= -p "$pid" | sed 's/ *$//')" "$words"
	equals "$(cat "/proc/$pid/comm")" containerd-shim
	shim_bundle t2
	"$CONTAINERD_SHIM" -debug -namespace=ns --id=t2 --address "$containerd" start \
		</dev/null >"$box/out" 3>&-
	equals "$(ps -o args= -p "$(daemons_of t2)" | sed 's/ *$//')" "${words/t1/t2} -debug"
}

@test "daemon: of the environment it has what containerd says to shims, and no more" {
	shim_bundle t1
	env -i PATH=/bin TTRPC_ADDRESS="$TTRPC_ADDRESS" GRPC_ADDRESS="$containerd" NAMESPACE=ns \
		MAX_SHIM_VERSION=2 SCHED_CORE= GOMAXPROCS=2 LD_PRELOAD=/x LD_LIBRARY_PATH=/x \
		MALLOC_CHECK_=3 OTEL_SERVICE_NAME=x GLIBC_TUNABLES=x LD_AUDIT=/x TZ=:/x \
		"$CONTAINERD_SHIM" -namespace ns -id t1 start </dev/null >"$box/out" 3>&-
	equals "$(tr '\0' '\n' <"/proc/$(daemons_of t1)/environ" | sort)" "GRPC_ADDRESS=$containerd
MAX_SHIM_VERSION=2
NAMESPACE=ns
PATH=/bin
SCHED_CORE=
TTRPC_ADDRESS=$TTRPC_ADDRESS"
}

@test "daemon: it runs from a copy that nobody can write" {
	shim_bundle t1
	shim t1 start </dev/null >"$box/out"
	run readlink "/proc/$(daemons_of t1)/exe"
	contains "$output" "/memfd:containerd-shim-ironbox-v1"
}

@test "daemon: signals are as if nobody had ignored any" {
	shim_bundle t1
	(
		trap '' INT QUIT USR2 TERM
		shim t1 start </dev/null >"$box/out"
	)
	answers "$(cat "$box/out")" # so it has come to its loop
	local ignored
	ignored=$((16#$(sed -n 's/^SigIgn:\s*//p' "/proc/$(daemons_of t1)/status")))
	equals "$((ignored >> 12 & 1))" 1 # SIGPIPE, its own choice
	for number in 2 3 12 15; do
		equals "$number: $((ignored >> (number - 1) & 1))" "$number: 0"
	done
}

# ---- the log ----

@test "daemon: a log that nobody reads stops neither start nor the daemon" {
	shim_bundle t1
	timeout 5 "$CONTAINERD_SHIM" -debug -namespace ns -id t1 -address "$containerd" start \
		</dev/null >"$box/out" 3>&-
	local pid number
	pid=$(daemons_of t1)
	exec 8<>log
	head -c 1000000 /dev/zero >"$box/zeros"
	dd if="$box/zeros" of=log bs=4096 oflag=nonblock conv=notrunc 2>/dev/null || true # full
	for number in {1..50}; do kill -USR1 "$pid"; done # more for the log
	exec 8<&-
	answers "$(cat address)"
	kill -0 "$pid"
	await 5 eval '[[ "$(cut -d" " -f3 /proc/'"$pid"'/stat)" == S ]]'
}

@test "daemon: what containerd, restarted, reads again from the log" {
	shim_bundle t1
	exec 8<>log
	shim t1 start </dev/null >"$box/out"
	exec 8<&- # containerd dies
	kill -USR1 "$(daemons_of t1)"
	exec 8<>log # and opens it again
	read -r -t 5 -u 8 line
	contains "$line" "level="
	exec 8<&-
	kill -0 "$(daemons_of t1)"
}

@test "daemon: what is no FIFO is not its log" {
	shim_bundle t1
	rm log
	shim t1 start </dev/null >"$box/out"
	equals "$(readlink "/proc/$(daemons_of t1)/fd/2")" /dev/null
	shim_bundle t2
	rm log
	touch log
	shim t2 start </dev/null >"$box/out"
	equals "$(readlink "/proc/$(daemons_of t2)/fd/2")" /dev/null
	shim_bundle t3
	mkfifo "$box/elsewhere"
	ln -sf "$box/elsewhere" log
	shim t3 start </dev/null >"$box/out"
	equals "$(readlink "/proc/$(daemons_of t3)/fd/2")" /dev/null
}

# ---- -v and -info ----

@test "info: -v, and -h" {
	run "$CONTAINERD_SHIM" -v
	equals "$status" 0
	equals "${lines[0]}" "containerd-shim-ironbox-v1:"
	contains "${lines[1]}" "$(ironbox --version | grep -o '[0-9][0-9.]*' | head -1)"
	run "$CONTAINERD_SHIM" -h
	equals "$status" 0
	contains "$output" "  -namespace "
}

@test "info: -info is what \`ironbox features\` says, by containerd's name for it" {
	{ pb 1 runtimeoptions.v1.Options; pb 2 xyz; } >"$box/in"
	"$CONTAINERD_SHIM" -info <"$box/in" >"$box/out"
	equals "$(head -c 26 "$box/out" | tail -c 24)" io.containerd.ironbox.v1
	run grep -ao 'types.containerd.io/opencontainers/runtime-spec/1/features/Features' "$box/out"
	equals "$status" 0
	grep -aq "$(pb 1 runtimeoptions.v1.Options)$(pb 2 xyz)" "$box/out" # the options come back
	equals "$(grep -ao '{"ociVersionMin.*}' "$box/out" | jq -S .)" "$(ironbox features | jq -S .)"
	equals "$(ironbox features | jq -c .linux.mountExtensions.idmap)" '{"enabled":true}'
}

@test "info: a stdin that nobody closes is not waited for" {
	mkfifo "$box/in"
	exec 8<>"$box/in"
	for said in "" "$(pb 1 x)"; do
		printf %s "$said" >&8
		run timeout 5 "$CONTAINERD_SHIM" -info <&8
		equals "$status" 0
		contains "$output" io.containerd.ironbox.v1
	done
	exec 8<&-
}
