# In a VM whose kernel enforces SELinux, with types for containers (tests/vm/container.cil): the
# container, and what is mounted for it, has the labels that it asks for. Few tests of many steps:
# beginning and ending one costs a VM more than a container does.
load ../../support/box

process=system_u:system_r:container_t:s0:c1,c2
mounts=system_u:object_r:container_file_t:s0:c1,c2
# the runtime's own
runtime=system_u:system_r:kernel_t:s0

setup() {
	box_setup
	box_set '.root.readonly = false | .process.noNewPrivileges = false |
		.process.selinuxLabel = $p | .linux.mountLabel = $m' --arg p $process --arg m $mounts
	own=$bundle/rootfs/tmp/own others=$bundle/rootfs/tmp/others secret=$bundle/rootfs/tmp/secret
	touch "$own" "$others" "$secret"
	chmod 666 "$own" "$others" "$secret"
	chcon -R -h $mounts "$bundle/rootfs"
	chcon -l s0:c3,c4 "$others"
	chcon -t shadow_t "$secret"
}

teardown() {
	box_teardown
}

# What a process in the container tells of itself.
tell=(/probe read /proc/self/attr/current keyring-label
	open /tmp/own rw open /tmp/others r open /tmp/secret r say done)

# told LABEL [OTHERS]: that was told; others' files are out of reach, or not
told() {
	equals "$(tr -d '\0' <<<"$output")" "$1
keyring $1
open /tmp/own: ok
open /tmp/others: ${2-EACCES}
open /tmp/secret: ${2-EACCES}
done"
}

label_outside() {
	tr -d '\0' <"/proc/$(box_pid)/attr/current"
}

# label_of PATH: of a file in the container, as the host sees it
label_of() {
	stat -c %C "/proc/$(box_pid)/root$1"
}

process_file() {
	jq ".process | .args = \$ARGS.positional | $1" "$bundle/config.json" --args -- "${tell[@]}" \
		>"$box/process.json"
}

exec_file() {
	process_file "$1"
	run ironbox exec --process "$box/process.json" "$id"
}

@test "enforcing: the process's label, from execve on, and an exec's" {
	[ "$(cat /sys/fs/selinux/enforce)" = 1 ]
	run inside "${tell[@]}"
	told $process
	box_create /bin/sleep 1000
	equals "$(label_outside)" $runtime
	ironbox start "$id"
	await 30 eval '[ "$(label_outside)" = $process ]'

	run ironbox exec "$id" "${tell[@]}"
	told $process
	exec_file 'del(.selinuxLabel)'
	told $process
	exec_file '.selinuxLabel = "" | .noNewPrivileges = true'
	told $process

	run ironbox exec --process-label ${process%c1,c2}c3,c4 "$id" /probe read /proc/self/attr/current
	equals "$output" '' # by MCS: /probe is another container's, so its pages can't be mapped
	[ "$status" -gt 128 ]
	run ironbox exec --process-label ${process%,c2}.c4 "$id" "${tell[@]}"
	contains "$output" "${process%,c2}.c4"
	contains "$output" "open /tmp/others: ok"
	run ironbox exec --process-label nothing:of:this:s0 "$id" /bin/true
	equals "$output" "ironbox: exec in $id: selinux: process.selinuxLabel: \"nothing:of:this:s0\" is no label in this node's policy"
	equals "$status" 255
	ironbox delete --force "$id"
}

@test "enforcing: the mounts' label, with its comma" {
	local path
	box_set '.mounts += [
		{"destination": "/copied", "type": "tmpfs", "source": "tmpfs", "options": ["tmpcopyup", "mode=700"]},
		{"destination": "/own", "type": "tmpfs", "source": "tmpfs", "options":
			["tmpcopyup", "context=\"system_u:object_r:container_ro_file_t:s0:c1,c2\"", "mode=711"]}]'
	mkdir "$bundle/rootfs/copied"
	touch "$bundle/rootfs/copied/file"
	box_start /bin/sleep 1000
	exec 9<>"/proc/$(box_pid)/root/dev/pts/ptmx"
	for path in /dev /dev/null /dev/shm /dev/mqueue /dev/pts /dev/pts/0 /copied /copied/file \
		/proc/kcore /sys/firmware; do
		equals "$path $(label_of $path)" "$path $mounts"
	done
	exec 9>&-
	equals "$(label_of /own)" system_u:object_r:container_ro_file_t:s0:c1,c2
	equals "$(stat -c %a "/proc/$(box_pid)/root/own")" 711
	for path in /proc /sys /proc/1; do
		[[ "$(label_of $path)" != *container_file_t* ]]
	done
	run ironbox exec "$id" /probe write /dev/shm/x x write /copied/file x write /dev/null x
	equals "$output" $'write /dev/shm/x: ok\nwrite /copied/file: ok\nwrite /dev/null: ok'
	ironbox delete --force "$id"
}

