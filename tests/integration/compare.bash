# shellcheck shell=bash
# compare.bash: the same bundle given to runc and to ironbox, and what is seen inside of each.

# What /probe tells as the container's first process, and by exec.
FACTS=(read /proc/self/status capabilities ids nnp seccomp signals rlimits env cwd umask hostname
	domainname machine pids dumpable scheduler ioprio affinity personality mempolicy keyring
	oom-score-adj cgroup namespaces time-offsets interfaces fds tty mounts
	read /proc/self/uid_map read /proc/self/gid_map read /proc/self/setgroups)

# What a shell finds: nodes, their numbers and modes, what is writable, the values of limits.
LOOK='
find /dev /sys/fs/cgroup -maxdepth 2 -exec stat -c "%N %F %a %u:%g %t:%T" {} + 2>/dev/null |
	grep -v "^./sys/fs/cgroup/.*/" | sort
stat -c "%n %F %a %u:%g" / /proc /sys /tmp /root /home /mnt /mnt/* "$PWD" 2>/dev/null
for path in / /tmp /dev /dev/shm /sys /sys/fs/cgroup /proc/sys/kernel /proc/bus; do
	if touch "$path/probed" 2>/dev/null; then echo "$path takes files"; rm "$path/probed"; fi
done
for file in /proc/kcore /proc/keys /proc/timer_list /proc/sysrq-trigger /etc/passwd; do
	head -c 1 "$file" >/dev/null 2>&1 && echo "$file is readable"
	true 2>/dev/null >>"$file" && echo "$file is writable"
done
cd /sys/fs/cgroup && cat */pids.max */memory.limit_in_bytes */memory.soft_limit_in_bytes \
	*/cpu.shares */cpu.cfs_quota_us */cpuset.cpus 2>/dev/null; sort devices/devices.list
sysctl -n net.ipv4.ip_forward net.ipv4.ping_group_range kernel.msgmax kernel.shmmax
cat /proc/self/limits /proc/net/route
'

runc_here() {
	runc --root "$box/runc" "$@" 3>&-
}

