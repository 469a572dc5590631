/* SPDX-License-Identifier: Apache-2.0 */
/* The hash of our tables. It is keyed with a random seed for each process, so that nobody can prepare input whose keys
 * all collide; never store it. */
#ifndef COFFER_UTIL_HASH_H
#define COFFER_UTIL_HASH_H

#include <coffer/bytes.h>

/* The same bytes give the same number for as long as the process lives. Thread-safe. */
uint64_t coffer_hash(coffer_cursor data);

/* SipHash-1-3 under a given key: what coffer_hash is made of. */
uint64_t coffer_hash_keyed(coffer_cursor data, uint64_t key_low, uint64_t key_high);

#endif
