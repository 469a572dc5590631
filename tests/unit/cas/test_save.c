/* SPDX-License-Identifier: Apache-2.0 */
/* Saving, and what becomes of blobs that are there already. */
#include "cas_fixture.h"

static void keys_are_those_of_the_specification(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        static const struct {
                const char *bytes;
                size_t size_bytes;
                const char *key;
        } vectors[] = {
                {"\x80\x04N.", 4, "dbc1aaddc8b7343d6d33b34edcf608b8f8801918"},
                {"\x80\x04\x88.", 4, "868436778cb011a1c6230bc12534683ab0b7f1c3"},
                {"\x80\x04K\x01.", 5, "4028827530eb6c63f2c9d431d7496a6614ea98d7"},
                {"\x80\x04\x95\x0a\0\0\0\0\0\0\0}\x94\x8c\x01"
                 "a\x94K\x01s.",
                 21, "e85bc4852782c9d784b1604b16b1440899266e17"},
                {"\x80\x04\x95\x0b\0\0\0\0\0\0\0]\x94(K\x01K\x02K\x03"
                 "e.",
                 22, "b68cc035a7f59d6d9285aaa4359c51872f204f8a"},
                {"\x80\x04\x95\x06\0\0\0\0\0\0\0\x8c\x02zz\x94.", 17, "351d0d933b0ee0306100d7b58b7f80b807af8981"},
                {"hello", 5, HELLO_KEY},
                {"", 0, EMPTY_KEY},
        };
        for (size_t i = 0; i < ARRAY_COUNT(vectors); i++) {
                coffer_cursor contents = coffer_cursor_of(vectors[i].bytes, vectors[i].size_bytes);
                assert_string_equal(save(cas, contents, false).text, vectors[i].key);
                assert_ok(loads(cas, vectors[i].key, contents, false, NULL));
                assert_string_equal(file_text(sidecar_of(vectors[i].key)), FRAMED);
        }
}

static void only_forty_lower_case_digits_are_a_key(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        static const char *const bad[] = {NULL,
                                          "",
                                          "aa",
                                          "AAF4C61DDCC5E8A2DABEDE0F3B482CD9AEA9434D",
                                          HELLO_KEY "0",
                                          "../f4c61ddcc5e8a2dabede0f3b482cd9aea9434d",
                                          "gaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"};
        assert_true(coffer_key_is_valid(HELLO_KEY));
        for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
                coffer_bytes *bytes = NULL;
                coffer_blob_stat status;
                coffer_stream *stream = NULL;
                assert_false(coffer_key_is_valid(bad[i]));
                assert_status(coffer_cas_load(cas, bad[i], &bytes, NULL, NULL), COFFER_INVALID);
                assert_status(coffer_cas_load_stored(cas, bad[i], &bytes, NULL), COFFER_INVALID);
                assert_status(coffer_cas_stat(cas, bad[i], &status, NULL), COFFER_INVALID);
                assert_status(coffer_cas_open(cas, bad[i], &stream, NULL), COFFER_INVALID);
                assert_status(coffer_cas_transfer(cas, cas, bad[i], NULL), COFFER_INVALID);
        }
}

static void raw_blobs_are_stored_as_they_are(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        coffer_blob_stat status;
        save(cas, coffer_cursor_text("hello"), true);
        assert_string_equal(file_text(HELLO_FILE), "hello");
        assert_string_equal(file_text(HELLO_FILE "_meta"), RAW);
        assert_ok(loads(cas, HELLO_KEY, coffer_cursor_text("hello"), true, NULL));
        assert_ok(coffer_cas_stat(cas, HELLO_KEY, &status, NULL));
        assert_true(status.exists);
        assert_int_equal(status.stored_bytes, 5);
        assert_ok(coffer_cas_stat(cas, EMPTY_KEY, &status, NULL));
        assert_false(status.exists);
        assert_ok(coffer_cas_require(cas, HELLO_KEY, NULL));
        assert_status(coffer_cas_require(cas, EMPTY_KEY, NULL), COFFER_NOT_FOUND);
}

/* The sound blob is not even touched. */
static void a_blob_that_is_there_stays(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        static const size_t sizes[] = {5, 100000, 300000, 3 * MIB};
        for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
                for (int raw = 0; raw < 2; raw++) {
                        coffer_buf contents _cleanup_buf_ = contents_of(raw ? NOISE : TEXT, sizes[i]);
                        coffer_key key = save(cas, coffer_buf_cursor(&contents), raw);
                        ino_t file = file_number(file_of(key.text)), sidecar = file_number(sidecar_of(key.text));
                        save(cas, coffer_buf_cursor(&contents), raw);
                        assert_int_equal(file_number(file_of(key.text)), file);
                        assert_int_equal(file_number(sidecar_of(key.text)), sidecar);
                }
        }
}

