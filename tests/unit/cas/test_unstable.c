/* SPDX-License-Identifier: Apache-2.0 */
/* Contents that are written to while they are saved. */
#include "cas_fixture.h"
#include "util/digest.h"

/* A storage that changes the contents when a blob has been hashed and is about to be written. */
static struct meddler {
        const coffer_storage_class *real;
        uint8_t *victim;
        unsigned times;
} meddler;

static coffer_status meddling_begin(coffer_storage *storage, const char *path, coffer_storage_writer **out,
                                    coffer_error *error)
{
        if (meddler.times > 0) {
                meddler.times--;
                *meddler.victim ^= 1;
        }
        return meddler.real->begin(storage, path, out, error);
}

static coffer_storage_class meddle_with(coffer_storage *storage, uint8_t *victim, unsigned times)
{
        coffer_storage_class meddling = *storage->class_;
        meddler = (struct meddler){storage->class_, victim, times};
        meddling.begin = meddling_begin;
        return meddling;
}

/* Two segments, so that neither one nor all of them are the whole. */
static coffer_bytes *unstable(const coffer_buf *buf)
{
        coffer_bytes *bytes = NULL;
        size_t half = buf->size_bytes / 2;
        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_ok(coffer_bytes_append_borrow(bytes, coffer_cursor_of(buf->data, half), NULL, NULL, NULL));
        assert_ok(coffer_bytes_append_borrow(bytes, coffer_cursor_of(buf->data + half, buf->size_bytes - half), NULL,
                                             NULL, NULL));
        coffer_bytes_set_unstable(bytes);
        return bytes;
}

static void check_key(const coffer_key *key, const coffer_buf *contents)
{
        coffer_bytes *bytes _cleanup_bytes_ = borrowed(coffer_buf_cursor(contents));
        char digest[COFFER_DIGEST_MAX_HEX];
        assert_ok(coffer_digest_bytes(COFFER_SHA1, bytes, digest, NULL));
        assert_string_equal(key->text, digest);
}

static void save_while_changing(coffer_storage *storage, kind kind_, size_t size_bytes, size_t where, bool raw)
{
        coffer_cas *cas _cleanup_cas_ = new_cas(storage, COFFER_VERIFY_KEY);
        coffer_buf contents _cleanup_buf_ = contents_of(kind_, size_bytes);
        coffer_bytes *bytes _cleanup_bytes_ = unstable(&contents);
        coffer_storage_class meddling = meddle_with(storage, contents.data + where, 1);
        coffer_key key;

        storage->class_ = &meddling;
        coffer_status status = coffer_cas_save(cas, bytes, raw, &key, NULL);
        storage->class_ = meddler.real;
        assert_ok(status);
        assert_int_equal(meddler.times, 0);
        check_key(&key, &contents); /* as they are now */
        assert_ok(loads(cas, key.text, coffer_buf_cursor(&contents), raw, NULL));
        contents.data[where] ^= 1; /* as they were */
        coffer_bytes *before _cleanup_bytes_ = borrowed(coffer_buf_cursor(&contents));
        char digest[COFFER_DIGEST_MAX_HEX];
        assert_ok(coffer_digest_bytes(COFFER_SHA1, before, digest, NULL));
        assert_int_equal(file_bytes(file_of(digest)), -1);
}

static void a_change_between_hashing_and_writing_is_noticed(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        static const size_t sizes[] = {2, 1000, MIB, 3 * MIB + 5};
        for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
                for (kind each = ZEROS; each < KIND_COUNT; each++) {
                        save_while_changing(storage, each, sizes[i] + each, 0, false);
                        save_while_changing(storage, each, sizes[i] + each + KIND_COUNT, sizes[i] - 1, false);
                }
                save_while_changing(storage, NOISE, sizes[i] + 100, sizes[i] / 2, true);
        }
}

static void contents_that_stay_are_saved_as_others(void **state)
{
        WITH_CAS(COFFER_VERIFY_KEY);
        static const size_t sizes[] = {0, 1, 512, MIB, MIB + 1, 5 * MIB};
        for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
                coffer_buf contents _cleanup_buf_ = contents_of(TEXT, sizes[i]);
                coffer_bytes *bytes _cleanup_bytes_ = unstable(&contents);
                coffer_key key;
                assert_ok(coffer_cas_save(cas, bytes, false, &key, NULL));
                check_key(&key, &contents);
                assert_string_equal(save(cas, coffer_buf_cursor(&contents), false).text, key.text);
                ino_t number = file_number(file_of(key.text));
                assert_ok(coffer_cas_save(cas, bytes, true, &key, NULL));
                assert_int_equal(file_number(file_of(key.text)), number);
        }
}

static void frames_do_not_depend_on_it(void **state)
{
        (void)state;
        for (kind each = ZEROS; each < KIND_COUNT; each++) {
                coffer_buf contents _cleanup_buf_ = contents_of(each, 3 * MIB + 7);
                coffer_bytes *bytes _cleanup_bytes_ = unstable(&contents);
                coffer_buf plain _cleanup_buf_ = framed(coffer_buf_cursor(&contents));
                coffer_buf frame _cleanup_buf_ = framed_bytes(bytes);
                assert_true(coffer_cursor_equal(coffer_buf_cursor(&plain), coffer_buf_cursor(&frame)));
        }
}

static void what_shares_them_is_unstable_too(void **state)
{
        (void)state;
        uint8_t memory[] = {1, 2, 3};
        coffer_bytes *bytes _cleanup_bytes_ = borrowed(coffer_cursor_of(memory, sizeof(memory)));
        coffer_bytes *whole _cleanup_bytes_ = NULL;
        assert_false(coffer_bytes_is_unstable(bytes));
        coffer_bytes_set_unstable(bytes);
        assert_ok(coffer_bytes_new(&whole, NULL));
        assert_ok(coffer_bytes_append_share(whole, bytes, NULL));
        assert_true(coffer_bytes_is_unstable(whole));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_own_directory(a_change_between_hashing_and_writing_is_noticed),
                in_own_directory(contents_that_stay_are_saved_as_others),
                in_own_directory(frames_do_not_depend_on_it),
                in_own_directory(what_shares_them_is_unstable_too),
        };
        return cmocka_run_group_tests_name("unstable", tests, NULL, NULL);
}
