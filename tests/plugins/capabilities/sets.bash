# shellcheck shell=bash
# sets.bash: capability sets by letters: k CAP_KILL, n CAP_NET_BIND_SERVICE, c CAP_CHOWN, - none.

# names LETTERS: as `probe capabilities` tells them, in the kernel's order.
names() {
	local text=''
	[[ $1 != *c* ]] || text+=" CAP_CHOWN"
	[[ $1 != *k* ]] || text+=" CAP_KILL"
	[[ $1 != *n* ]] || text+=" CAP_NET_BIND_SERVICE"
	echo "${text:- none}"
}

# shows INHERITABLE PERMITTED BOUNDING AMBIENT: what probe is to tell. After execve(2) of a program
# that has no file capabilities, what is effective is what is permitted: capabilities(7).
shows() {
	echo "inheritable$(names "$1")
permitted$(names "$2")
effective$(names "$2")
bounding$(names "$3")
ambient$(names "$4")"
}

# list LETTERS: the same as a JSON array
list() {
	names "$1" | jq -cR 'split(" ") - ["", "none"]'
}

# capabilities BOUNDING EFFECTIVE PERMITTED INHERITABLE AMBIENT: as an object; "." for an absent set
capabilities() {
	local object='{}' set
	for set in bounding effective permitted inheritable ambient; do
		[ "$1" = . ] || object=$(jq -c ".$set = $(list "$1")" <<<"$object")
		shift
	done
	echo "$object"
}
