/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/cursor.h"
#include "util/fs.h"

/* The system calls of the writer, which the functions below stand in for. */
static struct {
        bool no_renameat2, no_link; /* as on a file system without them */
        bool weak_write;            /* interrupted, then a few bytes a call */
        int sync_error;             /* errno for fsync; 0 lets it succeed */
        int write_calls;
        char synced[256]; /* what was flushed, in order */
} fake;

int renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned int flags)
{
        if (fake.no_renameat2) {
                errno = EINVAL;
                return -1;
        }
        return (int)syscall(SYS_renameat2, from_directory, from, to_directory, to, flags);
}

int link(const char *from, const char *to)
{
        if (fake.no_link) {
                errno = EPERM;
                return -1;
        }
        return (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}

ssize_t writev(int descriptor, const struct iovec *parts, int count)
{
        struct iovec some[2];
        if (!fake.weak_write)
                return syscall(SYS_writev, descriptor, parts, count);
        if (fake.write_calls++ % 2 == 0) {
                errno = EINTR;
                return -1;
        }
        count = count < 2 ? count : 2;
        memcpy(some, parts, (size_t)count * sizeof(*some));
        some[0].iov_len = some[0].iov_len < 3 ? some[0].iov_len : 3;
        if (count > 1)
                some[1].iov_len = some[0].iov_len < parts[0].iov_len ? 0 : 1;
        return syscall(SYS_writev, descriptor, some, count);
}

int fsync(int descriptor)
{
        char link_path[64], target[PATH_MAX];
        snprintf(link_path, sizeof(link_path), "/proc/self/fd/%d", descriptor);
        ssize_t length = readlink(link_path, target, sizeof(target) - 1);
        if (length < 0)
                return -1;
        target[length] = '\0';
        /* Relative to the case's directory, and temporaries without the random part. */
        const char *name = target + strlen(test_directory_path());
        const char *temporary = strstr(name, COFFER_TEMP_PREFIX);
        size_t used = strlen(fake.synced);
        snprintf(fake.synced + used, sizeof(fake.synced) - used, "%.*s%s ",
                 temporary ? (int)(temporary - name) : (int)strlen(name), name, temporary ? "TEMP" : "/");
        errno = fake.sync_error;
        return fake.sync_error ? -1 : 0;
}

static int setup(void **state)
{
        memset(&fake, 0, sizeof(fake));
        return test_directory_setup(state);
}

static int teardown(void **state)
{
        memset(&fake, 0, sizeof(fake));
        return test_directory_teardown(state);
}

static coffer_status append_name(void *user, const char *name, coffer_file_type type, coffer_error *error)
{
        (void)type;
        return coffer_buf_printf(user, error, "%s ", name);
}

static void assert_directory_holds(const char *path, const char *names)
{
        _cleanup_buf_ coffer_buf seen = COFFER_BUF_INIT(SIZE_MAX);
        _cleanup_free_ char *text = NULL;
        assert_ok(coffer_fs_list(path, append_name, &seen, NULL));
        assert_ok(coffer_buf_take_text(&seen, &text, NULL));
        assert_string_equal(text, names);
}

static void assert_file_holds(const char *path, const char *text)
{
        _cleanup_bytes_ coffer_bytes *bytes = NULL;
        coffer_cursor all;
        assert_ok(coffer_fs_read(path, &bytes, NULL));
        assert_ok(coffer_bytes_contiguous(bytes, &all, NULL));
        assert_int_equal(all.size_bytes, strlen(text));
        if (all.size_bytes > 0)
                assert_memory_equal(all.data, text, all.size_bytes);
}

static coffer_status publish(const char *path, const char *text, bool overwrite, bool sync, coffer_error *error)
{
        return coffer_fs_publish(path, coffer_cursor_text(text), overwrite, sync, error);
}

static void test_file_appears_when_it_is_whole(void **state)
{
        (void)state;
        coffer_file_writer *writer = NULL;
        coffer_file_type type;
        assert_ok(coffer_file_writer_open("file", &writer, NULL));
        assert_ok(coffer_file_writer_write(writer, coffer_cursor_text("one "), NULL));
        assert_ok(coffer_file_writer_write(writer, coffer_cursor_text("two"), NULL));
        assert_ok(coffer_fs_stat("file", &type, NULL, NULL));
        assert_int_equal(type, COFFER_FILE_NONE);
        assert_ok(coffer_file_writer_commit(writer, false, false, NULL));
        assert_directory_holds(".", "file ");
        assert_file_holds("file", "one two");
}

static coffer_status check_temporary_name(void *user, const char *name, coffer_file_type type, coffer_error *error)
{
        (void)type;
        (void)error;
        char expected[64];
        snprintf(expected, sizeof(expected), COFFER_TEMP_PREFIX "%d-", getpid());
        *(bool *)user = strncmp(name, expected, strlen(expected)) == 0 && strlen(name) > strlen(expected) + 8;
        return COFFER_OK;
}

static void test_abort_leaves_nothing(void **state)
{
        (void)state;
        coffer_file_writer *writer = NULL;
        bool named = false;
        assert_ok(coffer_file_writer_open("file", &writer, NULL));
        assert_ok(coffer_file_writer_write(writer, coffer_cursor_text("half"), NULL));
        assert_ok(coffer_fs_list(".", check_temporary_name, &named, NULL));
        assert_true(named);
        coffer_file_writer_abort(writer);
        assert_directory_holds(".", "");
        coffer_file_writer_abort(NULL);
}

static void test_mode_follows_the_umask(void **state)
{
        (void)state;
        struct stat info;
        mode_t before = umask(027);
        assert_ok(publish("file", "", false, false, NULL));
        umask(before);
        assert_int_equal(stat("file", &info), 0);
        assert_int_equal(info.st_mode & 07777, 0640);
}

static void test_missing_directories_are_made(void **state)
{
        (void)state;
        assert_ok(publish("a/b/file", "deep", false, false, NULL));
        assert_file_holds("a/b/file", "deep");
        assert_directory_holds("a/b", "file ");
}

static void test_overwrite_replaces(void **state)
{
        (void)state;
        assert_ok(publish("file", "old", false, false, NULL));
        assert_ok(publish("file", "new", true, false, NULL));
        assert_file_holds("file", "new");
        assert_directory_holds(".", "file ");
}

static void assert_conflict_keeps_the_old_file(void)
{
        coffer_error error = COFFER_ERROR_INIT;
        assert_ok(publish("file", "old", false, false, &error));
        assert_status(publish("file", "new", false, false, &error), COFFER_CONFLICT);
        assert_non_null(strstr(error.message, "file"));
        assert_file_holds("file", "old");
        assert_directory_holds(".", "file ");
}

static void test_existing_file_is_a_conflict(void **state)
{
        (void)state;
        assert_conflict_keeps_the_old_file();
}

static void test_existing_file_is_a_conflict_by_link(void **state)
{
        (void)state;
        fake.no_renameat2 = true;
        assert_conflict_keeps_the_old_file();
}

static void test_existing_file_is_a_conflict_without_links(void **state)
{
        (void)state;
        fake.no_renameat2 = true;
        fake.no_link = true;
        assert_conflict_keeps_the_old_file();
}

static void test_interrupted_and_short_writes_go_on(void **state)
{
        (void)state;
        coffer_file_writer *writer = NULL;
        assert_ok(coffer_file_writer_open("file", &writer, NULL));
        fake.weak_write = true;
        const coffer_cursor parts[] = {coffer_cursor_text("ab"), coffer_cursor_text("cd"), coffer_cursor_text(""),
                                       coffer_cursor_text("efghij"), coffer_cursor_text("k")};
        coffer_status status = coffer_file_writer_write(writer, coffer_cursor_text("0123456789"), NULL);
        if (status == COFFER_OK)
                status = coffer_file_writer_write_parts(writer, parts, ARRAY_COUNT(parts), NULL);
        fake.weak_write = false;
        assert_ok(status);
        assert_true(fake.write_calls >= 16);
        assert_ok(coffer_file_writer_commit(writer, false, false, NULL));
        assert_file_holds("file", "0123456789abcdefghijk");
}

static void test_full_disk_leaves_nothing(void **state)
{
        (void)state;
        coffer_error error = COFFER_ERROR_INIT;
        static const char data[4096];
        struct rlimit before, small;
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
        small = before;
        small.rlim_cur = 1000;
        signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        coffer_status status = coffer_fs_publish("file", coffer_cursor_of(data, sizeof(data)), false, false, &error);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_status(status, COFFER_IO);
        assert_non_null(strstr(error.message, strerror(EFBIG)));
        assert_directory_holds(".", "");
}

static void test_directory_in_the_way_is_an_error(void **state)
{
        (void)state;
        coffer_error error = COFFER_ERROR_INIT;
        assert_ok(publish("taken/file", "", false, false, &error));
        assert_status(publish("taken", "x", true, false, &error), COFFER_IO);
        assert_status(publish("taken/file/below", "x", true, false, &error), COFFER_IO);
        assert_directory_holds(".", "taken ");
}

static void test_sync_flushes_file_then_directories_that_are_new(void **state)
{
        (void)state;
        assert_ok(publish("file", "x", false, true, NULL));
        assert_string_equal(fake.synced, "/TEMP / ");
        fake.synced[0] = '\0';
        assert_ok(publish("a/file", "x", false, false, NULL));
        assert_string_equal(fake.synced, "");
        assert_ok(publish("a/b/c/file", "x", false, true, NULL));
        assert_string_equal(fake.synced, "/a/b/c/TEMP /a/b/c/ /a/b/ /a/ ");
        fake.synced[0] = '\0';
        assert_ok(publish("new/file", "x", false, true, NULL));
        assert_string_equal(fake.synced, "/new/TEMP /new/ / ");
}

static void test_failed_flush_publishes_nothing(void **state)
{
        (void)state;
        fake.sync_error = EIO;
        assert_status(publish("file", "x", false, true, NULL), COFFER_IO);
        assert_directory_holds(".", "");
}

static void test_file_system_without_flushing_is_fine(void **state)
{
        (void)state;
        fake.sync_error = EINVAL;
        assert_ok(publish("file", "x", false, true, NULL));
        assert_directory_holds(".", "file ");
}

static coffer_status publish_deep(void *user, coffer_error *error)
{
        (void)user;
        coffer_status status = publish("a/b/file", "x", true, true, error);
        test_alloc_fail_at(0);
        coffer_file_type type;
        assert_directory_holds(".", "a ");
        assert_ok(coffer_fs_stat("a/b", &type, NULL, NULL));
        if (type == COFFER_FILE_DIRECTORY) {
                assert_ok(coffer_fs_stat("a/b/file", &type, NULL, NULL));
                assert_directory_holds("a/b", type == COFFER_FILE_NONE ? "" : "file ");
                assert_ok(coffer_fs_remove("a/b/file", NULL));
                assert_int_equal(rmdir("a/b"), 0);
        }
        return status;
}

static void test_every_allocation_may_fail(void **state)
{
        (void)state;
        assert_ok(coffer_fs_make_directories("a", NULL));
        test_alloc_fail_each(publish_deep, NULL);
}

#define case_of(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                case_of(test_file_appears_when_it_is_whole),
                case_of(test_abort_leaves_nothing),
                case_of(test_mode_follows_the_umask),
                case_of(test_missing_directories_are_made),
                case_of(test_overwrite_replaces),
                case_of(test_existing_file_is_a_conflict),
                case_of(test_existing_file_is_a_conflict_by_link),
                case_of(test_existing_file_is_a_conflict_without_links),
                case_of(test_interrupted_and_short_writes_go_on),
                case_of(test_full_disk_leaves_nothing),
                case_of(test_directory_in_the_way_is_an_error),
                case_of(test_sync_flushes_file_then_directories_that_are_new),
                case_of(test_failed_flush_publishes_nothing),
                case_of(test_file_system_without_flushing_is_fine),
                case_of(test_every_allocation_may_fail),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
