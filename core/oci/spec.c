/* A document from a file or a text to a checked tree. */
#include "oci/spec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "oci/document.h"
#include "support/file.h"

#define DOCUMENT_SIZE_MAX (10 * 1024 * 1024)
#define DOCUMENT_FLAGS    JSON_REJECT_DUPLICATES /* and NUL in strings: jansson's default */

static const struct spec_field *table_of(enum spec_kind kind)
{
	switch (kind) {
	case SPEC_CONFIG:
		return config_fields;
	case SPEC_PROCESS:
		return process_fields;
	case SPEC_RESOURCES:
		return resources_fields;
	}
	return NULL;
}

/* jansson would open and read /dev/urandom for the seed of its hash tables: the kernel has given
 * us random bytes already, see getauxval(3). */
static void seed_hash_tables(void)
{
	const void *random = (const void *)getauxval(AT_RANDOM);
	size_t seed = 1;

	if (random)
		memcpy(&seed, random, sizeof(seed));
	json_object_seed(seed ? seed : 1);
}

/* A tree takes some 30 times the memory of a text such as [0,0,0…]. */
static bool has_too_many_values(const char *text, size_t size)
{
	size_t count = 1;

	if (size <= DOCUMENT_VALUES_MAX)
		return false;
	for (const char *end = text + size; text < end; text++)
		count += *text == ',' || *text == '[' || *text == '{';
	return count > DOCUMENT_VALUES_MAX;
}

static json_t *load(const char *name, const char *text, size_t size, struct ironbox_error *error)
{
	json_error_t failure = { .line = -1 };
	json_t *root;

	seed_hash_tables();
	root = json_loadb(text, size, DOCUMENT_FLAGS, &failure);
	if (!root && json_error_code(&failure) == json_error_numeric_overflow)
		root = huge_load(text, size, DOCUMENT_FLAGS, &failure);
	if (!root)
		error_begin(error, 0, "%s:%d:%d: %s", name, failure.line, failure.column,
		            failure.text);
	return root;
}

/* Takes the text, which ends in a NUL, whatever comes of it. */
static int parse_owned(struct spec *spec, enum spec_kind kind, const char *name, char *text,
                       size_t size, struct ironbox_error *error)
{
	cleanup_spec struct spec parsed = { .text = text, .size = size };
	json_t *root;

	if (has_too_many_values(text, size))
		return error_begin(error, 0, "%s: more than %d values", name, DOCUMENT_VALUES_MAX);
	root = load(name, text, size, error);
	if (!root)
		return -1;
	parsed.root = (struct ironbox_value *)root;
	if (check_document(NULL, table_of(kind), root, error) < 0)
		return error_context(error, "%s", name);
	*spec = parsed;
	parsed = SPEC_NONE;
	return 0;
}

int spec_parse(struct spec *spec, enum spec_kind kind, const char *name, const char *text,
               size_t size, struct ironbox_error *error)
{
	char *copy;

	if (size > DOCUMENT_SIZE_MAX)
		return error_begin(error, 0, "%s: larger than 10 MiB", name);
	copy = malloc(size + 1);
	if (!copy)
		return error_begin(error, errno, "%s: %zu bytes of memory", name, size);
	memcpy(copy, text, size);
	copy[size] = '\0';
	return parse_owned(spec, kind, name, copy, size, error);
}

int spec_load(struct spec *spec, enum spec_kind kind, int directory_fd, const char *name,
              struct ironbox_error *error)
{
	/* O_NONBLOCK: a fifo in its place must not hold us (it is refused right below) */
	cleanup_close int fd = openat(directory_fd, name,
	                              O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	size_t size;
	char *text;

	if (fd < 0 && errno == ELOOP)
		return error_begin(error, 0, "%s: a symbolic link, which is not followed", name);
	if (fd < 0 || fstat(fd, &status) < 0)
		return error_begin(error, errno, "open %s", name);
	if (!S_ISREG(status.st_mode))
		return error_begin(error, 0, "%s: not a regular file", name);
	text = file_read(fd, DOCUMENT_SIZE_MAX, &size);
	if (!text && errno == EFBIG)
		return error_begin(error, 0, "%s: larger than 10 MiB", name);
	if (!text)
		return error_begin(error, errno, "read %s", name);
	return parse_owned(spec, kind, name, text, size, error);
}

void spec_free(struct spec *spec)
{
	int saved = errno;

	json_decref((json_t *)spec->root);
	free(spec->text);
	*spec = SPEC_NONE;
	errno = saved;
}

/* null, "" and, of limits, [] ask for nothing. {} and [] of capabilities do: for none. */
static bool is_given(const json_t *value, const char *key)
{
	if (is_text(value))
		return json_string_length(value) > 0;
	if (strcmp(key, "rlimits") == 0)
		return json_array_size(value) > 0;
	return value && !json_is_null(value);
}

/* What a process file leaves out holds as it does for the container's own process, as with runc:
 * an exec must be confined no less for not saying so. */
static void inherit_confinement(json_t *process, const json_t *own)
{
	static const char *const keys[] = { "capabilities", "noNewPrivileges", "rlimits",
		                            "apparmorProfile", "selinuxLabel" };
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		json_t *value = json_object_get(own, keys[i]);

		if (value && !is_given(json_object_get(process, keys[i]), keys[i]))
			json_object_set(process, keys[i], value);
	}
}

void spec_replace_process(struct spec *spec, struct spec *process)
{
	json_t *root = (json_t *)spec->root;

	inherit_confinement((json_t *)process->root, json_object_get(root, "process"));
	/* Out of memory must not leave the container's own process there: it is another's. */
	if (json_object_set_new(root, "process", (json_t *)process->root) < 0)
		json_object_del(root, "process");
	process->root = NULL;
	spec_free(process);
}
