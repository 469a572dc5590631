/* SPDX-License-Identifier: Apache-2.0 */
/* Many blobs saved and loaded one after the other. */
#include <stdlib.h>
#include <sys/wait.h>

#include "cas_fixture.h"
#include "util/digest.h"
#include "util/fs.h"

enum { COUNT = 700, LARGE = 333, TEXT_BYTES = 32 };

/* Small texts, some of them the same, and one large blob among them. */
typedef struct blobs {
        coffer_cas *cas;
        char texts[COUNT][TEXT_BYTES];
        coffer_buf large;
        coffer_key keys[COUNT];
        const char *key_texts[COUNT];
} blobs;

static int alive, most_alive; /* small blobs that the saver holds */

static coffer_cursor contents_at(const blobs *all, size_t index)
{
        return index == LARGE ? coffer_buf_cursor(&all->large) : coffer_cursor_text(all->texts[index]);
}

static blobs *make_blobs(coffer_cas *cas)
{
        blobs *all = test_calloc(1, sizeof(*all));
        all->cas = cas;
        all->large = contents_of(NOISE, 3 * MIB);
        for (size_t i = 0; i < COUNT; i++)
                snprintf(all->texts[i], sizeof(all->texts[i]), "blob %zu", i - i % 3);
        return all;
}

static void free_blobs(blobs *all)
{
        coffer_buf_done(&all->large);
        test_free(all);
}

static void count_release(void *owner)
{
        (void)owner;
        alive--;
}

static coffer_status add(coffer_cas_saver *saver, coffer_cursor contents, coffer_error *error)
{
        coffer_bytes *bytes _cleanup_bytes_ = NULL;
        COFFER_TRY(coffer_bytes_new(&bytes, error));
        COFFER_TRY(coffer_bytes_append_borrow(bytes, contents, count_release, NULL, error));
        alive++;
        most_alive = alive > most_alive ? alive : most_alive;
        return coffer_cas_saver_add(saver, bytes, error);
}

static coffer_status add_all(coffer_cas_saver *saver, const blobs *all, size_t from, coffer_error *error)
{
        for (size_t i = from; i < COUNT; i++)
                COFFER_TRY(add(saver, contents_at(all, i), error));
        return coffer_cas_saver_flush(saver, error);
}

static void take_keys(const coffer_cas_saver *saver, blobs *all)
{
        assert_int_equal(coffer_cas_saver_count(saver), COUNT);
        for (size_t i = 0; i < COUNT; i++) {
                all->keys[i] = *coffer_cas_saver_key(saver, i);
                all->key_texts[i] = all->keys[i].text;
        }
}

static void save_all(blobs *all)
{
        coffer_cas_saver *saver = NULL;
        assert_ok(coffer_cas_saver_new(all->cas, false, &saver, NULL));
        alive = most_alive = 0;
        assert_ok(add_all(saver, all, 0, NULL));
        take_keys(saver, all);
        coffer_cas_saver_free(saver);
        assert_int_equal(alive, 0);
}

static bool are(coffer_bytes *bytes, coffer_cursor expected)
{
        coffer_cursor found;
        return coffer_bytes_contiguous(bytes, &found, NULL) == COFFER_OK && coffer_cursor_equal(found, expected);
}

static coffer_status load_rest(coffer_cas_loader *loader, const blobs *all, size_t from, coffer_error *error)
{
        for (size_t i = from; i < COUNT; i++) {
                coffer_bytes *bytes _cleanup_bytes_ = NULL;
                COFFER_TRY(coffer_cas_loader_next(loader, &bytes, error));
                if (!are(bytes, contents_at(all, i)))
                        return coffer_error_set(error, COFFER_INTERNAL, "blob %zu is another one", i);
        }
        return COFFER_OK;
}

static void load_all(const blobs *all)
{
        coffer_cas_loader *loader = NULL;
        coffer_bytes *bytes = NULL;
        assert_ok(coffer_cas_loader_new(all->cas, all->key_texts, COUNT, &loader, NULL));
        assert_ok(load_rest(loader, all, 0, NULL));
        for (int i = 0; i < 2; i++) {
                assert_ok(coffer_cas_loader_next(loader, &bytes, NULL));
                assert_null(bytes);
        }
        coffer_cas_loader_free(loader);
}

static void all_come_back_in_order_whatever_the_threads(void **state)
{
        static const char *const threads[] = {"1", "2", "5"};
        WITH_CAS(COFFER_VERIFY_AUTO);
        for (size_t i = 0; i < ARRAY_COUNT(threads); i++) {
                setenv("COFFER_THREADS", threads[i], 1);
                blobs *all = make_blobs(cas);
                save_all(all);
                assert_in_range(most_alive, 2, 300);
                load_all(all);
                free_blobs(all);
        }
}

static void blobs_are_sound_and_named_by_their_contents(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        blobs *all = make_blobs(cas);
        save_all(all);
        for (size_t i = 0; i < COUNT; i++) {
                coffer_bytes *bytes _cleanup_bytes_ = borrowed(contents_at(all, i));
                char digest[COFFER_DIGEST_MAX_HEX];
                assert_ok(coffer_digest_bytes(COFFER_SHA1, bytes, digest, NULL));
                assert_string_equal(all->keys[i].text, digest);
                assert_int_equal(health_of(cas, digest), COFFER_BLOB_SOUND);
        }
        free_blobs(all);
}

