# shellcheck shell=bash
# box.bash: what the bats suites share. See README.md; tests/support/run-suite runs them.
#
# box_setup gives each test: $box (a folder of its own), $bundle (config.json of `runc spec`'s
# shape and a rootfs of busybox and /probe), $id (no other test on this machine has it) and
# $state_root. box_teardown fails the test if it left a mount, a cgroup, a process or a state file.

BOX_SUPPORT=$(dirname "${BASH_SOURCE[0]}")
BOX_LOOK=${PROBE%/*}/box-look

box_setup() {
	printf -v id 'box-%08x%04x' $SRANDOM $((SRANDOM & 0xffff))
	box=$BOX_SUITE/$id
	bundle=$box/bundle
	state_root=$box/state
	mkdir -p "$bundle"
	cp -a "$BOX_SUITE/rootfs" "$bundle/rootfs"
	local config # not by jq, whose start takes 50 ms, and half a second on an emulated CPU
	config=$(<"$BOX_SUPPORT/config.json")
	echo "${config/'"linux": {'/"\"linux\": {
    \"cgroupsPath\": \"/$id\","}" >"$bundle/config.json"
	box_ini ''
	box_note
}

# What is there now is no leak of the test's.
box_note() {
	"$BOX_LOOK" all >"$box/.before"
}

# The binary under test, with this test's state and ini. fd 3 is bats' own: what goes on in the
# background must not hold it. For --preserve-fds there is ironbox_with_fds.
ironbox() {
	ironbox_with_fds "$@" 3>&-
}

ironbox_with_fds() {
	"$IRONBOX" --root "$state_root" --config "$box/ironbox.ini" "$@"
}

# box_set EXPRESSION [JQ_OPTION...]: edits config.json by jq, as in
# box_set '.process.user.uid = $uid' --argjson uid 1000
# ($BOX_JQ: on an emulated CPU gojq starts eight times as fast.)
box_set() {
	local expression=$1
	shift
	"${BOX_JQ:-jq}" "$expression" "$bundle/config.json" "$@" >"$box/config.new" &&
		mv "$box/config.new" "$bundle/config.json"
}

# box_ini TEXT: writes ironbox.ini. Lines before TEXT's first section belong to [ironbox].
box_ini() {
	printf '[ironbox]\nplugin_path = %s/plugins\n%s\n' "$BOX_SUITE" "$1" >"$box/ironbox.ini"
}

# box_args ARG...: the container's command. By text: it stands at the only "args" of that depth.
box_args() {
	local config word words='' before=$'\n    "args": [\n' after=$'\n    ]'
	config=$(<"$bundle/config.json")
	for word; do
		word=${word//\\/\\\\} word=${word//\"/\\\"} word=${word//$'\n'/\\n} word=${word//$'\t'/\\t}
		words+="${words:+,$'\n'}      \"$word\""
	done
	# bash takes minutes for a long text
	if [[ -z $words || ${#config} -gt 65536 || $words == *[^[:print:]$'\n']* || $config != *"$before"*"$after"* ]]; then
		box_set '.process.args = $ARGS.positional' --args -- "$@"
		return
	fi
	config=${config%%"$before"*}$before$words$after${config#*"$before"*"$after"}
	echo "$config" >"$bundle/config.json"
}

# inside ARG...: `ironbox run` of this command in the bundle, as in: run inside /probe interfaces
inside() {
	box_args "$@" && ironbox run --bundle "$bundle" "$id"
}

# box_create ARG...: a container of this command. Its output, and an error of create itself, go to
# $box/out: under bats' `run` a pipe would be held open by the container.
box_create() {
	box_args "$@" &&
		ironbox create --bundle "$bundle" --pid-file "$box/pid" "$id" \
			>"$box/out" 2>&1 </dev/null || {
		cat "$box/out"
		return 1
	}
}

# box_start ARG...: the same, and started.
box_start() {
	box_create "$@" && ironbox start "$id"
}

box_pid() {
	cat "$box/pid"
}

# The status that `ironbox state` tells: creating, created, running, paused, stopped.
state_of() {
	[[ $(ironbox state "${1:-$id}") =~ '"status": "'([a-z]+) ]] && echo "${BASH_REMATCH[1]}"
}

# await SECONDS COMMAND...: until it succeeds; fails when the time is over.
await() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS < end)) || {
			echo "await: not within the time: $*"
			return 1
		}
		sleep 0.02
	done
}

# end_all COMMAND...: SIGKILL to each pid that it prints, until it prints none: one may fork, or end by
# itself, while it is looked for.
end_all() {
	local pids
	while pids=$("$@"); do
		# shellcheck disable=SC2086 # a list of words
		kill -KILL $pids 2>/dev/null || true
	done
}

# A background `ironbox events` of the container has begun to watch.
box_is_watched() {
	local pid links
	pid=$(pgrep -f "ironbox .*events .*$id") && links=$(readlink "/proc/$pid/fd"/*) &&
		[[ $links == *inotify* || $links == *eventfd* ]]
}

# equals WHAT EXPECTED: tells the difference, as [ does not.
equals() {
	[ "$1" = "$2" ] || {
		printf 'expected:\n%s\nbut got:\n%s\n' "$2" "$1"
		return 1
	}
}

# contains TEXT PART
contains() {
	[[ "$1" == *"$2"* ]] || {
		printf 'expected to contain:\n%s\nbut got:\n%s\n' "$2" "$1"
		return 1
	}
}

# The lists of what is new are box-look's (box_look.c).
box_new_processes() {
	"$BOX_LOOK" processes "$box/.before"
}

box_has_no_new_processes() {
	[ -z "$(box_new_processes)" ]
}

box_new_mounts() {
	"$BOX_LOOK" mounts "$box/.before"
}

box_cgroups() {
	"$BOX_LOOK" cgroups "$id"
}

# The end of a test: finds what is left, removes it by force, and fails if there was anything.
box_teardown() {
	local left

	left=$("$BOX_LOOK" left "$box/.before" "$id" "$state_root")
	[ -n "$left" ] || {
		rm -rf "$box"
		return
	}
	box_remove
	printf 'left behind:\n%s\n' "$left"
	return 1
}

box_remove() {
	local pid cgroup point

	box_new_processes | while read -r pid _; do kill -9 "$pid" 2>/dev/null; done
	box_cgroups | while read -r cgroup; do
		# what v1's freezer holds does not die
		[ ! -e "$cgroup/freezer.state" ] || echo THAWED >"$cgroup/freezer.state"
		xargs -r kill -9 <"$cgroup/cgroup.procs" 2>/dev/null
		await 2 rmdir "$cgroup" 2>/dev/null
	done
	box_new_mounts | cut -d' ' -f4 | while read -r point; do
		umount -l "$point" 2>/dev/null
	done
	rm -rf "$box"
}
