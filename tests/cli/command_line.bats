# The command line: each verb, each flag in each spelling, and what is wrong with it.
bats_require_minimum_version 1.5.0
load fake

D=root=/s

@test "create: its flags" {
	ok '--root /s create web1' "create $D id=web1 bundle=."
	ok '--root /s create --bundle /b web1' "create $D id=web1 bundle=/b"
	ok '--root /s create -b /b web1' "create $D id=web1 bundle=/b"
	ok '--root=/s create web1 --bundle=/b' "create $D id=web1 bundle=/b"
	ok '--root /s create --pid-file p --console-socket c web1' \
		"create $D id=web1 bundle=. console-socket=c pid-file=p"
	ok '--root /s create --pidfd-socket s --no-pivot --no-new-keyring web1' \
		"create $D id=web1 bundle=. pidfd-socket=s no-pivot no-new-keyring"
	ok '--root /s create --no-pivot=false -- web1' "create $D id=web1 bundle=."
}

@test "create: as containerd and conmon call it" {
	ok "--root /s --log $BATS_TEST_TMPDIR/log --log-format json create --bundle /b --pid-file /b/init.pid web1" \
		"create $D id=web1 bundle=/b pid-file=/b/init.pid"
	ok "--log-format=json --log $BATS_TEST_TMPDIR/log --root /s create --bundle /b --pid-file /p --console-socket /tmp/conmon-term.X web1" \
		"create $D id=web1 bundle=/b console-socket=/tmp/conmon-term.X pid-file=/p"
}

@test "run: its flags, and the container's own exit code" {
	run "$IRONBOX" run -d --keep -no-subreaper --bundle /b web1
	told 'run' 'run id=web1 bundle=/b detach keep no-subreaper' 42
	run "$IRONBOX" run --detach --pid-file p --no-new-keyring web1
	told 'run' 'run id=web1 bundle=. pid-file=p no-new-keyring detach' 42
}

@test "exec: its flags stand in front of the id, the command's own behind it" {
	run "$IRONBOX" exec web1 ls -l --detach -- -t
	told 'exec' 'exec id=web1 arg=ls arg=-l arg=--detach arg=-- arg=-t' 43
	run "$IRONBOX" exec -t -u 1:2 -e A=1 --env B=2 --cwd /w -c CAP_CHOWN --cap CAP_KILL \
		-g 5 --additional-gids 6 --no-new-privs web1 sh
	told 'exec' 'exec id=web1 arg=sh cwd=/w user=1:2 env=A=1 env=B=2 cap=CAP_CHOWN cap=CAP_KILL gid=5 gid=6 tty no-new-privs' 43
	run "$IRONBOX" exec --apparmor P --process-label L --cgroup /sub --ignore-paused -d \
		--pid-file p --console-socket c --pidfd-socket s web1 sh
	told 'exec' 'exec id=web1 arg=sh apparmor=P process-label=L console-socket=c pidfd-socket=s pid-file=p cgroup=/sub detach ignore-paused' 43
}

@test "exec: as containerd and conmon call it" {
	run "$IRONBOX" exec --process /tmp/runc-process1 --console-socket c --detach --pid-file p web1
	told 'exec' 'exec id=web1 process=/tmp/runc-process1 console-socket=c pid-file=p detach' 43
	run "$IRONBOX" exec --pid-file p --process f --detach --tty --console-socket c web1
	told 'exec' 'exec id=web1 process=f tty console-socket=c pid-file=p detach' 43
	run "$IRONBOX" exec -p f web1
	told 'exec' 'exec id=web1 process=f' 43
}

