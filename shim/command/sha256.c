#include "command/sha256.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BLOCK 64

/* FIPS 180-4, 4.2.2: of the cube roots of the first primes. */
static const uint32_t constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

static uint32_t turn(uint32_t word, unsigned bits)
{
	return word >> bits | word << (32 - bits);
}

/* 6.2.2, step 1 */
static void schedule(uint32_t words[64], const uint8_t block[BLOCK])
{
	for (unsigned t = 0; t < 16; t++)
		words[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 |
		           (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
	for (unsigned t = 16; t < 64; t++) {
		uint32_t x = words[t - 15], y = words[t - 2];

		words[t] = (turn(y, 17) ^ turn(y, 19) ^ y >> 10) + words[t - 7] +
		           (turn(x, 7) ^ turn(x, 18) ^ x >> 3) + words[t - 16];
	}
}

/* Steps 2 to 4; h holds a to h. */
static void digest(uint32_t state[8], const uint8_t block[BLOCK])
{
	uint32_t words[64], h[8];

	schedule(words, block);
	memcpy(h, state, sizeof(h));
	for (unsigned t = 0; t < 64; t++) {
		uint32_t one = h[7] + (turn(h[4], 6) ^ turn(h[4], 11) ^ turn(h[4], 25)) +
		               ((h[4] & h[5]) ^ (~h[4] & h[6])) + constants[t] + words[t];
		uint32_t two = (turn(h[0], 2) ^ turn(h[0], 13) ^ turn(h[0], 22)) +
		               ((h[0] & h[1]) ^ (h[0] & h[2]) ^ (h[1] & h[2]));

		memmove(h + 1, h, 7 * sizeof(h[0]));
		h[4] += one;
		h[0] = one + two;
	}
	for (unsigned i = 0; i < 8; i++)
		state[i] += h[i];
}

void sha256_hex(char hex[SHA256_HEX_SIZE], const void *bytes, size_t size)
{
	uint32_t state[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		              0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
	const uint8_t *at = bytes;
	uint8_t last[2 * BLOCK] = { 0 };
	size_t left, blocks;

	for (left = size; left >= BLOCK; left -= BLOCK, at += BLOCK)
		digest(state, at);
	/* what is left, a bit, and behind zeros the number of all bits */
	memcpy(last, at, left);
	last[left] = 0x80;
	blocks = left < BLOCK - 8 ? 1 : 2;
	for (unsigned i = 0; i < 8; i++)
		last[blocks * BLOCK - 1 - i] = (uint8_t)((uint64_t)size * 8 >> 8 * i);
	for (size_t i = 0; i < blocks; i++)
		digest(state, last + i * BLOCK);
	for (unsigned i = 0; i < 8; i++)
		snprintf(hex + 8 * i, 9, "%08x", state[i]);
}
