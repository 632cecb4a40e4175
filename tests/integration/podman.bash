# shellcheck shell=bash
# podman.bash: Debian's podman and conmon with ironbox, and the same calls with runc beside it. All
# that podman keeps is in folders of the suite's own; no network, no systemd.
load ../rootless/rootless

# podman_make USER: for setup_file. Its image has busybox and /probe.
podman_make() {
	local folder=$BOX_SUITE/podman-$1

	users_make
	install -m 755 "$BATS_TEST_DIRNAME/podman-of" "$BOX_SUITE/bin"
	mkdir -p "$folder/home/.config/containers" "$folder/net" "$folder/tmp"
	printf '[ironbox]\nplugin_path = %s/plugins\n' "$BOX_SUITE" >"$BOX_SUITE/podman.ini"
	# podman gives a runtime no options of ours, and hardly any environment
	printf '#!/bin/sh\nASAN_OPTIONS=detect_leaks=0 exec %s --config %s "$@"\n' \
		"$BOX_SUITE/bin/ironbox" "$BOX_SUITE/podman.ini" >"$BOX_SUITE/bin/ironbox-of-podman"
	chmod 755 "$BOX_SUITE/bin/ironbox-of-podman"
	cat >"$folder/containers.conf" <<-END
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		infra_image = "localhost/box"
		runtime_supports_nocgroup = ["ironbox"]
		[engine.runtimes]
		ironbox = ["$BOX_SUITE/bin/ironbox-of-podman"]
		[network]
		network_backend = "cni"
		network_config_dir = "$folder/net"
	END
	printf '[storage]\ndriver = "vfs"\nrunroot = "%s"\ngraphroot = "%s"\n' \
		"$folder/runroot" "$folder/root" >"$folder/storage.conf"
	echo '{"default": [{"type": "insecureAcceptAnything"}]}' \
		>"$folder/home/.config/containers/policy.json"
	tar --owner=0 --group=0 -C "$BOX_SUITE/rootfs" -cf "$folder/box.tar" .
	chown -R "$1" "$folder"
	install -d -m 755 /run/user
	install -d -m 700 -o "$1" -g "$1" "/run/user/$(id -u "$1")"
	user=$1 podman_quiet import "$folder/box.tar" box
}

# podman ARG...: the user's, with $runtime.
podman() {
	"$BOX_SUITE/bin/podman-of" "$user" "$runtime" "$@" </dev/null 3>&-
}

# The same on a terminal, which script(1) gives it.
podman_on_terminal() {
	script -qec "$BOX_SUITE/bin/podman-of $user $runtime $*" /dev/null </dev/null 3>&- | tr -d '\r'
}

podman_quiet() {
	runtime=/usr/sbin/runc podman "$@" >/dev/null 2>&1
}

# podman_box USER: for setup.
podman_box() {
	user=$1
	box_setup
	install -d -m 755 -o "$user" "$box/volume"
	state_root=/run/ironbox
	[ "$user" = root ] || state_root=/run/user/$(id -u "$user")/ironbox
	parent=()
	[ "$user" != root ] || parent=(--cgroup-parent "/$id")
	# podman's process that holds its namespaces stays
	podman_quiet info
	box_note
}

podman_unbox() {
	local status=0

	podman_quiet pod rm --all --force --time 0
	podman_quiet rm --all --force --time 0
	await 10 box_has_no_new_processes >/dev/null
	find /sys/fs/cgroup -depth -type d -path "*$id*" -exec rmdir {} \; 2>/dev/null
	box_teardown || status=1
	return "$status"
}

# step ARG...: one podman command of a scene; its output and status are told as $transcript has it.
step() {
	local output status=0

	output=$(podman "$@" 2>&1) || status=$?
	printf '$ podman %s\n%s\n= %s\n' "$*" "$output" "$status"
}

# What differs from run to run, and the runtimes' names.
level() {
	sed -E "s#[0-9a-f]{64}#ID#g; s#\b[0-9a-f]{12}\b#ID#g; s#([a-z]+):\[[0-9]+\]#\1:[N]#g
		s#[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z?#TIME#g; s#(Up|Exited \([0-9]+\)) .* ago#\1#
		s#$BOX_SUITE/bin/ironbox-of-podman#RUNTIME#g; s#/usr/sbin/runc#RUNTIME#g" |
		grep -v 'level=warning'
}