@test "exec: what excludes what" {
	fails 255 'exec web1' 'exec web1: a command or --process is missing'
	fails 255 'exec -p f web1 ls' 'exec web1: --process and a command exclude each other'
	fails 255 'exec -p f --cwd / web1' 'exec web1: --process and --cwd exclude each other'
	fails 255 'exec -p f -e A=1 web1' 'exec web1: --process and --env exclude each other'
	fails 255 'exec -p f -u 0 web1' 'exec web1: --process and --user exclude each other'
	fails 255 'exec -p f -c CAP_KILL web1' 'exec web1: --process and --cap exclude each other'
	fails 255 'exec --cgroup /a --cgroup /b web1 ls' 'exec web1: --cgroup can be given once'
}

@test "kill: signals by name and number" {
	ok 'kill web1' 'kill id=web1 signal=15'
	ok 'kill web1 9' 'kill id=web1 signal=9'
	ok 'kill web1 0' 'kill id=web1 signal=0'
	ok 'kill web1 KILL' 'kill id=web1 signal=9'
	ok 'kill web1 sigwinch' 'kill id=web1 signal=28'
	ok 'kill web1 SIGRTMIN+3' 'kill id=web1 signal=37'
	ok 'kill --all web1 9' 'kill id=web1 signal=9 all'
	ok 'kill -a web1 15' 'kill id=web1 signal=15 all'
	ok 'kill web1 15 --all' 'kill id=web1 signal=15 all'
	fails 1 'kill web1 SIGFOO' 'kill web1: signal SIGFOO: no such name or number'
	fails 1 'kill web1 65' 'kill web1: signal 65: no such name or number'
	fails 1 'kill web1 -9' 'kill: unknown option -9'
}

@test "start, pause, resume, delete" {
	ok 'start web1' 'start id=web1'
	ok 'pause web1' 'pause id=web1'
	ok 'resume web1' 'resume id=web1'
	ok 'delete web1' 'delete id=web1'
	ok 'delete --force web1' 'delete id=web1 force'
	ok 'delete -f web1' 'delete id=web1 force'
	ok 'delete web1 -force=true' 'delete id=web1 force'
}

@test "update: options become the spec's resources" {
	ok 'update web1' 'update id=web1 {}'
	ok 'update --memory 512M web1' 'update id=web1 {"memory":{"limit":536870912}}'
	ok 'update --memory 1g --memory-reservation 512m --memory-swap -1 web1' \
		'update id=web1 {"memory":{"limit":1073741824,"reservation":536870912,"swap":-1}}'
	ok 'update --cpu-period 100000 --cpu-quota -1 --cpu-share 512 --cpu-burst 10 --cpu-idle 1 web1' \
		'update id=web1 {"cpu":{"period":100000,"quota":-1,"burst":10,"idle":1,"shares":512}}'
	ok 'update --cpu-rt-period 1000000 --cpu-rt-runtime 500000 web1' \
		'update id=web1 {"cpu":{"realtimePeriod":1000000,"realtimeRuntime":500000}}'
	ok 'update --cpuset-cpus 0-1 --cpuset-mems 0 --pids-limit 10 --blkio-weight 500 web1' \
		'update id=web1 {"blockIO":{"weight":500},"cpu":{"cpus":"0-1","mems":"0"},"pids":{"limit":10}}'
	run "$IRONBOX" update --cpuset-cpus '' web1
	told 'update' 'update id=web1 {}' 0
}

@test "update: a document from a file or from standard input" {
	printf '{"memory":{"limit":0}}' >"$BATS_TEST_TMPDIR/r"
	ok "update --resources=$BATS_TEST_TMPDIR/r web1" 'update id=web1 {"memory":{"limit":0}}'
	run "$IRONBOX" update --resources - web1 <"$BATS_TEST_TMPDIR/r"
	told 'update' 'update id=web1 {"memory":{"limit":0}}' 0
	run "$IRONBOX" update -r - web1 < <(cat "$BATS_TEST_TMPDIR/r")
	told 'update' 'update id=web1 {"memory":{"limit":0}}' 0
	run "$IRONBOX" update -r=- web1 </dev/null
	[ "$status" -eq 1 ]
	[[ "$output" == "ironbox: update web1: standard input:"* ]]
}

