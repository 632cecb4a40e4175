#include "wrapped.h"

#include <malloc.h>
#include <stdlib.h>
#include <time.h>

int __real_clock_gettime(clockid_t clock, struct timespec *time);
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void __real_free(void *memory);
int __wrap_clock_gettime(clockid_t clock, struct timespec *time);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void __wrap_free(void *memory);

static long passed_ms, fail_after = -1;
static size_t held;

void let_pass_ms(long ms)
{
	passed_ms += ms;
}

size_t memory_held(void)
{
	return held;
}

void fail_allocation_after(long count)
{
	fail_after = count;
}

int allocation_failed(void)
{
	return fail_after < 0;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *time)
{
	int result = __real_clock_gettime(clock, time);

	time->tv_sec += passed_ms / 1000;
	time->tv_nsec += passed_ms % 1000 * 1000000;
	if (time->tv_nsec >= 1000000000) {
		time->tv_nsec -= 1000000000;
		time->tv_sec++;
	}
	return result;
}

static void *count(void *memory)
{
	held += malloc_usable_size(memory);
	return memory;
}

static int fails(void)
{
	return fail_after >= 0 && fail_after-- == 0;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : count(__real_malloc(size));
}

void *__wrap_calloc(size_t number, size_t size)
{
	return fails() ? NULL : count(__real_calloc(number, size));
}

void __wrap_free(void *memory)
{
	held -= malloc_usable_size(memory);
	__real_free(memory);
}
