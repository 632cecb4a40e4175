/* The beginning of a file of the image that can't be run, as explain_elf.c and explain_script.c
 * read it: an ELF header with its program headers, or the first line of a script. */
#include <elf.h>
#include <string.h>

#include "harness.h"
#include "lifecycle/explain_elf.h"
#include "lifecycle/explain_script.h"

static void read_elf(const uint8_t *data, size_t size)
{
	size_t looked_at = size < ELF_HEADER_MAX ? size : ELF_HEADER_MAX;
	cleanup_free char *header = malloc(looked_at + 1), *headers = malloc(size + 1);
	struct elf_interpreter interpreter;
	const char *machine;
	char buffer[48];
	struct elf elf;

	CHECK(header && headers, "no memory");
	memcpy(header, data, looked_at);
	elf_read(&elf, header, looked_at);
	CHECK(elf.is_elf == (size >= SELFMAG && memcmp(data, ELFMAG, SELFMAG) == 0), "%d",
	      elf.is_elf);
	if (!elf.is_elf || elf.is_cut)
		return;
	machine = elf_machine(&elf, buffer);
	CHECK(machine && *machine, "a machine without a name");
	CHECK(!elf_is_native(&elf) || strcmp(machine, elf_native()) == 0, "%s is not native",
	      machine);
	elf_is_compat(&elf);
	elf_is_no_program(&elf);
	if (!elf_has_headers(&elf) || elf.headers_offset >= size)
		return;
	memcpy(headers, data + elf.headers_offset, size - elf.headers_offset);
	interpreter = elf_find_interpreter(&elf, headers, size - elf.headers_offset);
	CHECK(!interpreter.found || elf.header_count > 0, "found in none");
}

/* execve(2): the name is what follows "#!" and blanks, up to a blank or the line's end. */
static void read_script(const uint8_t *data, size_t size)
{
	size_t looked_at = size < SCRIPT_LINE_MAX ? size : SCRIPT_LINE_MAX, length;
	cleanup_free char *line = malloc(looked_at + 1);
	struct script script = { .kind = SCRIPT_NONE };

	CHECK(line, "no memory");
	memcpy(line, data, looked_at);
	script_read(&script, line, looked_at);
	script_is_text(line, looked_at);
	CHECK((script.kind == SCRIPT_NONE) == (size < 2 || memcmp(data, "#!", 2) != 0), "%d",
	      script.kind);
	if (script.kind != SCRIPT_NAMES)
		return;
	length = strnlen(script.interpreter, sizeof(script.interpreter));
	CHECK(length > 0 && length < sizeof(script.interpreter), "%zu", length);
	CHECK(!strpbrk(script.interpreter, " \t\n"), "%s", script.interpreter);
	CHECK(memmem(line, looked_at, script.interpreter, length), "%s is invented",
	      script.interpreter);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_elf(data, size);
	read_script(data, size);
	return 0;
}
