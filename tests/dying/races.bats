# races.bats: all pairs of two verbs at once on one id, from nothing, from a container that was created
# and from one that runs.
load ../support/box
load sweep

setup() {
	dying_setup
	box_set '.linux.resources.pids = {limit: 40}'
}

teardown() {
	box_teardown
}

@test "dying: two verbs at once end as one of them after the other would" {
	"$RACES" --id "$id" --look "$box" --work "$work" --rounds "$RACES_ROUNDS" --bundle "$bundle" \
		-- "$IRONBOX" --root "$state_root" --config "$box/ironbox.ini" >&3 3>&-
}