static void more_can_be_added_after_a_flush(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        coffer_cas_saver *saver = NULL;
        assert_ok(coffer_cas_saver_new(cas, true, &saver, NULL));
        for (size_t i = 0; i < 3; i++) {
                assert_ok(coffer_cas_saver_flush(saver, NULL));
                assert_int_equal(coffer_cas_saver_count(saver), i);
                assert_ok(add(saver, coffer_cursor_text("hello"), NULL));
        }
        assert_ok(coffer_cas_saver_flush(saver, NULL));
        for (size_t i = 0; i < 3; i++)
                assert_string_equal(coffer_cas_saver_key(saver, i)->text, HELLO_KEY);
        coffer_cas_saver_free(saver);
        assert_ok(loads(cas, HELLO_KEY, coffer_cursor_text("hello"), true, NULL));
}

static void unstable_contents_may_change_once_they_are_added(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        char text[] = "hello";
        coffer_cas_saver *saver = NULL;
        assert_ok(coffer_cas_saver_new(cas, false, &saver, NULL));
        coffer_bytes *bytes = borrowed(coffer_cursor_text(text));
        coffer_bytes_set_unstable(bytes);
        assert_ok(coffer_cas_saver_add(saver, bytes, NULL));
        coffer_bytes_unref(bytes);
        text[0] = 'j';
        assert_ok(coffer_cas_saver_flush(saver, NULL));
        assert_string_equal(coffer_cas_saver_key(saver, 0)->text, HELLO_KEY);
        coffer_cas_saver_free(saver);
        assert_ok(loads(cas, HELLO_KEY, coffer_cursor_text("hello"), false, NULL));
}

/* A directory stands where the blob with this place is to be. */
static void block(const blobs *all, const char *root, size_t place)
{
        coffer_bytes *bytes _cleanup_bytes_ = borrowed(contents_at(all, place));
        char digest[COFFER_DIGEST_MAX_HEX], path[160];
        assert_ok(coffer_digest_bytes(COFFER_SHA1, bytes, digest, NULL));
        snprintf(path, sizeof(path), "%s/F/data/%.2s/%s", root, digest, digest);
        assert_ok(coffer_fs_make_directories(path, NULL));
}

static void a_failure_tells_which_blob_it_was(void **state)
{
        static const size_t places[] = {0, 3, 300, LARGE, 699};
        (void)state;
        for (size_t i = 0; i < ARRAY_COUNT(places); i++) {
                coffer_storage *storage _cleanup_storage_ = NULL;
                coffer_cas_saver *saver = NULL;
                coffer_error error = COFFER_ERROR_INIT;
                char root[32];
                snprintf(root, sizeof(root), "root%zu", i);
                assert_ok(coffer_storage_open("local", root, NULL, &storage, NULL));
                coffer_cas *cas _cleanup_cas_ = new_cas(storage, COFFER_VERIFY_AUTO);
                blobs *all = make_blobs(cas);
                block(all, root, places[i]);
                assert_ok(coffer_cas_saver_new(cas, false, &saver, NULL));
                coffer_status status = add_all(saver, all, 0, &error);
                assert_int_not_equal(status, COFFER_OK);
                assert_int_equal(error.status, status);
                assert_int_equal(coffer_cas_saver_failed(saver), places[i]);
                assert_status(add(saver, coffer_cursor_text("hello"), NULL), COFFER_STATE);
                assert_status(coffer_cas_saver_flush(saver, NULL), COFFER_STATE);
                coffer_cas_saver_free(saver);
                free_blobs(all);
        }
}

static void what_is_missing_fails_in_its_turn(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        blobs *all = make_blobs(cas);
        coffer_cas_loader *loader = NULL;
        coffer_bytes *bytes = NULL;
        coffer_error error = COFFER_ERROR_INIT;
        save_all(all);
        all->key_texts[40] = "0123456789012345678901234567890123456789";
        all->key_texts[41] = "no key";
        assert_ok(coffer_cas_loader_new(cas, all->key_texts, COUNT, &loader, NULL));
        for (size_t i = 0; i < 40; i++) {
                assert_ok(coffer_cas_loader_next(loader, &bytes, NULL));
                coffer_bytes_unref(bytes);
        }
        assert_status(coffer_cas_loader_next(loader, &bytes, &error), COFFER_NOT_FOUND);
        assert_non_null(strstr(error.message, all->key_texts[40]));
        assert_status(coffer_cas_loader_next(loader, &bytes, &error), COFFER_INVALID);
        assert_ok(load_rest(loader, all, 42, NULL));
        coffer_cas_loader_free(loader);
        free_blobs(all);
}

