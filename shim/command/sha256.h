/* SHA-256 (FIPS 180-4), for names of sockets: what a crypto library would cost each start. */
#ifndef IRONBOX_SHIM_SHA256_H
#define IRONBOX_SHIM_SHA256_H

#include <stddef.h>

#define SHA256_HEX_SIZE 65

/* In hexadecimal digits, lower case. */
void sha256_hex(char hex[SHA256_HEX_SIZE], const void *bytes, size_t size);

#endif
