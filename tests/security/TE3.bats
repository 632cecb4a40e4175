# TE3: a cgroup path that leaves the container's place (CVE-2023-6476, and the prefix checks of crun
# and runc).
load attack

setup() {
	attack_setup
	cgroup=/sys/fs/cgroup/$id
}

teardown() {
	box_teardown
}

@test "TE3: linux.cgroupsPath that leads astray" {
	local path
	for path in "$id/../$id-x" "../$id" "/../$id" "$id/../../$id-x" .. . "/$id/.." "$id//b" "$id/" \
		"$id"$'\nb' "$id"$'\x7f' "/$id/./b" "$id$(printf 'a%.0s' {1..250})" \
		"/$id$(printf '/a%.0s' {1..2100})"; do
		box_set '.linux.cgroupsPath = $path' --arg path "$path"
		run inside /bin/true
		unharmed "cgroupsPath ${path:0:60}"
		refused "cgroup: linux.cgroupsPath"
	done
}

@test "TE3: exec --cgroup goes below the container's, and nowhere else" {
	local path
	box_start /bin/sleep 100
	mkdir "$cgroup/sub" "$cgroup-x"
	run ironbox exec --cgroup sub "$id" /bin/tail -n1 /proc/self/cgroup
	equals "$output" "0::/$id/sub"
	run ironbox exec --cgroup / "$id" /bin/tail -n1 /proc/self/cgroup
	equals "$output" "0::/$id"
	for path in .. "../$id-x" "sub/../../$id-x" "/../$id-x" ./sub sub//x none $'sub\n' "$id-x"; do
		run ironbox exec --cgroup "$path" "$id" /bin/tail -n1 /proc/self/cgroup
		[ "$status" -ne 0 ] || won "exec --cgroup $path leads to $output"
		equals "$status" 255
		contains "$output" "cgroup: --cgroup"
	done
	rmdir "$cgroup-x"
	ironbox delete --force "$id"
}
