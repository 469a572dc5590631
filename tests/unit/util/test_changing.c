/* SPDX-License-Identifier: Apache-2.0 */
/* Files that others may write to, and what pipes bring. */
#include "test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/cursor.h"
#include "util/fs.h"

enum { MIB = 1 << 20, KEPT_BYTES = 16 * MIB };

static void write_bytes(const char *path, char byte, size_t size_bytes)
{
        char *content = malloc(size_bytes);
        memset(content, byte, size_bytes);
        int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
        assert_int_equal(write(file, content, size_bytes), size_bytes);
        close(file);
        free(content);
}

static void copies_are_what_the_file_holds_now(void **state)
{
        (void)state;
        _cleanup_bytes_ coffer_bytes *bytes = NULL;
        uint8_t copy[16];
        write_bytes("file", 'a', 2 * MIB);
        assert_ok(coffer_fs_read_changing("file", &bytes, NULL));
        assert_ok(
                coffer_fs_copy(copy, coffer_cursor_of(coffer_bytes_segment(bytes, 0).data + MIB, sizeof(copy)), NULL));
        assert_memory_equal(copy, "aaaaaaaaaaaaaaaa", sizeof(copy));
        int file = open("file", O_WRONLY);
        assert_int_equal(pwrite(file, "xyz", 3, MIB), 3);
        close(file);
        assert_ok(
                coffer_fs_copy(copy, coffer_cursor_of(coffer_bytes_segment(bytes, 0).data + MIB, sizeof(copy)), NULL));
        assert_memory_equal(copy, "xyzaaaaaaaaaaaaa", sizeof(copy));
}

static void what_was_cut_off_cannot_be_copied(void **state)
{
        (void)state;
        _cleanup_bytes_ coffer_bytes *bytes = NULL;
        coffer_error error = COFFER_ERROR_INIT;
        uint8_t copy[16];
        write_bytes("file", 'a', 2 * MIB);
        assert_ok(coffer_fs_read_changing("file", &bytes, NULL));
        assert_int_equal(truncate("file", MIB + 8), 0);
        const uint8_t *data = coffer_bytes_segment(bytes, 0).data;
        assert_ok(coffer_fs_copy(copy, coffer_cursor_of(data + MIB - 8, sizeof(copy)), NULL));
        assert_status(coffer_fs_copy(copy, coffer_cursor_of(data + MIB, sizeof(copy)), &error), COFFER_CORRUPT);
        assert_non_null(strstr(error.message, "cut short"));
}

static void memory_that_is_no_file_is_copied(void **state)
{
        (void)state;
        uint8_t copy[4] = {0};
        assert_ok(coffer_fs_copy(copy, coffer_cursor_text("abcd"), NULL));
        assert_memory_equal(copy, "abcd", 4);
        assert_ok(coffer_fs_copy(copy, coffer_cursor_of(NULL, 0), NULL));
}

/* ---- pipes ---- */

typedef struct told {
        uint64_t last;
        size_t calls, stop_after; /* 0: never */
} told;

static bool note(void *user, uint64_t done, uint64_t total)
{
        told *all = user;
        assert_int_equal(total, 0);
        assert_in_range(done, all->last, UINT32_MAX);
        all->last = done;
        return ++all->calls != all->stop_after;
}

/* A file stands in for a pipe: only its descriptor is known. */
static coffer_status spool(size_t size_bytes, told *all, coffer_bytes **out, coffer_error *error)
{
        write_bytes("source", 's', size_bytes);
        int file = open("source", O_RDONLY);
        coffer_status status = coffer_fs_spool(file, "the pipe", note, all, out, error);
        close(file);
        return status;
}

static void what_a_pipe_brings_is_there(void **state)
{
        (void)state;
        static const size_t sizes[] = {0, 1, KEPT_BYTES - 1, KEPT_BYTES, KEPT_BYTES + 1, 20 * MIB + 7};
        setenv("TMPDIR", ".", 1);
        for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
                _cleanup_bytes_ coffer_bytes *bytes = NULL;
                told all = {0};
                uint8_t last;
                assert_ok(spool(sizes[i], &all, &bytes, NULL));
                assert_int_equal(coffer_bytes_size(bytes), sizes[i]);
                assert_int_equal(all.last, sizes[i] < KEPT_BYTES ? 0 : sizes[i]);
                if (sizes[i] == 0)
                        continue;
                coffer_cursor data = coffer_bytes_segment(bytes, 0);
                assert_int_equal(data.data[0], 's');
                assert_ok(coffer_fs_copy(&last, coffer_cursor_of(data.data + sizes[i] - 1, 1), NULL));
                assert_int_equal(last, 's');
        }
        unsetenv("TMPDIR");
}

static void spooling_can_be_stopped(void **state)
{
        (void)state;
        coffer_bytes *bytes = NULL;
        told all = {.stop_after = 2};
        setenv("TMPDIR", ".", 1);
        assert_status(spool(20 * MIB, &all, &bytes, NULL), COFFER_DECLINED);
        assert_int_equal(all.calls, 2);
        unsetenv("TMPDIR");
}

static void no_place_to_keep_it_is_an_error(void **state)
{
        (void)state;
        coffer_bytes *bytes = NULL;
        coffer_error error = COFFER_ERROR_INIT;
        told all = {0};
        setenv("TMPDIR", "absent", 1);
        assert_status(spool(KEPT_BYTES + 1, &all, &bytes, &error), COFFER_IO);
        assert_non_null(strstr(error.message, "the pipe"));
        assert_non_null(strstr(error.message, "absent"));
        unsetenv("TMPDIR");
        assert_status(coffer_fs_spool(-1, "the pipe", NULL, NULL, &bytes, &error), COFFER_IO);
}

static coffer_status use_everything(void *user, coffer_error *error)
{
        _cleanup_bytes_ coffer_bytes *file = NULL, *pipe = NULL;
        told all = {0};
        (void)user;
        COFFER_TRY(coffer_fs_read_changing("large", &file, error));
        return spool(17 * MIB, &all, &pipe, error);
}

static void every_allocation_may_fail(void **state)
{
        (void)state;
        write_bytes("large", 'l', 2 * MIB);
        setenv("TMPDIR", ".", 1);
        test_alloc_fail_each(use_everything, NULL);
        unsetenv("TMPDIR");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_own_directory(copies_are_what_the_file_holds_now),
                in_own_directory(what_was_cut_off_cannot_be_copied),
                in_own_directory(memory_that_is_no_file_is_copied),
                in_own_directory(what_a_pipe_brings_is_there),
                in_own_directory(spooling_can_be_stopped),
                in_own_directory(no_place_to_keep_it_is_an_error),
                in_own_directory(every_allocation_may_fail),
        };
        return cmocka_run_group_tests_name("changing", tests, NULL, NULL);
}
