/* The clock and the memory that the library under test sees. */
#ifndef TEST_TTRPC_WRAPPED_H
#define TEST_TTRPC_WRAPPED_H

#include <stddef.h>

/* CLOCK_MONOTONIC stands that much later from now on. */
void let_pass_ms(long ms);
/* The bytes that are allocated now, by the library and the test. */
size_t memory_held(void);
/* The allocation after that many others fails, once; -1: none does. */
void fail_allocation_after(long count);
/* Whether it has failed. */
int allocation_failed(void);

#endif
