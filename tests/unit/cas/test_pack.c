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
        assert_ok(coffer_cas_pack(bytes, raw, NULL, &packed, NULL));
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
        assert_ok(coffer_cas_pack(bytes, true, NULL, &packed, NULL));
        memory[0] = 'j';
        assert_ok(unpacks(HELLO_KEY, packed.stored, RAW, coffer_cursor_text("hello"), true, NULL));
}

static void a_known_key_is_taken_for_granted_where_nobody_can_write(void **state)
{
        (void)state;
        uint8_t memory[] = "hello";
        coffer_key known = {EMPTY_KEY};
        for (int is_unstable = 0; is_unstable < 2; is_unstable++) {
                for (int raw = 0; raw < 2; raw++) {
                        coffer_bytes *bytes _cleanup_bytes_ = borrowed(coffer_cursor_of(memory, 5));
                        coffer_packed_blob packed _cleanup_(packed_blob_done) = {{""}, NULL, NULL};
                        if (is_unstable)
                                coffer_bytes_set_unstable(bytes);
                        assert_ok(coffer_cas_pack(bytes, raw, &known, &packed, NULL));
                        assert_string_equal(packed.key.text, is_unstable ? HELLO_KEY : EMPTY_KEY);
                }
        }
}

static coffer_status reads(const char *key, const char *metadata_json, coffer_cursor expected, coffer_error *error)
{
        coffer_stream *stream _cleanup_stream_ = NULL;
        COFFER_TRY(coffer_cas_unpack_open(NULL, key, "bucket/x", "file", metadata_json, &stream, error));
        coffer_buf found _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX / 2);
        uint8_t room[1000];
        for (size_t got_bytes = 1; got_bytes > 0;) {
                COFFER_TRY(stream->read(stream, room, sizeof(room), &got_bytes, error));
                assert_ok(coffer_buf_append(&found, room, got_bytes, NULL));
        }
        assert_true(coffer_cursor_equal(coffer_buf_cursor(&found), expected));
        return COFFER_OK;
}

static void files_are_unpacked_while_they_are_read(void **state)
{
        (void)state;
        coffer_buf contents _cleanup_buf_ = contents_of(TEXT, 3 * MIB + 5);
        coffer_error error = COFFER_ERROR_INIT;
        for (int raw = 0; raw < 2; raw++) {
                coffer_packed_blob packed _cleanup_(packed_blob_done) = pack(coffer_buf_cursor(&contents), raw);
                const char *key = packed.key.text, *metadata = packed.metadata_json;
                coffer_cursor stored;
                assert_ok(coffer_bytes_contiguous(packed.stored, &stored, NULL));
                write_file("file", stored.data, stored.size_bytes);
                assert_ok(reads(key, metadata, coffer_buf_cursor(&contents), NULL));
                assert_int_equal(reads(HELLO_KEY, metadata, coffer_buf_cursor(&contents), &error), COFFER_CORRUPT);
                assert_non_null(strstr(error.message, "blob " HELLO_KEY " in 'bucket/x': "));
                write_file("file", stored.data, stored.size_bytes - 9);
                assert_int_equal(reads(key, metadata, coffer_buf_cursor(&contents), &error), COFFER_CORRUPT);
        }
        assert_int_equal(reads(HELLO_KEY, "{}", coffer_cursor_text(""), NULL), COFFER_MALFORMED);
        assert_int_equal(reads("hello", FRAMED, coffer_cursor_text(""), NULL), COFFER_INVALID);
        unlink("file");
        assert_int_equal(reads(HELLO_KEY, FRAMED, coffer_cursor_text(""), NULL), COFFER_NOT_FOUND);
}

/* A stable one that is framed and an unstable one, packed and read back. */
static coffer_status pack_and_unpack(void *user, coffer_error *error)
{
        coffer_bytes *bytes[] = {user, NULL};
        coffer_bytes *changing _cleanup_bytes_ = NULL;
        COFFER_TRY(coffer_bytes_new(&changing, error));
        COFFER_TRY(coffer_bytes_append_share(changing, user, error));
        coffer_bytes_set_unstable(changing);
        bytes[1] = changing;
        for (size_t i = 0; i < 4; i++) {
                coffer_packed_blob packed _cleanup_(packed_blob_done) = {{""}, NULL, NULL};
                coffer_bytes *back _cleanup_bytes_ = NULL;
                coffer_stream *stream _cleanup_stream_ = NULL;
                coffer_key key;
                uint8_t room[100];
                size_t got_bytes;
                COFFER_TRY(coffer_cas_find_key(bytes[i % 2], &key, error));
                COFFER_TRY(coffer_cas_pack(bytes[i % 2], i < 2, &key, &packed, error));
                const char *metadata = packed.metadata_json;
                COFFER_TRY(coffer_cas_unpack(NULL, key.text, "x", packed.stored, metadata, &back, NULL, error));
                COFFER_TRY(coffer_cas_unpack_open(NULL, key.text, "x", "file", FRAMED, &stream, error));
                COFFER_TRY(stream->read(stream, room, sizeof(room), &got_bytes, error));
        }
        return COFFER_OK;
}

static void every_allocation_may_fail(void **state)
{
        (void)state;
        coffer_buf contents _cleanup_buf_ = contents_of(TEXT, 3000);
        coffer_bytes *bytes _cleanup_bytes_ = borrowed(coffer_buf_cursor(&contents));
        coffer_packed_blob packed _cleanup_(packed_blob_done) = pack(coffer_buf_cursor(&contents), false);
        coffer_cursor stored;
        assert_ok(coffer_bytes_contiguous(packed.stored, &stored, NULL));
        write_file("file", stored.data, stored.size_bytes);
        test_alloc_fail_each(pack_and_unpack, bytes);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_own_directory(what_is_packed_is_what_a_store_holds),
                in_own_directory(raw_blobs_are_their_contents),
                in_own_directory(damage_names_key_and_place),
                in_own_directory(contents_that_others_write_to_are_packed_as_they_were),
                in_own_directory(a_known_key_is_taken_for_granted_where_nobody_can_write),
                in_own_directory(files_are_unpacked_while_they_are_read),
                in_own_directory(every_allocation_may_fail),
        };
        return cmocka_run_group_tests_name("pack", tests, NULL, NULL);
}
