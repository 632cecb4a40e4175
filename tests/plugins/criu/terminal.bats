# checkpoint and restore with the true CRIU: terminals.
load ../../support/box
load images

setup() {
	count_setup
}

teardown() {
	box_teardown
}

# console_socket FILE: takes a terminal's master at $box/console, and writes what comes to FILE.
console_socket() {
	python3 - "$box/console" "$1" 3>&- <<'END' &
import array, os, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
open(sys.argv[1] + ".ready", "w").close()
line, _ = listener.accept()
_, ancillary, _, _ = line.recvmsg(4096, socket.CMSG_SPACE(4))
master = array.array("i", ancillary[0][2])[0]
with open(sys.argv[2], "wb", 0) as out:
    try:
        while True:
            out.write(os.read(master, 4096))
    except OSError:
        pass
END
	await 10 test -e "$box/console.ready"
	rm "$box/console.ready"
}

@test "criu: a container with a terminal gets a new one by --console-socket" {
	box_set '.process.terminal = true'
	box_args sh -c 'i=0; while :; do i=$((i+1)); echo $i; echo $i >/shared/count; sleep 0.1; done'
	console_socket "$box/before"
	ironbox run --detach --bundle "$bundle" --console-socket "$box/console" "$id" </dev/null >/dev/null 2>&1
	await 60 counted 3
	checkpoint
	wait
	rm "$box/console"
	local number
	number=$(count)
	ironbox delete "$id"
	console_socket "$box/after"
	restore --console-socket "$box/console"
	await 60 counted $((number + 3))
	await 10 grep -q "$((number + 2))" "$box/after"
	ironbox delete --force "$id"
	wait
}
