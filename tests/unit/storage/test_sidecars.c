/* SPDX-License-Identifier: Apache-2.0 */
/* Sidecars that share a file; linkat is ours, so that it can be refused. */
#include <errno.h>
#include <sys/syscall.h>

#include "storage_fixture.h"

#define FRAMED "{\"cas_raw\": false, \"cas_version\": 1}"
#define RAW    "{\"cas_raw\": true, \"cas_version\": 1}"

static int refusal; /* errno's value for the next linkat, 0: it does what it should */

int linkat(int from_directory, const char *from, int to_directory, const char *to, int flags)
{
        if (refusal) {
                errno = refusal;
                return -1;
        }
        return (int)syscall(SYS_linkat, from_directory, from, to_directory, to, flags);
}

static int setup(void **state)
{
        refusal = 0;
        return test_directory_setup(state);
}

static struct stat stat_of(const char *path)
{
        struct stat status;
        assert_int_equal(stat(path, &status), 0);
        return status;
}

static void sidecars_of_one_text_share_a_file(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        assert_ok(put_text(storage, "a", "1", FRAMED, false, NULL));
        assert_ok(put_text(storage, "d/b", "2", FRAMED, false, NULL));
        assert_ok(put_text(storage, "c", "3", RAW, false, NULL));
        assert_int_equal(stat_of("root/a_meta").st_ino, stat_of("root/d/b_meta").st_ino);
        assert_int_not_equal(stat_of("root/a_meta").st_ino, stat_of("root/c_meta").st_ino);
        assert_string_equal(got(storage, "d/b"), "2|" FRAMED);
        assert_string_equal(got(storage, "c"), "3|" RAW);
}

static void replacing_one_leaves_the_others(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        assert_ok(put_text(storage, "a", "1", FRAMED, false, NULL));
        assert_ok(put_text(storage, "b", "2", FRAMED, false, NULL));
        assert_ok(storage->class_->put_metadata(storage, "a", RAW, NULL));
        assert_ok(put_text(storage, "c", "3", FRAMED, false, NULL));
        assert_string_equal(got(storage, "a"), "1|" RAW);
        assert_string_equal(got(storage, "b"), "2|" FRAMED);
        assert_string_equal(got(storage, "c"), "3|" FRAMED);
}

static void the_shared_file_may_lose_all_its_names(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        assert_ok(put_text(storage, "a", "1", FRAMED, false, NULL));
        assert_int_equal(unlink("root/a_meta"), 0);
        write_text("root/a_meta", "another writer's");
        assert_ok(put_text(storage, "b", "2", FRAMED, false, NULL));
        assert_string_equal(got(storage, "b"), "2|" FRAMED);
}

static void a_file_is_shared_by_so_many_only(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        for (int i = 0; i < 1100; i++) {
                char path[32];
                snprintf(path, sizeof(path), "%d", i);
                assert_ok(put_text(storage, path, "x", FRAMED, false, NULL));
        }
        assert_in_range(stat_of("root/0_meta").st_nlink, 2, 1023);
        assert_in_range(stat_of("root/1099_meta").st_nlink, 2, 1023);
        assert_string_equal(got(storage, "1099"), "x|" FRAMED);
}

static void where_links_are_refused_each_has_its_own_file(void **state)
{
        (void)state;
        static const int refusals[] = {EPERM, EOPNOTSUPP, EXDEV, EMLINK, ENOENT};
        for (size_t i = 0; i < ARRAY_COUNT(refusals); i++) {
                coffer_storage *storage _cleanup_storage_ = open_root(true);
                char first[32], second[32];
                snprintf(first, sizeof(first), "%zu/a", i);
                snprintf(second, sizeof(second), "%zu/b", i);
                refusal = refusals[i];
                assert_ok(put_text(storage, first, "1", FRAMED, false, NULL));
                assert_ok(put_text(storage, second, "2", FRAMED, false, NULL));
                assert_string_equal(got(storage, first), "1|" FRAMED);
                assert_string_equal(got(storage, second), "2|" FRAMED);
        }
        assert_int_equal(stat_of("root/0/a_meta").st_nlink, 1);
}

static void contents_alone_come_without_metadata(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        coffer_storage_get get = {.path = "a", .contents_only = true};
        assert_ok(put_text(storage, "a", "1", FRAMED, false, NULL));
        assert_ok(storage->class_->get(storage, &get, 1, NULL));
        assert_ok(get.status);
        assert_null(get.metadata_json);
        assert_int_equal(coffer_bytes_size(get.bytes), 1);
        coffer_bytes_unref(get.bytes);
}

#define in_directory(name) cmocka_unit_test_setup_teardown(name, setup, test_directory_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_directory(sidecars_of_one_text_share_a_file),
                in_directory(replacing_one_leaves_the_others),
                in_directory(the_shared_file_may_lose_all_its_names),
                in_directory(a_file_is_shared_by_so_many_only),
                in_directory(where_links_are_refused_each_has_its_own_file),
                in_directory(contents_alone_come_without_metadata),
        };
        return cmocka_run_group_tests_name("sidecars", tests, NULL, NULL);
}
