# How the runtime speaks to CRIU, and what becomes of a container when CRIU says no, dies or hangs:
# with a criu of our own that does so on purpose.
load ../../support/box

setup() {
	box_setup
	mkdir "$box/criu"
	cp fake-criu "$box/criu/criu"
	criu_is says-yes
	box_ini "[criu]"$'\n'"path = $box/criu/criu"$'\n'"timeout = 20"
	images=$box/images
}

teardown() {
	box_teardown
}

criu_is() {
	echo "$*" >"$box/criu/mode"
}

# The request that the fake got last, by jq.
asked() {
	tail -1 "$box/criu/requests" | jq -cS "$1"
}

run_container() {
	box_args sh -c 'while :; do sleep 0.1; done'
	ironbox run --detach --bundle "$bundle" --pid-file "$box/pid" "$id" </dev/null >/dev/null 2>&1
}

# The container runs, is not stopped, and nothing of criu's is left.
goes_on() {
	equals "$(state_of)" running
	equals "$(pgrep -f "$box/criu/criu" | wc -l)" 0
	ironbox exec "$id" true
}

@test "criu: all options of checkpoint arrive in their fields" {
	run_container
	mkdir -m 700 "$images" "$images/older"
	exec {status}>"$box/status"
	run ironbox_with_fds checkpoint --image-path "$images" --work-path "$box/work" --parent-path older \
		--leave-running --tcp-established --tcp-skip-in-flight --ext-unix-sk --shell-job \
		--file-locks --auto-dedup --link-remap --manage-cgroups-mode strict --empty-ns network \
		--status-fd "$status" "$id"
	equals "$output" ""
	equals "$status" 0
	local options
	options=$(asked '.opts | del(.external, .freeze_cgroup, .images_dir_fd, .work_dir_fd, .status_fd)')
	equals "$options" "$(jq -cS --argjson pid "$(box_pid)" '.pid = $pid' <<-END
		{"auto_dedup": true, "empty_ns": 1073741824, "ext_unix_sk": true, "file_locks": true,
		"leave_running": true, "link_remap": true, "log_file": "dump.log", "log_level": 4,
		"manage_cgroups_mode": "STRICT", "notify_scripts": true, "orphan_pts_master": true,
		"parent_img": "older", "shell_job": true, "tcp_established": true,
		"tcp_skip_in_flight": true, "track_mem": true}
	END
	)"
	equals "$(asked .type)" '"DUMP"'
	equals "$(stat -c %a "$box/work")" 700
	goes_on
	ironbox delete --force "$id"
}

@test "criu: none of them is sent that was not given; it says pre-dump for a pre-dump" {
	run_container
	ironbox checkpoint --pre-dump --image-path "$images" "$id"
	equals "$(asked '.opts | del(.pid, .external, .freeze_cgroup, .images_dir_fd, .work_dir_fd)')" \
		'{"log_file":"dump.log","log_level":4,"manage_cgroups_mode":"IGNORE","notify_scripts":true,"orphan_pts_master":true,"track_mem":true}'
	equals "$(asked .type)" '"PRE_DUMP"'
	equals "$(stat -c %a "$images")" 700
	equals "$(ls "$images")" "descriptors.json"
	goes_on
	ironbox delete --force "$id"
}

