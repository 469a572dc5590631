/* SPDX-License-Identifier: Apache-2.0 */
/* What every unit test includes first: cmocka, and assertions in the library's terms. */
#ifndef COFFER_TEST_H
#define COFFER_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <coffer/error.h>

#include "test_alloc.h"
#include "test_directory.h"

/* A case with a leak check after it; one with a working directory of its own as well. */
#define leak_checked(function) cmocka_unit_test_setup_teardown(function, test_alloc_setup, test_alloc_teardown)
#define in_own_directory(function)                                                                                     \
        cmocka_unit_test_setup_teardown(function, test_directory_setup, test_directory_teardown)

#define assert_status(expression, expected)                                                                            \
        do {                                                                                                           \
                coffer_status wanted_ = (expected), got_ = (expression);                                               \
                if (got_ != wanted_)                                                                                   \
                        fail_msg("%s gives %s, not %s", #expression, coffer_status_name(got_),                         \
                                 coffer_status_name(wanted_));                                                         \
        } while (0)
#define assert_ok(expression) assert_status(expression, COFFER_OK)

/* A coffer_cursor that holds exactly the bytes of a string literal. */
#define assert_cursor(cursor, literal)                                                                                 \
        do {                                                                                                           \
                coffer_cursor cursor_ = (cursor);                                                                      \
                assert_int_equal(cursor_.size_bytes, sizeof(literal) - 1);                                             \
                if (cursor_.size_bytes > 0)                                                                            \
                        assert_memory_equal(cursor_.data, literal, sizeof(literal) - 1);                               \
        } while (0)

#endif
