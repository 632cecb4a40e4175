# All work is done by CMake; these are its usual calls. See CMakePresets.json.
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)
# Containers, and packages, need root; a build does not.
AS_ROOT = $(if $(filter 0,$(shell id -u)),,sudo)
# Debian's kernel is booted by qemu, for the suites of tests/vm.
VM = $(if $(filter x86_64,$(shell uname -m)),vm)
MAKEFLAGS += --no-print-directory

all:
	cmake --preset release -DBUILD_TESTING=OFF
	cmake --build --preset release -j $(JOBS)

# Each suite twice: as it is installed, and with AddressSanitizer and UBSan. As many at a time as
# there are CPUs, which the one virtual machine at a time needs to be no bottleneck.
test: packages release asan

release asan:
	cmake --preset $@ -DBUILD_TESTING=ON
	cmake --build --preset $@ -j $(JOBS)
	$(AS_ROOT) ctest --preset $@ -j $(JOBS)

# A build of its own: PREFIX is compiled in, as the place of the plugins.
install:
	cmake --fresh -B build/install -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF \
		-DCMAKE_INSTALL_PREFIX=$(PREFIX)
	cmake --build build/install -j $(JOBS)
	DESTDIR=$(DESTDIR) cmake --install build/install

format:
	git ls-files '*.c' '*.h' | xargs clang-format -i

demo: packages-demo all
	@$(AS_ROOT) tests/demo/demo build/release

bench: packages
	cmake --preset release -DBUILD_TESTING=ON
	cmake --build --preset release -j $(JOBS)
	$(AS_ROOT) tests/bench/run build/release
	$(AS_ROOT) tests/bench/run-shim build/release

# Each parser for FUZZ_SECONDS (60) by libFuzzer; tests/fuzz/run says more.
fuzz: packages
	$(AS_ROOT) .ci/install-packages fuzz
	cmake --preset fuzz -DBUILD_TESTING=ON
	cmake --build --preset fuzz -j $(JOBS)
	tests/fuzz/run build/fuzz

packages:
	$(AS_ROOT) .ci/install-packages build test $(VM)

packages-demo:
	$(AS_ROOT) .ci/install-packages build demo

.PHONY: all test release asan install format demo bench fuzz packages packages-demo
.NOTPARALLEL:
