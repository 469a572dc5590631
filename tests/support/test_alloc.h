/* SPDX-License-Identifier: Apache-2.0 */
/* An allocator that counts, and that fails when told to. */
#ifndef COFFER_TEST_ALLOC_H
#define COFFER_TEST_ALLOC_H

#include <coffer/error.h>

/* Set-up and tear-down of a case: installs the allocator for the library (and for jansson); the tear-down fails the
 * case when more or fewer allocations live than before it. */
int test_alloc_setup(void **state);
int test_alloc_teardown(void **state);

/* Lets the nth allocation from now fail (1 is the next), and no other; 0 lets all succeed. */
void test_alloc_fail_at(size_t nth);

/* Allocations since the last test_alloc_fail_at; those that live. */
size_t test_alloc_count(void);
size_t test_alloc_live(void);

/* Runs `body` again and again, with its first allocation failing, its second, and so on until it makes no more of them.
 * Fails the case unless each run gives COFFER_OK or COFFER_NO_MEMORY (with the error filled) and leaks nothing, the
 * last run gives COFFER_OK, and at least one gave COFFER_NO_MEMORY. */
void test_alloc_fail_each(coffer_status (*body)(void *user, coffer_error *error), void *user);

#endif
