# A container that is held open for execs: see reaper.c and holder.c.
load ../../support/box

setup() {
	box_setup
	true='{"args": ["/bin/sh", "-c", "exit 3"], "cwd": "/", "user": {"uid": 0, "gid": 0}}'
}

teardown() {
	box_teardown
}

reaper() {
	"$REAPER" "$state_root" "$box/ironbox.ini" "$@" 3>&- </dev/null
}

@test "held open: execs come and go, and the holder is as it was" {
	box_start /bin/sleep 1000
	run reaper hold "$id" '{"args": ["/bin/true"], "cwd": "/", "user": {"uid": 0, "gid": 0}}' many
	equals "$output" "200 ended well, fds: 0 more, memory: no more"
	ironbox delete --force "$id"
}

@test "held open: a paused container is none to exec in, and one that is resumed is" {
	box_start /bin/sleep 1000
	run reaper hold "$id" "$true" exec pause exec resume exec
	equals "$output" $'exit 3\nerror: exec in '"$id"$': cannot exec in a paused container (use --ignore-paused to override)\nexit 3'
	ironbox delete --force "$id"
}

@test "held open: a container that is gone is told" {
	box_start /bin/sleep 1000
	run reaper hold "$id" "$true" exec delete exec
	equals "$output" $'exit 3\nerror: exec in '"$id"$': cannot exec in a stopped container'
}

@test "held open: what a stage has remembered since makes the place stale" {
	box_start /bin/sleep 1000
	run reaper hold "$id" "$true" exec remember exec
	equals "$output" $'exit 3\nerror: exec in '"$id"$': its record has changed since it was opened (stale)'
	ironbox delete --force "$id"
}

@test "held open: what cannot run is an error, and the next one runs" {
	box_start /bin/sleep 1000
	run reaper hold "$id" '{"args": ["/nothere"], "cwd": "/", "user": {"uid": 0, "gid": 0}}' exec exec
	local error="error: exec in $id: exec: \"/nothere\": /nothere is not in the image: no such file or directory"
	equals "$output" "$error"$'\n'"$error"
	ironbox delete --force "$id"
}

@test "held open: a container that is not there, or has stopped" {
	run reaper hold "$id" "$true" exec
	equals "$output" "error: exec in $id: container does not exist"
	box_start /bin/true
	await 5 eval '[ "$(state_of)" = stopped ]'
	run reaper hold "$id" "$true" exec
	equals "$output" "error: exec in $id: cannot exec in a stopped container"
	ironbox delete "$id"
}
