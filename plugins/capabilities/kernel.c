/* kernel.c: capability sets by capget(2), capset(2) and prctl(2). */
#include "kernel.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int sets_get(struct sets *sets)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return -1;
	sets->of[SET_EFFECTIVE] = (uint64_t)data[1].effective << 32 | data[0].effective;
	sets->of[SET_PERMITTED] = (uint64_t)data[1].permitted << 32 | data[0].permitted;
	sets->of[SET_INHERITABLE] = (uint64_t)data[1].inheritable << 32 | data[0].inheritable;
	return 0;
}

int sets_set(const struct sets *sets)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	for (int half = 0; half < 2; half++) {
		data[half].effective = (uint32_t)(sets->of[SET_EFFECTIVE] >> half * 32);
		data[half].permitted = (uint32_t)(sets->of[SET_PERMITTED] >> half * 32);
		data[half].inheritable = (uint32_t)(sets->of[SET_INHERITABLE] >> half * 32);
	}
	return (int)syscall(SYS_capset, &header, data);
}

int bounding_get(uint64_t *bounding)
{
	*bounding = 0;
	for (int number = 0; number < 64; number++) {
		int has = prctl(PR_CAPBSET_READ, number, 0, 0, 0);

		if (has < 0) /* EINVAL: beyond the last that this kernel knows */
			return number > 0 && errno == EINVAL ? 0 : -1;
		*bounding |= (uint64_t)has << number;
	}
	return 0;
}

int bounding_drop(uint64_t keep)
{
	int code = 0;

	for (int number = 0; number < 64; number++) {
		if (keep >> number & 1 || prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL)
			break;
		code = errno; /* EPERM: matters only if it is there, which the caller reads back */
	}
	errno = code;
	return code ? -1 : 0;
}

int ambient_set(uint64_t ambient)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -1;
	for (int number = 0; number < 64; number++)
		if (ambient >> number & 1 &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0) < 0)
			return -1;
	return 0;
}

int ambient_get(uint64_t possible, uint64_t *ambient)
{
	*ambient = 0;
	for (int number = 0; number < 64; number++) {
		int has = possible >> number & 1
		                  ? prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, number, 0, 0)
		                  : 0;

		if (has < 0)
			return -1;
		*ambient |= (uint64_t)has << number;
	}
	return 0;
}
