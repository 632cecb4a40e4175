/* The reader of ELF headers, on headers made by hand and on those that lie. */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lifecycle/explain_elf.h"

/* A header of 64 bits, in the byte order of the test's machine. */
static Elf64_Ehdr header_of(uint16_t machine)
{
	Elf64_Ehdr header = { .e_type = ET_EXEC,
		              .e_machine = machine,
		              .e_phoff = sizeof(header),
		              .e_phentsize = sizeof(Elf64_Phdr),
		              .e_phnum = 1 };

	memcpy(header.e_ident, ELFMAG, SELFMAG);
	header.e_ident[EI_CLASS] = ELFCLASS64;
	header.e_ident[EI_DATA] = ELFDATA2LSB;
	return header;
}

/* Reads from memory of just this size, so that a sanitizer sees a byte too many. */
static struct elf read_exactly(const void *bytes, size_t size)
{
	unsigned char *copy = malloc(size ? size : 1);
	struct elf elf;

	assert_non_null(copy);
	memcpy(copy, bytes, size);
	elf_read(&elf, copy, size);
	free(copy);
	return elf;
}

static void a_header_is_read(void **state)
{
	Elf64_Ehdr header = header_of(EM_S390);
	struct elf elf = read_exactly(&header, sizeof(header));
	char buffer[48];

	(void)state;
	assert_true(elf.is_elf && !elf.is_cut && elf.is_64 && !elf.is_big_endian);
	assert_int_equal(elf.type, ET_EXEC);
	assert_int_equal(elf.machine, EM_S390);
	assert_int_equal(elf.headers_offset, sizeof(header));
	assert_int_equal(elf.header_count, 1);
	assert_true(elf_has_headers(&elf));
	assert_null(elf_is_no_program(&elf));
	assert_string_equal(elf_machine(&elf, buffer), "machine 22");
	assert_false(elf_is_native(&elf));
	assert_false(elf_is_compat(&elf));
}

static void each_cut_of_a_header_is_seen(void **state)
{
	Elf64_Ehdr header = header_of(EM_X86_64);
	size_t size;

	(void)state;
	for (size = 0; size <= sizeof(header); size++) {
		struct elf elf = read_exactly(&header, size);

		assert_int_equal(elf.is_elf, size >= SELFMAG);
		assert_int_equal(elf.is_cut, size >= SELFMAG && size < sizeof(header));
		if (size < sizeof(header))
			assert_false(elf_is_native(&elf) || elf_has_headers(&elf));
	}
}

/* e_machine and both orders and classes of it: what uname(2) says on such a node */
static void machines_have_their_names(void **state)
{
	static const struct {
		const char *name;
		uint16_t machine;
		unsigned char class, order;
	} rows[] = {
		{ "x86_64", EM_X86_64, ELFCLASS64, ELFDATA2LSB },
		{ "x32", EM_X86_64, ELFCLASS32, ELFDATA2LSB },
		{ "i386", EM_386, ELFCLASS32, ELFDATA2LSB },
		{ "aarch64", EM_AARCH64, ELFCLASS64, ELFDATA2LSB },
		{ "aarch64_be", EM_AARCH64, ELFCLASS64, ELFDATA2MSB },
		{ "arm", EM_ARM, ELFCLASS32, ELFDATA2LSB },
		{ "ppc64le", EM_PPC64, ELFCLASS64, ELFDATA2LSB },
		{ "ppc64", EM_PPC64, ELFCLASS64, ELFDATA2MSB },
		{ "s390x", EM_S390, ELFCLASS64, ELFDATA2MSB },
		{ "riscv64", EM_RISCV, ELFCLASS64, ELFDATA2LSB },
		{ "mips", EM_MIPS, ELFCLASS32, ELFDATA2MSB },
		{ "machine 3 (32 bit) (big-endian)", EM_386, ELFCLASS32, ELFDATA2MSB },
		{ "machine 65535", 0xffff, ELFCLASS64, ELFDATA2LSB },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct elf elf = { .is_elf = true,
			           .machine = rows[i].machine,
			           .is_64 = rows[i].class == ELFCLASS64,
			           .is_big_endian = rows[i].order == ELFDATA2MSB };
		char buffer[48];

		assert_string_equal(elf_machine(&elf, buffer), rows[i].name);
		assert_int_equal(elf_is_native(&elf), !strcmp(rows[i].name, elf_native()));
	}
}