# compare [EXPRESSION [JQ_OPTION...]]: config.json, changed so, gives one picture in both, to the
# first process, to a shell, and to what exec starts.
compare() {
	[ $# -eq 0 ] || box_set "$@"
	compare_output first /probe "${FACTS[@]}"
	compare_output shell /bin/sh -c "$LOOK"
	compare_exec
}

compare_output() {
	local name=$1
	shift
	box_args "$@"
	output_of runc_here >"$box/$name.runc"
	output_of ironbox >"$box/$name.ironbox"
	same "$name"
}

compare_exec() {
	box_args /bin/sleep 1000
	exec_output_of runc_here >"$box/exec.runc"
	exec_output_of ironbox >"$box/exec.ironbox"
	same exec
}

# same NAME: with what is known to differ taken out, and the text not empty.
same() {
	[ "$(wc -l <"$box/$1.ironbox")" -gt 5 ] || {
		cat "$box/$1.ironbox"
		return 1
	}
	as_text <"$box/$1.runc" | as_ironbox_has_it | normalise >"$box/theirs"
	as_text <"$box/$1.ironbox" | normalise >"$box/ours"
	diff -U 1 --label "$1: runc" --label "$1: ironbox" "$box/theirs" "$box/ours"
}

# Without what a terminal puts in: \r, and script(1)'s echo of the end of its input.
as_text() {
	tr -d '\r' | sed 's/\^[@D]//; s/\x08//g; /^$/d'
}

is_stopped() {
	[ "$("$1" state "$id" | jq -r .status)" = stopped ]
}

output_of() {
	"$1" create --bundle "$bundle" "$id" >"$box/out" 2>&1 </dev/null || {
		cat "$box/out" >&2
		return 1
	}
	"$1" start "$id"
	await 10 is_stopped "$1"
	"$1" delete "$id"
	cat "$box/out"
}

# Detached: in the foreground runc puts pipes between.
exec_output_of() {
	rm -f "$box/exec.pid"
	"$1" create --bundle "$bundle" "$id" >/dev/null 2>&1 </dev/null
	"$1" start "$id"
	"$1" exec --detach --pid-file "$box/exec.pid" "$id" /probe "${FACTS[@]}" >"$box/out" 2>&1 </dev/null
	await 5 test ! -e "/proc/$(cat "$box/exec.pid")"
	"$1" delete --force "$id"
	cat "$box/out"
}

# What runc 1.1.5 has otherwise, and why ironbox differs on purpose.
as_ironbox_has_it() {
	local rows=(
		# The tmpfs over the v1 hierarchies was asked for with `ro`, and gets it; its mode is
		# the one that is in its options.
		-e 's,^(/sys/fs/cgroup tmpfs tmpfs / )rw,\1ro,'
		-e '/^\/sys\/fs\/cgroup takes files$/d'
		-e '/^\/sys\/fs\/cgroup directory 555/{N;s,555( \S+ \S+\n/sys/fs/cgroup/),755\1,}'
		# Hierarchies are mounted anew in there, not bound from the host: no peer outside, and
		# all of one name.
		-e 's,^(/sys/fs/cgroup/\S+ cgroup cgroup .*) (master|shared):[0-9]+$,\1 -,'
		-e 's,^(/sys/fs/cgroup/systemd cgroup) systemd ,\1 cgroup ,'
		# /dev/net/tun: later versions of runc have dropped that rule too.
		-e '/^c 10:200 rwm$/d'
		# init is cloned into all of its namespaces by one call: the queue's root belongs to
		# who called, runc's to the mapped root. It is sticky and open to all in both.
		-e 's,^(/dev/mqueue directory 1777) 0:65534 ,\1 65534:65534 ,'
		# A signal that the caller ignores is ignored in runc's containers.
		-e 's,^(SigIgn:?\s+)[0-9a-f]{16}$,\10000000000000000,'
		# What one test has beside these.
		-e "${otherwise:-}"
	)

	sed -E "${rows[@]}"
}

# What differs from run to run, whoever runs it.
normalise() {
	local host

	# A namespace is the host's or its own: the number says nothing more.
	host=$("$PROBE" namespaces | sed -E 's/^(\S+) .*\[(.*)\]$/s,^\1 .*:.\2.$,\1 the host'"'"'s,/')
	sed -E -e "$host" -e 's,^([a-z_]+) [a-z]+:\[[0-9]+\]$,\1 its own,' \
		-e 's,(shared|master|propagate_from):[0-9]+,\1:N,g' \
		-e 's,^(keyring .*;)[0-9a-f]+(;_ses),\1\2,' \
		-e 's,^(/\S+ tmpfs .* r[wo])\,mode=[0-9]+,\1,' \
		-e 's,^(PPid:\t|ppid )[1-9][0-9]*,\1the runtime or its parent,' \
		-e '/^(FDSize|Vm.*|Rss.*|HugetlbPages|SigQ|.*_ctxt_switches):/d' | own_pid | sort_nodes
}

# A pid that is not 1 by its name; that session and group have the same still shows.
own_pid() {
	awk '/^Pid:/ && $2 > 1 { pid = $2 } { lines[NR] = $0 }
		END { for (at = 1; at <= NR; at++) {
			$0 = lines[at]
			if (pid && $2 == pid && /^(Tgid|Pid|NS[a-z]+|pid|pgid|sid)/) $2 = "its own"
			print } }'
}

# In a user namespace the nodes of /dev are binds, and in what order is the same to all.
sort_nodes() {
	awk '/^\/dev\/.* devtmpfs / { if (!sorting++) fflush(); print | "sort"; next }
		{ if (sorting) close("sort"); sorting = 0; print }'
}
