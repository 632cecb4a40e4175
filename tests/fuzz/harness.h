/* What the targets share: an input that is used up piece by piece, checks, and files of no host. */
#ifndef FUZZ_HARNESS_H
#define FUZZ_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <ironbox/cleanup.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold for every input, whoever wrote it: else the run ends here, and the input is kept.
 */
#define CHECK(condition, ...)                                                                   \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			fprintf(stderr, "  " __VA_ARGS__);                                      \
			fputc('\n', stderr);                                                    \
			abort();                                                                \
		}                                                                               \
	} while (0)

struct input {
	const uint8_t *at;
	size_t left;
};

/* The next byte, or bytes in little-endian order; 0 where there are no more. */
uint8_t input_byte(struct input *input);
uint32_t input_number(struct input *input);
uint64_t input_long(struct input *input);
/* One of 0 … count - 1. */
size_t input_choice(struct input *input, size_t count);
/* The text up to the next byte `end`, which is used up too, or to the end of all. malloc'ed to its
 * very size, so that a byte read behind it is seen; with a '\0' at its end, and none in it. */
char *input_text(struct input *input, char end);
/* What is left, as a text. */
char *input_rest(struct input *input);

/* The same bytes on the heap with a '\0' behind them, which `size` does not count. */
char *bytes_copy(const uint8_t *data, size_t size);

/* The O_PATH-less fd of an empty tmpfs that is mounted nowhere, and gone with the process. One for
 * all calls. */
int private_folder(void);
/* A file in it, in the place of any other of that name; NULL: none of that name. */
void private_file(const char *name, const void *bytes, size_t size);
void private_file_remove(const char *name);
/* How many fds this process has: a parser must leave none behind. */
unsigned count_fds(void);

#endif