@test "criu: binds are external by their name; the caller's file as stdio too, and no null device" {
	mkdir "$box/data" "$box/sub"
	mount -t tmpfs sub "$box/data"
	mkdir "$box/data/sub"
	mount --bind "$box/sub" "$box/data/sub"
	ln -s data "$bundle/rootfs/alias"
	mkdir "$bundle/rootfs/data"
	box_set '.mounts += [{destination: "/alias/", type: "bind", source: $path, options: ["rbind"]}]' \
		--arg path "$box/data"
	box_args sleep 1000
	ironbox run --detach --bundle "$bundle" --pid-file "$box/pid" "$id" </dev/null >"$box/out" 2>/dev/null
	ironbox checkpoint --leave-running --image-path "$images" "$id"
	umount -R "$box/data"
	local external
	external=$(asked '.opts.external')
	contains "$external" '"mnt[/data]:/alias/"'
	contains "$external" '"mnt[/data/sub]:/alias//sub"'
	[[ "$external" == *'"file['* ]]
	[[ "$(cat "$images/descriptors.json")" =~ ^'["","file['[^\"]*'",""]'$ ]]
	ironbox delete --force "$id"
}

@test "criu: it gets a clean environment, its own fds, and dies with its caller" {
	run_container
	exec {leak}</etc/passwd
	FOO=bar ironbox_with_fds checkpoint --leave-running --image-path "$images" "$id"
	equals "$(asked '.facts.environment | keys')" '["LANG","LC_CTYPE","PATH"]' ||
		equals "$(asked '.facts.environment | keys')" '["LANG","PATH"]'
	equals "$(asked '.facts.death')" 9
	equals "$(asked '.facts.signals[0]')" '"0000000000000000"'
	[ "$(asked '.facts.fds | length')" -le 6 ] # 0 to 2, the line, and two of the fake's own
	exec {leak}<&-
	ironbox delete --force "$id"
}

@test "criu: it says no: its own words, where its log is, and the container goes on" {
	run_container
	criu_is says-no
	run ironbox checkpoint --image-path "$images" --work-path "$box/work" "$id"
	equals "$output" "ironbox: checkpoint $id: criu: criu: Error (criu/fake.c:7): it is Monday (its log is $box/work/dump.log)"
	equals "$status" 1
	goes_on
	criu_is says-no-in-its-log
	run ironbox checkpoint --image-path "$images" "$id"
	equals "$output" "ironbox: checkpoint $id: criu: criu: it says no, and not why (its log is $images/dump.log)"
	goes_on
	ironbox delete --force "$id"
}

@test "criu: garbage, another answer, its death: an error, and the container goes on" {
	run_container
	criu_is garbage
	run ironbox checkpoint --image-path "$images" "$id"
	equals "$output" "ironbox: checkpoint $id: criu: criu's answer is no message of its protocol"
	goes_on
	criu_is other-answer
	run ironbox checkpoint --image-path "$images" "$id"
	equals "$output" "ironbox: checkpoint $id: criu: criu answers what it was not asked (type 3)"
	goes_on
	criu_is dies
	run ironbox checkpoint --image-path "$images" "$id"
	equals "$output" "ironbox: checkpoint $id: criu: criu ended without an answer"
	goes_on
	criu_is dies-at-once
	run ironbox checkpoint --image-path "$images" "$id"
	equals "$output" "ironbox: checkpoint $id: criu: $box/criu/criu: criu ended without an answer: fake-criu: no such thing as a kernel"
	goes_on
	ironbox delete --force "$id"
}

@test "criu: it has stopped the container and dies: the container goes on" {
	run_container
	criu_is freezes-and-dies
	run ironbox checkpoint --image-path "$images" "$id"
	contains "$output" "criu ended without an answer"
	goes_on
	ironbox pause "$id" # one that was paused before stays so
	run ironbox checkpoint --image-path "$images" "$id"
	equals "$status" 1
	equals "$(state_of)" paused
	ironbox delete --force "$id"
}

@test "criu: one that hangs is ended after [criu] timeout, with what it has started" {
	run_container
	box_ini "[criu]"$'\n'"path = $box/criu/criu"$'\n'"timeout = 3"
	criu_is hangs
	run ironbox checkpoint --image-path "$images" "$id"
	equals "$output" "ironbox: checkpoint $id: criu: criu has said nothing for 3 s ([criu] timeout)"
	goes_on
	criu_is mute
	run ironbox checkpoint --image-path "$images" "$id"
	contains "$output" "criu has said nothing for 3 s ([criu] timeout)"
	goes_on
	criu_is slow # a word every two seconds is no silence
	ironbox checkpoint --leave-running --image-path "$images" "$id"
	goes_on
	ironbox delete --force "$id"
}

@test "criu: a checkpoint that was cut off leaves a mark, and restore refuses such images" {
	run_container
	criu_is says-no
	run ironbox checkpoint --image-path "$images" "$id"
	equals "$status" 1
	ironbox delete --force "$id"
	run ironbox restore --bundle "$bundle" --image-path "$images" "$id"
	equals "$output" "ironbox: restore $id: criu: --image-path $images: its checkpoint did not come to its end (ironbox.incomplete)"
	equals "$status" 1
	[ -z "$(box_cgroups)" ]
}

@test "criu: the runtime is killed meanwhile: criu dies with it, and the container goes on" {
	run_container
	criu_is hangs-alone
	: >"$box/criu/requests"
	ironbox checkpoint --image-path "$images" "$id" &
	local runtime=$!
	await 20 grep -q DUMP "$box/criu/requests"
	kill_runtime "$runtime"
	await 10 gone "$box/criu/criu"
	goes_on
	ironbox delete --force "$id"
}

# The runtime is the child of the subshell that bash makes of a function in the background.
kill_runtime() {
	kill -KILL "$(pgrep -P "$1")"
	wait "$1" || true
}

gone() {
	! pgrep -f "$1" >/dev/null
}

@test "criu: not there, too old, others' to write: an error that names the ini key" {
	run_container
	box_ini $'[criu]\npath = /nonexistent/criu'
	run ironbox checkpoint --image-path "$images" "$id"
	equals "$output" "ironbox: checkpoint $id: criu: [criu] path in ironbox.ini: there is no /nonexistent/criu: Function not implemented"
	box_ini $'[criu]\npath = criu'
	run ironbox checkpoint --image-path "$images" "$id"
	contains "$output" "[criu] path: criu is not absolute"
	box_ini "[criu]"$'\n'"path = $box/criu/criu"
	criu_is version 3.11
	run ironbox checkpoint --image-path "$images" "$id"
	equals "$output" "ironbox: checkpoint $id: criu: $box/criu/criu is version 3.11, and 3.15 is needed"
	criu_is says-yes
	chmod 777 "$box/criu"
	run ironbox checkpoint --image-path "$images" "$id"
	equals "$output" "ironbox: checkpoint $id: criu: [criu] path: $box/criu can be written by others than root"
	chmod 755 "$box/criu"
	box_ini $'[criu]\nenabled = no'
	run ironbox checkpoint --image-path "$images" "$id"
	contains "$output" "no stage of ironbox.ini can do it"
	equals "$(state_of)" running
	ironbox delete --force "$id"
}

@test "criu: a folder of images that others may write is refused, both ways" {
	run_container
	mkdir -m 777 "$images"
	chmod 777 "$images"
	run ironbox checkpoint --image-path "$images" "$id"
	equals "$output" "ironbox: checkpoint $id: criu: --image-path: $images: not a folder that only uid 0 can write"
	ironbox delete --force "$id"
	run ironbox restore --bundle "$bundle" --image-path "$images" "$id"
	equals "$output" "ironbox: restore $id: criu: --image-path: $images: not a folder that only uid 0 can write"
}

@test "criu: so is one on which the images stand, both ways, however far back" {
	local folder
	run_container
	mkdir -m 700 "$images" "$box"/{older,oldest}
	ln -s ../oldest "$box/older/parent"
	for folder in oldest older; do
		chmod 777 "$box/$folder"
		run ironbox checkpoint --image-path "$images" --parent-path ../older "$id"
		equals "$status" 1
		contains "$output" "checkpoint $id: criu: --parent-path: ../older"
		contains "$output" ": not a folder that only uid 0 can write"
		chmod 700 "$box/$folder"
	done
	chown 1000 "$box/older"
	run ironbox checkpoint --image-path "$images" --parent-path ../older "$id"
	equals "$output" "ironbox: checkpoint $id: criu: --parent-path: ../older: not a folder that only uid 0 can write"
	chown 0 "$box/older"
	run ironbox checkpoint --image-path "$images" --parent-path ../none "$id"
	equals "$output" "ironbox: checkpoint $id: criu: --parent-path: open the folder ../none: No such file or directory"
	[ ! -e "$images/ironbox.incomplete" ]
	ironbox checkpoint --image-path "$images" --parent-path ../older --leave-running "$id"
	ironbox delete --force "$id"

	ln -s ../older "$images/parent"
	chmod 777 "$box/oldest"
	run ironbox restore --bundle "$bundle" --image-path "$images" "$id"
	equals "$output" "ironbox: restore $id: criu: --image-path: $images/parent/parent: not a folder that only uid 0 can write"
	chmod 700 "$box/oldest"
	run ironbox restore --bundle "$bundle" --image-path "$images" "$id"
	contains "$output" "the stage that restores made no process" # the fake has said yes
	ln -s ../older "$box/oldest/parent"
	run ironbox restore --bundle "$bundle" --image-path "$images" "$id"
	contains "$output" "/parent/parent/parent: Too many levels of symbolic links"
	[ -z "$(box_cgroups)" ]
}

@test "criu: a container that is created, or stopped, is refused in words" {
	box_create sleep 100
	run ironbox checkpoint --image-path "$images" "$id"
	equals "$output" "ironbox: checkpoint $id: it is created and not started: its process is still the runtime's, which no image can hold"
	ironbox kill "$id" KILL
	await 10 stopped
	run ironbox checkpoint --image-path "$images" "$id"
	equals "$output" "ironbox: checkpoint $id: container not running"
	[ ! -e "$images" ]
	ironbox delete "$id"
}

stopped() {
	[ "$(state_of)" = stopped ]
}

@test "criu: a user namespace is refused in words, both ways" {
	box_set '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings | .linux.namespaces += [{type: "user"}]'
	run_container
	run ironbox checkpoint --image-path "$images" "$id"
	equals "$output" "ironbox: checkpoint $id: criu: linux.namespaces: containers with a user namespace can't be restored yet"
	[ ! -e "$images" ]
	goes_on
	ironbox delete --force "$id"
	mkdir -m 700 "$images"
	run restore
	contains "$output" "containers with a user namespace can't be restored yet"
}

@test "criu: a container that criu has ended is stopped, and is the caller's to delete" {
	run_container
	criu_is kills
	ironbox checkpoint --image-path "$images" "$id"
	equals "$(state_of)" stopped
	[ ! -e "$images/ironbox.incomplete" ]
	ironbox delete "$id"
}

@test "criu: the module is loaded for no other verb, and is not in the record" {
	run_container
	run grep criu "$state_root/$id/record"
	equals "$status" 1
	equals "$(ironbox plugins --format json | jq -c '.[] | select(.stage == "criu") | .verbs')" \
		'["checkpoint","restore"]'
	contains "$(ironbox plugins)" "by checkpoint restore"
	run strace -f -e trace=openat -o "$box/trace" "$IRONBOX" --root "$state_root" --config "$box/ironbox.ini" \
		exec "$id" true
	equals "$status" 0
	run grep -c protobuf "$box/trace"
	equals "$output" 0
	ironbox delete --force "$id"
}

# ---- restore ----

restore() {
	ironbox restore --bundle "$bundle" --image-path "$images" --work-path "$box/work" "$@" "$id"
}

refuses() {
	run restore --detach </dev/null
	refusal=$output
	contains "$refusal" "ironbox: restore $id: criu: refused: $1"
	equals "$status" 1
	run kill -0 "$(cat "$box/criu/child")"
	equals "$status" 1
	run ironbox state "$id"
	contains "$output" "container does not exist"
}

@test "restore: it refuses what the images make, if that is more than config.json allows" {
	mkdir -m 700 "$images"
	box_set '.process.noNewPrivileges = false'
	criu_is restores-another
	run restore --detach --pid-file "$box/pid" </dev/null
	contains "$output" "ironbox: restore $id: criu: refused: namespace: linux.namespaces: the restored process has no pid namespace of its own"
	equals "$status" 1
	[ ! -e "$box/pid" ]
	run kill -0 "$(cat "$box/criu/child")"
	equals "$status" 1

	box_set '.linux.namespaces |= map(select(.type == "mount")) | del(.hostname)'
	refuses "rootfs: linux.maskedPaths: /proc/"
	box_set 'del(.linux.maskedPaths)'
	refuses "rootfs: linux.readonlyPaths: /proc/"
	box_set 'del(.linux.readonlyPaths)'
	box_set '.mounts += [{destination: "/tmp", type: "bind", source: "/tmp", options: ["bind", "nosuid"]}]'
	refuses "rootfs: mounts[7]: /tmp is not nosuid in the restored container"
	box_set 'del(.mounts[7])'
	refuses "capabilities: process.capabilities.bounding: the restored process has CAP_CHOWN"
	box_set '.process.user.uid = 1000 | .process.noNewPrivileges = true'
	refuses "the restored process is root's, and config.json asks for uid 1000 with no_new_privs"
	box_set '.process.user.uid = 0 | .process.capabilities |= map_values($all)' \
		--argjson all "$(ironbox features | jq .linux.capabilities)"
	box_set '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [
		{names: ["swapon"], action: "SCMP_ACT_ERRNO"}]}'
	box_ini "[criu]"$'\n'"path = $box/criu/criu"$'\n[capabilities]\nmissing = warn'
	refuses "seccomp: linux.seccomp: the restored process has no filter"
}