static void the_first_writer_decides_between_raw_and_framed(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        save(cas, coffer_cursor_text("hello"), true);
        save(cas, coffer_cursor_text("hello"), false);
        assert_string_equal(file_text(HELLO_FILE), "hello");
        assert_string_equal(file_text(HELLO_FILE "_meta"), RAW);
        save(cas, coffer_cursor_text(""), false);
        save(cas, coffer_cursor_text(""), true);
        assert_string_equal(file_text(EMPTY_FILE "_meta"), FRAMED);
        assert_ok(loads(cas, EMPTY_KEY, coffer_cursor_text(""), false, NULL));
}

static void a_stock_blob_that_is_there_stays(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        coffer_buf contents _cleanup_buf_ = contents_of(TEXT, 2 * MIB), file _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
        coffer_key key = save(cas, coffer_buf_cursor(&contents), false);
        append_stock_member(&file, coffer_buf_cursor(&contents));
        write_file(file_of(key.text), file.data, file.size_bytes);
        save(cas, coffer_buf_cursor(&contents), false);
        assert_int_equal(file_bytes(file_of(key.text)), file.size_bytes);
}

static void check_replaced(coffer_cas *cas, coffer_cursor contents, const char *key)
{
        coffer_key again = save(cas, contents, false);
        assert_string_equal(again.text, key);
        assert_int_equal(health_of(cas, key), COFFER_BLOB_SOUND);
        assert_ok(loads(cas, key, contents, false, NULL));
}

static void a_truncated_blob_is_replaced(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        static const size_t sizes[] = {5, 100000, 3 * MIB, 20 * MIB};
        for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
                coffer_buf contents _cleanup_buf_ = contents_of(sizes[i] < MIB ? NUMBERS : NOISE, sizes[i]);
                coffer_key key = save(cas, coffer_buf_cursor(&contents), false);
                long whole = file_bytes(file_of(key.text));
                for (long size = whole - 1; size >= 0; size = size > 0 ? size / 3 : -1) {
                        assert_int_equal(truncate(file_of(key.text), size), 0);
                        check_replaced(cas, coffer_buf_cursor(&contents), key.text);
                        assert_int_equal(file_bytes(file_of(key.text)), whole);
                }
        }
}

static void a_truncated_stock_blob_is_replaced(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        coffer_buf contents _cleanup_buf_ = contents_of(TEXT, 2 * MIB), file _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
        coffer_key key = save(cas, coffer_buf_cursor(&contents), false);
        append_stock_member(&file, coffer_buf_cursor(&contents));
        write_file(file_of(key.text), file.data, file.size_bytes - 100);
        check_replaced(cas, coffer_buf_cursor(&contents), key.text);
}

/* Damage that leaves all sizes right is found where the contents are compared: up to 256 KiB, and up to 16 MiB in files
 * without our sizes. */
static void damage_inside_is_found_where_it_is_cheap(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        coffer_buf small _cleanup_buf_ = contents_of(NOISE, 200000), large _cleanup_buf_ = contents_of(NOISE, 1000000);
        for (int i = 0; i < 2; i++) {
                coffer_cursor contents = coffer_buf_cursor(i ? &large : &small);
                coffer_key key = save(cas, contents, false);
                FILE *file = fopen(file_of(key.text), "r+b");
                assert_int_equal(fseek(file, 50000, SEEK_SET), 0);
                assert_int_equal(fwrite("damage", 1, 6, file), 6);
                fclose(file);
                check_replaced(cas, contents, key.text);
        }
}

static void other_contents_under_the_key_are_replaced(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        coffer_buf other _cleanup_buf_ = framed(coffer_cursor_text("jello"));
        save(cas, coffer_cursor_text("hello"), false);
        write_file(HELLO_FILE, other.data, other.size_bytes);
        check_replaced(cas, coffer_cursor_text("hello"), HELLO_KEY);
        write_text(HELLO_FILE, "not gzip at all");
        check_replaced(cas, coffer_cursor_text("hello"), HELLO_KEY);
}

static void a_damaged_raw_blob_is_replaced(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        save(cas, coffer_cursor_text("hello"), true);
        write_text(HELLO_FILE, "hel");
        save(cas, coffer_cursor_text("hello"), true);
        assert_string_equal(file_text(HELLO_FILE), "hello");
        write_text(HELLO_FILE, "jello");
        check_replaced(cas, coffer_cursor_text("hello"), HELLO_KEY);
        assert_string_equal(file_text(HELLO_FILE "_meta"), FRAMED);
}

static void a_lost_sidecar_is_written_anew(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        for (int raw = 0; raw < 2; raw++) {
                save(cas, coffer_cursor_text("hello"), raw);
                ino_t file = file_number(HELLO_FILE);
                assert_int_equal(unlink(HELLO_FILE "_meta"), 0);
                save(cas, coffer_cursor_text("hello"), false);
                assert_string_equal(file_text(HELLO_FILE "_meta"), raw ? RAW : FRAMED);
                assert_int_equal(file_number(HELLO_FILE), file);
                assert_int_equal(unlink(HELLO_FILE), 0);
        }
}