@test "update: what is wrong" {
	fails 1 'update --memory 1x web1' \
		'update web1: --memory: "1x" is not a size such as 67108864, 64m or -1'
	fails 1 'update --memory-swap -2 web1' \
		'update web1: --memory-swap: "-2" is not a size such as 67108864, 64m or -1'
	fails 1 'update --cpu-share many web1' 'update web1: --cpu-share: "many" is not a number'
	fails 1 'update --pids-limit 1.5 web1' 'update web1: --pids-limit: "1.5" is not a number'
	fails 1 'update --resources /nonexistent web1' \
		'update web1: open /nonexistent: No such file or directory'
	fails 1 'update --resources / web1' 'update web1: read /: Is a directory'
	fails 1 'update -r f --memory 1g web1' \
		'update web1: --resources and --memory exclude each other'
	fails 1 'update --l3-cache-schema x web1' \
		'update: --l3-cache-schema is not there yet: no stage does intelRdt'
	fails 1 'update --mem-bw-schema=x web1' \
		'update: --mem-bw-schema is not there yet: no stage does intelRdt'
	run "$IRONBOX" update --cpu-quota=-5k web1
	told 'update' 'ironbox: update web1: --cpu-quota: "-5k" is not a number' 1
}

@test "update: kernel memory is taken, and told to be ignored" {
	run --separate-stderr "$IRONBOX" update --kernel-memory 10m --kernel-memory-tcp 5m web1
	told 'update' 'update id=web1 {}' 0
	[[ "$stderr" == *'level=warning'*'update web1: kernel memory limits are ignored'* ]]
}

@test "events: the interval" {
	ok 'events web1' $'{"type":"stats","id":"web1","data":{"interval":5000}}\n{"type":"oom","id":"web1"}'
	ok 'events --interval=500ms web1' \
		$'{"type":"stats","id":"web1","data":{"interval":500}}\n{"type":"oom","id":"web1"}'
	ok 'events --stats web1' '{"type":"stats","id":"web1","data":{"pids":{"current":1}}}'
	fails 1 'events --interval 0s web1' \
		'events web1: --interval must be more than 0, and below 4294967 s'
	fails 1 'events --interval 5 web1' \
		'events: --interval: "5" is not a duration such as 5s or 1m30s'
}

@test "a mistyped verb or option names the one that is near" {
	fails 3 'crate web1' 'unknown command crate (did you mean create?)'
	fails 3 'frobnicate' 'unknown command frobnicate'
	fails 3 'help frobnicate' 'unknown command frobnicate'
	fails 1 'create --bundel /b web1' 'create: unknown option --bundel (did you mean --bundle?)'
	fails 1 '--rot /s list' 'unknown option --rot (did you mean --root?)'
	fails 1 'delete --forced web1' 'delete: unknown option --forced (did you mean --force?)'
	fails 1 'exec -it web1 sh' 'exec: unknown option -it'
}

@test "missing values and wrong ones" {
	fails 1 'create web1 --bundle' 'create: --bundle needs a value: DIR'
	fails 1 '--root' '--root needs a value: DIR'
	fails 1 'run --preserve-fds x web1' \
		'run: --preserve-fds: "x" is not a number of 0 or more'
	fails 1 'list --quiet=maybe' 'list: --quiet: "maybe" is neither true nor false'
	fails 1 'list --format xml' 'list: --format xml: neither table nor json'
	fails 1 'ps -f xml web1' 'ps: --format xml: neither table nor json'
	fails 1 'plugins --format xml' 'plugins: --format xml: neither table nor json'
	fails 1 '--log-format xml list' '--log-format xml: neither text nor json'
	fails 1 '--rootless maybe list' '--rootless maybe: neither true, false nor auto'
}

