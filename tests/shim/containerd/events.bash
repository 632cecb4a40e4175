# shellcheck shell=bash
# events.bash: what `ctr events` hears.

# Into $box/events, from now on: containerd has taken the subscription once one event came through it.
events_begin() {
	command ctr events >"$box/events" 2>"$box/events.err" </dev/null 3>&- &
	listener=$!
	await 10 events_come
}

events_come() {
	ctr namespace label default "listener=$SRANDOM" && [ -s "$box/events" ]
}

events_end() {
	kill "$listener"
	wait "$listener" || true
}

# told [ID]: what came of a container's task, one a line: create, start, "exec-added e1",
# "exit 137", "exit e1 0", …
told() {
	sed -n 's|^.* default /tasks/\([a-z-]*\) |\1 |p' "$box/events" |
		awk -v id="${1:-$id}" '{ topic = $1; sub(/^[a-z-]+ /, ""); print topic "\t" $0 }' |
		jq --raw-input --raw-output --arg id "${1:-$id}" '
			split("\t") as [$topic, $text] | $text | fromjson
			| select(.container_id == $id)
			| [$topic, .exec_id // (.id | select(. != $id and $topic == "exit")) // empty,
			   (select($topic == "exit" or $topic == "delete") | .exit_status // 0)]
			| join(" ")'
}

# heard LINE [ID]: it was told.
heard() {
	told "${@:2}" | grep -qx -- "$1"
}
