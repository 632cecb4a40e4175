/* An ELF file's header, elf(5), read from bytes that a hostile image wrote. Nothing is read here
 * but the bytes given. */
#ifndef IRONBOX_LIFECYCLE_EXPLAIN_ELF_H
#define IRONBOX_LIFECYCLE_EXPLAIN_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_HEADER_MAX      64   /* bytes of a file that elf_read looks at */
#define ELF_INTERPRETER_MAX 4096 /* PATH_MAX, with the NUL: the kernel takes no longer one */

struct elf {
	bool is_elf; /* has the magic bytes; false: nothing else is set */
	bool is_cut; /* ends within the header */
	bool is_64, is_big_endian;
	uint16_t type, machine;
	uint64_t headers_offset; /* of the program headers */
	uint16_t header_size, header_count;
};

void elf_read(struct elf *elf, const void *bytes, size_t size);

/* Whether the program headers are such as a kernel reads: no other size, and not none. */
bool elf_has_headers(const struct elf *elf);

/* Looks for PT_INTERP in the first `size` bytes of the program headers: where in the file the
 * loader's path lies, and how long it is with its NUL. */
struct elf_interpreter {
	bool found;
	uint64_t offset, size;
};
struct elf_interpreter elf_find_interpreter(const struct elf *elf, const void *headers,
                                            size_t size);

/* "is a core dump, not a program", or NULL. */
const char *elf_is_no_program(const struct elf *elf);

/* What it is built for, as uname(2) calls it on such a node: "aarch64", "ppc64le", "i386" …; or
 * "machine N" in the buffer. */
const char *elf_machine(const struct elf *elf, char buffer[48]);
/* The same of the program that asks: what this node is. */
const char *elf_native(void);
/* Runs on this node, as far as the header tells; _compat: on some kernels for it. */
bool elf_is_native(const struct elf *elf);
bool elf_is_compat(const struct elf *elf);

#endif
