# state.bats: where states are, and that they are nobody else's (TF2).
load rootless

setup_file() {
	users_make
}

setup() {
	box_setup
	be alice
}

teardown() {
	rm -rf "$box/elsewhere"
	rootless_teardown
}

# as alice, from here on with another XDG_RUNTIME_DIR
with_runtime_dir() {
	runtime_dir=$1
	shift
	"$@"
}

# refused WORDS COMMAND...: in words, and nothing was made below the place that was refused.
refused() {
	local words=$1
	shift
	run "$@"
	equals "$status" 1 && contains "$output" "$words"
}

@test "state: TF2: folders are 0700 and files 0600 by any umask" {
	for mask in 000 022 077; do
		rm -rf "$state_root"
		box_args /bin/true
		(umask $mask && ironbox create --bundle "$bundle" "$id" >"$box/out" 2>&1 </dev/null)
		equals "$(find "$state_root" -printf '%u %m %y\n' | sort -u)" "alice 600 f
alice 600 p
alice 700 d"
		ironbox delete "$id"
	done
}

@test "state: TF2: two users see and disturb nothing of each other" {
	box_start /bin/sleep 1000
	alices=$state_root
	be bob
	equals "$(ironbox list --quiet)" ""
	refused "container does not exist" ironbox state "$id"
	# the same id is free for him
	bundle=$box/bob/bundle
	box_start /bin/sleep 1001
	ironbox delete --force "$id"
	# not by her folder either, also where she has opened it
	for mode in 700 755; do
		chmod $mode "$(dirname "$alices")"
		chmod $mode "$alices"
		for words in 'state ID' 'kill ID KILL' 'delete --force ID' 'exec ID true' 'ps ID'; do
			# shellcheck disable=SC2086
			run ironbox --root "$alices" ${words/ID/$id}
			[ "$status" -ne 0 ]
			contains "$output" "$alices"
		done
		run ironbox --root "$alices" run --bundle "$bundle" another
		[ "$status" -ne 0 ]
		equals "$(ironbox --root "$alices" list --quiet 2>/dev/null)" ""
	done
	equals "$(find "$alices" -mindepth 1 -maxdepth 1)" "$alices/$id"
	be alice
	equals "$(state_of)" running
	ironbox delete --force "$id"
}

@test "state: TF2: a folder that someone else has made is refused" {
	mkdir "$state_root"
	chown bob "$state_root"
	refused "not a directory that only uid 20001 can write (owner 20002" inside /bin/true
	chown alice "$state_root"
	chmod 777 "$state_root"
	refused "not a directory that only uid 20001 can write (owner 20001, mode 0777)" inside /bin/true
	equals "$(find "$state_root" -mindepth 1)" ""
	rmdir "$state_root"
}

@test "state: TF2: a symbolic link and a file are refused" {
	mkdir "$box/elsewhere"
	chown alice "$box/elsewhere"
	chmod 700 "$box/elsewhere"
	ln -s "$box/elsewhere" "$state_root"
	refused "state root $state_root: a symbolic link, which is not followed" inside /bin/true
	equals "$(find "$box/elsewhere" -mindepth 1)" ""
	rm "$state_root"
	touch "$state_root"
	refused "open the state root $state_root: Not a directory" inside /bin/true
	rm "$state_root"
}

@test "state: TF2: a way that someone else could bend is refused" {
	install -d -m 755 -o bob "$box/elsewhere"
	install -d -m 700 -o alice "$box/elsewhere/of-alice"
	refused "$box/elsewhere: owned by user 20002 and not by root or by us" \
		with_runtime_dir "$box/elsewhere/of-alice" inside /bin/true
	equals "$(find "$box/elsewhere/of-alice" -mindepth 1 -name "$id")" ""
	chown root "$box/elsewhere"
	chmod 777 "$box/elsewhere"
	refused "others than root may write to it" \
		with_runtime_dir "$box/elsewhere/of-alice" inside /bin/true
	# as in /tmp: others may add files, but not replace ours
	chmod 1777 "$box/elsewhere"
	run with_runtime_dir "$box/elsewhere/of-alice" inside /bin/true
	equals "$status" 0
}

@test "state: TF2: a container's folder that others may look into is refused" {
	box_start /bin/sleep 1000
	chmod 755 "$state_root/$id"
	refused "not a directory that only uid 20001 can look into" ironbox state "$id"
	chmod 700 "$state_root/$id"
	ironbox delete --force "$id"
}

@test "state: without XDG_RUNTIME_DIR it is the folder in /run/user" {
	for value in '' relative/path; do
		box_args /bin/true
		with_runtime_dir "$value" ironbox create --bundle "$bundle" "$id" >"$box/out" 2>&1 </dev/null
		[ -d "/run/user/20001/ironbox/$id" ]
		with_runtime_dir "$value" ironbox delete "$id"
	done
	runtime_dir=/run/user/20001
}

@test "state: without any folder of his own the user is told what to do" {
	mv /run/user/20001 "$box/elsewhere"
	refused "open the state root /run/user/20001/ironbox (XDG_RUNTIME_DIR or --root names another)" \
		with_runtime_dir "" inside /bin/true
	equals "$(with_runtime_dir "" ironbox list --quiet)" ""
	run with_runtime_dir "" ironbox delete --force "$id"
	equals "$status" 0
}

@test "state: TF2: of root, too" {
	root_ironbox() {
		"$BOX_SUITE/bin/ironbox" --root "$box/elsewhere" --config "$box/ironbox.ini" "$@" 3>&-
	}
	chown root "$box" "$box/alice"
	chown -Rh root "$bundle"
	box_args /bin/true
	box_set 'del(.linux.uidMappings, .linux.gidMappings) | .linux.cgroupsPath = "/" + $id |
		.linux.namespaces |= map(select(.type != "user"))' --arg id "$id"
	mkdir "$box/states"
	ln -s states "$box/elsewhere"
	refused "a symbolic link, which is not followed" root_ironbox run --bundle "$bundle" "$id"
	rm "$box/elsewhere"
	install -d -m 700 -o alice "$box/elsewhere"
	refused "not a directory that only uid 0 can write" root_ironbox run --bundle "$bundle" "$id"
	chown root "$box/elsewhere"
	chmod 777 "$box/elsewhere"
	refused "not a directory that only uid 0 can write" root_ironbox run --bundle "$bundle" "$id"
	chmod 755 "$box/elsewhere"
	run root_ironbox run --bundle "$bundle" "$id"
	equals "$output" ""
	equals "$status" 0
}
