# What is no plugin, or not one of ours, gets one clear line.
load ../../support/box

setup() {
	box_setup
	plugins=$box/plugins
	cp -r "$BOX_SUITE/plugins" "$plugins"
	ini ''
}

teardown() {
	box_teardown
}

ini() {
	printf '[ironbox]\nplugin_path = %s\n%s\n' "$plugins" "$1" >"$box/ironbox.ini"
}

# refused LINE: the container is refused in exactly this line
refused() {
	run inside /bin/true
	equals "$output" "ironbox: run $id: $1"
	equals "$status" 1
}

network_is() {
	ini "[network]
module = $1"
}

@test "modules: another ABI's plugin is refused with both numbers" {
	network_is other_abi.so
	refused "stage network: $plugins/other_abi.so is built for plugin ABI 2.7, this ironbox has 1.1"
}

@test "modules: a plugin of an older minor ABI has fewer phases" {
	network_is older_minor.so
	run inside /probe interfaces
	equals "$output" "lo DOWN"
}

@test "modules: a file that is no plugin" {
	echo "not at all" >"$plugins/text.so"
	network_is text.so
	refused "stage network: $box/ironbox.ini:4: $plugins/text.so is not a plugin: it has no ironbox manifest"
}

@test "modules: a shared library that is no plugin" {
	cp "$(ldconfig -p | awk '/libz.so.1 / || /libm.so.6 / { print $NF; exit }')" "$plugins/library.so"
	chmod 644 "$plugins/library.so"
	network_is library.so
	refused "stage network: $box/ironbox.ini:4: $plugins/library.so is not a plugin: it has no ironbox manifest"
}

@test "modules: a missing one" {
	network_is gone.so
	refused "stage network: $box/ironbox.ini:4: open the plugin $plugins/gone.so: No such file or directory"
}

@test "modules: one that others may write" {
	chmod 666 "$plugins/network.so"
	run inside /bin/true
	equals "$status" 1
	contains "$output" "stage network: "
	contains "$output" "$plugins/network.so"
	equals "$(wc -l <<<"$output")" 1
}

@test "modules: one of another owner" {
	chown 1000 "$plugins/network.so"
	run inside /bin/true
	equals "$status" 1
	contains "$output" "$plugins/network.so"
}

@test "modules: a folder that others may write" {
	chmod 777 "$plugins"
	run inside /bin/true
	equals "$status" 1
	contains "$output" "$plugins"
	chmod 755 "$plugins"
}

@test "modules: a symbolic link is not followed" {
	ln -s network.so "$plugins/link.so"
	network_is link.so
	refused "stage network: $box/ironbox.ini:4: open the plugin $plugins/link.so: Too many levels of symbolic links"
}

@test "modules: a path in place of a name" {
	network_is ../network.so
	refused "stage network: $box/ironbox.ini:4: module ../network.so: a name in plugin_path, not a path"
}

@test "modules: a module of another stage" {
	network_is capabilities.so
	refused "stage network: $plugins/capabilities.so is a module for stage capabilities"
}

@test "modules: a wrong order names the ini's line" {
	ini $'[pipeline]\nstages = namespace cgroup network rootfs seccomp capabilities'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "$box/ironbox.ini:4: [pipeline] stages: "
	contains "$output" "seccomp"
}

@test "modules: a stage that is off, and asked for, is refused by line and field" {
	ini $'[network]\nenabled = no\n[namespace]\nenabled = no'
	refused "namespace: off in $box/ironbox.ini:6, but hostname asks for it"
}

@test "modules: on_disabled = warn says what is not carried out, and goes on" {
	printf '[ironbox]\nplugin_path = %s\non_disabled = warn\n[capabilities]\nenabled = no\n' \
		"$plugins" >"$box/ironbox.ini"
	run inside /bin/echo ran
	contains "$output" "capabilities: off in $box/ironbox.ini:5, so process.capabilities"
	contains "$output" "ran"
	equals "$status" 0
}

@test "modules: a field that nobody carries out is refused by its path" {
	box_set '.linux.intelRdt = {"closID": "x"}'
	refused "config.json: linux.intelRdt: no stage of the pipeline does it (intelRdt)"
	box_set 'del(.linux.intelRdt) | .process.apparmorProfile = "p"'
	ini $'[pipeline]\nstages = namespace cgroup rootfs network capabilities seccomp'
	refused "config.json: process.apparmorProfile: no stage of the pipeline does it (apparmor)"
}

# What the caller asks for by --systemd-cgroup, whichever stage does it.
variant() {
	box_args /probe interfaces
	ironbox --systemd-cgroup run --bundle "$bundle" "$id"
}

@test "modules: a variant that the caller asks for is taken by module = auto, or named" {
	ini $'[cgroup]\nenabled = no'
	box_set 'del(.linux.cgroupsPath, .linux.resources)'
	cp "$plugins/variant.so" "$plugins/network.so"
	run variant
	equals "$output" "lo DOWN" # by a module without a phase
	mv "$plugins/variant.so" "$plugins/named.so"
	run variant
	equals "$output" "ironbox: run $id: stage network: open the plugin $plugins/variant.so: No such file or directory"
	ini $'[cgroup]\nenabled = no\n[network]\nmodule = named.so'
	run variant
	equals "$output" "lo DOWN"
}

@test "modules: a variant that no stage is, is refused" {
	ini $'[cgroup]\nenabled = no'
	box_set 'del(.linux.cgroupsPath, .linux.resources)'
	run variant
	equals "$output" "ironbox: run $id: systemd, which the caller asks for: no stage of the pipeline does it (with module = auto a stage takes the module that does)"
	equals "$status" 1
	ini $'on_disabled = warn\n[cgroup]\nenabled = no'
	run variant
	contains "$output" "systemd, which the caller asks for: no stage does it"
	contains "$output" "lo UP"
	equals "$status" 0
}

@test "modules: a sleeping stage is not loaded" {
	box_start /bin/sleep 100
	run grep -c "$plugins/seccomp.so\|libseccomp" "/proc/$(box_pid)/maps"
	equals "$output" 0
	run grep -l seccomp "$state_root/$id/record"
	equals "$output" ""
	ironbox delete --force "$id"
}

@test "modules: delete uses the module that created, whatever the ini says today" {
	box_start /bin/sleep 100
	ini $'[pipeline]\nstages = namespace rootfs'
	ironbox delete --force "$id"
	equals "$(box_cgroups)" ""
}
