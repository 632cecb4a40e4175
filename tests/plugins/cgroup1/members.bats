# members.bats: in which cgroups the container's processes are, from which moment, and till when.
load ../../support/box
load v1

setup() {
	box_setup
}

teardown() {
	box_teardown
}

# "4:memory:/x" as "memory /x", in order.
memberships() {
	sed -E 's/^[0-9]+:([^:]*):/\1 /' | sort
}

# The same of this shell, each path with /NAME behind it.
own_with() {
	memberships </proc/self/cgroup | sed -E 's|/?$|/'"$1"'|'
}

@test "cgroup1: init is in each hierarchy, systemd's and the v2 tree too" {
	run inside /probe cgroup
	equals "$status" 0
	equals "$(memberships <<<"$output")" "$(memberships </proc/self/cgroup |
		sed -E 's| .*| /'"$id"'|')"
	contains "$output" "0::/$id"
	contains "$output" ":memory:/$id"
	contains "$output" ":name=systemd:/$id"
}

@test "cgroup1: without cgroupsPath it is below our own cgroup in each hierarchy" {
	box_set 'del(.linux.cgroupsPath)'
	run inside /probe cgroup
	equals "$status" 0
	equals "$(memberships <<<"$output")" "$(own_with "$id")"
}

@test "cgroup1: a relative cgroupsPath is below our own cgroup, and parents are made" {
	box_set '.linux.cgroupsPath = $path' --arg path "parent-$id/leaf"
	run inside /probe cgroup
	equals "$status" 0
	equals "$(memberships <<<"$output")" "$(own_with "parent-$id/leaf")"
	# parents are not the container's: others may have come to be in them
	box_cgroups | xargs rmdir
}

@test "cgroup1: a parent that is made has CPUs and memory for others, too" {
	box_set '.linux.cgroupsPath = $path' --arg path "/parent-$id/middle/leaf"
	run inside /bin/true
	equals "$status" 0
	equals "$(cat "$(hierarchy_of cpuset)/parent-$id/middle/cpuset.cpus")" \
		"$(cat "$(hierarchy_of cpuset)/cpuset.cpus")"
	box_cgroups | xargs rmdir
}

@test "cgroup1: a parent that someone left without CPUs is filled" {
	mkdir "$(hierarchy_of cpuset)/parent-$id"
	box_set '.linux.cgroupsPath = $path' --arg path "/parent-$id/leaf"
	run inside /bin/true
	equals "$status" 0
	equals "$(cat "$(hierarchy_of cpuset)/parent-$id/cpuset.mems")" \
		"$(cat "$(hierarchy_of cpuset)/cpuset.mems")"
	box_cgroups | xargs rmdir
}

@test "cgroup1: a cgroup namespace has its root at the container's cgroups" {
	box_set '.linux.namespaces += [{"type": "cgroup"}]'
	run inside /probe cgroup
	equals "$status" 0
	[ "$(memberships <<<"$output" | cut -d' ' -f2- | sort -u)" = / ]
	contains "$output" ":memory:/"
}

@test "cgroup1: with a user namespace, too" {
	box_set '.linux.namespaces += [{"type": "user"}, {"type": "cgroup"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings
		| .mounts |= map(select(.destination != "/sys" and .destination != "/sys/fs/cgroup"))'
	chmod -R go+rX "$bundle/rootfs"
	box_start /bin/sleep 1000
	equals "$(memberships <"/proc/$(box_pid)/cgroup" | cut -d' ' -f2- | sort -u)" "/$id"
	end
}

@test "cgroup1: a hook that runs as soon as the container stands finds it in its cgroups" {
	cat >"$box/hook" <<-END
		#!/bin/sh
		pid=\$(jq .pid)
		cat /proc/\$pid/cgroup >"$box/seen"
	END
	chmod 755 "$box/hook"
	box_set '.hooks.createRuntime = [{"path": $path}]' --arg path "$box/hook"
	run inside /bin/true
	equals "$status" 0
	equals "$(memberships <"$box/seen" | cut -d' ' -f2- | sort -u)" "/$id"
}

@test "cgroup1: exec joins each of them" {
	box_sleep
	run ironbox exec "$id" /probe cgroup
	equals "$status" 0
	equals "$(memberships <<<"$output" | cut -d' ' -f2- | sort -u)" "/$id"
	end
}

@test "cgroup1: exec --cgroup goes below, in the controllers that it names" {
	box_sleep
	mkdir "$(cgroup_of memory)/below" "$(cgroup_of pids)/below"
	run ironbox exec --cgroup memory,pids:below "$id" /probe cgroup
	equals "$status" 0
	contains "$output" ":memory:/$id/below"
	contains "$output" ":pids:/$id/below"
	contains "$output" ":devices:/$id"
	[[ "$output" != *":devices:/$id/below"* ]]
	end
}

