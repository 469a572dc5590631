/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/wait.h>

#include "storage_fixture.h"

/* The id of a process that has ended. */
static pid_t dead_process(void)
{
        pid_t child = fork();
        if (child == 0)
                _exit(0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        return child;
}

static void make_tree(void)
{
        assert_int_equal(mkdir("root", 0777), 0);
        assert_int_equal(mkdir("root/F", 0777), 0);
        assert_int_equal(mkdir("root/F/data", 0777), 0);
}

static void old_file(const char *path)
{
        write_text(path, "x");
        make_old(path);
}

static void names_of_ours_and_of_metaflows_are_found(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        char ours[128];
        shown found = {""};

        make_tree();
        snprintf(ours, sizeof(ours), "root/F/data/.coffer-tmp-%d-abcdef", (int)dead_process());
        old_file(ours);
        old_file("root/F/tmp0a_b1c2d");
        old_file("root/tmpzzzzzzzz");
        old_file("root/F/tmpzzzzzzz");
        old_file("root/F/tmpzzzzzzzzz");
        old_file("root/F/tmpZZZZZZZZ");
        old_file("root/F/0.data.json");
        assert_int_equal(mkdir("root/F/tmpdirectory", 0777), 0);
        assert_int_equal(mkdir("root/F/tmpabcdefgh", 0777), 0);
        assert_ok(storage->class_->leftovers(storage, "", false, show_path, &found, NULL));
        snprintf(ours + strlen(ours), sizeof(ours) - strlen(ours), ",F/tmp0a_b1c2d,tmpzzzzzzzz,");
        assert_string_equal(found.text, ours + strlen("root/"));
}

static void removing_removes_just_them(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        shown found = {""};

        make_tree();
        old_file("root/F/data/tmpabcdefgh");
        old_file("root/F/data/key");
        assert_ok(storage->class_->leftovers(storage, "F", true, show_path, &found, NULL));
        assert_string_equal(found.text, "F/data/tmpabcdefgh,");
        assert_int_equal(access("root/F/data/tmpabcdefgh", F_OK), -1);
        assert_int_equal(access("root/F/data/key", F_OK), 0);
        assert_ok(storage->class_->leftovers(storage, "F", true, NULL, NULL, NULL));
}

static void young_files_and_those_of_living_writers_are_left_alone(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        char path[128];
        shown found = {""};

        make_tree();
        write_text("root/F/tmpabcdefgh", "x");
        snprintf(path, sizeof(path), "root/F/.coffer-tmp-%d-abcdef", (int)getpid());
        old_file(path);
        snprintf(path, sizeof(path), "root/F/.coffer-tmp-%d-abcdef", (int)dead_process());
        write_text(path, "x");
        assert_ok(storage->class_->leftovers(storage, "", true, show_path, &found, NULL));
        assert_string_equal(found.text, "");
        assert_int_equal(access("root/F/tmpabcdefgh", F_OK), 0);
        assert_int_equal(access(path, F_OK), 0);
}

static void links_are_not_followed(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        shown found = {""};

        make_tree();
        assert_int_equal(mkdir("outside", 0777), 0);
        old_file("outside/tmpabcdefgh");
        assert_int_equal(symlink("../../outside", "root/F/link"), 0);
        assert_int_equal(symlink(".", "root/F/circle"), 0);
        assert_int_equal(symlink("../../outside/tmpabcdefgh", "root/F/tmpijklmnop"), 0);
        assert_ok(storage->class_->leftovers(storage, "", true, show_path, &found, NULL));
        assert_string_equal(found.text, "");
        assert_int_equal(access("outside/tmpabcdefgh", F_OK), 0);
}

static void a_missing_place_has_none(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        assert_ok(storage->class_->leftovers(storage, "F/data", true, show_path, NULL, NULL));
}

static void directories_too_deep_are_an_error(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        char path[512] = "root";
        shown found = {""};

        assert_int_equal(mkdir(path, 0777), 0);
        for (int i = 0; i < 70; i++) {
                strcat(path, "/d");
                assert_int_equal(mkdir(path, 0777), 0);
        }
        assert_status(storage->class_->leftovers(storage, "", false, show_path, &found, NULL), COFFER_LIMIT);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_own_directory(names_of_ours_and_of_metaflows_are_found),
                in_own_directory(removing_removes_just_them),
                in_own_directory(young_files_and_those_of_living_writers_are_left_alone),
                in_own_directory(links_are_not_followed),
                in_own_directory(a_missing_place_has_none),
                in_own_directory(directories_too_deep_are_an_error),
        };
        return cmocka_run_group_tests_name("leftovers", tests, NULL, NULL);
}