# One's place in each of the hierarchies that this host has.
places() {
	if [ -d /sys/fs/cgroup/unified ]; then
		echo /sys/fs/cgroup/{memory,pids,systemd,unified}
	else
		echo /sys/fs/cgroup
	fi
}

@test "restore: it refuses who is not in the container's cgroup, in whichever hierarchy, or a child" {
	local place who list
	mkdir -m 700 "$images"
	box_set '.linux.namespaces |= map(select(.type == "mount")) | del(.hostname)'
	for place in $(places); do
		list=
		case $place in
		*/unified | /sys/fs/cgroup) ;;
		*/systemd) list="name=systemd:" ;;
		*) list="${place##*/}:" ;;
		esac
		mkdir "$place/$id-other"
		for who in init child; do
			criu_is restores-another "$who" "$place/$id-other/cgroup.procs"
			refuses "cgroup: linux.cgroupsPath: the restored process"
			contains "$refusal" "is in cgroup $list/$id-other, not in /$id"
			await 5 empty "$place/$id-other"
		done
		rmdir "$place/$id-other"
	done
}

# A child of the one that is killed lives on where it is without a pid namespace.
empty() {
	local pid
	for pid in $(cat "$1/cgroup.procs"); do
		kill -KILL "$pid"
	done
	[ -z "$(cat "$1/cgroup.procs")" ]
}