/* The very numbers, the other way round. */
static void the_other_byte_order_is_read(void **state)
{
	Elf64_Ehdr header = header_of((uint16_t)__builtin_bswap16(EM_S390));
	Elf64_Phdr headers[2] = { { .p_type = __builtin_bswap32(PT_LOAD) },
		                  { .p_type = __builtin_bswap32(PT_INTERP),
		                    .p_offset = __builtin_bswap64(0x1122334455667788),
		                    .p_filesz = __builtin_bswap64(17) } };
	struct elf_interpreter found;
	struct elf elf;
	char buffer[48];

	(void)state;
	header.e_ident[EI_DATA] = ELFDATA2MSB;
	header.e_phentsize = __builtin_bswap16(sizeof(Elf64_Phdr));
	header.e_phnum = __builtin_bswap16(2);
	elf = read_exactly(&header, sizeof(header));
	assert_string_equal(elf_machine(&elf, buffer), "s390x");
	found = elf_find_interpreter(&elf, headers, sizeof(headers));
	assert_true(found.offset == 0x1122334455667788 && found.size == 17);
}

static void a_file_of_32_bits_is_read(void **state)
{
	Elf32_Ehdr header = { .e_type = ET_DYN,
		              .e_machine = EM_386,
		              .e_phoff = 52,
		              .e_phentsize = sizeof(Elf32_Phdr),
		              .e_phnum = 1 };
	Elf32_Phdr interpreter = { .p_type = PT_INTERP, .p_offset = 84, .p_filesz = 19 };
	struct elf_interpreter found;
	struct elf elf;

	(void)state;
	memcpy(header.e_ident, ELFMAG, SELFMAG);
	header.e_ident[EI_CLASS] = ELFCLASS32;
	header.e_ident[EI_DATA] = ELFDATA2LSB;
	assert_true(read_exactly(&header, sizeof(header) - 1).is_cut);
	elf = read_exactly(&header, sizeof(header));
	assert_true(!elf.is_cut && !elf.is_64 && elf_has_headers(&elf));
	found = elf_find_interpreter(&elf, &interpreter, sizeof(interpreter));
	assert_true(found.offset == 84 && found.size == 19);
	assert_false(elf_find_interpreter(&elf, &interpreter, sizeof(interpreter) - 1).found);
}

/* More headers than there are bytes, none, and of a size that would make two of them overlap. */
static void headers_that_lie_are_not_followed(void **state)
{
	Elf64_Ehdr header = header_of(EM_X86_64);
	Elf64_Phdr *headers = calloc(1, sizeof(*headers));
	struct elf elf;
	size_t i;
	static const uint16_t sizes[] = { 0, 1, 55, 57, 0xffff };

	(void)state;
	assert_non_null(headers);
	header.e_phnum = 0xffff;
	elf = read_exactly(&header, sizeof(header));
	assert_false(elf_find_interpreter(&elf, headers, sizeof(*headers)).found);
	headers->p_type = PT_INTERP;
	headers->p_offset = UINT64_MAX;
	headers->p_filesz = UINT64_MAX;
	assert_true(elf_find_interpreter(&elf, headers, sizeof(*headers)).size == UINT64_MAX);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		header.e_phentsize = sizes[i];
		elf = read_exactly(&header, sizeof(header));
		assert_false(elf_has_headers(&elf));
		assert_false(elf_find_interpreter(&elf, headers, sizeof(*headers)).found);
	}
	free(headers);
}

static void what_is_no_program_is_said(void **state)
{
	Elf64_Ehdr header = header_of(EM_X86_64);
	struct elf elf;

	(void)state;
	header.e_type = ET_REL;
	elf = read_exactly(&header, sizeof(header));
	assert_string_equal(elf_is_no_program(&elf), "is an object file, not a program");
	header.e_type = ET_CORE;
	elf = read_exactly(&header, sizeof(header));
	assert_string_equal(elf_is_no_program(&elf), "is a core dump, not a program");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_is_read),
		cmocka_unit_test(each_cut_of_a_header_is_seen),
		cmocka_unit_test(machines_have_their_names),
		cmocka_unit_test(the_other_byte_order_is_read),
		cmocka_unit_test(a_file_of_32_bits_is_read),
		cmocka_unit_test(headers_that_lie_are_not_followed),
		cmocka_unit_test(what_is_no_program_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
