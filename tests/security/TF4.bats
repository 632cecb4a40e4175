# TF4: a log URI of an image's label runs a program of the host's as root, or writes to a file of the
# host's (CVE-2026-53488, CVE-2025-0750).
load shim_attack

setup() {
	shim_attack_setup
	box_args sh -c 'echo written; echo written >&2'
	touch "$canary/target"
	ln -s target "$canary/link"
	ln -s canary "$box/folder-link"
	mkdir "$box/loggers" "$box/open"
	printf '#!/bin/sh\necho ran >%s/ran\n' "$canary" >"$box/loggers/logger"
	chmod 755 "$box/loggers/logger"
	cp -p "$box/loggers/logger" "$box/open/logger"
	chmod 777 "$box/open"
	ln -s "$box/loggers/logger" "$box/loggers/link"
	box_ini "[stdio]
loggers = $box/loggers $box/open"
	shim_start
}

teardown() {
	shim_attack_teardown
}

# Whatever becomes of the call, nothing of the host's has run or changed.
try() {
	local output status=0
	output=$(create stdout="$1" stderr="${2-}" 2>&1) || status=$?
	if [ $status = 0 ]; then
		call Start >/dev/null || true
		call -t 5000 Wait >/dev/null || true
		call -t 15000 Delete >/dev/null || true
	fi
	[ ! -e "$canary/ran" ] || won "a program of the host's runs by $1"
	[ ! -s "$canary/target" ] || won "a file of the host's is written to by $1"
	equals "$(cat "$canary/file")" secret
	[ $status != 0 ] || won "$1 is taken"
}

@test "TF4: programs that the list does not name" {
	try "binary:///usr/bin/dash?-c=echo%20ran%20%3E$canary/ran"
	try "binary:///usr/bin/env?touch=$canary/ran"
	try "binary://bin/sh?-c=x"
	try "binary://$box/loggers/../loggers/logger"
	try "binary://$box/loggers/%2e%2e/loggers/logger"
	try "" "binary://$box/loggers/logger"
}

@test "TF4: programs of the list that others may change" {
	try "binary://$box/open/logger"
	try "binary://$box/loggers/link"
	chown 1000 "$box/loggers/logger"
	try "binary://$box/loggers/logger"
	chown 0 "$box/loggers/logger"
	chmod 775 "$box/loggers/logger"
	try "binary://$box/loggers/logger"
}

@test "TF4: files by a link, by dots, and what is no file" {
	local kind
	for kind in "" file://; do
		try "$kind$canary/link"
		try "$kind$canary/../canary/target"
		try "${kind}canary/target"
		try "$kind$canary"
		try "$kind/dev/zero"
	done
	try "fifo://$canary/target"
	try "ftp://$canary/target"
}

@test "TF4: a logger has the two variables that are promised, and no others" {
	printf '#!/bin/sh\n/usr/bin/tr "\\0" "\\n" </proc/self/environ >%s/env\nexec 5>&-\nexec cat <&3 >/dev/null\n' \
		"$canary" >"$box/loggers/logger"
	create stdout="binary://$box/loggers/logger?a=b" >/dev/null
	call Start >/dev/null
	call Wait >/dev/null
	call -t 15000 Delete >/dev/null
	equals "$(sort "$canary/env")" "CONTAINER_ID=$id
CONTAINER_NAMESPACE=$namespace" || won "a logger sees more"
}