@test "an empty value is not given: the default stays" {
	run "$IRONBOX" --root /s --log-format '' --rootless '' --cgroup-manager '' --config '' create \
		--bundle '' --console-socket '' --pidfd-socket '' --pid-file= web1
	told create "create $D id=web1 bundle=." 0
	ok '--root /s create -b /b -b= web1' "create $D id=web1 bundle=."
	run "$IRONBOX" exec --process '' --cwd '' --apparmor '' --process-label '' \
		--console-socket '' --pidfd-socket '' --pid-file '' web1 sh
	told exec 'exec id=web1 arg=sh' 43
	run "$IRONBOX" exec -p f --cwd '' web1
	told exec 'exec id=web1 process=f' 43
	run "$IRONBOX" exec --user '' web1 sh # but a user: "" is none, as the lifecycle says
	told exec 'exec id=web1 arg=sh user=' 43
	run "$IRONBOX" update --resources '' --memory 1g --l3-cache-schema '' web1
	told update 'update id=web1 {"memory":{"limit":1073741824}}' 0
	run "$IRONBOX" checkpoint --image-path '' --manage-cgroups-mode '' --status-fd '' web1
	told checkpoint 'checkpoint id=web1 image-path=checkpoint' 0
	run "$IRONBOX" --criu '' --root /empty list --format '' -q
	told list '' 0
}

@test "exec and ps: there may be any number of arguments" {
	local many
	mapfile -t many < <(seq 5000)
	run "$IRONBOX" exec web1 "${many[@]}"
	told exec "exec id=web1$(printf ' arg=%s' "${many[@]}")" 43
	# ps(1) is reached, and says what it has against them
	run "$IRONBOX" ps web1 "${many[@]}"
	[[ "$output" != *'too many arguments'* ]]
}

@test "too few arguments and too many" {
	fails 1 'create' 'create: too few arguments: create ID'
	fails 1 'create a b' 'create: too many arguments: create ID'
	fails 1 'start' 'start: too few arguments: start ID'
	fails 1 'kill' 'kill: too few arguments: kill ID [SIGNAL]'
	fails 1 'kill a b c' 'kill: too many arguments: kill ID [SIGNAL]'
	fails 1 'list x' 'list: takes no arguments'
	fails 1 'features x' 'features: takes no arguments'
	fails 1 'spec x' 'spec: takes no arguments'
	fails 1 'exec' 'exec: too few arguments: exec ID COMMAND [ARGUMENT...] | --process FILE ID'
	for verb in run state delete ps pause resume update events; do
		run "$IRONBOX" "$verb"
		[ "$status" -eq 1 ]
		[[ "$output" == "ironbox: $verb: too few arguments: $verb ID"* ]]
	done
}

@test "checkpoint: as containerd and podman call it" {
	ok 'checkpoint web1' 'checkpoint id=web1 image-path=checkpoint'
	ok 'checkpoint --image-path /i --work-path /w --file-locks --leave-running web1' \
		'checkpoint id=web1 image-path=/i work-path=/w leave-running file-locks'
	ok 'checkpoint --image-path=/i --parent-path ../p --pre-dump --tcp-established --ext-unix-sk --shell-job --empty-ns network --manage-cgroups-mode soft --status-fd 3 --auto-dedup --link-remap --tcp-skip-in-flight web1' \
		'checkpoint id=web1 image-path=/i parent-path=../p manage-cgroups-mode=soft status-fd=3 empty-ns=network pre-dump tcp-established tcp-skip-in-flight ext-unix-sk shell-job link-remap auto-dedup'
	fails 1 'checkpoint --manage-cgroups-mode hard web1' '--manage-cgroups-mode hard: no such value'
	fails 1 'checkpoint --empty-ns pid web1' '--empty-ns pid: no such value'
	# podman asks so whether a runtime can checkpoint, and what it can
	run "$IRONBOX" checkpoint --help
	[ "$status" -eq 0 ]
	[[ "$output" == *--pre-dump* ]]
	[[ "$output" == *--parent-path* ]]
}