@test "cgroup1: exec --cgroup leads nowhere else" {
	local path
	box_sleep
	for path in ../other below/../../other memory:../other "x//y" . nothing:below; do
		run ironbox exec --cgroup "$path" "$id" /bin/true
		[ "$status" -ne 0 ]
		contains "$output" "--cgroup"
	done
	run ironbox exec --cgroup memory:missing "$id" /bin/true
	[ "$status" -ne 0 ]
	contains "$output" "/$id/missing: No such file or directory"
	end
}

@test "cgroup1: no fd of a cgroup reaches the container, and none stays in a parked one" {
	run inside /probe fds
	equals "$status" 0
	[[ "$output" != *cgroup* ]]
	box_create /bin/true
	run bash -c "ls -l /proc/$(box_pid)/fd | grep -c /sys/fs/cgroup"
	equals "$output" 0
	end
}

@test "cgroup1: a cgroup with someone in it is not shared, and he stays" {
	box_sleep
	mkdir "$box/second"
	cp -a "$bundle/config.json" "$bundle/rootfs" "$box/second"
	run ironbox run --bundle "$box/second" "$id-2"
	equals "$status" 1
	contains "$output" "is in use by process"
	equals "$(state_of)" running
	end
}

@test "cgroup1: an empty cgroup that was there before is used, and stays" {
	mkdir "$(hierarchy_of memory)/$id" "$(hierarchy_of unified)/$id" \
		"$(hierarchy_of systemd)/$id"
	run inside /probe cgroup
	equals "$status" 0
	contains "$output" ":memory:/$id"
	[ -d "$(cgroup_of memory)" ]
	[ ! -d "$(cgroup_of pids)" ]
	box_cgroups | xargs rmdir
}

# In each hierarchy an empty cgroup that the test has made.
make_cgroups() {
	local hierarchy
	for hierarchy in blkio cpu cpuacct cpuset devices freezer memory pids systemd unified; do
		mkdir "$(hierarchy_of "$hierarchy")/$id"
	done
}

@test "cgroup1: a cgroup that was there before takes one container after the other, and exec" {
	local made turn
	make_cgroups
	made=$(box_cgroups)
	for turn in 1 2 3; do
		box_sleep
		run ironbox exec "$id" /probe cgroup
		equals "$status" 0
		equals "$(memberships <<<"$output" | cut -d' ' -f2- | sort -u)" "/$id"
		equals "$(memberships <"/proc/$(box_pid)/cgroup" | cut -d' ' -f2- | sort -u)" "/$id"
		end
		equals "$(box_cgroups)" "$made"
	done
	xargs rmdir <<<"$made"
}

@test "cgroup1: into one whose cgroup.kill someone wrote before a container comes, too" {
	local below
	make_cgroups
	echo 1 >"$(cgroup_of unified)/cgroup.kill"
	box_sleep
	below=$(cgroup_of unified)/below
	mkdir "$below"
	echo 1 >"$below/cgroup.kill"
	run ironbox exec --cgroup unified:below "$id" /probe cgroup
	equals "$status" 0
	contains "$output" "0::/$id/below"
	rmdir "$below"
	end
	box_cgroups | xargs rmdir
}

@test "cgroup1: delete writes cgroup.kill of one that was there before for who is in it alone" {
	make_cgroups
	box_start /bin/true
	await 5 is_status stopped
	strace -f -e trace=openat -o "$box/trace" "$IRONBOX" --root "$state_root" \
		--config "$box/ironbox.ini" delete "$id" 3>&-
	run grep -c "cgroup.kill" "$box/trace"
	equals "$output" 0

	box_set '.linux.namespaces |= map(select(.type != "pid"))'
	box_start /bin/sh -c '/bin/sleep 1000 & exit 3'
	await 5 is_status stopped
	ironbox delete "$id"
	for hierarchy in memory pids unified; do
		equals "$(cat "$(cgroup_of "$hierarchy")/cgroup.procs")" ""
	done
	box_cgroups | xargs rmdir
}

# A container $id-2 like $id, in the same cgroup.
start_second() {
	mkdir "$box/second"
	cp -a "$bundle/config.json" "$bundle/rootfs" "$box/second"
	ironbox run --detach --bundle "$box/second" "$id-2" </dev/null >"$box/out" 2>&1
}

