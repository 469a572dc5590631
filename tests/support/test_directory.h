/* SPDX-License-Identifier: Apache-2.0 */
/* A new, empty working directory for each case. */
#ifndef COFFER_TEST_DIRECTORY_H
#define COFFER_TEST_DIRECTORY_H

/* Set-up and tear-down of a case: makes a directory and works in it; goes back and removes it with all it holds. Both
 * do test_alloc_setup and test_alloc_teardown too. */
int test_directory_setup(void **state);
int test_directory_teardown(void **state);

/* Removes all that the directory holds. */
void test_directory_clear(void);

/* The absolute path of that directory. */
const char *test_directory_path(void);

#endif
