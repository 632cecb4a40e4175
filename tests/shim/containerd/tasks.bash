# shellcheck shell=bash
# tasks.bash: what is asked of containerd and of the kernel about tasks and their shims.

# detached ID [OPTION...] -- ARG...: a container in the background. Its client's FIFOs are in
# $box/fifos, so that they go with the test.
detached() {
	local name=$1 options=()
	shift
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	ctr run -d --runtime "$runtime" --fifo-dir "$box/fifos" "${options[@]}" "$image" "$name" "${@:2}"
}

# detached_exec ID EXEC_ID ARG...
detached_exec() {
	ctr task exec -d --fifo-dir "$box/fifos" --exec-id "$2" "$1" "${@:3}"
}

# in_container ARG...: an exec in the test's container.
in_container() {
	ctr task exec --exec-id "e$SRANDOM" "$id" "$@"
}

# kill_task [ID [SIGNAL]]: and waits for its end.
kill_task() {
	ctr task kill -s "${2:-KILL}" "${1:-$id}"
	await 10 has_stopped "${1:-$id}"
}

is_running() {
	ctr task list | grep -q "^${1:-$id} .*RUNNING"
}

has_stopped() {
	ctr task list | grep -q "^${1:-$id} .*STOPPED"
}

is_forgotten() {
	! ctr task list | grep -q "^${1:-$id} "
}

task_pid() {
	ctr task list | awk -v id="${1:-$id}" '$1 == id { print $2 }'
}

# The exit status, as the client tells it when it deletes the task.
status_of_deleted() {
	ctr task delete "${1:-$id}" 2>&1 | sed -n 's/.*exit code \([0-9]*\)"$/\1/p'
}

# The pid of the shim that was started for this container: the oldest, for a fork of it has its command
# line for a moment.
shim_of() {
	pgrep -of -- "^$BOX_SUITE/bin/containerd-shim-ironbox-v1 -namespace default -id ${1:-$id} "
}

size_of() {
	stat -c %s "$1"
}

# is_larger FILE SIZE
is_larger() {
	(($(size_of "$1") > $2))
}
