/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs whose files somebody else keeps. */
#include "cas/cas_internal.h"
#include "cas_fixture.h"

static void packed_blob_done(coffer_packed_blob *blob)
{
        coffer_bytes_unref(blob->stored);
}

static coffer_packed_blob pack(coffer_cursor contents, bool raw)
{
        coffer_bytes *bytes _cleanup_bytes_ = borrowed(contents);
        coffer_packed_blob packed = {{""}, NULL, NULL};
        assert_ok(coffer_cas_pack(bytes, raw, &packed, NULL));
        return packed;
}

static bool holds(coffer_bytes *bytes, coffer_cursor expected)
{
        coffer_cursor found;
        assert_ok(coffer_bytes_contiguous(bytes, &found, NULL));
        return coffer_cursor_equal(found, expected);
}

static coffer_status unpacks(const char *key, coffer_bytes *stored, const char *metadata_json, coffer_cursor expected,
                             bool raw, coffer_error *error)
{
        coffer_bytes *contents _cleanup_bytes_ = NULL;
        bool is_raw = !raw;
        coffer_status status =
                coffer_cas_unpack(NULL, key, "bucket/x", stored, metadata_json, &contents, &is_raw, error);
        if (status != COFFER_OK)
                return status;
        assert_true(holds(contents, expected));
        assert_int_equal(is_raw, raw);
        return status;
}

static void what_is_packed_is_what_a_store_holds(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        static const size_t sizes[] = {0, 1, 512, 100000, 3 * MIB + 5};
        for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
                coffer_buf contents _cleanup_buf_ = contents_of(TEXT, sizes[i]);
                coffer_packed_blob packed _cleanup_(packed_blob_done) = pack(coffer_buf_cursor(&contents), false);
                coffer_bytes *stored _cleanup_bytes_ = NULL;
                coffer_cursor file;
                assert_string_equal(save(cas, coffer_buf_cursor(&contents), false).text, packed.key.text);
                assert_ok(coffer_cas_load_stored(cas, packed.key.text, &stored, NULL));
                assert_ok(coffer_bytes_contiguous(stored, &file, NULL));
                assert_true(holds(packed.stored, file));
                assert_string_equal(packed.metadata_json, FRAMED);
                assert_ok(unpacks(packed.key.text, stored, FRAMED, coffer_buf_cursor(&contents), false, NULL));
                assert_ok(unpacks(packed.key.text, stored, NULL, coffer_buf_cursor(&contents), false, NULL));
        }
}

static void raw_blobs_are_their_contents(void **state)
{
        (void)state;
        coffer_packed_blob packed _cleanup_(packed_blob_done) = pack(coffer_cursor_text("hello"), true);
        assert_string_equal(packed.key.text, HELLO_KEY);
        assert_string_equal(packed.metadata_json, RAW);
        assert_true(holds(packed.stored, coffer_cursor_text("hello")));
        assert_ok(unpacks(HELLO_KEY, packed.stored, RAW, coffer_cursor_text("hello"), true, NULL));
}

static void damage_names_key_and_place(void **state)
{
        (void)state;
        coffer_bytes *other _cleanup_bytes_ = borrowed(coffer_cursor_text("hallo"));
        coffer_error error = COFFER_ERROR_INIT;
        assert_int_equal(unpacks(HELLO_KEY, other, RAW, coffer_cursor_text("hello"), true, &error), COFFER_CORRUPT);
        assert_non_null(strstr(error.message, "blob " HELLO_KEY " in 'bucket/x': "));
        assert_int_equal(unpacks(HELLO_KEY, other, FRAMED, coffer_cursor_text("hello"), true, &error), COFFER_CORRUPT);
        assert_int_equal(unpacks(HELLO_KEY, other, "{}", coffer_cursor_text("hello"), true, &error), COFFER_MALFORMED);
        assert_non_null(strstr(error.message, "'bucket/x'"));
        assert_int_equal(unpacks("hello", other, RAW, coffer_cursor_text("hello"), true, &error), COFFER_INVALID);
}

static void contents_that_others_write_to_are_packed_as_they_were(void **state)
{
        (void)state;
        uint8_t memory[] = "hello";
        coffer_bytes *bytes _cleanup_bytes_ = borrowed(coffer_cursor_of(memory, 5));
        coffer_packed_blob packed _cleanup_(packed_blob_done) = {{""}, NULL, NULL};
        coffer_bytes_set_unstable(bytes);
        assert_ok(coffer_cas_pack(bytes, true, &packed, NULL));
        memory[0] = 'j';
        assert_ok(unpacks(HELLO_KEY, packed.stored, RAW, coffer_cursor_text("hello"), true, NULL));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_own_directory(what_is_packed_is_what_a_store_holds),
                in_own_directory(raw_blobs_are_their_contents),
                in_own_directory(damage_names_key_and_place),
                in_own_directory(contents_that_others_write_to_are_packed_as_they_were),
        };
        return cmocka_run_group_tests_name("pack", tests, NULL, NULL);
}
