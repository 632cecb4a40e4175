# In a VM whose kernel has AppArmor: a profile confines, as the container itself sees it and as the
# host does. Few tests of many steps: beginning and ending one costs a VM more than a container does.
load ../../support/box

setup_file() {
	apparmor_parser -Kr profiles/container profiles/runtime
}

setup() {
	box_setup
	box_set '.root.readonly = false | .process.noNewPrivileges = false |
		.process.apparmorProfile = "ironbox-test"'
}

teardown() {
	box_teardown
}

# profile NAME: what config.json asks for
profile() {
	box_set '.process.apparmorProfile = $p' --arg p "$1"
}

# What a process in the container tells of itself.
tell=(/probe read /proc/self/attr/apparmor/current write /tmp/denied x write /tmp/other x say done)

# told LABEL DENIED OTHER: that was told
told() {
	equals "$output" "$1
write /tmp/denied: $2
write /tmp/other: $3
done"
}

# What the host sees: the label of the container's first process.
label_outside() {
	cat "/proc/$(box_pid)/attr/apparmor/current"
}

# process_file EXPRESSION: the container's own process, edited, and it tells.
process_file() {
	jq ".process | .args = \$ARGS.positional | $1" "$bundle/config.json" --args -- "${tell[@]}" \
		>"$box/process.json"
}

exec_file() {
	process_file "$1"
	run ironbox exec --process "$box/process.json" "$id"
}

@test "confined: by the profile that config.json names, by several, by none" {
	run inside "${tell[@]}"
	told 'ironbox-test (enforce)' EACCES ok
	profile 'ironbox-test//&ironbox-test-other'
	run inside "${tell[@]}"
	told 'ironbox-test//&ironbox-test-other (enforce)' EACCES EACCES
	profile unconfined
	run inside "${tell[@]}"
	told unconfined ok ok
	box_set 'del(.process.apparmorProfile)'
	run inside "${tell[@]}"
	told unconfined ok ok
}

@test "confined: from execve on, and so is an exec" {
	box_create /bin/sleep 1000
	equals "$(label_outside)" unconfined
	ironbox start "$id"
	await 30 eval '[ "$(label_outside)" = "ironbox-test (enforce)" ]'

	run ironbox exec "$id" "${tell[@]}"
	told 'ironbox-test (enforce)' EACCES ok
	exec_file 'del(.apparmorProfile)'
	told 'ironbox-test (enforce)' EACCES ok
	exec_file '.apparmorProfile = ""'
	told 'ironbox-test (enforce)' EACCES ok

	run ironbox exec --apparmor ironbox-test-other "$id" "${tell[@]}"
	told 'ironbox-test-other (enforce)' ok EACCES
	exec_file '.apparmorProfile = "ironbox-test-other" | .noNewPrivileges = true'
	told 'ironbox-test-other (enforce)' ok EACCES
	run ironbox exec --apparmor gone "$id" /bin/true
	equals "$output" "ironbox: exec in $id: apparmor: $(not_loaded gone)"
	equals "$status" 255
	ironbox delete --force "$id"
}

@test "confined: an exec alone, also where all pids are the host's" {
	box_set 'del(.process.apparmorProfile) | .linux.namespaces |= map(select(.type != "pid"))'
	box_start /bin/sleep 1000
	run ironbox exec --apparmor ironbox-test "$id" "${tell[@]}"
	told 'ironbox-test (enforce)' EACCES ok
	equals "$(label_outside)" unconfined
	ironbox delete --force "$id"
}

@test "confined: in a user namespace, and with no_new_privs" {
	box_set '.linux.namespaces += [{"type": "user"}] | .process.noNewPrivileges = true |
		.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] |
		.linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$bundle/rootfs"
	box_start /bin/sleep 1000
	equals "$(label_outside)" 'ironbox-test (enforce)'
	run ironbox exec --user 1000 "$id" "${tell[@]}"
	told 'ironbox-test (enforce)' EACCES ok
	ironbox delete --force "$id"
}

# confined_ironbox PROFILE ARG...
confined_ironbox() {
	aa-exec -p "$1" -- "$IRONBOX" --root "$state_root" --config "$box/ironbox.ini" "${@:2}" 3>&-
}

@test "confined: by a runtime that is confined itself" {
	box_args "${tell[@]}"
	run confined_ironbox ironbox-test-tight run --bundle "$bundle" "$id"
	equals "$output" "ironbox: run $id: apparmor: process.apparmorProfile: the runtime's own profile does not let it change to \"ironbox-test\": Permission denied"
	equals "$status" 1
	run confined_ironbox ironbox-test-runtime run --bundle "$bundle" "$id"
	told 'ironbox-test (enforce)' EACCES ok
	# with no_new_privs a process can only come to be confined more
	box_set '.process.noNewPrivileges = true'
	run confined_ironbox ironbox-test-runtime run --bundle "$bundle" "$id"
	told 'ironbox-test//&ironbox-test-runtime (enforce)' EACCES ok
	box_start /bin/sleep 1000
	run confined_ironbox ironbox-test-runtime exec "$id" "${tell[@]}"
	told 'ironbox-test//&ironbox-test-runtime (enforce)' EACCES ok
	ironbox delete --force "$id"
}

