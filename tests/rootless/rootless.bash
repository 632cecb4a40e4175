# shellcheck shell=bash
# rootless.bash: ordinary users of the suite's own. alice has no subordinate ids, bob has one more
# than 65536, as podman's keep-id needs them; both are in the group team. They stand in a copy of /etc that no one else sees.
source "$(dirname "${BASH_SOURCE[0]}")/../support/box.bash"

# For setup_file: in the suite's mount namespace, so it ends with the suite.
users_make() {
	[ ! -d "$BOX_SUITE/etc" ] || return 0
	mkdir "$BOX_SUITE/etc"
	cp -a /etc/. "$BOX_SUITE/etc"
	printf 'alice:x:20001:20001:alice:/:/bin/sh\nbob:x:20002:20002:bob:/:/bin/sh\n' \
		>>"$BOX_SUITE/etc/passwd"
	printf 'alice:x:20001:\nbob:x:20002:\nteam:x:20009:alice,bob\n' >>"$BOX_SUITE/etc/group"
	echo bob:300000:65537 >"$BOX_SUITE/etc/subuid"
	echo bob:400000:65537 >"$BOX_SUITE/etc/subgid"
	mount --bind "$BOX_SUITE/etc" /etc
	# the folder of the build may be closed to them
	install -D -m 755 "$IRONBOX" "$BOX_SUITE/bin/ironbox"
}

# be USER: what follows is done by this user, who has a bundle of `ironbox spec --rootless`, without
# a terminal and with a root that is his.
be() {
	user=$1 uid=$(id -u "$1")
	runtime_dir=/run/user/$uid
	state_root=$runtime_dir/ironbox
	bundle=$box/$user/bundle
	install -d -m 755 /run/user
	install -d -m 700 -o "$user" -g "$user" "$runtime_dir"
	install -d -m 755 -o "$user" -g "$user" "$box" "$box/$user" "$bundle"
	[ ! -e "$bundle/config.json" ] || return 0
	cp -a "$BOX_SUITE/rootfs" "$bundle/rootfs"
	chown -Rh "$user:$user" "$bundle/rootfs"
	ironbox spec --rootless --bundle "$bundle"
	box_set '.process.terminal = false'
}

# as USER COMMAND...: in an environment of his own.
as() {
	local name=$1
	shift
	setpriv --reuid "$name" --regid "$name" --init-groups --inh-caps -all \
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/ "XDG_RUNTIME_DIR=$runtime_dir" \
		ASAN_OPTIONS="${ASAN_OPTIONS:-}" "$@" 3>&-
}

# The user's own state root and the suite's ini.
ironbox() {
	as "$user" "$BOX_SUITE/bin/ironbox" --config "$box/ironbox.ini" "$@"
}

# line NAME: of $output.
line() {
	sed -n "s/^$1 //p" <<<"$output"
}

rootless_teardown() {
	local status=0

	box_teardown || status=1
	rm -rf /run/user
	return "$status"
}
