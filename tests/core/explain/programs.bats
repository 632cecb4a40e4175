# The table of entry points that can't start: the sentence that each one gets, whole, from run, from
# create or start, and from exec.
load ../../support/box
load tell

setup() {
	box_setup
	tell_setup
}

teardown() {
	ironbox delete --force "$id"
	box_teardown
}

path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
missing='no such file or directory'
denied='permission denied'
format='exec format error'

@test "explain: a path that leads to nothing, and the folder that is missing" {
	mkdir "$root/opt"
	tells create "/nothere is not in the image: $missing" /nothere
	tells create "/opt/app/bin/web is not in the image, nor is /opt/app: $missing" /opt/app/bin/web
	tells create "./web is not in the image: $missing" ./web
	tells create "/opt/web-größe is not in the image: $missing" /opt/web-größe
}

@test "explain: a symlink to nothing, and where it points" {
	mkdir "$root/opt" "$root/srv"
	ln -s /srv/web "$root/opt/absolute"
	ln -s ../srv/web "$root/opt/relative"
	ln -s /srv/apps/web "$root/opt/deeper"
	ln -s /opt/absolute "$root/opt/chain"
	ln -s /srv/apps "$root/apps"
	ln -s /srv "$root/data"
	tells create "/opt/absolute is a symlink to /srv/web, which is not in the image: $missing" \
		/opt/absolute
	tells create "/opt/relative is a symlink to ../srv/web, which is not in the image: $missing" \
		/opt/relative
	tells create "/opt/deeper is a symlink to /srv/apps/web, which is not in the image, nor is /srv/apps: $missing" \
		/opt/deeper
	tells create "/opt/chain is a symlink to /opt/absolute, and /srv/web is not in the image: $missing" \
		/opt/chain
	tells create "/apps is a symlink to /srv/apps, which is not in the image: $missing" /apps/bin/web
	tells create "/data/web is not in the image: $missing" /data/web
}

@test "explain: a symlink that leads to itself" {
	ln -s ring2 "$root/ring1"
	ln -s /ring1 "$root/ring2"
	ln -s ring1 "$root/ring"
	local around='is a symlink that leads round in a circle, or through more than 40 others'
	tells create "/ring1 $around: too many levels of symbolic links" /ring1
	tells create "/ring is a symlink to ring1, and /ring2 $around: too many levels of symbolic links" \
		/ring
}

@test "explain: what is no folder, and what is no file" {
	mkfifo "$root/fifo"
	tells create "/etc/passwd is a regular file: not a directory" /etc/passwd/web
	tells create "/etc/passwd/ ends in a slash, but is no directory: not a directory" /etc/passwd/
	tells create "/bin is a directory: $denied" /bin
	tells create "/fifo is a FIFO: $denied" /fifo
	tells create "/dev/null is a character device: $denied" /dev/null
	local long
	long=$(printf '%0256d' 0)
	NAMED=/${long:0:235}… tells create "/${long:0:235}… has a name of more than 255 bytes: file name too long" \
		"/$long"
}

@test "explain: no x bit, for all and for a user" {
	install -m 700 "$root/bin/busybox" "$root/mine"
	install -d -m 700 "$root/private"
	cp "$root/bin/busybox" "$root/private/web"
	ln -s private/web "$root/web"
	tells create "/etc/passwd has no x bit (mode 0644, owner 0:0): $denied" /etc/passwd
	box_set '.process.user = {uid: 1000, gid: 1001}'
	tells create "/mine may not be executed by uid 1000, gid 1001 (mode 0700, owner 0:0): $denied" /mine
	tells create "/private may not be searched by uid 1000, gid 1001 (mode 0700, owner 0:0): $denied" \
		/private/web
	tells create "/web is a symlink to private/web, and /private may not be searched by uid 1000, gid 1001 (mode 0700, owner 0:0): $denied" \
		/web
}

@test "explain: a mount with noexec" {
	box_set '.mounts += [
		{destination: "/opt", type: "bind", source: "/bin", options: ["bind", "noexec"]},
		{destination: "/srv/web", type: "bind", source: "/bin/busybox", options: ["bind", "noexec"]}]'
	ln -s /opt/busybox "$root/web"
	tells create "/opt/busybox lies on /opt, which is mounted noexec: $denied" /opt/busybox
	tells create "/srv/web is mounted noexec: $denied" /srv/web
	tells create "/web lies on a file system, which is mounted noexec: $denied" /web
	script /script '#!/opt/busybox sh\n'
	tells start "/script needs the interpreter /opt/busybox, which lies on /opt, which is mounted noexec: $denied" \
		/script
}