not_loaded() {
	printf 'process.apparmorProfile: the profile "%s" is not loaded on this node: load it by apparmor_parser -r FILE' "$1"
}

@test "confined: by nothing but what there is, else there is no container" {
	profile gone
	run inside /bin/true
	equals "$output" "ironbox: run $id: apparmor: $(not_loaded gone)"
	equals "$status" 1
	umount /sys/kernel/security # where the list is
	run inside /bin/true
	mount -t securityfs securityfs /sys/kernel/security
	equals "$output" "ironbox: run $id: apparmor: $(not_loaded gone)"
	equals "$status" 1

	box_set '.process.apparmorProfile = "ironbox-test" |
		.process.selinuxLabel = "system_u:system_r:container_t:s0"'
	run inside /bin/true
	contains "$output" "selinux: process.selinuxLabel: this node has no SELinux"
	equals "$status" 1

	box_set 'del(.process.selinuxLabel)'
	box_ini $'[apparmor]\nenabled = no'
	run inside "${tell[@]}"
	equals "$output" "ironbox: run $id: apparmor: off in $box/ironbox.ini:4, but process.apparmorProfile asks for it"
	equals "$status" 1
	box_ini $'on_disabled = warn\n[apparmor]\nenabled = no'
	run inside "${tell[@]}"
	contains "${lines[0]}" "apparmor: off in $box/ironbox.ini:5, so process.apparmorProfile is not carried out"
	output=${output#*$'\n'}
	told unconfined ok ok

	run ironbox plugins -f json
	equals "$(jq -c '.[] | select(.stage == "apparmor") | .lacks' <<<"$output")" '[]'
}

# fake_proc FOLDER: all files to which a runtime might write a label
fake_proc() {
	local process
	for process in self thread-self 1 2; do
		mkdir -p "$1/$process/attr/apparmor"
		touch "$1/$process/attr/"{exec,current,keycreate,apparmor/exec,apparmor/current}
	done
}

is_untouched() {
	equals "$(find "$1" -type f -size +0)" ''
}

denied=(/probe write /tmp/denied x write /tmp/other x)
is_denied=$'write /tmp/denied: EACCES\nwrite /tmp/other: ok'

@test "confined: TB1, CVE-2019-16884: with the image's own /proc, and with one that came later" {
	fake_proc "$bundle/rootfs/proc"
	box_set 'del(.linux.maskedPaths, .linux.readonlyPaths) |
		.mounts |= map(select(.destination != "/proc"))'
	box_start /bin/sleep 1000
	equals "$(label_outside)" 'ironbox-test (enforce)'
	run ironbox exec "$id" "${denied[@]}"
	equals "$output" "$is_denied"
	is_untouched "$bundle/rootfs/proc"
	nsenter -t "$(box_pid)" -m mount -t tmpfs tmpfs /proc
	run ironbox exec "$id" "${denied[@]}"
	equals "$output" "$is_denied"
	ironbox delete --force "$id"
}

# The hook is in the container's mount namespace, where a racing container with a shared volume could
# reach, and runs right in front of the write.
@test "confined: TB5, CVE-2025-52881: with all of /proc bent in front of the write" {
	fake_proc "$box/proc"
	printf '#!/bin/sh\nmount --bind %q /proc && mount --bind %q %q && touch %q\n' \
		"$box/proc" "$box/proc" "$bundle/rootfs/proc" "$box/bent" >"$box/bend"
	chmod +x "$box/bend"
	box_set '.hooks.createContainer = [{"path": $p}] | del(.linux.maskedPaths, .linux.readonlyPaths)' \
		--arg p "$box/bend"
	run inside "${denied[@]}"
	equals "$output" "$is_denied"
	[ -e "$box/bent" ]
	is_untouched "$box/proc"
}

@test "confined: startContainer hooks are, the host's hooks are not" {
	hook() {
		printf '[{"path": "/bin/sh", "args": ["sh", "-c", "cat /proc/self/attr/apparmor/current >%s"]}]' "$1"
	}
	box_set '.hooks = {"createRuntime": $r, "createContainer": $c, "startContainer": $s}' \
		--argjson r "$(hook "$box/runtime")" --argjson c "$(hook "$box/container")" \
		--argjson s "$(hook /tmp/start)"
	run inside "${tell[@]}"
	told 'ironbox-test (enforce)' EACCES ok
	equals "$(cat "$box/runtime")" unconfined
	equals "$(cat "$box/container")" unconfined
	equals "$(cat "$bundle/rootfs/tmp/start")" 'ironbox-test (enforce)'
}
