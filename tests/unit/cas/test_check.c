/* SPDX-License-Identifier: Apache-2.0 */
/* Check, mend and transfer. */
#include "cas_fixture.h"

static void sound_blobs_are_sound(void **state)
{
        WITH_CAS(COFFER_VERIFY_CRC);
        coffer_buf contents _cleanup_buf_ = contents_of(TEXT, 2 * MIB);
        uint64_t size_bytes = 0;
        coffer_blob_health health;
        for (int raw = 0; raw < 2; raw++) {
                coffer_key key = save(cas, coffer_buf_cursor(&contents), raw);
                assert_ok(coffer_cas_check(cas, key.text, &health, &size_bytes, NULL, NULL));
                assert_int_equal(health, COFFER_BLOB_SOUND);
                assert_int_equal(size_bytes, 2 * MIB);
                assert_status(coffer_cas_mend(cas, key.text, health, NULL, NULL), COFFER_DECLINED);
                assert_int_equal(unlink(file_of(key.text)), 0);
        }
}

static void a_missing_blob_is_missing(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        assert_int_equal(health_of(cas, HELLO_KEY), COFFER_BLOB_MISSING);
        assert_status(coffer_cas_mend(cas, HELLO_KEY, COFFER_BLOB_MISSING, NULL, NULL), COFFER_DECLINED);
}

static void mends(coffer_cas *cas, coffer_blob_health health, const char *sidecar)
{
        assert_int_equal(health_of(cas, HELLO_KEY), health);
        assert_ok(coffer_cas_mend(cas, HELLO_KEY, health, NULL, NULL));
        assert_string_equal(file_text(HELLO_FILE "_meta"), sidecar);
        assert_int_equal(health_of(cas, HELLO_KEY), COFFER_BLOB_SOUND);
        assert_status(coffer_cas_mend(cas, HELLO_KEY, health, NULL, NULL), COFFER_DECLINED);
}

static void sidecars_are_mended(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        static const char *const bad[] = {"", "{", "[]", "{}", "{\"cas_version\": true}"};
        for (int raw = 0; raw < 2; raw++) {
                const char *right = raw ? RAW : FRAMED;
                save(cas, coffer_cursor_text("hello"), raw);
                assert_int_equal(unlink(HELLO_FILE "_meta"), 0);
                mends(cas, COFFER_BLOB_NO_SIDECAR, right);
                write_text(HELLO_FILE "_meta", "null");
                mends(cas, COFFER_BLOB_NO_SIDECAR, right);
                write_text(HELLO_FILE "_meta", raw ? FRAMED : RAW);
                mends(cas, COFFER_BLOB_BAD_SIDECAR, right);
                for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
                        write_text(HELLO_FILE "_meta", bad[i]);
                        mends(cas, COFFER_BLOB_BAD_SIDECAR, right);
                }
                assert_int_equal(unlink(HELLO_FILE), 0);
        }
}

static void a_damaged_blob_is_set_aside(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        char *moved_to _cleanup_free_ = NULL, *moved_again _cleanup_free_ = NULL;

        save(cas, coffer_cursor_text("hello"), false);
        write_text(HELLO_FILE, "damaged");
        assert_int_equal(health_of(cas, HELLO_KEY), COFFER_BLOB_DAMAGED);
        assert_status(coffer_cas_mend(cas, HELLO_KEY, COFFER_BLOB_NO_SIDECAR, NULL, NULL), COFFER_DECLINED);
        assert_ok(coffer_cas_mend(cas, HELLO_KEY, COFFER_BLOB_DAMAGED, &moved_to, NULL));
        assert_string_equal(moved_to, "F/damaged/" HELLO_KEY);
        assert_string_equal(file_text("root/F/damaged/" HELLO_KEY), "damaged");
        assert_string_equal(file_text("root/F/damaged/" HELLO_KEY "_meta"), FRAMED);
        assert_int_equal(health_of(cas, HELLO_KEY), COFFER_BLOB_MISSING);
        assert_int_equal(file_bytes(HELLO_FILE "_meta"), -1);

        save(cas, coffer_cursor_text("hello"), false);
        write_text(HELLO_FILE, "damaged again");
        assert_ok(coffer_cas_mend(cas, HELLO_KEY, COFFER_BLOB_DAMAGED, &moved_again, NULL));
        assert_string_equal(moved_again, "F/damaged/" HELLO_KEY ".1");
        assert_string_equal(file_text("root/F/damaged/" HELLO_KEY), "damaged");
        assert_string_equal(file_text("root/F/damaged/" HELLO_KEY ".1"), "damaged again");
}

