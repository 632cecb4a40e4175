# shellcheck shell=bash
# shim.bash: a shim without a containerd: its binary is started as containerd does it, its events
# go to a listener that writes them down, and its calls are made by task-call.

source "$(dirname "${BASH_SOURCE[0]}")/../../support/box.bash"

# For setup: $events (a file of lines), and $shim once it was started.
shim_setup() {
	box_setup
	shim_listen
}

shim_listen() {
	printf -v namespace 'task-%08x' $SRANDOM
	events=$box/events
	"$TASK_TOOLS/events-listener" "$box/events.sock" >"$events" 2>&1 3>&- &
	listener=$!
	printf '' >"$box/shims"
	await 5 test -S "$box/events.sock"
}

# shim_start [ID [BUNDLE]]: sets $shim to its socket.
shim_start() {
	local address
	address=$(shim_action start "$@")
	shim=${address#unix://}
	shim_pid >>"$box/shims"
}

# shim_action ACTION [ID [BUNDLE]]
shim_action() {
	local action=$1 name=${2:-$id} folder=${3:-$bundle}
	(cd "$folder" && TTRPC_ADDRESS=$box/events.sock "$SHIM" -namespace "$namespace" \
		-address "$box/containerd.sock" -publish-binary /bin/false -id "$name" \
		-bundle "$folder" "$action" </dev/null 3>&-)
}

# By the socket that listens: connections have its path too, for as long as they last. The list is no
# snapshot: where others' sockets go while it is read, some of it is left out.
shim_pid() {
	local inode='' tries=20
	until [ -n "$inode" ]; do
		[ $((tries--)) -gt 0 ] && [ -S "$shim" ] || return
		inode=$(awk -v path="$shim" '$8 == path && $4 == "00010000" { print $7; exit }' /proc/net/unix)
	done
	find /proc/[0-9]*/fd -lname "socket:\[$inode\]" 2>/dev/null | cut -d/ -f3 | head -1
}

# call [-3] [-t MS] METHOD [FIELD=VALUE...]: with the test's id unless another is given.
call() {
	local options=()
	while [[ $1 == -* ]]; do
		options+=("$1")
		[ "$1" != -t ] || { options+=("$2") && shift; }
		shift
	done
	"$TASK_TOOLS/task-call" "${options[@]}" "$shim" "$1" id="${name:-$id}" "${@:2}" 3>&-
}

# refused CODE WORDS COMMAND...: it fails like that.
refused() {
	local code=$1 words=$2 output
	shift 2
	if output=$("$@"); then
		echo "was not refused: $*"
		return 1
	fi
	contains "$output" "$code: "
	contains "$output" "$words"
}

OK=0 UNKNOWN=2 INVALID=3 DEADLINE=4 NOT_FOUND=5 ALREADY=6 EXHAUSTED=8 PRECONDITION=9 UNIMPLEMENTED=12
CREATED=1 RUNNING=2 STOPPED=3 PAUSED=4

# runtimeoptions.v1.Options with its config_path.
options_words() {
	local path=${1:-$box/ironbox.ini} length
	printf -v length '\\x%02x' ${#path}
	printf 'options.type_url=runtimeoptions.v1.Options\0'
	printf "options.value=\\x12$length%s" "$path"
}

# create [FIELD=VALUE...]: prints the pid.
create() {
	local words
	mapfile -d '' words < <(options_words)
	call Create bundle="${folder:-$bundle}" "${words[@]}" "$@"
}

# begin ARG...: a shim, and in it the test's container, which runs this.
begin() {
	box_args "$@"
	shim_start
	create >"$box/created"
	call Start >"$box/started"
}

# waiting_hook KIND: one that says so in $box/begun, and waits for $box/go.
waiting_hook() {
	printf '#!/bin/sh\ntouch %s/begun\nuntil [ -e %s/go ]; do sleep 0.1; done\n' "$box" "$box" >"$box/hook"
	chmod 755 "$box/hook"
	box_set '.hooks[$kind] = [{path: $path}]' --arg kind "$1" --arg path "$box/hook"
}

# exec_of EXEC_ID ARG...: a process noted, which Start starts.
note_exec() {
	call Exec exec_id="$1" spec.type_url=types.containerd.io/opencontainers/runtime-spec/1/Process \
		spec.value="$(jq -n '{args: $ARGS.positional, cwd: "/", env: ["PATH=/bin"],
			user: {uid: 0, gid: 0}}' --args -- "${@:2}")"
}

in_exec() {
	note_exec "$@" && call Start exec_id="$1"
}

# field NAME: of an answer on stdin.
field() {
	sed -n "s/^$1=//p"
}

status_is() { # STATUS [EXEC_ID]
	[ "$(call State exec_id="${2:-}" | field status)" = "$1" ]
}

# What containerd would have heard, without what differs from run to run.
told() {
	sed -E 's/ (pid|io\.[a-z]+|bundle|exited_at\.[a-z]+)=[^ ]*//g; s/ +$//' "$events"
}

told_lines() { # COUNT
	[ "$(wc -l <"$events")" -ge "$1" ]
}

# The test's container ends, and the shim with it.
end() {
	call Kill signal=9 >/dev/null || true
	call Wait >/dev/null
	call Delete >/dev/null
	shut_down
}

shut_down() {
	local pid
	pid=$(shim_pid)
	name=any call Shutdown
	await 10 process_ended "$pid"
	[ ! -e "$shim" ]
}

process_ended() { # PID
	! grep -qs '^State:.[^ZX]' "/proc/$1/status"
}

# For teardown: what a test that failed left running is ended first.
shim_teardown() {
	shim_silence
	box_teardown
}

shim_silence() {
	local pid
	for pid in $(cat "$box/shims"); do
		process_ended "$pid" || {
			kill -KILL "$pid"
			shim_action delete >/dev/null 2>&1 || true
			rm -f "$shim"
		}
	done
	kill "$listener"
}
