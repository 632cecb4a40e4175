/* A table is kept until it is whole: a column is as wide as its widest cell. */
#include "cli/table.h"

#include <stdlib.h>
#include <string.h>

#define WIDTH_LEAST 12
#define PADDING     3

/* Characters, not bytes: all but the continuation bytes of UTF-8. */
static size_t text_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		if (((unsigned char)*text & 0xc0) != 0x80)
			width++;
	return width;
}

static size_t column_width(const struct table *table, size_t column)
{
	size_t width = WIDTH_LEAST;

	for (size_t i = column; i < table->count; i += table->columns) {
		size_t needed = text_width(table->cells[i]) + PADDING;

		if (needed > width)
			width = needed;
	}
	return width;
}

int table_add(struct table *table, const char *text)
{
	char *copy;

	if (table->count == table->capacity) {
		size_t capacity = table->capacity ? table->capacity * 2 : 32;
		char **cells = reallocarray(table->cells, capacity, sizeof(*cells));

		if (!cells)
			return -1;
		table->cells = cells;
		table->capacity = capacity;
	}
	copy = strdup(text);
	if (!copy)
		return -1;
	for (char *byte = copy; *byte; byte++)
		if ((unsigned char)*byte < ' ' || *byte == 0x7f)
			*byte = '?';
	table->cells[table->count++] = copy;
	return 0;
}

void table_print(const struct table *table, FILE *out)
{
	for (size_t i = 0; i < table->count; i++) {
		size_t column = i % table->columns;

		fputs(table->cells[i], out);
		if (column + 1 == table->columns)
			fputc('\n', out);
		else
			fprintf(out, "%*s",
			        (int)(column_width(table, column) - text_width(table->cells[i])),
			        "");
	}
}

void table_free(struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i]);
	free(table->cells);
	*table = (struct table){ 0 };
}