static void damage_of_all_kinds_is_found(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        coffer_buf contents _cleanup_buf_ = contents_of(NOISE, 3 * MIB);
        coffer_key key = save(cas, coffer_buf_cursor(&contents), false);
        long whole = file_bytes(file_of(key.text));
        for (long at = 0; at < whole; at += whole / 17) {
                FILE *file = fopen(file_of(key.text), "r+b");
                assert_int_equal(fseek(file, at, SEEK_SET), 0);
                int byte = fgetc(file);
                assert_int_equal(fseek(file, at, SEEK_SET), 0);
                fputc(byte ^ 0x10, file);
                fflush(file);
                assert_int_equal(health_of(cas, key.text), COFFER_BLOB_DAMAGED);
                assert_int_equal(fseek(file, at, SEEK_SET), 0);
                fputc(byte, file);
                fclose(file);
        }
        assert_int_equal(health_of(cas, key.text), COFFER_BLOB_SOUND);
        assert_int_equal(truncate(file_of(key.text), whole - 1), 0);
        assert_int_equal(health_of(cas, key.text), COFFER_BLOB_DAMAGED);
}

static void a_blob_of_a_later_version_cannot_be_judged(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        coffer_blob_health health;
        coffer_error error = COFFER_ERROR_INIT;
        save(cas, coffer_cursor_text("hello"), false);
        write_text(HELLO_FILE "_meta", "{\"cas_version\": 2}");
        assert_status(coffer_cas_check(cas, HELLO_KEY, &health, NULL, NULL, &error), COFFER_UNSUPPORTED);
        assert_non_null(strstr(error.message, HELLO_KEY));
        assert_status(coffer_cas_mend(cas, HELLO_KEY, COFFER_BLOB_DAMAGED, NULL, NULL), COFFER_UNSUPPORTED);
}

static void a_transfer_stores_raw_under_the_same_key(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        coffer_cas *other _cleanup_cas_ = NULL;
        coffer_buf contents _cleanup_buf_ = contents_of(TEXT, 700000);
        assert_ok(coffer_cas_new(storage, "G/data", NULL, &other, NULL));
        for (int raw = 0; raw < 2; raw++) {
                coffer_cursor bytes = coffer_cursor_of(contents.data, contents.size_bytes - raw);
                coffer_key key = save(cas, bytes, raw);
                assert_ok(coffer_cas_transfer(cas, other, key.text, NULL));
                assert_ok(loads(other, key.text, bytes, true, NULL));
                assert_ok(coffer_cas_transfer(cas, other, key.text, NULL));
        }
        assert_status(coffer_cas_transfer(cas, other, HELLO_KEY, NULL), COFFER_NOT_FOUND);
}

static void a_transfer_copies_nothing_damaged_and_replaces_what_is(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        coffer_cas *other _cleanup_cas_ = NULL;
        shown names = {""};

        assert_ok(coffer_cas_new(storage, "G/data", NULL, &other, NULL));
        save(cas, coffer_cursor_text("hello"), true);
        write_text(HELLO_FILE, "jello");
        assert_status(coffer_cas_transfer(cas, other, HELLO_KEY, NULL), COFFER_CORRUPT);
        assert_ok(storage->class_->list(storage, "G/data/aa", show_name, &names, NULL));
        assert_string_equal(names.text, "");
        write_text(HELLO_FILE, "hello");
        assert_ok(coffer_cas_transfer(cas, other, HELLO_KEY, NULL));
        write_text("root/G/data/aa/" HELLO_KEY, "hell");
        assert_ok(coffer_cas_transfer(cas, other, HELLO_KEY, NULL));
        assert_ok(loads(other, HELLO_KEY, coffer_cursor_text("hello"), true, NULL));
        assert_int_equal(unlink("root/G/data/aa/" HELLO_KEY "_meta"), 0);
        assert_ok(coffer_cas_transfer(cas, other, HELLO_KEY, NULL));
        assert_string_equal(file_text("root/G/data/aa/" HELLO_KEY "_meta"), RAW);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_own_directory(sound_blobs_are_sound),
                in_own_directory(a_missing_blob_is_missing),
                in_own_directory(sidecars_are_mended),
                in_own_directory(a_damaged_blob_is_set_aside),
                in_own_directory(damage_of_all_kinds_is_found),
                in_own_directory(a_blob_of_a_later_version_cannot_be_judged),
                in_own_directory(a_transfer_stores_raw_under_the_same_key),
                in_own_directory(a_transfer_copies_nothing_damaged_and_replaces_what_is),
        };
        return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