@test "enforcing: an exec's alone, and in what the ini switches off" {
	box_set 'del(.process.selinuxLabel, .linux.mountLabel)'
	box_start /bin/sleep 1000
	equals "$(label_outside)" $runtime
	run ironbox exec --process-label $process "$id" "${tell[@]}"
	told $process
	ironbox delete --force "$id"

	box_set '.process.selinuxLabel = $p | .linux.mountLabel = $m' --arg p $process --arg m $mounts
	box_ini $'[selinux]\nenabled = no'
	run inside /bin/true
	# gojq has the fields in the order of their names
	equals "$output" "ironbox: run $id: selinux: off in $box/ironbox.ini:4, but linux.mountLabel asks for it"
	equals "$status" 1
	box_ini $'on_disabled = warn\n[selinux]\nenabled = no'
	box_start /bin/sleep 1000
	equals "$(label_outside)" $runtime
	[[ "$(label_of /dev/shm)" != *container_file_t* ]]
	contains "$(cat "$box/out")" "selinux: off in $box/ironbox.ini:5, so process.selinuxLabel is not carried out"
	contains "$(cat "$box/out")" "selinux: off in $box/ironbox.ini:5, so linux.mountLabel is not carried out"
	ironbox delete --force "$id"
	run ironbox plugins -f json
	equals "$(jq -c '.[] | select(.stage == "selinux") | .lacks' <<<"$output")" '[]'
}

@test "enforcing: in a user namespace, with no_new_privs" {
	box_set '.linux.namespaces += [{"type": "user"}] | .process.noNewPrivileges = true |
		.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] |
		.linux.gidMappings = .linux.uidMappings'
	chown -R -h 100000:100000 "$bundle/rootfs"
	box_start /bin/sleep 1000
	equals "$(label_outside)" $process
	for path in /dev /dev/shm /dev/pts; do # the nodes are binds of the host's
		equals "$path $(label_of $path)" "$path $mounts"
	done
	run ironbox exec --user 1000 "$id" "${tell[@]}"
	told $process
	ironbox delete --force "$id"
}

@test "enforcing: what is no label is refused before anything is made" {
	local label
	for label in nothing:of:this:s0 container_t "${process%s0*}s0:c1,c9999" 'a",b'; do
		box_set '.process.selinuxLabel = $l' --arg l "$label"
		run inside /bin/true
		equals "$output" "ironbox: run $id: selinux: process.selinuxLabel: \"$label\" is no label in this node's policy"
		equals "$status" 1
	done
	[ ! -e "$state_root/$id" ]
	box_set '.process.selinuxLabel = $p | .linux.mountLabel = "system_u:object_r:gone_t:s0"' --arg p $process
	run inside /bin/true
	equals "$output" "ironbox: run $id: selinux: linux.mountLabel: \"system_u:object_r:gone_t:s0\" is no label in this node's policy"
	# the kernel's own way to write a label is not the only one
	box_set '.process.selinuxLabel = $p | .linux.mountLabel = $m' \
		--arg p ${process%c1,c2}c2,c1 --arg m ${mounts%c1,c2}c2,c1
	run inside "${tell[@]}"
	told $process
	box_set '.process.apparmorProfile = "x"'
	run inside /bin/true
	contains "$output" "apparmor: process.apparmorProfile: this node has no AppArmor"
	equals "$status" 1
}

# The hook is in the container's mount namespace, where a racing container with a shared volume could
# reach, and runs right in front of the write. It is the host's, and not labelled.
@test "enforcing: TB1, TB5, CVE-2019-16884, CVE-2025-52881: with a /proc of the image's" {
	mkdir -p "$bundle/rootfs/proc/"{self,thread-self,1,2}/attr
	touch "$bundle/rootfs/proc/"{self,thread-self,1,2}/attr/{exec,keycreate,current}
	printf '#!/bin/sh\ncat /proc/self/attr/current >%q && mount --bind %q /proc\n' "$box/hook" \
		"$bundle/rootfs/proc" >"$box/bend"
	chmod +x "$box/bend"
	box_set 'del(.linux.maskedPaths, .linux.readonlyPaths) |
		.mounts |= map(select(.destination != "/proc")) | .hooks.createContainer = [{"path": $p}]' \
		--arg p "$box/bend"
	box_start /bin/sleep 1000
	equals "$(label_outside)" $process
	equals "$(tr -d '\0' <"$box/hook")" $runtime
	run ironbox exec "$id" /probe open /tmp/own rw open /tmp/others r keyring-label
	equals "$output" $'open /tmp/own: ok\nopen /tmp/others: EACCES\n'"keyring $process"
	equals "$(find "$bundle/rootfs/proc" -type f -size +0)" ''
	ironbox delete --force "$id"
}
