/* What the tests of core/support share. */
#ifndef IRONBOX_TESTS_SUPPORT_SUPPORT_H
#define IRONBOX_TESTS_SUPPORT_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* which needs the first four, but does not include them */

#include <dirent.h>
#include <unistd.h>

#include "support/error.h"

static inline int count_open_fds(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

#endif
