/* Manifests of files that were cut or changed: an error each, and never a crash. */
#include "support.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>

#include <ironbox/cleanup.h>

#include "pipeline/manifest.h"
#include "support/file.h"

static char *plugin_bytes(const char *path, size_t *size)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *bytes = file_read(fd, 64 << 20, size);

	assert_non_null(bytes);
	return bytes;
}

static int memory_file(const void *bytes, size_t size)
{
	int fd = memfd_create("module", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(file_write_all(fd, bytes, size), 0);
	return fd;
}

/* 0 or -1; an error has words, a manifest a name that ends. */
static int read_manifest(struct manifest *manifest, int fd)
{
	ERROR_NONE(error);
	int result = manifest_read(manifest, fd, "module.so", &error);

	if (result < 0)
		assert_true(error_is_told(&error));
	else
		assert_in_range(strlen(manifest->name), 1, MANIFEST_TEXT_MAX - 1);
	return result;
}

static void a_plugin_has_its_manifest(void **state)
{
	cleanup_close int fd = open(PLUGIN, O_RDONLY | O_CLOEXEC);
	static struct manifest manifest;

	(void)state;
	assert_int_equal(read_manifest(&manifest, fd), 0);
	assert_string_equal(manifest.name, "network");
}

/* Sizes that hold the note are enough, smaller ones are not. */
static void a_file_that_is_cut_anywhere(void **state)
{
	static const char *const paths[] = { PLUGIN, BIGGER_PLUGIN };
	static struct manifest manifest;

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		size_t size, smallest;
		cleanup_free char *bytes = plugin_bytes(paths[i], &size);
		cleanup_close int fd = memory_file(bytes, size);

		for (smallest = size; smallest > 0; smallest--) {
			assert_int_equal(ftruncate(fd, (off_t)smallest), 0);
			if (read_manifest(&manifest, fd) < 0)
				break;
		}
		assert_in_range(smallest, 64, size - 1);
		for (; smallest > 0; smallest--) {
			assert_int_equal(ftruncate(fd, (off_t)smallest - 1), 0);
			assert_int_equal(read_manifest(&manifest, fd), -1);
		}
	}
}

/* Each byte of header, segments and note takes values that overflow, point outside, or lie. */
static void bytes_that_were_changed(void **state)
{
	static const unsigned char values[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
	static struct manifest manifest;
	size_t size, failed = 0;
	cleanup_free char *bytes = plugin_bytes(PLUGIN, &size);
	cleanup_close int fd = memory_file(bytes, size);

	(void)state;
	for (size_t at = 0; at < 4096; at++) {
		for (size_t i = 0; i < sizeof(values); i++) {
			assert_int_equal(pwrite(fd, &values[i], 1, (off_t)at), 1);
			failed += read_manifest(&manifest, fd) < 0;
		}
		assert_int_equal(pwrite(fd, bytes + at, 1, (off_t)at), 1);
	}
	assert_true(failed > 100); /* the magic alone is twenty */
	assert_int_equal(read_manifest(&manifest, fd), 0);
}

static void wide_fields_that_lie(void **state)
{
	static const uint64_t values[] = { 0,          1,          0xfffffff0, 0xffffffff,
		                           1ULL << 32, 1ULL << 62, 1ULL << 63, UINT64_MAX - 64,
		                           UINT64_MAX };
	static struct manifest manifest;
	size_t size;
	cleanup_free char *bytes = plugin_bytes(PLUGIN, &size);

	(void)state;
	for (size_t at = offsetof(ElfW(Ehdr), e_entry); at < 1024; at += 4)
		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
			cleanup_free char *changed = malloc(size);
			cleanup_close int fd = -1;

			assert_non_null(changed);
			memcpy(changed, bytes, size);
			memcpy(changed + at, &values[i], sizeof(values[i]));
			fd = memory_file(changed, 8192 < size ? 8192 : size);
			read_manifest(&manifest, fd);
		}
}

struct note {
	ElfW(Ehdr) header;
	ElfW(Phdr) segment;
	ElfW(Nhdr) note;
	char name[8];
	char text[5000];
};

/* An ELF file of one note of this text. */
static int note_file(const char *text, size_t size)
{
	static struct note file;

	file = (struct note){
		.header = { .e_ident = ELFMAG,
		            .e_phoff = offsetof(struct note, segment),
		            .e_phentsize = sizeof(file.segment),
		            .e_phnum = 1 },
		.segment = { .p_type = PT_NOTE,
		             .p_offset = offsetof(struct note, note),
		             .p_filesz = sizeof(file.note) + sizeof(file.name) + size },
		.note = { .n_namesz = sizeof(file.name),
		          .n_descsz = (ElfW(Word))size,
		          .n_type = 1 },
		.name = "ironbox",
	};
	memcpy(file.text, text, size);
	return memory_file(&file, sizeof(file));
}

static void texts_and_what_is_said_of_them(void **state)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{ "name = x\n", NULL },
		{ "name = x\nafter = a b\nbefore = c\nwakes_on = linux.x\n", NULL },
		{ "\n\nname = x", NULL },
		{ "", "module.so is not a plugin: it has no ironbox manifest" },
		{ "after = y\n", "module.so: manifest: no name" },
		{ "name\n", "module.so: manifest: no = in \"name\"" },
		{ "name = x\ncolour = red\n", "module.so: manifest: no such key as colour" },
	};
	static struct manifest manifest;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t size = strlen(rows[i].text);
		cleanup_close int fd = note_file(rows[i].text, size ? size + 1 : 0);
		ERROR_NONE(error);
		int result = manifest_read(&manifest, fd, "module.so", &error);

		assert_int_equal(result, rows[i].error ? -1 : 0);
		if (rows[i].error)
			assert_string_equal(error_text(&error), rows[i].error);
		else
			assert_string_equal(manifest.name, "x");
	}
}

static void a_text_of_any_length(void **state)
{
	static char text[5000] = "name = x\nafter = ";
	static struct manifest manifest;

	(void)state;
	memset(text + 17, 'y', sizeof(text) - 17); /* no end of it inside */
	for (size_t size = 17; size < sizeof(text); size += 13) {
		cleanup_close int fd = note_file(text, size);

		assert_int_equal(read_manifest(&manifest, fd), size <= MANIFEST_TEXT_MAX ? 0 : -1);
		if (size <= MANIFEST_TEXT_MAX)
			assert_string_equal(manifest.name, "x");
	}
}

static int count_word(void *context, const char *word)
{
	int *count = context;

	assert_in_range(strlen(word), 1, 255);
	return ++*count == 100;
}

static void words_of_a_list(void **state)
{
	char list[600];
	int count = 0;

	(void)state;
	assert_int_equal(list_each_word("", count_word, &count), 0);
	assert_int_equal(list_each_word("  \t ", count_word, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(list_each_word(" a  b\tc ", count_word, &count), 0);
	assert_int_equal(count, 3);
	memset(list, 'w', sizeof(list));
	memcpy(list + sizeof(list) - 3, " b", 3); /* a word that no stage can have, and one */
	assert_int_equal(list_each_word(list, count_word, &count), 0);
	assert_int_equal(count, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plugin_has_its_manifest),
		cmocka_unit_test(a_file_that_is_cut_anywhere),
		cmocka_unit_test(bytes_that_were_changed),
		cmocka_unit_test(wide_fields_that_lie),
		cmocka_unit_test(texts_and_what_is_said_of_them),
		cmocka_unit_test(a_text_of_any_length),
		cmocka_unit_test(words_of_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