@test "restore: criu works in the container's cgroup, in a mount namespace that the host never sees" {
	mkdir -m 700 "$images"
	mkdir "$box/data"
	box_set '.mounts += [{destination: "/new/point", type: "bind", source: $path, options: ["bind", "ro"]}]' \
		--arg path "$box/data"
	criu_is says-no
	run restore --tcp-established --shell-job --ext-unix-sk --file-locks --auto-dedup --link-remap \
		--empty-ns network --lsm-profile apparmor:one --lsm-mount-context two -no-subreaper </dev/null
	contains "$output" "it is Monday (its log is $box/work/restore.log)"
	equals "$(asked .type)" '"RESTORE"'
	equals "$(asked '.opts | del(.external, .images_dir_fd, .work_dir_fd)')" "$(jq -cS '.root = $root' --arg root "$bundle/rootfs" <<-END
		{"auto_dedup": true, "empty_ns": 1073741824, "ext_unix_sk": true, "file_locks": true,
		"link_remap": true, "log_file": "restore.log", "log_level": 4, "lsm_mount_context": "two",
		"lsm_profile": "apparmor:one", "manage_cgroups_mode": "IGNORE", "mntns_compat_mode": true,
		"notify_scripts": true, "orphan_pts_master": true, "rst_sibling": true, "shell_job": true,
		"tcp_established": true}
	END
	)"
	contains "$(asked '.facts.cgroup')" "/$id"
	run restore --manage-cgroups-mode soft </dev/null
	contains "$(asked '.opts.cg_root')" "{\"path\":\"/$id\"}"
	[ "$(asked '.facts.mounts')" != "\"$(readlink /proc/self/ns/mnt)\"" ]
	[ -d "$bundle/rootfs/new/point" ]
	box_set '.linux.cgroupsPath = $path' --arg path "relative-$id/leaf"
	run restore --manage-cgroups-mode soft </dev/null
	asked '.facts.cgroup' | jq -r . | grep . | cut -d: -f3- | sort -u >"$box/paths" # where it is
	equals "$(asked '.opts.cg_root' | jq -r '.[].path' | sort -u)" "$(<"$box/paths")"
	contains "$(<"$box/paths")" "/relative-$id/leaf"
	box_cgroups | xargs rmdir
	contains "$(asked '.opts.external')" "\"mnt[/new/point]:$state_root/$id/"
	[ -z "$(box_cgroups)" ]
}

