# One target carries the flags for all of our code, another the headers that a plugin may see.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_library(ironbox_flags INTERFACE)
target_compile_definitions(ironbox_flags INTERFACE _GNU_SOURCE)
# Clang warns of casts in macros of system headers too, such as protobuf-c's.
target_compile_options(ironbox_flags INTERFACE $<$<C_COMPILER_ID:GNU>:-Wcast-qual>
  -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla -Wundef
  -Wwrite-strings -Wimplicit-fallthrough -Wpointer-arith
  -Werror=implicit-function-declaration -Werror=incompatible-pointer-types
  -Werror=int-conversion -Werror=return-type
  -fvisibility=hidden -fno-common -fno-strict-aliasing
  -fstack-protector-strong -fstack-clash-protection -fcf-protection
  -ffunction-sections -fdata-sections)
# noseparate-code and packed relocations (glibc 2.36): fewer mappings and dirtied pages, which
# each create pays for six files.
target_link_options(ironbox_flags INTERFACE
  -Wl,-z,defs,-z,relro,-z,now,-z,noexecstack,-z,noseparate-code,-z,pack-relative-relocs,--as-needed,--gc-sections)

if(IRONBOX_SANITIZE)
  target_compile_options(ironbox_flags INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(ironbox_flags INTERFACE -fsanitize=address,undefined)
elseif(NOT CMAKE_BUILD_TYPE STREQUAL Debug)
  # No unwind tables: each start copies the engine into a memfd, and they were a tenth of it.
  target_compile_options(ironbox_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
    -fno-asynchronous-unwind-tables -fno-unwind-tables)
endif()

# Counters at each edge, for libFuzzer, which the targets of tests/fuzz link.
if(IRONBOX_FUZZ)
  target_compile_options(ironbox_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

add_library(ironbox_headers INTERFACE)
target_include_directories(ironbox_headers INTERFACE ${PROJECT_SOURCE_DIR}/core/include)
