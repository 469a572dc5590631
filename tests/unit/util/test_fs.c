/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/cursor.h"
#include "util/fs.h"

static void write_file(const char *path, const char *text)
{
        assert_ok(coffer_fs_publish(path, coffer_cursor_text(text), true, false, NULL));
}

static coffer_file_type type_of(const char *path)
{
        coffer_file_type type = COFFER_FILE_OTHER;
        assert_ok(coffer_fs_stat(path, &type, NULL, NULL));
        return type;
}

static void test_stat_tells_type_and_size(void **state)
{
        (void)state;
        coffer_file_type type;
        uint64_t size_bytes;
        write_file("file", "12345");
        assert_int_equal(symlink("file", "link"), 0);
        assert_int_equal(mkfifo("pipe", 0600), 0);
        assert_ok(coffer_fs_stat("link", &type, &size_bytes, NULL));
        assert_int_equal(type, COFFER_FILE_REGULAR);
        assert_int_equal(size_bytes, 5);
        assert_int_equal(type_of("."), COFFER_FILE_DIRECTORY);
        assert_int_equal(type_of("pipe"), COFFER_FILE_OTHER);
        assert_ok(coffer_fs_stat("absent", &type, &size_bytes, NULL));
        assert_int_equal(type, COFFER_FILE_NONE);
        assert_int_equal(size_bytes, 0);
        assert_int_equal(type_of("file/below"), COFFER_FILE_NONE);
}

static void test_stat_error_names_the_path(void **state)
{
        (void)state;
        coffer_error error = COFFER_ERROR_INIT;
        coffer_file_type type;
        assert_int_equal(symlink("loop", "loop"), 0);
        assert_status(coffer_fs_stat("loop", &type, NULL, &error), COFFER_IO);
        assert_non_null(strstr(error.message, "loop: "));
        assert_non_null(strstr(error.message, strerror(ELOOP)));
}

static void test_small_file_is_read_whole(void **state)
{
        (void)state;
        _cleanup_bytes_ coffer_bytes *bytes = NULL;
        _cleanup_bytes_ coffer_bytes *empty = NULL;
        write_file("file", "contents");
        write_file("empty", "");
        assert_ok(coffer_fs_read("file", &bytes, NULL));
        assert_cursor(coffer_bytes_segment(bytes, 0), "contents");
        assert_ok(coffer_fs_read("empty", &empty, NULL));
        assert_int_equal(coffer_bytes_size(empty), 0);
}

static void test_large_file_is_mapped_and_outlives_its_name(void **state)
{
        (void)state;
        enum { SIZE = 3 << 20 };
        _cleanup_bytes_ coffer_bytes *bytes = NULL;
        _cleanup_free_ char *data = coffer_alloc(SIZE);
        for (size_t i = 0; i < SIZE; i++)
                data[i] = (char)(i * 31 + i / 251);
        assert_ok(coffer_fs_publish("large", coffer_cursor_of(data, SIZE), false, false, NULL));
        test_alloc_fail_at(0);
        assert_ok(coffer_fs_read("large", &bytes, NULL));
        assert_true(test_alloc_count() < 8);
        assert_ok(coffer_fs_remove("large", NULL));
        assert_int_equal(coffer_bytes_size(bytes), SIZE);
        assert_memory_equal(coffer_bytes_segment(bytes, 0).data, data, SIZE);
}

static void test_what_was_passed_can_be_read_again(void **state)
{
        (void)state;
        enum { SIZE = 20 << 20, MIB = 1 << 20 };
        _cleanup_bytes_ coffer_bytes *bytes = NULL;
        _cleanup_free_ uint8_t *data = coffer_alloc(SIZE);
        coffer_cursor all;
        for (size_t i = 0; i < SIZE; i++)
                data[i] = (uint8_t)(i >> 10);
        assert_ok(coffer_fs_publish("large", coffer_cursor_of(data, SIZE), false, false, NULL));
        assert_ok(coffer_fs_read("large", &bytes, NULL));
        assert_ok(coffer_bytes_contiguous(bytes, &all, NULL));
        for (size_t end = MIB; end <= SIZE; end += MIB) {
                coffer_fs_passed(coffer_cursor_of(all.data + end - MIB, MIB));
                coffer_fs_passed(coffer_cursor_of(data + end - MIB, MIB)); /* not a file: nothing happens to it */
        }
        coffer_fs_passed(coffer_cursor_of(all.data + 5, 3));
        coffer_fs_passed(coffer_cursor_of(NULL, 0));
        assert_memory_equal(all.data, data, SIZE);
        assert_int_equal(data[SIZE - 1], (uint8_t)((SIZE - 1) >> 10));
}

static void test_file_without_a_known_size_is_read_whole(void **state)
{
        (void)state;
        _cleanup_bytes_ coffer_bytes *bytes = NULL;
        assert_ok(coffer_fs_read("/proc/self/status", &bytes, NULL));
        assert_true(coffer_bytes_size(bytes) > 100);
        assert_memory_equal(coffer_bytes_segment(bytes, 0).data, "Name:", 5);
}

