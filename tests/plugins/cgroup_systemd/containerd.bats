#!/usr/bin/env bats
# containerd's SystemdCgroup, as the shim gets it.
load ../../shim/task/shim

setup() {
	shim_setup
	mkdir -p /etc/ironbox # Create names no ini here
	cp "$box/ironbox.ini" /etc/ironbox/
	sed -i "s|\"cgroupsPath\": .*|\"cgroupsPath\": \"box.slice:cri-containerd:$id\",|" "$bundle/config.json"
	box_args sleep 1000
}

teardown() {
	shim_teardown
}

# makes_a_scope TYPE_URL VALUE
makes_a_scope() {
	local scope=cri-containerd-$id.scope
	shim_start
	call Create bundle="$bundle" options.type_url="$1" options.value="$2" >"$box/created"
	call Start >/dev/null
	equals "$(cat "/sys/fs/cgroup/box.slice/$scope/cgroup.procs")" "$(field pid <"$box/created")"
	equals "$(systemctl show "$scope" --property=Slice)" Slice=box.slice
	end
	equals "$(systemctl list-units --all --plain --no-legend "$scope")" ""
}

@test "systemd: SystemdCgroup of CRI's table" {
	makes_a_scope runtimeoptions.v1.Options $'\x1a\x14SystemdCgroup = true'
}

@test "systemd: SystemdCgroup of runc's options; an OOM kill is heard of before systemd cleans up" {
	sed -i 's|"resources": {|&"memory": {"limit": 16777216, "swap": 16777216},|' "$bundle/config.json"
	makes_a_scope containerd.runc.v1.Options $'H\x01'
	box_args /probe alloc 64
	shim_start
	call Create bundle="$bundle" options.type_url=containerd.runc.v1.Options options.value=$'H\x01' >/dev/null
	call Start >/dev/null
	equals "$(call Wait | field exit_status)" 137
	await 10 grep -q "^/tasks/oom container_id=$id" "$events"
	call Delete >/dev/null
	shut_down
}
