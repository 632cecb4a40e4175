# The man page tells of each option that the tables have, and of no other.
bats_require_minimum_version 1.5.0

# options_of TEXT: the long options in it, one a line.
options_of() {
	grep -oE -- '--[a-z0-9][a-z0-9-]*' <<<"$1" | sort -u
}

# The part of the manual from ".SS VERB" to the next heading, as plain text.
section_of() {
	awk -v verb="$1" '/^\.S[SH]/ { on = ($2 == verb) } on' "$MANUAL" | sed 's/\\-/-/g'
}

@test "manual: each verb has a section with its options" {
	local verb help
	for verb in create start run state list kill delete exec ps pause resume update events spec \
		features plugins help; do
		help=$(options_of "$("$IRONBOX" help "$verb" | sed -n '/^Options:/,$p')" | sed '/^--help$/d')
		section=$(options_of "$(section_of "$verb" | grep '^\.B.*--')")
		[ "$help" = "$section" ] || {
			echo "$verb: help has: $help"
			echo "the manual has: $section"
			return 1
		}
	done
}

@test "manual: the global options" {
	help=$(options_of "$("$IRONBOX" help | sed -n '/^Global/,$p' | grep '^  ')")
	section=$(options_of "$(sed 's/\\-/-/g' "$MANUAL" | awk '/^\.S[SH]/ { on = ($0 == ".SH OPTIONS") } on' | grep '^\.B.*--')")
	[ "$help" = "$section" ] || {
		echo "help has: $help"
		echo "the manual has: $section"
		return 1
	}
}

@test "manual: it is clean troff" {
	run groff -ww -man -Tutf8 -Z "$MANUAL"
	[ "$status" -eq 0 ]
	[[ "$output" != *warning* ]]
}