# scene FUNCTION: its steps by ironbox, in $transcript; and the same by runc, which has to be equal.
scene() {
	runtime=$BOX_SUITE/bin/ironbox-of-podman
	transcript=$("$@" | level)
	podman_quiet pod rm --all --force --time 0
	podman_quiet rm --all --force --time 0
	runtime=/usr/sbin/runc
	diff -U 3 --label runc --label ironbox <("$@" | level) <(echo "$transcript")
}

# tells LINES: somewhere in the transcript, these lines one after the other.
tells() {
	contains "$transcript" "$1"
}

run_one() {
	step run --rm --network none "${parent[@]}" "$@"
}

# ---- scenes ----

foreground() {
	run_one box /probe ids hostname cwd
	run_one box sh -c 'echo out; exit 7'
	run_one box sh -c 'echo err >&2'
	run_one --user 1000:1000 --group-add 5 box id
	run_one --hostname there --workdir /tmp --env A=b box sh -c 'hostname; pwd; echo $A'
	run_one --cap-drop all --cap-add kill box /probe capabilities
	run_one --security-opt no-new-privileges box /probe nnp
	step run --rm --network host "${parent[@]}" box sh -c 'echo host'
}

confined() {
	run_one --read-only box sh -c 'touch /x 2>&1; touch /tmp/x && echo tmp'
	run_one -v "$box/volume:/v" box sh -c 'echo kept >/v/file; cat /v/file'
	run_one -v "$box/volume:/v:ro" box sh -c 'touch /v/more 2>&1; cat /v/file'
	run_one --tmpfs /t:size=1m box sh -c 'touch /t/x && grep -c " /t tmpfs" /proc/mounts'
	run_one --device /dev/null:/dev/mine box sh -c 'echo >/dev/mine && stat -c %t:%T /dev/mine'
	run_one --sysctl kernel.msgmax=9000 box cat /proc/sys/kernel/msgmax
	run_one --security-opt seccomp=unconfined box grep Seccomp: /proc/self/status
	run_one box grep Seccomp: /proc/self/status
	run_one --privileged box sh -c 'grep -c " /sys sysfs rw" /proc/mounts'
	run_one --oom-score-adj 100 box cat /proc/self/oom_score_adj
}

background() {
	step run -d --name one --network none "${parent[@]}" box \
		sh -c 'trap "exit 3" TERM; echo ready; while :; do sleep 0.05; done'
	sleep 1
	step logs one
	step inspect one --format '{{.State.Status}} {{.OCIRuntime}}'
	step exec one /probe ids
	step exec --user 5 one id -u
	step exec --env X=y one sh -c 'echo $X; exit 9'
	step exec -d one sh -c 'echo made >/tmp/made'
	sleep 1
	step exec one cat /tmp/made
	step exec --privileged one grep CapEff /proc/self/status
	step kill -s USR2 one
	step stop -t 30 one
	step ps -a --format '{{.Names}} {{.Status}}'
	step start one
	step restart -t 0 one
	step exec one sh -c 'echo again'
	step rm -f -t 30 one
	step ps -a --format '{{.Names}}'
}

pod() {
	step pod create --name together --network none "${parent[@]}" --infra-command '/bin/sleep 1000'
	step run -d --name first --pod together box sleep 100
	step run --rm --pod together box sh -c 'echo beside; ls /proc/self/ns/net'
	step pod ps --format '{{.Name}} {{.Status}} {{.NumberOfContainers}}'
	step exec first hostname
	step pod stop -t 0 together
	step pod rm -f -t 0 together
	step pod create --name shared --share pid,net,ipc,uts --network none "${parent[@]}" \
		--infra-command '/bin/sleep 1000'
	step run -d --name second --pod shared box sleep 100
	step exec second sh -c 'ps -o args | grep -c "[s]leep 100"'
	step pod rm -f -t 0 shared
}

health() {
	step run -d --name well --network none "${parent[@]}" --health-cmd 'test -e /tmp/well' \
		--health-interval disable box sh -c 'touch /tmp/well; sleep 1000'
	sleep 1
	step healthcheck run well
	step exec well rm /tmp/well
	step healthcheck run well
	step rm -f -t 0 well
}

# callers tell what went wrong by the status
broken() {
	run_one box nosuchprogram | sed '/^Error/d'
	run_one box /etc | sed '/^Error/d'
	step start nosuch
}
