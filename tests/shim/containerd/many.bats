# Many containers, several at a time, leave a node as it was.
load containerd
load tasks

setup_file() {
	containerd_setup_file
}

teardown_file() {
	containerd_stop
}

setup() {
	containerd_setup
}

teardown() {
	containerd_teardown
}

COUNT=200
AT_A_TIME=8

# All that a container could leave: files, cgroups, mounts and processes. (containerd's own stores and
# the suite's files come and go.)
node() {
	find /run -not -path "$BOX_SUITE/*" -not -path '/run/containerd-root/*' \
		-not -path '/run/containerd/ironbox/default/seccomp/*'
	find /run/containerd-root -maxdepth 4 -path '*/snapshots/*' -o -path '*.runtime.v2.task/*'
	find /sys/fs/cgroup -type d -path "*$id*"
	"$BOX_LOOK" all | sed -E 's/^(process[a-z]*: )[0-9]+ /\1/'
}

# One in ten is killed, one in ten is removed by force after an exec; the others end by themselves.
live() {
	local name=$id-$1
	case $(($1 % 10)) in
	0)
		detached "$name" -- sleep 1000
		ctr task kill -s KILL "$name"
		until ctr task delete "$name" 2>&1 | grep -q 'exit code 137'; do sleep 0.05; done
		ctr container delete "$name"
		echo "$1"
		;;
	1)
		detached "$name" -- sleep 1000
		ctr task exec --exec-id e1 "$name" echo "$1"
		ctr task delete --force "$name" || true
		ctr container delete "$name"
		;;
	*)
		ctr run --rm --runtime "$runtime" "$image" "$name" echo "$1"
		;;
	esac
}

@test "$COUNT containers made and removed, $AT_A_TIME at a time: nothing is left" {
	live 2 >/dev/null # so that folders which stay are there
	await 10 snapshots_are_collected
	node | sort >"$box/before"
	export -f live detached ctr
	export id box image runtime
	seq "$COUNT" | xargs -P "$AT_A_TIME" -I{} bash -c 'live {}' >"$box/out" 2>"$box/errors" 3>&-
	equals "$(grep -v 'exit code 137' "$box/errors")" ""
	equals "$(sort -n "$box/out")" "$(seq "$COUNT")"
	await 10 as_before
}

# containerd removes the folder of a snapshot a while after the snapshot.
snapshots_are_collected() {
	[ "$(ctr snapshot list | tail -n +2 | wc -l)" = \
		"$(find /run/containerd-root/*.overlayfs/snapshots -mindepth 1 -maxdepth 1 | wc -l)" ]
}

as_before() {
	node | sort >"$box/after"
	diff "$box/before" "$box/after" >"$box/left" || {
		head -n 20 "$box/left"
		return 1
	}
}
