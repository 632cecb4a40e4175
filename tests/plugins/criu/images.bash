# shellcheck shell=bash
# For the suites with the true CRIU: a container that counts, checkpointed and restored.

# A loop that writes a number a line to its stdout, in the file /count of its bundle's $shared, which
# is a bind: so that it can be read from outside, before and after.
count_setup() {
	box_setup
	shared=$box/shared
	mkdir -m 777 "$shared"
	box_set '.mounts += [{destination: "/shared", type: "bind", source: $path, options: ["bind"]}]' \
		--arg path "$shared"
	images=$box/images
	work=$box/work
}

counting='i=0; while :; do i=$((i+1)); echo $i >/shared/count; sleep 0.05; done'

count() {
	cat "$shared/count"
}

# The count is at least this.
counted() {
	[ "$(count)" -ge "$1" ] 2>/dev/null
}

# run_container [OPTION...]: detached, with nothing of bats' for stdio.
run_container() {
	ironbox run --detach --bundle "$bundle" --pid-file "$box/pid" "$@" "$id" \
		</dev/null >/dev/null 2>"$box/err" || {
		cat "$box/err"
		return 1
	}
}

checkpoint() {
	ironbox checkpoint --image-path "$images" --work-path "$work" "$@" "$id" || {
		tail -30 "$work/dump.log"
		return 1
	}
}

# restore [OPTION...]: as containerd calls it, with pipes for what the images may have as null devices.
restore() {
	rm -f "$box/pid"
	ironbox --log "$box/log" restore -no-subreaper --detach --pid-file "$box/pid" \
		--bundle "$bundle" --image-path "$images" --work-path "$work" "$@" "$id" \
		< <(:) > >(exec cat >/dev/null 3>&-) 2>"$box/err" || {
		cat "$box/err"
		tail -40 "$work/restore.log"
		return 1
	}
}

# What the kernel says of a process's confinement.
confinement() {
	grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp)' "/proc/$1/status"
}

stopped() {
	[ "$(state_of)" = stopped ]
}
