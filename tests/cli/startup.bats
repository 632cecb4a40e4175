# What the command sets up before a verb: log, state root, fds.
bats_require_minimum_version 1.5.0
load fake

setup() {
	cd "$BATS_TEST_TMPDIR"
}

@test "log: the error is the last line, for callers that read the log and not stderr" {
	fails 1 '--log log --log-format json start nosuch' 'container nosuch does not exist' || {
		[ "$output" = $'start id=nosuch\nironbox: container nosuch does not exist' ] ||
			[ "$output" = $'ironbox: container nosuch does not exist\nstart id=nosuch' ]
	}
	[ "$(tail -1 log | jq -c '[.level, .msg]')" = '["error","container nosuch does not exist"]' ]
	[[ "$(jq -r .time log)" =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z$ ]]
}

@test "log: a wrong command line is told there too" {
	fails 1 '--log log --log-format json create --bundel x' \
		'create: unknown option --bundel (did you mean --bundle?)'
	[ "$(jq -r .msg log)" = 'create: unknown option --bundel (did you mean --bundle?)' ]
	fails 3 '--log=log --log-format=json crate' 'unknown command crate (did you mean create?)'
	[ "$(wc -l <log)" -eq 2 ]
}

@test "log: text is logfmt, as runc writes it" {
	fails 1 '--log log list x' 'list: takes no arguments'
	[[ "$(cat log)" =~ ^time=\"[^\"]+\"\ level=error\ msg=\"list:\ takes\ no\ arguments\"$ ]]
}

@test "log: json without a file goes to stderr, and is the only line" {
	run "$IRONBOX" --log-format json list x
	[ "$status" -eq 1 ]
	[ "$(jq -r '.level + " " + .msg' <<<"$output")" = 'error list: takes no arguments' ]
}

@test "log: quotes and control bytes in a message stay within its line" {
	run "$IRONBOX" --log log --log-format json start $'a"\n\x1b[1m' extra
	[ "$status" -eq 1 ]
	run "$IRONBOX" --log log --log-format json $'"\n\\'
	[ "$status" -eq 3 ]
	[ "$(wc -l <log)" -eq 2 ]
	jq -e .msg log
}

@test "log: nothing is written when nothing is wrong, and one that can't be opened is an error" {
	ok '--log log --log-format json start web1' 'start id=web1'
	[ ! -s log ]
	fails 1 '--log /nonexistent/log start web1' \
		'open the log /nonexistent/log: No such file or directory'
}

@test "state root: --root, absolute or not; an empty one is none" {
	ok '--root /s create web1' 'create root=/s id=web1 bundle=.'
	ok '--root s create web1' "create root=$BATS_TEST_TMPDIR/s id=web1 bundle=."
	run "$IRONBOX" --root '' create web1
	told 'create' 'create root=/run/ironbox id=web1 bundle=.' 0
}

@test "state root: root's, whatever XDG_RUNTIME_DIR says" {
	XDG_RUNTIME_DIR= ok 'create web1' 'create root=/run/ironbox id=web1 bundle=.'
	XDG_RUNTIME_DIR=/x ok 'create web1' 'create root=/run/ironbox id=web1 bundle=.'
}

@test "state root: not root, and root of a user namespace" {
	local command=(unshare --user --map-root-user "$IRONBOX" create web1)
	XDG_RUNTIME_DIR=/x run "${command[@]}"
	told 'create' 'create root=/x/ironbox rootless id=web1 bundle=.' 0
	XDG_RUNTIME_DIR= run "${command[@]}"
	told 'create' 'create root=/run/ironbox rootless id=web1 bundle=.' 0
	command=(setpriv --reuid 65534 --regid 65534 --clear-groups "$BATS_TEST_TMPDIR/ironbox" create web1)
	install -m 755 "$IRONBOX" ironbox
	chmod 755 . # nobody has to find it
	XDG_RUNTIME_DIR=/x run env -C / "${command[@]}"
	told 'create' 'create root=/x/ironbox rootless id=web1 bundle=.' 0
}

@test "--rootless has the last word" {
	ok '--rootless true --root /s create web1' 'create root=/s rootless id=web1 bundle=.'
	ok '--rootless=false create web1' 'create root=/run/ironbox id=web1 bundle=.'
	ok '--rootless auto --root /s create web1' 'create root=/s id=web1 bundle=.'
}

@test "--preserve-fds: the fds must be there, before anything of ours takes their place" {
	run "$IRONBOX" create --preserve-fds 2 web1 3</dev/null 4>&-
	told 'create' 'ironbox: --preserve-fds 2: fd 4: Bad file descriptor' 1
	run "$IRONBOX" --log log create --preserve-fds 1 web1 3>&-
	told 'create' 'ironbox: --preserve-fds 1: fd 3: Bad file descriptor' 1
	run "$IRONBOX" create --preserve-fds 2 web1 3</dev/null 4</dev/null
	[ "$status" -eq 0 ]
	[[ "$output" == *preserve-fds=2 ]]
}

@test "--preserve-fds: a number that no process can have is refused, and does not wrap" {
	local call number
	for number in 1048577 4294967292 4294967293 4294967295; do
		for call in 'create web1' 'run web1' 'exec web1 sh'; do
			fails 1 "${call/ / --preserve-fds $number }" \
				"--preserve-fds: $number fds, more than 1048576"
		done
	done
}

@test "a setuid ironbox refuses to run" {
	[ "$(id -u)" -eq 0 ]
	chmod 755 .
	install -m 4755 "$IRONBOX" ironbox
	run env -C / setpriv --reuid 65534 --regid 65534 --clear-groups "$PWD/ironbox" --version
	told 'setuid' 'ironbox: refused: ironbox must not be setuid, setgid or have file capabilities' 125
}
