# shellcheck shell=bash
# One row of the table: an entry point that can't start, and the sentence for it.

# tell_setup: in box_setup's bundle, whose root is $root.
tell_setup() {
	root=$bundle/rootfs
}

# tells [create|start] SENTENCE PROGRAM [ARG...]: the same sentence from `run`; from `create`, or
# from `start` where only execve(2) can know; and from `exec`. NAMED is how args[0] is shown.
tells() {
	local when=$1 sentence="exec: \"${NAMED-$3}\": $2"
	shift 2
	tells_run "$sentence" "$@"
	"tells_$when" "$sentence" "$@"
	tells_exec "$sentence" "$@"
}

tells_run() {
	local sentence=$1
	shift
	run inside "$@"
	equals "$output" "ironbox: run $id: $sentence"
	equals "$status" 1
}

tells_create() {
	local sentence=$1
	shift
	run box_create "$@"
	equals "$output" "ironbox: create $id: $sentence"
	equals "$status" 1
}

tells_start() {
	local sentence=$1
	shift
	box_create "$@"
	run ironbox start "$id"
	equals "$output" "ironbox: start $id: $sentence"
	equals "$status" 1
	ironbox delete "$id" # at once: a start that failed has an end
}

tells_exec() {
	local sentence=$1
	shift
	box_start /bin/sleep 1000
	run ironbox exec "$id" "$@"
	ironbox delete --force "$id"
	equals "$output" "ironbox: exec in $id: $sentence"
	equals "$status" 255
}

# script FILE LINE: an executable file of this text, by printf.
script() {
	# shellcheck disable=SC2059
	printf "$2" >"$root$1"
	chmod 755 "$root$1"
}

# number BYTES VALUE [big]: as octal escapes for printf.
number() {
	local i byte text=
	for ((i = 0; i < $1; i++)); do
		printf -v byte '\\%03o' $((($2 >> 8 * i) & 255))
		if [ "${3-}" = big ]; then text=$byte$text; else text+=$byte; fi
	done
	printf %s "$text"
}

case $(uname -m) in
x86_64) native=62 foreign=183 foreign_name=aarch64 ;;
aarch64) native=183 foreign=62 foreign_name=x86_64 ;;
esac
node=$(uname -m)

# elf FILE [LOADER]: an ELF file of 64 bits with one program header, PT_INTERP. Each number of it
# may be set by a variable: type, machine, order (big), headers_at, header_size, headers,
# loader_at, loader_size.
elf() {
	local loader=${2-/lib/ld.so} order=${order-}
	# shellcheck disable=SC2059
	{
		printf '\177ELF\2%b\1\0\0\0\0\0\0\0\0\0' "$([ "$order" = big ] && echo '\2' || echo '\1')"
		printf "$(number 2 "${type-2}" $order)$(number 2 "${machine-$native}" $order)$(number 4 1 $order)"
		printf "$(number 8 4194424 $order)$(number 8 "${headers_at-64}" $order)$(number 8 0)"
		printf "$(number 4 0)$(number 2 64 $order)$(number 2 "${header_size-56}" $order)"
		printf "$(number 2 "${headers-1}" $order)$(number 6 0)"
		printf "$(number 4 3 $order)$(number 4 4 $order)$(number 8 "${loader_at-120}" $order)"
		printf "$(number 16 0)$(number 8 "${loader_size-$((${#loader} + 1))}" $order)"
		printf "$(number 16 0)"
		printf '%s\0' "$loader"
	} >"$root$1"
	chmod 755 "$root$1"
}
