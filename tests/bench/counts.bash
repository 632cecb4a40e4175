# shellcheck shell=bash
# at_most WHAT NUMBER: the line of count's output, in $box/counts, that begins so.
at_most() {
	local line
	line=$(grep -F " $1" "$box/counts" | head -1)
	[ -n "$line" ]
	[ "${line%% *}" -le "$2" ] || {
		echo "${line#* }: ${line%% *}, but at most $2 are allowed"
		return 1
	}
}

# at_least WHAT NUMBER: so that a count of nothing at all is no success.
at_least() {
	local line
	line=$(grep -F " $1" "$box/counts" | head -1)
	[ -n "$line" ] && [ "${line%% *}" -ge "$2" ]
}
