/* What the tests of shim/command share. */
#ifndef IRONBOX_TESTS_SHIM_COMMAND_H
#define IRONBOX_TESTS_SHIM_COMMAND_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* which needs the first four, but does not include them */

#include "support/error.h"

#endif
