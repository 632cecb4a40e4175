# shellcheck shell=bash
# limits.bash: for suites whose host has all controllers on v2.

source "$(dirname "${BASH_SOURCE[0]}")/../../support/box.bash"

limits_setup() {
	box_setup
	cgroup=/sys/fs/cgroup/$id
	# What the suite needs of its host. It fails, and does not skip, where that is not there.
	local controller controllers
	controllers=" $(</sys/fs/cgroup/cgroup.controllers) "
	for controller in cpu cpuset io memory hugetlb pids; do
		contains "$controllers" " $controller "
	done
}

resources() {
	box_set '.linux.resources += $resources' --argjson resources "$1"
}

update() {
	ironbox update --resources - "$id" <<<"$1"
}

# files NAME...: their contents, a line each.
files() {
	(cd "$cgroup" && cat "$@")
}

fails_with() {
	equals "$status" 1
	contains "$output" "$1"
}
