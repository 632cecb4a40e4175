# shellcheck shell=bash
# sweep.bash: what the suites of dying share.

# A /dev/shm that no one else writes to.
setup_file() {
	mount -t tmpfs shm /dev/shm
}

# $work: a folder of the test's own that is not looked at.
dying_setup() {
	box_setup
	work=$BOX_SUITE/work-$id
	mkdir "$work"
	box_args /bin/sleep 1000
}

# sweep OPTION...: of dying.c. Where the build is slow a part of the boundaries has to do.
sweep() {
	${SWEEP_IN:-} "$DYING" --id "$id" --look "$box" --look /dev/shm --work "$work" --given "$box/pid" --every "${DYING_EVERY:-1}" \
		"$@" -- "$IRONBOX" --root "$state_root" --config "$box/ironbox.ini" >&3 3>&-
}