@test "explain: not in PATH" {
	local words='executable file not found in $PATH'
	tells create "not in $path: $words" nothere
	tells create "the name is empty: $words" ''
	mkdir "$root/opt"
	ln -s /opt/web "$root/bin/web"
	tells create "/bin/web is a symlink to /opt/web, which is not in the image: $words" web
	install -m 644 /dev/null "$root/bin/data"
	tells create "/bin/data has no x bit (mode 0644, owner 0:0): $denied" data
	box_set '.process.env = ["PATH=/opt:"]'
	tells create "not in /opt:: $words" nothere
	box_set '.process.env = []'
	tells create "not in $path, where is looked without a PATH: $words" nothere
}

@test "explain: a loader that is missing" {
	elf /web /lib/ld-musl-x86_64.so.1
	mkdir "$root/lib"
	tells start "/web needs the loader /lib/ld-musl-x86_64.so.1, which is not in the image: $missing" /web
	rmdir "$root/lib"
	tells start "/web needs the loader /lib/ld-musl-x86_64.so.1, which is not in the image, nor is /lib: $missing" \
		/web
	mkdir "$root/lib"
	ln -s /usr/lib/libc.so "$root/lib/ld-musl-x86_64.so.1"
	tells start "/web needs the loader /lib/ld-musl-x86_64.so.1, which is a symlink to /usr/lib/libc.so, which is not in the image, nor is /usr: $missing" \
		/web
	cp /usr/bin/env "$root/env"
	local loader
	loader=$(readelf -l /usr/bin/env | sed -n 's/.*interpreter: \(.*\)]/\1/p')
	run inside /env
	contains "$output" "exec: \"/env\": /env needs the loader $loader, which is not in the image"
	cp "$root/web" "$root/bin/web"
	NAMED=web tells start "/bin/web needs the loader /lib/ld-musl-x86_64.so.1, which is a symlink to /usr/lib/libc.so, which is not in the image, nor is /usr: $missing" \
		web
}

@test "explain: a loader that is none" {
	elf /web
	mkdir "$root/lib"
	install -m 644 /bin/busybox "$root/lib/ld.so"
	tells start "/web needs the loader /lib/ld.so, which has no x bit (mode 0644, owner 0:0): $denied" /web
	script /lib/ld.so 'text'
	tells start "/web needs the loader /lib/ld.so, which is no whole ELF file: input/output error" /web
	machine=$foreign elf /lib/ld.so
	tells start "/web needs the loader /lib/ld.so, which is built for $foreign_name and not for $node: accessing a corrupted shared library" \
		/web
	rm "$root/lib/ld.so"
	mkdir "$root/lib/ld.so"
	tells start "/web needs the loader /lib/ld.so, which is a directory: $denied" /web
}

@test "explain: a script whose interpreter is missing" {
	script /web '#!/usr/bin/bash\n'
	tells start "/web needs the interpreter /usr/bin/bash, which is not in the image, nor is /usr: $missing" \
		/web
	script /web '#! \t/bin/bash -e\n'
	tells start "/web needs the interpreter /bin/bash, which is not in the image: $missing" /web
	script /web '#!python3'
	tells start "/web needs the interpreter python3, which is not in the image: $missing" /web
	ln -s bash "$root/bin/rbash"
	script /web '#!/bin/rbash\n'
	tells start "/web needs the interpreter /bin/rbash, which is a symlink to bash, which is not in the image: $missing" \
		/web
}

@test "explain: a script with DOS line ends" {
	script /web '#!/bin/sh\r\necho\r\n'
	tells start "/web has a #! line that ends in a carriage return (DOS line ends), so that it needs the interpreter /bin/sh\\r, which is not in the image: $missing" \
		/web
}

@test "explain: a script whose interpreter can't be run" {
	install -m 644 "$root/bin/busybox" "$root/tool"
	script /web '#!/tool\n'
	tells start "/web needs the interpreter /tool, which has no x bit (mode 0644, owner 0:0): $denied" /web
	script /web '#!/bin\n'
	tells start "/web needs the interpreter /bin, which is a directory: $denied" /web
	script /web '#!/etc/passwd/sh\n'
	tells start "/web needs the interpreter /etc/passwd/sh, and /etc/passwd is a regular file: not a directory" \
		/web
	elf /tool
	script /web '#!/tool\n'
	tells start "/web needs the interpreter /tool, which needs the loader /lib/ld.so, which is not in the image, nor is /lib: $missing" \
		/web
	machine=$foreign elf /tool
	tells start "/web needs the interpreter /tool, which is built for $foreign_name, this node is $node: $format" \
		/web
}

@test "explain: scripts in a row" {
	local i chain=
	for i in 1 2 3 4 5; do
		script "/s$i" "#!/s$((i + 1))\n"
		[ "$i" = 1 ] || chain+="needs the interpreter /s$i, which "
	done
	chain+='needs the interpreter /s6, which '
	script /s6 '#!/nothere\n'
	tells start "/s1 ${chain}needs the interpreter /nothere, which is not in the image: $missing" /s1
	script /s6 '#!/bin/true\n'
	tells start "/s1 ${chain}is the 6th script in a row: too many levels of symbolic links" /s1
	rm "$root/s6"
	tells start "/s1 ${chain}is not in the image: $missing" /s1
}

