# shellcheck shell=bash
# shim_attack.bash: attacks on a shim: what attack.bash has, and a shim without a containerd
# (tests/shim/task/shim.bash).
load attack
load ../shim/task/shim

shim_attack_setup() {
	shim_setup
	rootfs=$bundle/rootfs
	canary=$box/canary
	mkdir -p "$canary"
	echo secret >"$canary/file"
	chmod 600 "$canary/file"
}

# The daemons of this test, also those that nobody can call.
daemons() {
	pgrep -f "^$SHIM -namespace $namespace " || true
}

# For teardown.
shim_attack_teardown() {
	daemons >>"$box/shims"
	shim_teardown
	rm -rf /run/containerd/s
}

shim_fds() {
	find "/proc/$(shim_pid)/fd" -mindepth 1 | wc -l
}

# All that is its own, in kB: Private_* alone would not count what a keeper shares with it.
shim_memory() {
	awk '/^Anonymous/ { print $2 }' "/proc/$(shim_pid)/smaps_rollup"
}