@test "cgroup1: the delete of one that has ended leaves alone who has taken its cgroup since" {
	local made
	for made in no yes; do
		[ $made = no ] || make_cgroups
		box_sleep
		ironbox kill "$id" KILL
		await 5 is_status stopped
		start_second
		ironbox kill --all "$id" KILL
		ironbox delete "$id"
		equals "$(state_of "$id-2")" running
		ironbox exec "$id-2" /bin/true
		ironbox delete --force "$id-2"
		box_cgroups | xargs rmdir # as they were found
		rm -r "$box/second"
	done
}

@test "cgroup1: a cpuset that was there before keeps its CPUs, and gets what it lacks" {
	mkdir "$(hierarchy_of cpuset)/$id"
	echo 0 >"$(cgroup_of cpuset)/cpuset.cpus"
	box_sleep
	equals "$(limit_of cpuset cpuset.cpus)" 0
	equals "$(limit_of cpuset cpuset.mems)" "$(cat "$(hierarchy_of cpuset)/cpuset.mems")"
	run grep Cpus_allowed_list "/proc/$(box_pid)/status"
	equals "$output" $'Cpus_allowed_list:\t0'
	end
	rmdir "$(cgroup_of cpuset)"
}

@test "cgroup1: one that is there in one hierarchy alone is used and stays, also a frozen one" {
	mkdir "$(hierarchy_of freezer)/$id"
	echo FROZEN >"$(cgroup_of freezer)/freezer.state"
	run inside /probe cgroup
	equals "$status" 0
	contains "$output" ":freezer:/$id"
	equals "$(box_cgroups)" "$(cgroup_of freezer)"
	rmdir "$(cgroup_of freezer)"
}

@test "cgroup1: who is in one of the hierarchies alone is neither mixed with nor killed" {
	local other
	sleep 1000 3>&- &
	other=$!
	for hierarchy in pids unified; do
		mkdir "$(hierarchy_of "$hierarchy")/$id"
		echo "$other" >"$(cgroup_of "$hierarchy")/cgroup.procs"
		run inside /bin/true
		equals "$status" 1
		contains "$output" "$(cgroup_of "$hierarchy") is in use by process $other"
		kill -0 "$other"
		equals "$(box_cgroups)" "$(cgroup_of "$hierarchy")"
		echo "$other" >"$(hierarchy_of "$hierarchy")/cgroup.procs"
		rmdir "$(cgroup_of "$hierarchy")"
	done
	kill "$other"
	wait "$other" || true
}

@test "cgroup1: twenty at once come to be each in its own" {
	local i
	for i in {1..20}; do
		mkdir "$box/$i"
		ln -s "$bundle/rootfs" "$box/$i/rootfs"
		jq --arg path "/many-$id/$i" --arg root "$bundle/rootfs" '.linux.cgroupsPath = $path
			| .root.path = $root | .process.args = ["/probe", "cgroup"]' \
			"$bundle/config.json" >"$box/$i/config.json"
	done
	for i in {1..20}; do
		ironbox run --bundle "$box/$i" "$id-$i" >"$box/$i/out" 2>&1 &
	done
	wait
	for i in {1..20}; do
		equals "$(memberships <"$box/$i/out" | cut -d' ' -f2- | sort -u)" "/many-$id/$i"
	done
	box_cgroups | xargs rmdir
}

@test "cgroup1: what the container made below its cgroup goes, too, however deep" {
	local deep
	box_sleep
	for hierarchy in memory unified pids; do
		deep=$(cgroup_of "$hierarchy")/$(printf 'd/%.0s' {1..30})
		mkdir -p "$deep" "$(cgroup_of "$hierarchy")"/{a,b,c}
		echo "$(box_pid)" >"$deep/cgroup.procs"
	done
	end
	equals "$(box_cgroups)" ""
}

@test "cgroup1: whoever outlives init goes with the container" {
	local left
	box_set '.linux.namespaces |= map(select(.type != "pid"))'
	box_start /bin/sh -c '/bin/sleep 1000 & exit 3'
	await 5 is_status stopped
	left=$(cat "$(cgroup_of memory)/cgroup.procs")
	[ -n "$left" ]
	ironbox delete "$id"
	! kill -0 "$left"
	equals "$(box_cgroups)" ""
}

@test "cgroup1: delete can come twice" {
	box_sleep
	end
	end
	run ironbox delete "$id"
	equals "$status" 1
}

@test "cgroup1: a create that fails half way leaves no cgroup" {
	box_set '.process.args = ["/nowhere"]'
	run ironbox create --bundle "$bundle" "$id"
	equals "$status" 1
	equals "$(box_cgroups)" ""
	resources '{"cpu": {"cpus": "4095"}}'
	run ironbox create --bundle "$bundle" "$id"
	equals "$status" 1
	equals "$(box_cgroups)" ""
}