@test "explain: a #! line without an interpreter, or longer than the kernel's" {
	script /web '#!\n'
	tells start "/web has a #! line that names no interpreter: $format" /web
	script /web '#! \t \n/bin/sh\n'
	tells start "/web has a #! line that names no interpreter: $format" /web
	script /web '#!'
	tells start "/web has a #! line that names no interpreter: $denied" /web
	script /web "#!/$(printf '%0253d' 1)\n"
	tells start "/web has a #! line that is longer than the kernel's 256 bytes: $format" /web
}

@test "explain: another architecture" {
	machine=$foreign elf /web
	tells start "/web is built for $foreign_name, this node is $node: $format" /web
	machine=22 order=big elf /web
	tells start "/web is built for s390x, this node is $node: $format" /web
	machine=$native order=big elf /web
	if [ "$node" = aarch64 ]; then
		tells start "/web is built for aarch64_be, this node is $node: $format" /web
	else
		tells start "/web is built for machine 62 (big-endian), this node is $node: $format" /web
	fi
	machine=4242 elf /web
	tells start "/web is built for machine 4242, this node is $node: $format" /web
}

@test "explain: an ELF file that is no program" {
	type=1 elf /web
	tells start "/web is an object file, not a program: $format" /web
	type=4 elf /web
	tells start "/web is a core dump, not a program: $format" /web
	headers=0 elf /web
	tells start "/web has an ELF header without program headers: $format" /web
	truncate -s 40 "$root/web"
	tells start "/web ends within its ELF header: $format" /web
}

@test "explain: what is neither ELF nor script" {
	script /web ''
	tells start "/web is empty: $format" /web
	script /web 'echo hello\n'
	tells start "/web is a text without a #! line, which a shell may run, but not the kernel: $format" /web
	script /web '\357\273\277#!/bin/sh\n'
	tells start "/web begins with a byte order mark, which hides its #! line: $format" /web
	script /web 'MZ\220\0\3'
	tells start "/web is a program for Windows: $format" /web
	script /web '\317\372\355\376'
	tells start "/web is a program for macOS: $format" /web
	script /web '\0\0\0\0\0\0\0\0'
	tells start "/web is neither an ELF file nor a script with a #! line: $format" /web
}

@test "explain: a file that the user may execute, but not read" {
	elf /web
	chmod 711 "$root/web"
	box_set '.process.user = {uid: 1000, gid: 1000}'
	tells start "/web or a loader or interpreter that it needs is not in the image: $missing" /web
}

@test "explain: open for writing" {
	cp "$root/bin/busybox" "$root/web"
	exec 9>>"$root/web"
	tells start "/web is open for writing: text file busy" /web
	exec 9>&-
}

@test "explain: arguments that are too long" {
	local words='argument list too long'
	box_set '.process.args = ["/bin/true", "x" * 200000]'
	run ironbox run --bundle "$bundle" "$id"
	equals "$output" "ironbox: run $id: exec: \"/bin/true\": process.args[1] has 200001 bytes, more than the kernel's 131072: $words"
	box_set '.process.args = ["/bin/true"] | .process.env[0] = "A=" + "x" * 200000'
	run ironbox run --bundle "$bundle" "$id"
	equals "$output" "ironbox: run $id: exec: \"/bin/true\": process.env[0] has 200003 bytes, more than the kernel's 131072: $words"
	box_set '.process.env = [] | .process.args = ["/bin/true"] + [range(100) | "x" * 100000]'
	run ironbox run --bundle "$bundle" "$id"
	contains "$output" "process.args and process.env have 1000"
	contains "$output" " bytes together, and the kernel takes a quarter of RLIMIT_STACK at most: $words"
}

@test "explain: file capabilities beyond the bounding set, and no error of no_new_privs" {
	cp "$root/bin/busybox" "$root/ping"
	setcap cap_sys_boot=ep "$root/ping"
	tells start "/ping has file capabilities that are not in the bounding set: operation not permitted" \
		/ping
	chmod 4755 "$root/ping"
	box_set '.process.noNewPrivileges = true'
	setcap cap_kill=ep "$root/ping"
	run inside /ping
	contains "$output" "BusyBox"
}

@test "explain: more processes than the user may have" {
	box_set '.process.user = {uid: 54321, gid: 54321}
		| .process.rlimits = [{type: "RLIMIT_NPROC", soft: 1, hard: 1}]'
	box_start /bin/sleep 1000
	ironbox exec --detach "$id" /bin/sleep 1000
	run ironbox exec "$id" /bin/true
	equals "$output" "ironbox: exec in $id: exec: \"/bin/true\": uid 54321 has more processes than RLIMIT_NPROC: resource temporarily unavailable"
	equals "$status" 255
}