@test "restore: as containerd and podman call it" {
	run "$IRONBOX" restore --image-path /i --work-path /b/work --detach --pid-file /b/init.pid -no-subreaper --bundle /b web1
	[ "$status" -eq 42 ]
	[ "$output" = 'restore id=web1 bundle=/b pid-file=/b/init.pid image-path=/i work-path=/b/work detach no-subreaper' ]
	run "$IRONBOX" restore --console-socket /s --no-pivot --lsm-profile apparmor:p --lsm-mount-context c --tcp-established web1
	[ "$output" = 'restore id=web1 bundle=. console-socket=/s no-pivot image-path=checkpoint lsm-profile=apparmor:p lsm-mount-context=c tcp-established' ]
}

@test "what is not there yet is refused by its name" {
	fails 1 '--criu /usr/sbin/criu list' '--criu is said by [criu] path in ironbox.ini'
	fails 1 'checkpoint --lazy-pages web1' 'checkpoint: --lazy-pages is not there: memory comes and goes with the images'
	fails 1 'restore --lazy-pages web1' 'restore: --lazy-pages is not there: memory comes and goes with the images'
	fails 1 'checkpoint --page-server 1.2.3.4:5 web1' 'checkpoint: --page-server is not there: images are files of this host'
}

@test "who makes cgroups: both flags say it, but not two things" {
	ok '--systemd-cgroup=false --root /empty list -q' ''
	ok '--systemd-cgroup --root /empty list -q' ''
	ok '--cgroup-manager systemd --root /empty list -q' ''
	fails 1 '--cgroup-manager disabled --systemd-cgroup list' '--systemd-cgroup: cgroups are disabled (--cgroup-manager)'
	fails 1 '--cgroup-manager other list' '--cgroup-manager other: neither cgroupfs, systemd nor disabled'
}

@test "a verb's own failure: 1, for exec 255; the line names it" {
	run --separate-stderr "$IRONBOX" start nosuch
	[ "$status" -eq 1 ]
	[ "$stderr" = 'ironbox: container nosuch does not exist' ]
	run --separate-stderr "$IRONBOX" exec nosuch ls
	[ "$status" -eq 255 ]
	[ "$stderr" = 'ironbox: container nosuch does not exist' ]
}

@test "help: on standard output, status 0, each verb in it" {
	local verb
	run --separate-stderr "$IRONBOX"
	[ "$status" -eq 0 ]
	local without=$output
	for spelling in --help -h -help help; do
		run --separate-stderr "$IRONBOX" "$spelling"
		[ "$status" -eq 0 ]
		[ "$output" = "$without" ]
	done
	for verb in create start run state list kill delete exec ps pause resume update events \
		checkpoint restore spec features plugins help; do
		[[ "$without" == *$'\n'"  $verb "* ]]
	done
}

@test "help: of a verb, wherever it is asked for" {
	run "$IRONBOX" help create
	[ "$status" -eq 0 ]
	local expected=$output
	[[ "$output" == 'ironbox create: '*'Usage: ironbox create [OPTION...] ID'*'-b, --bundle DIR'* ]]
	for words in 'create --help' 'create -h' 'create web1 --help' 'create --bundle /b -help x y z'; do
		ok "$words" "$expected"
	done
	run "$IRONBOX" update --help
	[[ "$output" != *kernel-memory* ]]
}

@test "version: the lines that dockerd and containerd parse" {
	for spelling in --version -v -version; do
		run "$IRONBOX" "$spelling"
		[ "$status" -eq 0 ]
		[[ "${lines[0]}" =~ ^ironbox\ version\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
		[[ "${lines[1]}" =~ ^commit:\ [^\ ]+$ ]]
		[ "${lines[2]}" = 'spec: 1.3.0' ]
		[ "${#lines[@]}" -eq 3 ]
	done
}
