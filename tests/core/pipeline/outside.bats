# A stage of someone else's, built against what `make install` puts on a node, and nothing more.
load ../../support/box

setup() {
	box_setup
	prefix=$box/prefix
	cmake --install "$BUILD" --prefix "$prefix" >/dev/null
	export PKG_CONFIG_PATH
	PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name ironbox.pc)")
	cp "$BATS_TEST_DIRNAME/outside_network.c" "$box"
	(cd "$box" && $CC -std=gnu11 -O2 -Wall -Wextra -Werror -fPIC -shared -Wl,-z,defs \
		$(pkg-config --cflags ironbox) \
		-o "$box/outside_network.so" outside_network.c)
	install -m 644 "$box/outside_network.so" "$BOX_SUITE/plugins/outside_network.so"
}

teardown() {
	rm -f "$BOX_SUITE/plugins/outside_network.so"
	box_teardown
}

@test "outside: a swap for network, built from the installed header alone, does its work" {
	box_ini $'[network]\nmodule = outside_network.so'
	run inside /bin/cat /sys/class/net/lo/mtu
	equals "$output" 4242
	run inside /probe interfaces
	equals "$output" "lo UP 127.0.0.1/8"
}

@test "outside: it has an ini section of its own, and its unknown keys have lines" {
	box_ini $'[network]\nmodule = outside_network.so\nmtu = 1400'
	run inside /bin/cat /sys/class/net/lo/mtu
	equals "$output" 1400
	box_ini $'[network]\nmodule = outside_network.so\nmut = 1400'
	run inside /bin/true
	equals "$status" 1
	contains "$output" "ironbox.ini:5: [network] mut: "
}

@test "outside: ironbox plugins shows it" {
	box_ini $'[network]\nmodule = outside_network.so'
	run ironbox plugins
	equals "$status" 0
	contains "$output" "outside_network.so"
	contains "$output" "0.1-outside"
}
