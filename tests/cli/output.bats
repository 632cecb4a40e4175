# What the verbs print: runc's forms, to the byte.
bats_require_minimum_version 1.5.0
load fake

@test "state: runc's members in runc's order, two spaces, no end of line" {
	ok 'state web1' '{
  "ociVersion": "1.3.0",
  "id": "web1",
  "pid": 4711,
  "status": "running",
  "bundle": "/bundles/one",
  "rootfs": "/bundles/one/rootfs",
  "created": "2026-01-02T03:04:05.678901234Z",
  "owner": ""
}'
	[ "$("$IRONBOX" state web1 | tail -c 1)" = '}' ]
	run "$IRONBOX" state web2
	[[ "$output" == *'"bundle": "/b/\"two\"\n\u003c\u0026\u003e",'* ]]
	[ "$(jq -r .bundle <<<"$output")" = $'/b/"two"\n<&>' ]
}

@test "list: the table" {
	run "$IRONBOX" list
	[ "${lines[0]}" = 'ID          PID         STATUS      BUNDLE         CREATED                          OWNER' ]
	[ "${lines[1]}" = 'web1        4711        running     /bundles/one   2026-01-02T03:04:05.678901234Z   root' ]
	[ "${lines[2]}" = 'web2        0           stopped     /b/"two"?<&>   2026-01-02T03:04:05.678901234Z   root' ]
	ok '--root /empty list' 'ID          PID         STATUS      BUNDLE      CREATED     OWNER'
}

@test "list: json and ids" {
	run "$IRONBOX" list --format json
	[ "${#lines[@]}" -eq 1 ]
	[ "$(jq -c '[.[] | [.id, .pid, .status, .owner]]' <<<"$output")" = \
		'[["web1",4711,"running","root"],["web2",0,"stopped","root"]]' ]
	ok 'list -q' $'web1\nweb2'
	ok 'list --quiet --format=json' $'web1\nweb2'
	ok '--root /empty list -f json' 'null'
	ok '--root /empty list -q' ''
}

@test "ps: json" {
	run "$IRONBOX" ps --format json web1
	[[ "$output" =~ ^\[1,[0-9]+\]$ ]]
	ok 'ps -f json web2' 'null'
}

@test "ps: the table has ps(1)'s title and the container's lines alone" {
	run "$IRONBOX" ps web1
	[ "$status" -eq 0 ]
	[[ "${lines[0]}" =~ ^UID\ +PID ]]
	[[ "${lines[1]}" =~ ^[a-z]+\ +1\  ]]
	[ "${#lines[@]}" -eq 3 ]
	run "$IRONBOX" ps web2
	[ "${#lines[@]}" -eq 1 ]
}

@test "ps: options for ps(1), which go by the PID column wherever it is" {
	run "$IRONBOX" ps web1 -e -o comm,pid
	[[ "${lines[0]}" =~ ^COMMAND\ +PID$ ]]
	[[ "${lines[1]}" =~ \ 1$ ]]
	[ "${#lines[@]}" -eq 3 ]
	run "$IRONBOX" ps web1 aux
	[[ "${lines[0]}" =~ ^USER\ +PID ]]
	fails 1 'ps web1 -e -o comm' 'ps web1: ps(1) printed no PID column'
	run "$IRONBOX" ps web1 --no-such-option
	[ "$status" -eq 1 ]
	[ "${lines[-1]}" = 'ironbox: ps web1: ps(1) exited with status 1' ]
}

@test "plugins: the table and json" {
	run "$IRONBOX" plugins
	[ "${lines[0]}" = 'STAGE       MODULE         VERSION     ABI         STATE       WAKES ON                                          LACKS' ]
	[ "${lines[1]}" = 'namespace   namespace.so   1.0         1.0         on          always                                            time namespaces, setns by pidfd' ]
	[ "${lines[2]}" = 'network     network.so     1.0         1.2         off         linux.namespaces[type=network] linux.netDevices   -' ]
	[ "${lines[3]}" = 'seccomp     gone.so        -           -           broken      -                                                 open /p/gone.so: No such file' ]
	run "$IRONBOX" plugins --format json
	[ "$(jq -c 'map([.stage, .abi, .enabled, .wakesOn, .lacks, .problem])' <<<"$output")" = \
		'[["namespace","1.0",true,[],["time namespaces","setns by pidfd"],null],["network","1.2",false,["linux.namespaces[type=network]","linux.netDevices"],[],null],["seccomp","0.0",true,[],[],"open /p/gone.so: No such file"]]' ]
}

@test "features: the document of runtime-spec 1.3" {
	run "$IRONBOX" features
	[ "$status" -eq 0 ]
	jq -e '.ociVersionMin == "1.0.0" and .ociVersionMax == "1.3.0"' <<<"$output"
	jq -e '.hooks | length == 6' <<<"$output"
	jq -e '.mountOptions | length == 61 and (unique | length) == 61' <<<"$output"
	jq -e '.linux.namespaces | sort == ["cgroup","ipc","mount","network","pid","time","user","uts"]' <<<"$output"
	jq -e '.linux.capabilities | length == 41' <<<"$output"
	jq -e '.linux.cgroup == {v1: true, v2: true, systemd: true, systemdUser: false, rdma: true}' <<<"$output"
	jq -e '.linux.seccomp | .enabled and (.knownFlags - .supportedFlags | length) < 4' <<<"$output"
	jq -e '.linux.seccomp.supportedFlags | index("SECCOMP_FILTER_FLAG_LOG")' <<<"$output"
	jq -e '[.linux.apparmor, .linux.selinux] | all(.enabled)' <<<"$output"
	jq -e '.linux.intelRdt.enabled | not' <<<"$output"
	jq -e '.linux.mountExtensions.idmap.enabled and .linux.netDevices.enabled' <<<"$output"
	jq -e '.annotations["ironbox.version"] | test("^[0-9.]+$")' <<<"$output"
}

@test "spec: a config.json that is there stays" {
	cd "$BATS_TEST_TMPDIR"
	ok 'spec' ''
	[ "$(stat -c %a config.json)" = 644 ]
	jq -e '.ociVersion == "1.3.0" and .hostname == "ironbox"' config.json
	fails 1 'spec' 'File config.json exists. Remove it first'
	mkdir elsewhere
	ok 'spec --bundle elsewhere' ''
	cmp config.json elsewhere/config.json
	fails 1 'spec -b /nonexistent' 'spec: open the bundle /nonexistent: No such file or directory'
	ln -s nowhere elsewhere/link
	rm elsewhere/config.json
	ln -s /nonexistent elsewhere/config.json
	fails 1 'spec -b elsewhere' 'File config.json exists. Remove it first'
}

@test "spec: runc's, but for the version and the host's name" {
	cd "$BATS_TEST_TMPDIR"
	local flag
	for flag in '' --rootless; do
		mkdir ours theirs
		runc spec $flag --bundle theirs
		"$IRONBOX" spec $flag --bundle ours
		sed -i 's/"ociVersion": .*/"ociVersion": "1.3.0",/; s/"hostname": .*/"hostname": "ironbox",/' \
			theirs/config.json
		cmp ours/config.json theirs/config.json
		rm -r ours theirs
	done
}

@test "output that can't be written is an error" {
	for words in 'list' 'state web1' 'features' 'plugins' 'events --stats web1' 'ps -f json web1' \
		'--version' '--help' 'help list'; do
		run bash -c '"$@" >/dev/full' bash "$IRONBOX" $words
		[ "$status" -eq 1 ]
		[[ "$output" == 'ironbox: '*': No space left on device' ]]
	done
}
