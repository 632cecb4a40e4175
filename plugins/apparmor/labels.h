/* labels.h: AppArmor's labels as the kernel writes them, "NAME (MODE)", read as words: a prefix
 * would take "unconfined_x" for "unconfined". Pure functions of their texts. */
#ifndef APPARMOR_LABELS_H
#define APPARMOR_LABELS_H

#include <stdbool.h>

/* Is a process with this label (attr/apparmor/current) confined by nothing? On doubt: no. */
bool label_is_unconfined(const char *shown);

/* Has the label that the kernel shows each of the profiles wanted? Both may be stacks, "A//&B". */
bool label_has(const char *shown, const char *wanted);

/* The first profile of `wanted` that the kernel's list, a label a line, does not have; *size gets
 * its length. NULL: all are there. */
const char *label_missing(const char *list, const char *wanted, int *size);

#endif
