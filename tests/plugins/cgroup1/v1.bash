# shellcheck shell=bash
# v1.bash: what the suites of cgroup1 share.

# Where a controller's hierarchy is, and the container's cgroup in it. `systemd` and `unified` too.
hierarchy_of() {
	local point=/sys/fs/cgroup/$1
	[ -e "$point" ] || {
		echo "$point: these tests want a host with cgroup v1"
		return 1
	}
	echo "$point"
}

cgroup_of() {
	echo "$(hierarchy_of "$1")/$id"
}

# limit_of CONTROLLER FILE: the contents.
limit_of() {
	cat "$(cgroup_of "$1")/$2"
}

resources() {
	box_set ".linux.resources += $1"
}

# The container sits and waits; the test looks at it from outside.
box_sleep() {
	box_start /bin/sleep 1000
}

end() {
	ironbox delete --force "$id"
}

# The number behind a path in `events --stats`.
stat_of() {
	ironbox events --stats "$id" | jq ".data$1"
}

# For await, which asks again and again.
is_status() {
	[ "$(state_of)" = "$1" ]
}

# has_processes COUNT CONTROLLER [BELOW]
has_processes() {
	[ "$(wc -l <"$(cgroup_of "$2")/${3:-.}/cgroup.procs")" = "$1" ]
}