@test "restore: garbage, death, a hang: an error, and nothing is left" {
	mkdir -m 700 "$images"
	box_ini "[criu]"$'\n'"path = $box/criu/criu"$'\n'"timeout = 3"
	local mode
	for mode in garbage other-answer dies dies-at-once hangs mute; do
		criu_is $mode
		run restore </dev/null
		equals "$status" 1
		[ -z "$(box_cgroups)" ]
		run ironbox state "$id"
		contains "$output" "container does not exist"
	done
	criu_is says-yes
	run restore </dev/null
	equals "$output" "ironbox: restore $id: the stage that restores made no process"
}

@test "restore: the runtime is killed meanwhile: delete --force leaves nothing" {
	mkdir -m 700 "$images"
	criu_is hangs
	: >"$box/criu/requests"
	restore </dev/null >/dev/null 2>&1 &
	local runtime=$!
	await 20 grep -q RESTORE "$box/criu/requests"
	[ -n "$(box_cgroups)" ]
	kill_runtime "$runtime"
	ironbox delete --force "$id"
	[ -z "$(box_cgroups)" ]
}

@test "restore: an id in use, a bundle that is none, images that are none" {
	run_container
	run restore
	contains "$output" "container with given ID already exists"
	equals "$(state_of)" running
	ironbox delete --force "$id"
	run restore
	equals "$output" "ironbox: restore $id: criu: --image-path: open the folder $images: No such file or directory"
	run ironbox restore --bundle "$box/none" --image-path "$images" "$id"
	contains "$output" "find the bundle $box/none: No such file or directory"
}

# ---- the true criu, which knows no kernel as new as this one, or knows it ----

@test "criu: the true one, on images that are none: its own words and its log" {
	[ -x /usr/sbin/criu ]
	box_ini ''
	mkdir -m 700 "$images"
	run ironbox restore --bundle "$bundle" --image-path "$images" --work-path "$box/work" "$id" </dev/null
	equals "$status" 1
	contains "$output" "(its log is $box/work/restore.log)"
	[ -s "$box/work/restore.log" ]
}
