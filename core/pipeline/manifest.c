#include "pipeline/manifest.h"

#include <elf.h>
#include <errno.h>
#include <link.h> /* ElfW: the running machine's word size */
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define NOTE_SIZE_MAX 8192

/* In a note segment: 4-byte sizes and type, then name and text, each padded to 4 bytes; elf(5). */
static const char *find_note(const char *notes, size_t size, size_t *text_size)
{
	static const char name[8] = "ironbox";
	size_t at = 0;

	while (at + sizeof(ElfW(Nhdr)) <= size) {
		ElfW(Nhdr) note;
		size_t name_at = at + sizeof(note), text_at;

		memcpy(&note, notes + at, sizeof(note));
		if (note.n_namesz > size || note.n_descsz > size)
			return NULL;
		text_at = name_at + ((note.n_namesz + 3u) & ~3u);
		if (text_at + note.n_descsz > size)
			return NULL;
		if (note.n_namesz == sizeof(name) && !memcmp(notes + name_at, name, sizeof(name))) {
			*text_size = note.n_descsz;
			return notes + text_at;
		}
		at = text_at + ((note.n_descsz + 3u) & ~3u);
	}
	return NULL;
}

/* Walks PT_NOTE. The note is in the first page, and has come with it, but for files that patchelf
 * changed, or a long text. */
static int read_note(struct manifest *manifest, int fd)
{
	char first[4096], notes[NOTE_SIZE_MAX];
	const char *text;
	ElfW(Ehdr) header;
	ElfW(Phdr) segment;
	ssize_t got = pread(fd, first, sizeof(first), 0);
	size_t i, text_size, at;

	if (got < (ssize_t)sizeof(header))
		return -1;
	memcpy(&header, first, sizeof(header));
	if (memcmp(header.e_ident, ELFMAG, SELFMAG) || header.e_phentsize != sizeof(segment) ||
	    header.e_phoff > (size_t)got) /* so that no sum below wraps around */
		return -1;
	for (i = 0; i < header.e_phnum; i++) {
		at = header.e_phoff + i * sizeof(segment);
		if (at + sizeof(segment) > (size_t)got)
			return -1;
		memcpy(&segment, first + at, sizeof(segment));
		if (segment.p_type != PT_NOTE || segment.p_filesz > sizeof(notes))
			continue;
		if (segment.p_offset < (size_t)got &&
		    segment.p_filesz <= (size_t)got - segment.p_offset)
			memcpy(notes, first + segment.p_offset, segment.p_filesz);
		else if (pread(fd, notes, segment.p_filesz, (off_t)segment.p_offset) !=
		         (ssize_t)segment.p_filesz)
			return -1;
		text = find_note(notes, segment.p_filesz, &text_size);
		if (!text || text_size == 0 || text_size > sizeof(manifest->text))
			continue;
		memcpy(manifest->text, text, text_size);
		manifest->text[text_size - 1] = '\0';
		return 0;
	}
	return -1;
}

static int set_member(struct manifest *manifest, char *key, char *value, const char *path,
                      struct ironbox_error *error)
{
	struct {
		const char *key;
		const char **member;
	} rows[] = {
		{ "name", &manifest->name },       { "after", &manifest->after },
		{ "before", &manifest->before },   { "wakes_on", &manifest->wakes_on },
		{ "fits", &manifest->fits },       { "otherwise", &manifest->otherwise },
		{ "verbs", &manifest->verbs },     { "variants", &manifest->variants },
		{ "variant", &manifest->variant },
	};
	size_t i;

	key[strcspn(key, " \t")] = '\0';
	value += strspn(value, " \t");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!strcmp(rows[i].key, key)) {
			if (**rows[i].member) /* which of the two would hold? */
				return error_begin(error, 0, "%s: manifest: %s twice", path, key);
			*rows[i].member = value;
			return 0;
		}
	return error_begin(error, 0, "%s: manifest: no such key as %s", path, key);
}

int manifest_read(struct manifest *manifest, int fd, const char *path, struct ironbox_error *error)
{
	char *line, *next, *equals;

	manifest->name = manifest->after = manifest->before = manifest->wakes_on = "";
	manifest->verbs = manifest->fits = manifest->otherwise = "";
	manifest->variants = manifest->variant = "";
	if (read_note(manifest, fd) < 0)
		return error_begin(error, 0, "%s is not a plugin: it has no ironbox manifest",
		                   path);
	memcpy(manifest->copies, manifest->text, sizeof(manifest->copies));
	for (line = manifest->copies; *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		equals = strchr(line, '=');
		if (!*line)
			continue;
		if (!equals)
			return error_begin(error, 0, "%s: manifest: no = in \"%s\"", path, line);
		*equals = '\0';
		if (set_member(manifest, line, equals + 1, path, error) < 0)
			return -1;
	}
	if (!*manifest->name)
		return error_begin(error, 0, "%s: manifest: no name", path);
	return 0;
}

int list_each_word(const char *list, int (*visit)(void *context, const char *word), void *context)
{
	char word[256];
	size_t length;
	int stop;

	for (;;) {
		list += strspn(list, " \t");
		length = strcspn(list, " \t");
		if (length == 0)
			return 0;
		if (length < sizeof(word)) {
			memcpy(word, list, length);
			word[length] = '\0';
			stop = visit(context, word);
			if (stop)
				return stop;
		}
		list += length;
	}
}

static int is_same(void *context, const char *word)
{
	return strcmp(context, word) == 0;
}

bool list_has_word(const char *list, const char *word)
{
	return list_each_word(list, is_same, (void *)(uintptr_t)word) != 0; /* only compared */
}
