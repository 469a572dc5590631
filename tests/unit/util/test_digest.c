/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "util/cursor.h"
#include "util/digest.h"

static void test_known_digests(void **state)
{
        (void)state;
        char hex[COFFER_DIGEST_MAX_HEX];
        _cleanup_bytes_ coffer_bytes *bytes = NULL;
        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_ok(coffer_digest_bytes(COFFER_SHA1, bytes, hex, NULL));
        assert_string_equal(hex, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        assert_ok(coffer_bytes_append_borrow(bytes, coffer_cursor_text("a"), NULL, NULL, NULL));
        assert_ok(coffer_bytes_append_borrow(bytes, coffer_cursor_text("bc"), NULL, NULL, NULL));
        assert_ok(coffer_digest_bytes(COFFER_SHA1, bytes, hex, NULL));
        assert_string_equal(hex, "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_ok(coffer_digest_bytes(COFFER_SHA256, bytes, hex, NULL));
        assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void test_read_digest_takes_no_more(void **state)
{
        (void)state;
        char hex[COFFER_DIGEST_MAX_HEX], again[COFFER_DIGEST_MAX_HEX] = "untouched";
        _cleanup_digest_ coffer_digest *digest = NULL;
        assert_ok(coffer_digest_new(COFFER_SHA1, &digest, NULL));
        assert_ok(coffer_digest_update(digest, (coffer_cursor){NULL, 0}, NULL));
        assert_ok(coffer_digest_hex(digest, hex, NULL));
        assert_status(coffer_digest_update(digest, coffer_cursor_text("x"), NULL), COFFER_STATE);
        assert_status(coffer_digest_hex(digest, again, NULL), COFFER_STATE);
        assert_string_equal(again, "untouched");
        coffer_digest_free(NULL);
}

static coffer_status digest_text(void *user, coffer_error *error)
{
        _cleanup_digest_ coffer_digest *digest = NULL;
        COFFER_TRY(coffer_digest_new(COFFER_SHA1, &digest, error));
        COFFER_TRY(coffer_digest_update(digest, coffer_cursor_text("abc"), error));
        return coffer_digest_hex(digest, user, error);
}

static void test_every_allocation_may_fail(void **state)
{
        (void)state;
        char hex[COFFER_DIGEST_MAX_HEX];
        test_alloc_fail_each(digest_text, hex);
        assert_string_equal(hex, "a9993e364706816aba3e25717850c26c9cd0d89d");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(test_known_digests),
                leak_checked(test_read_digest_takes_no_more),
                leak_checked(test_every_allocation_may_fail),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
