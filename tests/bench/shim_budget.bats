# What the shim may cost a kernel: counted at the system calls of its daemon and of all that it forks
# (count.c -p), and read from /proc of one that idles.
load ../shim/task/shim
load counts

setup() {
	shim_setup
}

teardown() {
	shim_teardown
}

exec_spec='{"args": ["/bin/true"], "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0}}'

# execs COUNT FIRST: so many, one after the other; FIRST is the number of the first.
execs() {
	"$TASK_TOOLS/exec-many" "$shim" "$id" "$1" "$2" "$exec_spec" 3>&-
}

# count_shim COMMAND...: what the shim does for a client.
count_shim() {
	"$COUNT" -p "$(shim_pid)" "$@" >"$box/counts" 3>&-
	cat "$box/counts"
}

@test "budget: ten execs, by a keeper that is there" {
	begin sleep 1000
	execs 1 0
	count_shim "$TASK_TOOLS/exec-many" "$shim" "$id" 10 100 "$exec_spec"
	at_most "execve" 10 # /bin/true: no second binary
	at_least "execve" 10
	at_most "processes made" 30 # the worker, who joins, and the process itself
	at_most "threads made" 0
	at_most "mount, move_mount" 0
	at_most "umount calls" 0
	at_most "new file systems" 0
	at_most "mount events on the host" 0
	at_most "moves between cgroups" 0
	at_most "opens of files in /proc" 10 # the pidfd's number; no list, no JSON
	at_most "opens of files in /sys/fs/cgroup" 50
	at_most "reads of directories in /sys/fs/cgroup" 0
	at_most "fsync" 0
	at_most "system calls" 3500
	end
}

@test "budget: Create, Start and Delete" {
	box_args true
	box_set '.linux.namespaces += [{"type": "cgroup"}]'
	shim_start
	declare -fx call create field options_words
	export TASK_TOOLS shim id bundle box
	count_shim /bin/bash -c 'create && call Start && call Wait && call Delete'
	at_most "execve" 1 # true
	at_least "execve" 1
	at_most "processes made" 4 # init, and a worker for each call
	at_most "threads made" 0
	at_most "umount calls" 1
	at_most "new file systems" 8
	at_most "mount events on the host" 0
	at_most "moves between cgroups" 0
	at_most "of the opens: lists of mounts" 1
	at_most "fsync" 0
	at_most "system calls" 1100 # some hang on who is first: calls of an epoll loop
	shut_down
}

private_kb() { # PID
	awk '/^Private/ { sum += $2 } END { print sum }' "/proc/$1/smaps_rollup"
}

threads() { # PID
	find "/proc/$1/task" -mindepth 1 -maxdepth 1 | wc -l
}

# What it was woken for: each time it leaves its CPU again.
switches() { # PID
	awk '/ctxt_switches/ { sum += $2 } END { print sum }' "/proc/$1/status"
}

is_at_rest() { # PID...
	local pid before=''
	for pid; do
		before+="$(switches "$pid") "
	done
	sleep 0.5
	for pid; do
		[ "$(switches "$pid")" = "${before%% *}" ] || return
		before=${before#* }
	done
}

@test "budget: idle, one thread that wakes for nothing, with less than 1 MB of its own" {
	begin sleep 1000
	execs 20 0
	pid=$(shim_pid)
	keeper=$(pgrep -x -P "$pid" ironbox-keeper)
	await 10 is_at_rest "$pid" "$keeper" # all told, and answered
	before="$(switches "$pid") $(switches "$keeper")"
	sleep 5
	equals "$(switches "$pid") $(switches "$keeper")" "$before"
	equals "$(threads "$pid") $(threads "$keeper")" "1 1"
	echo "private: $(private_kb "$pid") kB, of its keeper: $(private_kb "$keeper") kB"
	[ "$(private_kb "$pid")" -lt 1024 ]
	[ "$(private_kb "$keeper")" -lt 1024 ]
	kill "$keeper"
	await 5 process_ended "$keeper"
	echo "private, with nobody to share with: $(private_kb "$pid") kB"
	[ "$(private_kb "$pid")" -lt 1024 ]
	end
}
