/* SPDX-License-Identifier: Apache-2.0 */
/* SipHash: J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF", INDOCRYPT 2012; with one round for
 * each word and three at the end. */
#include "util/hash.h"

#include <pthread.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "util/cursor.h"

static uint64_t seed[2];
static pthread_once_t seed_once = PTHREAD_ONCE_INIT;

static void make_seed(void)
{
        if (getrandom(seed, sizeof(seed), GRND_NONBLOCK) == (ssize_t)sizeof(seed))
                return;
        /* No kernel randomness (early boot, a strict sandbox): weaker, but still different for each process. */
        struct timespec now = {0, 0};
        clock_gettime(CLOCK_REALTIME, &now);
        seed[0] = (uint64_t)now.tv_sec << 32 ^ (uint64_t)now.tv_nsec;
        seed[1] = (uint64_t)getpid() << 32 ^ (uint64_t)(uintptr_t)&now;
}

static inline uint64_t rotate_left(uint64_t word, int bits)
{
        return word << bits | word >> (64 - bits);
}

static inline void sip_round(uint64_t v[4])
{
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate_left(v[1], 13) ^ v[0];
        v[3] = rotate_left(v[3], 16) ^ v[2];
        v[0] = rotate_left(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotate_left(v[1], 17) ^ v[2];
        v[3] = rotate_left(v[3], 21) ^ v[0];
        v[2] = rotate_left(v[2], 32);
}

static inline void sip_absorb(uint64_t v[4], uint64_t word)
{
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
}

uint64_t coffer_hash_keyed(coffer_cursor data, uint64_t key_low, uint64_t key_high)
{
        uint64_t v[4] = {key_low ^ UINT64_C(0x736f6d6570736575), key_high ^ UINT64_C(0x646f72616e646f6d),
                         key_low ^ UINT64_C(0x6c7967656e657261), key_high ^ UINT64_C(0x7465646279746573)};
        uint64_t last = (uint64_t)data.size_bytes << 56;
        uint64_t word;
        while (coffer_cursor_u64_le(&data, &word))
                sip_absorb(v, word);
        for (size_t i = 0; i < data.size_bytes; i++)
                last |= (uint64_t)data.data[i] << (8 * i);
        sip_absorb(v, last);
        v[2] ^= 0xff;
        for (int i = 0; i < 3; i++)
                sip_round(v);
        return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t coffer_hash(coffer_cursor data)
{
        pthread_once(&seed_once, make_seed);
        return coffer_hash_keyed(data, seed[0], seed[1]);
}
