/* What the launcher needs of this architecture: its entry, and a system call of five arguments. */
#ifndef IRONBOX_LAUNCH_AARCH64_H
#define IRONBOX_LAUNCH_AARCH64_H

#include <asm/unistd.h>

_Noreturn void launch(long *stack);

/* sp points to argc, and is a multiple of 16. */
__asm__(".globl _start\n"
        ".type _start, %function\n"
        "_start:\n"
        "	mov x29, #0\n"
        "	mov x30, #0\n"
        "	mov x0, sp\n"
        "	bl launch\n"
        "	brk #0\n");

/* The result, or minus an errno value. */
static inline long system_call(long number, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;

	__asm__ volatile("svc #0"
	                 : "+r"(x0)
	                 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
	                 : "memory", "cc");
	return x0;
}

#endif