static void what_is_left_half_way_is_let_go(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        blobs *all = make_blobs(cas);
        save_all(all);
        for (size_t steps = 0; steps < 100; steps += 33) {
                coffer_cas_loader *loader = NULL;
                coffer_cas_saver *saver = NULL;
                assert_ok(coffer_cas_loader_new(cas, all->key_texts, COUNT, &loader, NULL));
                assert_ok(coffer_cas_saver_new(cas, false, &saver, NULL));
                for (size_t i = 0; i < steps; i++) {
                        coffer_bytes *bytes _cleanup_bytes_ = NULL;
                        assert_ok(coffer_cas_loader_next(loader, &bytes, NULL));
                        for (size_t j = 0; j < 4; j++)
                                assert_ok(add(saver, contents_at(all, 4 * i + j), NULL));
                }
                coffer_cas_saver_free(saver);
                coffer_cas_loader_free(loader);
        }
        coffer_cas_saver_free(NULL);
        coffer_cas_loader_free(NULL);
        free_blobs(all);
}

static void a_child_goes_on_where_its_parent_was(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
#ifdef __SANITIZE_ADDRESS__
        setenv("COFFER_THREADS", "1",
               1); /* its allocator's locks stay taken in a child, by helpers that are not there */
#endif
        blobs *all = make_blobs(cas);
        save_all(all);
        for (size_t steps = 1; steps < 500; steps += 50) {
                coffer_cas_loader *loader = NULL;
                coffer_cas_saver *saver = NULL;
                int status;
                assert_ok(coffer_cas_loader_new(cas, all->key_texts, COUNT, &loader, NULL));
                assert_ok(coffer_cas_saver_new(cas, false, &saver, NULL));
                for (size_t i = 0; i < steps; i++) {
                        coffer_bytes *bytes _cleanup_bytes_ = NULL;
                        assert_ok(coffer_cas_loader_next(loader, &bytes, NULL));
                        assert_ok(add(saver, contents_at(all, i), NULL));
                }
                pid_t child = fork();
                coffer_status loaded = load_rest(loader, all, steps, NULL);
                coffer_status saved = add_all(saver, all, steps, NULL);
                bool are_right = loaded == COFFER_OK && saved == COFFER_OK;
                for (size_t i = 0; i < COUNT && are_right; i++)
                        are_right = strcmp(coffer_cas_saver_key(saver, i)->text, all->keys[i].text) == 0;
                coffer_cas_loader_free(loader);
                coffer_cas_saver_free(saver);
                if (child == 0)
                        _exit(are_right ? 0 : 1);
                assert_true(are_right);
                assert_int_equal(waitpid(child, &status, 0), child);
                assert_int_equal(status, 0);
        }
        setenv("COFFER_THREADS", "4", 1);
        free_blobs(all);
}

static coffer_status save_and_load_some(coffer_cas *cas, coffer_error *error)
{
        static const char *const keys[] = {HELLO_KEY, HELLO_KEY, HELLO_KEY};
        coffer_cas_loader *loader = NULL;
        coffer_cas_saver *saver = NULL;
        coffer_bytes *bytes = NULL;

        coffer_status status = coffer_cas_saver_new(cas, false, &saver, error);
        for (int i = 0; i < 3 && status == COFFER_OK; i++)
                status = add(saver, coffer_cursor_text("hello"), error);
        if (status == COFFER_OK)
                status = coffer_cas_saver_flush(saver, error);
        if (status == COFFER_OK)
                status = coffer_cas_loader_new(cas, keys, ARRAY_COUNT(keys), &loader, error);
        for (size_t i = 0; i < ARRAY_COUNT(keys) && status == COFFER_OK; i++) {
                status = coffer_cas_loader_next(loader, &bytes, error);
                coffer_bytes_unref(TAKE_PTR(bytes));
        }
        coffer_cas_loader_free(loader);
        coffer_cas_saver_free(saver);
        return status;
}

static coffer_status open_save_and_load(void *user, coffer_error *error)
{
        coffer_storage *storage _cleanup_storage_ = NULL;
        coffer_cas *cas _cleanup_cas_ = NULL;
        (void)user;
        COFFER_TRY(coffer_storage_open("local", "root", NULL, &storage, error));
        COFFER_TRY(coffer_cas_new(storage, "F/data", NULL, &cas, error));
        return save_and_load_some(cas, error);
}

static void every_allocation_may_fail(void **state)
{
        (void)state;
        setenv("COFFER_THREADS", "1", 1); /* what a helper could not do is done again */
        test_alloc_fail_each(open_save_and_load, NULL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_own_directory(all_come_back_in_order_whatever_the_threads),
                in_own_directory(blobs_are_sound_and_named_by_their_contents),
                in_own_directory(more_can_be_added_after_a_flush),
                in_own_directory(unstable_contents_may_change_once_they_are_added),
                in_own_directory(a_failure_tells_which_blob_it_was),
                in_own_directory(what_is_missing_fails_in_its_turn),
                in_own_directory(what_is_left_half_way_is_let_go),
                in_own_directory(a_child_goes_on_where_its_parent_was),
                in_own_directory(every_allocation_may_fail),
        };
        setenv("COFFER_THREADS", "4", 1);
        return cmocka_run_group_tests_name("many", tests, NULL, NULL);
}