static void test_what_cannot_be_read_is_an_error(void **state)
{
        (void)state;
        coffer_error error = COFFER_ERROR_INIT;
        coffer_bytes *bytes = NULL;
        coffer_stream *stream = NULL;
        assert_int_equal(mkfifo("pipe", 0600), 0);
        assert_status(coffer_fs_read("absent", &bytes, &error), COFFER_NOT_FOUND);
        assert_non_null(strstr(error.message, "absent"));
        assert_status(coffer_fs_read("pipe", &bytes, &error), COFFER_IO);
        assert_status(coffer_fs_read(".", &bytes, &error), COFFER_IO);
        assert_status(coffer_fs_open_stream("absent", &stream, &error), COFFER_NOT_FOUND);
        assert_status(coffer_fs_open_stream("pipe", &stream, &error), COFFER_IO);
        assert_null(bytes);
        assert_null(stream);
}

static void test_stream_reads_to_the_end(void **state)
{
        (void)state;
        _cleanup_stream_ coffer_stream *stream = NULL;
        char buffer[6];
        size_t got;
        write_file("file", "contents");
        assert_ok(coffer_fs_open_stream("file", &stream, NULL));
        assert_ok(stream->read(stream, buffer, sizeof(buffer), &got, NULL));
        assert_cursor(coffer_cursor_of(buffer, got), "conten");
        assert_ok(stream->read(stream, buffer, sizeof(buffer), &got, NULL));
        assert_cursor(coffer_cursor_of(buffer, got), "ts");
        assert_ok(stream->read(stream, buffer, sizeof(buffer), &got, NULL));
        assert_int_equal(got, 0);
}

static void test_descriptor_is_read_to_its_end(void **state)
{
        (void)state;
        _cleanup_bytes_ coffer_bytes *bytes = NULL;
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        assert_int_equal(write(ends[1], "through", 7), 7);
        close(ends[1]);
        assert_ok(coffer_fs_read_descriptor(ends[0], "pipe", &bytes, NULL));
        assert_int_equal(close(ends[0]), 0);
        assert_cursor(coffer_bytes_segment(bytes, 0), "through");
        coffer_error error = COFFER_ERROR_INIT;
        coffer_bytes *none = NULL;
        assert_status(coffer_fs_read_descriptor(ends[0], "standard input", &none, &error), COFFER_IO);
        assert_non_null(strstr(error.message, "standard input"));
}

static void test_directories_are_made_with_their_parents(void **state)
{
        (void)state;
        assert_ok(coffer_fs_make_directories("a/b//c/", NULL));
        assert_int_equal(type_of("a/b/c"), COFFER_FILE_DIRECTORY);
        assert_ok(coffer_fs_make_directories("a/b/c", NULL));
        assert_ok(coffer_fs_make_directories("a", NULL));
        assert_ok(coffer_fs_make_directories("/", NULL));
        char path[1024];
        snprintf(path, sizeof(path), "%s/x/y", test_directory_path());
        assert_ok(coffer_fs_make_directories(path, NULL));
        assert_int_equal(type_of("x/y"), COFFER_FILE_DIRECTORY);
}

static void test_file_in_the_way_of_a_directory_is_an_error(void **state)
{
        (void)state;
        coffer_error error = COFFER_ERROR_INIT;
        write_file("file", "");
        assert_int_equal(symlink("nowhere", "dangling"), 0);
        assert_status(coffer_fs_make_directories("file", &error), COFFER_IO);
        assert_status(coffer_fs_make_directories("file/below", &error), COFFER_IO);
        assert_status(coffer_fs_make_directories("dangling", &error), COFFER_IO);
        assert_status(coffer_fs_make_directories("", &error), COFFER_IO);
}

static coffer_status note_entry(void *user, const char *name, coffer_file_type type, coffer_error *error)
{
        static const char letters[] = {[COFFER_FILE_NONE] = '-',
                                       [COFFER_FILE_REGULAR] = 'f',
                                       [COFFER_FILE_DIRECTORY] = 'd',
                                       [COFFER_FILE_OTHER] = 'o'};
        return coffer_buf_printf(user, error, "%c:%s ", letters[type], name);
}

static void test_list_is_sorted_and_typed(void **state)
{
        (void)state;
        _cleanup_buf_ coffer_buf seen = COFFER_BUF_INIT(SIZE_MAX);
        write_file("b", "");
        write_file("a10", "");
        write_file("a9", "");
        write_file(".hidden", "");
        assert_ok(coffer_fs_make_directories("directory", NULL));
        assert_int_equal(symlink("directory", "link-d"), 0);
        assert_int_equal(symlink("b", "link-f"), 0);
        assert_int_equal(symlink("nowhere", "link-x"), 0);
        assert_int_equal(mkfifo("pipe", 0600), 0);
        assert_ok(coffer_fs_list(".", note_entry, &seen, NULL));
        assert_cursor(coffer_buf_cursor(&seen),
                      "f:.hidden f:a10 f:a9 f:b d:directory d:link-d f:link-f o:link-x o:pipe ");
}

