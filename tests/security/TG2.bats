# TG2: a hook of the host's runs with what the image says (CVE-2025-23266), or is anybody's to
# write.
load attack

setup() {
	attack_setup
	mkdir "$box/hooks"
}

teardown() {
	box_teardown
}

# hook KIND [ENV]: one that tells its environment, its folder and its fds, to $box/told.
hook() {
	printf '#!/bin/sh\n{ echo "$0: $*"; /usr/bin/tr "\\0" "\\n" </proc/self/environ; pwd; exec %s fds; } >>%s\n' \
		"$PROBE" "$box/told" >"$box/hooks/$1"
	chmod 755 "$box/hooks/$1"
	box_set '.hooks[$kind] = [{path: $path, args: ["h", $kind]} + $more]' --arg kind "$1" \
		--arg path "$box/hooks/$1" --argjson more "${2:-"{}"}"
}

host_kinds="prestart createRuntime createContainer poststart poststop"

run_all() {
	box_set '.process.env += ["LD_PRELOAD=/x.so", "LD_LIBRARY_PATH=/evil", "PATH=/evil",
		"GCONV_PATH=/evil", "SECRET=1"] | .process.args = ["/bin/true"]'
	exec 9<"$canary/file"
	LD_PRELOAD= SECRET=2 run ironbox run --bundle "$bundle" "$id"
	exec 9<&-
	equals "$status" 0
}

@test "TG2: environment, folder and fds of a hook are its own, not the container's" {
	local kind
	for kind in $host_kinds; do
		hook "$kind" '{"env": ["A=b"]}'
	done
	run_all
	! grep -E 'evil|x\.so|SECRET' "$box/told" || won "a hook sees the container's environment"
	for kind in $host_kinds; do
		equals "$(grep -A 3 ": $kind$" "$box/told" | grep -v '^[0-9] ')" "$box/hooks/$kind: $kind
A=b
$bundle"
	done
	equals "$(grep -E '^[0-9]+ ' "$box/told" | cut -d' ' -f1 | sort -u | xargs)" "0 1 2"
}

@test "TG2: without env a hook has none" {
	local kind
	for kind in $host_kinds; do
		hook "$kind"
	done
	run_all
	! grep = "$box/told" || won "a hook has an environment: $(grep = "$box/told")"
	equals "$(grep -c "^$bundle$" "$box/told")" 5
}

# refuses WORDS: before anything is made
refuses() {
	box_args /bin/true
	run ironbox run --bundle "$bundle" "$id"
	[ ! -e "$box/told" ] || won "the hook runs"
	unharmed
	refused "$1"
}

@test "TG2: a hook that is missing, relative, or that others may write is refused" {
	local mode
	box_set '.hooks.prestart = [{path: "/no/such/hook"}]'
	refuses "hooks.prestart[0]: look at /no/such/hook: No such file or directory"
	box_set '.hooks.prestart = [{path: "hook"}]'
	refuses "hooks.prestart[0].path"
	hook prestart
	for mode in 777 775 757; do
		chmod $mode "$box/hooks/prestart"
		refuses "can be written by others"
	done
	chmod 644 "$box/hooks/prestart"
	refuses "is not an executable file"
}

@test "TG2: a hook in a folder that everybody may write is refused" {
	hook prestart
	chmod 777 "$box/hooks"
	refuses "hooks.prestart[0]: $box/hooks can be written by everybody"
	chmod 1777 "$box/hooks"
	run_all
	[ -e "$box/told" ]
}
