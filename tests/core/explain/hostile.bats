# Images and neighbours that want more of the one who explains than a sentence: that it hangs, reads
# what it must not, dies without a word, or writes lines of their own into a log.
load ../../support/box
load tell

setup() {
	box_setup
	tell_setup
	agent_pid=
}

teardown() {
	[ -z "$agent_pid" ] || kill "$agent_pid"
	wait
	ironbox delete --force "$id"
	box_teardown
}

missing='no such file or directory'
plain="/web or a loader or interpreter that it needs is not in the image: $missing"

# profile ACTION NAME...: a seccomp profile that does this to these calls.
profile() {
	local action=$1
	shift
	box_set '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
		syscalls: [{names: $ARGS.positional, action: $action}]}' \
		--arg action "$action" --args "$@"
}

@test "explain: a hostile ELF header is told, not followed" {
	local damaged="has a damaged PT_INTERP in its ELF headers" format='exec format error'
	loader_at=9223372036854775800 elf /web
	tells_run "exec: \"/web\": /web $damaged: invalid argument" /web
	loader_at=-1 elf /web
	tells_run "exec: \"/web\": /web $damaged: invalid argument" /web
	loader_at=1048576 elf /web
	tells_run "exec: \"/web\": /web $damaged: input/output error" /web
	local size
	for size in 0 1 5 4097 9223372036854775807 -1; do # 5: no NUL within
		loader_size=$size elf /web
		tells_run "exec: \"/web\": /web $damaged: $format" /web
	done
	loader_size=100000 elf /web
	truncate -s 4M "$root/web" # it is all there
	tells_run "exec: \"/web\": /web $damaged: $format" /web
	headers=65535 elf /web
	truncate -s 4M "$root/web"
	tells_run "exec: \"/web\": /web or a loader or interpreter that it needs can't be executed: $format" \
		/web
	header_size=57 elf /web
	tells_run "exec: \"/web\": /web has an ELF header without program headers: $format" /web
	headers_at=9223372036854775807 elf /web
	tells_run "exec: \"/web\": /web ends within its program headers: $format" /web
	headers=65535 elf /web
	tells_run "exec: \"/web\": /web ends within its program headers: $format" /web
}

@test "explain: a loader or interpreter that would hang or act when opened" {
	mkdir "$root/lib"
	mkfifo "$root/lib/ld.so"
	mknod "$root/lib/zero" c 1 5
	elf /web
	tells_run 'exec: "/web": /web needs the loader /lib/ld.so, which is a FIFO: permission denied' /web
	elf /web /lib/zero
	tells_run 'exec: "/web": /web needs the loader /lib/zero, which is a character device: permission denied' \
		/web
	script /web '#!/lib/ld.so\n'
	tells_run 'exec: "/web": /web needs the interpreter /lib/ld.so, which is a FIFO: permission denied' /web
}

@test "explain: no magic link is followed, nor a link out of the root" {
	local magic='is a magic link of proc(5), and such are not followed: too many levels of symbolic links'
	ln -s /proc/self/exe "$root/self"
	ln -s "../../../../..$box/secret" "$root/outside"
	echo 'no #! line' >"$box/secret"
	chmod 755 "$box/secret"
	tells_run "exec: \"/proc/self/exe\": /proc/self/exe $magic" /proc/self/exe
	tells_run "exec: \"/self\": /self is a symlink to /proc/self/exe, which $magic" /self
	tells_run "exec: \"/proc/self/fd/0\": /proc/self/fd/0 $magic" /proc/self/fd/0
	tells_run "exec: \"/proc/1/root/bin/sh\": /proc/1/root $magic" /proc/1/root/bin/sh
	run inside /outside
	contains "$output" "/outside is a symlink to ../../../../..$box/secret, which is not in the image"
	script /web '#!/self\n'
	tells_run "exec: \"/web\": /web or a loader or interpreter that it needs is not in the image: $missing" \
		/web
}

@test "explain: a name is one line, whatever it holds" {
	local name=$'/a\nironbox: all is well\033[2J\\n'
	NAMED='/a\nironbox: all is well\x1b[2J\\n'
	tells_run "exec: \"$NAMED\": $NAMED is not in the image: $missing" "$name"
	ln -s "$name" "$root/link"
	tells_run "exec: \"/link\": /link is a symlink to $NAMED, which is not in the image: $missing" /link
	script /web '#!/b\033\377in\342\200\256/sh\n'
	tells_run "exec: \"/web\": /web needs the interpreter /b\\x1b\\xffin\\xe2\\x80\\xae/sh, which is not in the image, nor is /b\\x1b\\xffin\\xe2\\x80\\xae: $missing" \
		/web
	elf /web $'/lib/ld\n.so'
	tells_run "exec: \"/web\": /web needs the loader /lib/ld\\n.so, which is not in the image, nor is /lib: $missing" \
		/web
	ironbox --log "$box/log" --log-format json run --bundle "$bundle" "$id" || true
	equals "$(jq -r .level "$box/log" | sort -u)" error
}

@test "explain: however long the names, the words are at the end" {
	local long
	long=$(printf '/%0200d' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19)
	mkdir -p "$root$long"
	ln -s "$long/target" "$root$long/link"
	run inside "$long/link"
	contains "$output" ' is a symlink to /000'
	[[ $output == *": $missing" ]]
	[ "${#output}" -lt 1100 ]
	elf /web "$long/loader"
	run inside /web
	contains "$output" '/web needs the loader /000'
	[[ $output == *": $missing" ]]
	run inside "$(printf '%0100000d' 1)"
	[[ $output == *': executable file not found in $PATH' ]]
	box_set '.process.env = ["PATH=/" + "x:/" * 4000]'
	run inside nothere
	contains "$output" 'exec: "nothere": not in /x:/x:'
	[[ $output == *': executable file not found in $PATH' ]]
}

@test "explain: a way without end is not walked to its end" {
	local steps
	steps=$(printf './%.0s' {1..1500})
	ln -s "/${steps}nothere" "$root/long"
	tells_run "exec: \"/long\": $missing" /long
	ln -s "/${steps:0:1000}nothere" "$root/shorter"
	run inside /shorter
	contains "$output" 'exec: "/shorter": /shorter is a symlink to /./././'
}

@test "explain: a filter that kills who looks closer does not take the message with it" {
	elf /web
	for how in true false; do
		box_set ".process.noNewPrivileges = $how"
		for call in openat2 newfstatat pread64 faccessat2; do
			profile SCMP_ACT_KILL_PROCESS "$call"
			tells start "$plain" /web
		done
	done
}

@test "explain: a filter that forbids to look closer leaves the plain words" {
	elf /web
	profile SCMP_ACT_ERRNO openat2
	tells start "$plain" /web
	profile SCMP_ACT_TRAP openat2
	tells start "$plain" /web
}

@test "explain: who is kept from answering is not waited for" {
	elf /web
	profile SCMP_ACT_NOTIFY openat2
	box_set '.linux.seccomp.listenerPath = $path' --arg path "$box/agent.sock"
	"$SECCOMP_AGENT" "$box/agent.sock" "$box/messages" continue 3>&- &
	agent_pid=$!
	await 5 test -S "$box/agent.sock"
	kill -STOP "$agent_pid"
	SECONDS=0
	tells_run "exec: \"/web\": $plain" /web
	box_create /web
	run ironbox start "$id"
	equals "$output" "ironbox: start $id: exec: \"/web\": $plain"
	[ "$SECONDS" -lt 60 ]
	ironbox delete --force "$id"
	kill -CONT "$agent_pid"
}