static void a_wrong_sidecar_is_mended(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        static const char *const wrong[] = {
                "", "{", "[]", "null", "{}", "{\"cas_version\": \"1\"}", "{\"cas_version\": -1}"};
        for (int raw = 0; raw < 2; raw++) {
                save(cas, coffer_cursor_text("hello"), raw);
                ino_t file = file_number(HELLO_FILE);
                for (size_t i = 0; i <= ARRAY_COUNT(wrong); i++) {
                        write_text(HELLO_FILE "_meta", i < ARRAY_COUNT(wrong) ? wrong[i] : raw ? FRAMED : RAW);
                        save(cas, coffer_cursor_text("hello"), false);
                        assert_string_equal(file_text(HELLO_FILE "_meta"), raw ? RAW : FRAMED);
                        assert_int_equal(file_number(HELLO_FILE), file);
                }
                assert_int_equal(unlink(HELLO_FILE), 0);
        }
}

static void a_blob_of_a_later_version_is_left_alone(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        save(cas, coffer_cursor_text("hello"), false);
        write_text(HELLO_FILE, "who knows");
        write_text(HELLO_FILE "_meta", "{\"cas_raw\": false, \"cas_version\": 2}");
        save(cas, coffer_cursor_text("hello"), false);
        assert_string_equal(file_text(HELLO_FILE), "who knows");
}

/* A crash of a raw save, between its two files. */
static void an_orphaned_sidecar_does_not_describe_a_later_blob(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        save(cas, coffer_cursor_text("hello"), true);
        assert_int_equal(unlink(HELLO_FILE), 0);
        save(cas, coffer_cursor_text("hello"), false);
        assert_string_equal(file_text(HELLO_FILE "_meta"), FRAMED);
        assert_int_equal(health_of(cas, HELLO_KEY), COFFER_BLOB_SOUND);
}

static void a_directory_in_the_place_of_a_blob_is_an_error(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        coffer_bytes *bytes _cleanup_bytes_ = borrowed(coffer_cursor_text("hello"));
        coffer_key key = {"unchanged"};
        coffer_error error = COFFER_ERROR_INIT;
        save(cas, coffer_cursor_text("hello"), false);
        assert_int_equal(unlink(HELLO_FILE), 0);
        assert_int_equal(mkdir(HELLO_FILE, 0777), 0);
        assert_status(coffer_cas_save(cas, bytes, false, &key, &error), COFFER_IO);
        assert_string_equal(key.text, "unchanged");
        assert_non_null(strstr(error.message, HELLO_KEY));
}

static void keys_are_listed_in_order(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        shown keys = {""};
        assert_ok(coffer_cas_list(cas, show_path, &keys, NULL));
        assert_string_equal(keys.text, "");
        save(cas, coffer_cursor_text("hello"), false);
        save(cas, coffer_cursor_text(""), true);
        save(cas, coffer_cursor_of("\x80\x04N.", 4), false);
        write_text("root/F/data/aa/README", "");
        write_text("root/F/data/aa/" EMPTY_KEY, "in the wrong place");
        write_text("root/F/data/file", "");
        assert_int_equal(mkdir("root/F/data/zzz", 0777), 0);
        assert_ok(coffer_cas_list(cas, show_path, &keys, NULL));
        assert_string_equal(keys.text, HELLO_KEY "," EMPTY_KEY ",dbc1aaddc8b7343d6d33b34edcf608b8f8801918,");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_own_directory(keys_are_those_of_the_specification),
                in_own_directory(only_forty_lower_case_digits_are_a_key),
                in_own_directory(raw_blobs_are_stored_as_they_are),
                in_own_directory(a_blob_that_is_there_stays),
                in_own_directory(the_first_writer_decides_between_raw_and_framed),
                in_own_directory(a_stock_blob_that_is_there_stays),
                in_own_directory(a_truncated_blob_is_replaced),
                in_own_directory(a_truncated_stock_blob_is_replaced),
                in_own_directory(damage_inside_is_found_where_it_is_cheap),
                in_own_directory(other_contents_under_the_key_are_replaced),
                in_own_directory(a_damaged_raw_blob_is_replaced),
                in_own_directory(a_lost_sidecar_is_written_anew),
                in_own_directory(a_wrong_sidecar_is_mended),
                in_own_directory(a_blob_of_a_later_version_is_left_alone),
                in_own_directory(an_orphaned_sidecar_does_not_describe_a_later_blob),
                in_own_directory(a_directory_in_the_place_of_a_blob_is_an_error),
                in_own_directory(keys_are_listed_in_order),
        };
        return cmocka_run_group_tests_name("save", tests, NULL, NULL);
}
