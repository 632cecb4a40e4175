# shellcheck shell=bash
# What the suites of the seccomp stage share. Numbers of calls are x86-64's.

NR_getppid=110
NR_mkdir=83
NR_keyctl=250
NR_dup=32
NR_kexec_load=246
NR_personality=135

# profile JSON: linux.seccomp of the bundle
profile() {
	box_set '.linux.seccomp = $profile' --argjson profile "$1"
}

# profile_file NAME: one of profiles/
profile_file() {
	profile "$(cat "$SECCOMP_PROFILES/$1.json")"
}

# denies NAME ACTION [ERRNO]: all is allowed but this
denies() {
	profile "$(jq -n --arg name "$1" --arg action "SCMP_ACT_$2" --argjson errno "${3:-null}" '
		{defaultAction: "SCMP_ACT_ALLOW",
		 syscalls: [{names: [$name], action: $action, errnoRet: $errno} | del(..|nulls)]}')"
}

new_privileges() {
	box_set '.process.noNewPrivileges = ($no == "no")' --arg no "$1"
}

# traced CALLS ARG...: ironbox below strace; $box/trace has the calls of all its processes. A
# sanitizer's search for leaks is a debugger itself and can't work there.
traced() {
	local calls=$1
	shift
	ASAN_OPTIONS=detect_leaks=0 strace -f -qq -e "trace=$calls" -o "$box/trace" -- "$IRONBOX" \
		--root "$state_root" --config "$box/ironbox.ini" "$@" 3>&-
}