static coffer_status refuse_second(void *user, const char *name, coffer_file_type type, coffer_error *error)
{
        (void)type;
        int *visits = user;
        return ++*visits == 2 ? coffer_error_set(error, COFFER_DECLINED, "not %s", name) : COFFER_OK;
}

static void test_list_stops_at_the_visitors_failure(void **state)
{
        (void)state;
        coffer_error error = COFFER_ERROR_INIT;
        int visits = 0;
        write_file("a", "");
        write_file("b", "");
        write_file("c", "");
        assert_status(coffer_fs_list(".", refuse_second, &visits, &error), COFFER_DECLINED);
        assert_string_equal(error.message, "not b");
        assert_int_equal(visits, 2);
}

static void test_list_of_nothing(void **state)
{
        (void)state;
        _cleanup_buf_ coffer_buf seen = COFFER_BUF_INIT(SIZE_MAX);
        write_file("file", "");
        assert_ok(coffer_fs_make_directories("empty", NULL));
        assert_ok(coffer_fs_list("empty", note_entry, &seen, NULL));
        assert_int_equal(seen.size_bytes, 0);
        assert_status(coffer_fs_list("absent", note_entry, &seen, NULL), COFFER_NOT_FOUND);
        assert_status(coffer_fs_list("file", note_entry, &seen, NULL), COFFER_NOT_FOUND);
}

static void test_remove_is_content_with_nothing(void **state)
{
        (void)state;
        write_file("file", "");
        assert_ok(coffer_fs_remove("file", NULL));
        assert_int_equal(type_of("file"), COFFER_FILE_NONE);
        assert_ok(coffer_fs_remove("file", NULL));
        assert_status(coffer_fs_remove(".", NULL), COFFER_IO);
}

static void test_sync_of_files_and_directories(void **state)
{
        (void)state;
        write_file("file", "x");
        assert_ok(coffer_fs_sync("file", NULL));
        assert_ok(coffer_fs_sync(".", NULL));
        assert_status(coffer_fs_sync("absent", NULL), COFFER_NOT_FOUND);
}

static void test_join_has_one_slash(void **state)
{
        (void)state;
        static const struct {
                const char *left, *right, *joined;
        } cases[] = {
                {"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"a", "/b", "a/b"}, {"a//", "//b/c/", "a/b/c/"},
                {"/", "b", "/b"},  {"", "b", "b"},     {"", "/b", "b"},    {"a", "", "a/"},
                {"/", "", "/"},
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                _cleanup_free_ char *joined = NULL;
                assert_ok(coffer_path_join(cases[i].left, cases[i].right, &joined, NULL));
                assert_string_equal(joined, cases[i].joined);
        }
}

static coffer_status use_everything(void *user, coffer_error *error)
{
        (void)user;
        _cleanup_buf_ coffer_buf seen = COFFER_BUF_INIT(SIZE_MAX);
        _cleanup_bytes_ coffer_bytes *small = NULL;
        _cleanup_bytes_ coffer_bytes *large = NULL;
        _cleanup_stream_ coffer_stream *stream = NULL;
        _cleanup_free_ char *path = NULL;
        COFFER_TRY(coffer_fs_make_directories("a/b", error));
        COFFER_TRY(coffer_path_join("a", "b", &path, error));
        COFFER_TRY(coffer_fs_list(".", note_entry, &seen, error));
        COFFER_TRY(coffer_fs_read("small", &small, error));
        COFFER_TRY(coffer_fs_read("large", &large, error));
        return coffer_fs_open_stream("small", &stream, error);
}

static void test_every_allocation_may_fail(void **state)
{
        (void)state;
        write_file("small", "x");
        write_file("large", "");
        assert_int_equal(truncate("large", 2 << 20), 0);
        test_alloc_fail_each(use_everything, NULL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_own_directory(test_stat_tells_type_and_size),
                in_own_directory(test_stat_error_names_the_path),
                in_own_directory(test_small_file_is_read_whole),
                in_own_directory(test_large_file_is_mapped_and_outlives_its_name),
                in_own_directory(test_what_was_passed_can_be_read_again),
                in_own_directory(test_file_without_a_known_size_is_read_whole),
                in_own_directory(test_what_cannot_be_read_is_an_error),
                in_own_directory(test_stream_reads_to_the_end),
                in_own_directory(test_descriptor_is_read_to_its_end),
                in_own_directory(test_directories_are_made_with_their_parents),
                in_own_directory(test_file_in_the_way_of_a_directory_is_an_error),
                in_own_directory(test_list_is_sorted_and_typed),
                in_own_directory(test_list_stops_at_the_visitors_failure),
                in_own_directory(test_list_of_nothing),
                in_own_directory(test_remove_is_content_with_nothing),
                in_own_directory(test_sync_of_files_and_directories),
                in_own_directory(test_join_has_one_slash),
                in_own_directory(test_every_allocation_may_fail),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
