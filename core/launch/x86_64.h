/* What the launcher needs of this architecture: its entry, and a system call of five arguments. */
#ifndef IRONBOX_LAUNCH_X86_64_H
#define IRONBOX_LAUNCH_X86_64_H

#include <asm/unistd.h>

_Noreturn void launch(long *stack);

/* System V ABI, "Process Initialization": rsp points to argc, and is a multiple of 16. */
__asm__(".globl _start\n"
        ".type _start, @function\n"
        "_start:\n"
        "	xorl %ebp, %ebp\n"
        "	movq %rsp, %rdi\n"
        "	call launch\n"
        "	hlt\n");

/* The result, or minus an errno value. */
static inline long system_call(long number, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long result;

	__asm__ volatile("syscall"
	                 : "=a"(result)
	                 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
	                 : "rcx", "r11", "memory");
	return result;
}

#endif
