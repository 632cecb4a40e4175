/* Columns as Go's text/tabwriter sets them for runc: at least 12 wide, 3 spaces between. */
#ifndef IRONBOX_CLI_TABLE_H
#define IRONBOX_CLI_TABLE_H

#include <stddef.h>
#include <stdio.h>

struct table {
	size_t columns;
	char **cells; /* owned; row after row */
	size_t count, capacity;
};

#define TABLE_NONE(number) ((struct table){ .columns = (number) })

/* Adds a cell; the row is full after `columns` of them. Bytes that would move a terminal's cursor
 * become '?'. -1 with errno. */
int table_add(struct table *table, const char *text);
void table_print(const struct table *table, FILE *out);
void table_free(struct table *table);
#define cleanup_table __attribute__((cleanup(table_free)))

#endif
