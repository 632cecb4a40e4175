# TC2: from inside, the program of the runtime that makes or joins the container is written to
# (CVE-2019-5736).
load attack

setup() {
	attack_setup
	# a copy: an attack that wins is not to hit what other tests run
	mkdir "$box/bin" && cp "$IRONBOX" "$box/bin/ironbox"
	IRONBOX=$box/bin/ironbox
	install -m 755 "$TOOLS/tamper" "$rootfs/tamper"
	# without the capabilities that let it read the host's disk anyway
	box_set '.process.capabilities[] += ["CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE", "CAP_SYS_CHROOT"]'
	programs >"$box/programs"
}

teardown() {
	box_teardown
}

programs() {
	sha256sum "$box/bin/ironbox" "$BOX_SUITE"/plugins/*.so
}

untouched() {
	programs | diff "$box/programs" - || won "a program of the runtime is changed"
	! grep "ok$" "$box/out" || won "the runtime's program could be written to"
	[ "$(sed -n 's/tamper: looked at \([0-9]*\)$/\1/p' "$box/out")" -gt 0 ] || {
		cat "$box/out"
		return 1
	}
}

@test "TC2: a loop inside holds on to the program of each exec, and writes to it" {
	box_start /tamper
	await 5 grep -q "tamper: begins" "$box/out"
	for _ in {1..100}; do
		ironbox exec "$id" /bin/true
	done
	ironbox kill "$id" TERM
	await 10 grep -q "tamper: looked at" "$box/out"
	untouched
	ironbox delete --force "$id"
}

# The kernel then runs the runtime's program anew, with the image's own dynamic linker.
@test "TC2: an entry point that is #!/proc/self/exe, in an image with an ld.so of its own" {
	local linker
	linker=$(readelf -l /bin/bash | sed -n 's/.*program interpreter: \(.*\)\]/\1/p')
	install -D -m 755 "$TOOLS/linker" "$rootfs/$linker"
	printf '#!/proc/self/exe\n' >"$rootfs/entry" && chmod 755 "$rootfs/entry"
	box_start /tamper
	await 5 grep -q "tamper: begins" "$box/out"
	for _ in {1..5}; do
		ironbox exec --detach "$id" /entry
	done
	sleep 0.5
	ironbox kill "$id" TERM
	await 10 grep -q "tamper: looked at" "$box/out"
	untouched
	ironbox delete --force "$id"
}
