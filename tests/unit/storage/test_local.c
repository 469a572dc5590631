/* SPDX-License-Identifier: Apache-2.0 */
#include "storage_fixture.h"

static void unknown_type_names_the_known_ones(void **state)
{
        (void)state;
        coffer_error error = COFFER_ERROR_INIT;
        coffer_storage *storage = NULL;
        assert_status(coffer_storage_open("ftp", "root", NULL, &storage, &error), COFFER_UNSUPPORTED);
        assert_non_null(strstr(error.message, "ftp"));
        assert_non_null(strstr(error.message, "local, spin"));
        assert_null(storage);
}

static void spin_is_local_by_another_name(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = NULL;
        assert_ok(coffer_storage_open("spin", "root", NULL, &storage, NULL));
        assert_string_equal(storage->class_->type, "spin");
        assert_ok(put_text(storage, "a", "x", NULL, false, NULL));
        assert_string_equal(file_text("root/a"), "x");
}

static void an_option_struct_of_another_version_is_refused(void **state)
{
        (void)state;
        coffer_storage_options options = {99, true};
        coffer_storage *storage = NULL;
        assert_status(coffer_storage_open("local", "root", &options, &storage, NULL), COFFER_INVALID);
        assert_status(coffer_storage_open("local", "", NULL, &storage, NULL), COFFER_INVALID);
}

static void opening_creates_nothing(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        assert_ok(storage->class_->sync(storage, NULL));
        assert_int_equal(access("root", F_OK), -1);
}

static void full_uris_follow_metaflows_rule(void **state)
{
        (void)state;
        static const char *const cases[][3] = {
                {"/srv/flows/.metaflow", "F/data", "/srv/flows/.metaflow/F/data"},
                {"/srv/", "/F/data/", "/srv/F/data"},
                {"", "a", "/a"},
                {"a", "", "a/"},
        };
        for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
                char root[64], *uri _cleanup_free_ = NULL;
                coffer_storage storage = {NULL, root};
                snprintf(root, sizeof(root), "%s", cases[i][0]);
                assert_ok(coffer_storage_full_uri(&storage, cases[i][1], &uri, NULL));
                assert_string_equal(uri, cases[i][2]);
        }
}

static void paths_that_leave_the_tree_are_refused_by_every_function(void **state)
{
        (void)state;
        static const char *const bad[] = {"",     "/a",  "a/",     "a//b", ".", "..", "../a",
                                          "a/..", "a/.", "a/../b", "./a",  "/", "//", NULL};
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        const coffer_storage_class *class_ = storage->class_;
        for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
                coffer_storage_stat status;
                coffer_storage_get get = {.path = bad[i]};
                coffer_stream *stream = NULL;
                coffer_storage_writer *writer = NULL;
                coffer_storage_lock *lock = NULL;
                shown names = {""};
                assert_status(class_->lock(storage, bad[i], &lock, NULL), COFFER_INVALID);
                assert_status(class_->stat(storage, &bad[i], 1, &status, NULL), COFFER_INVALID);
                assert_status(put_text(storage, bad[i], "x", NULL, true, NULL), COFFER_INVALID);
                assert_ok(class_->get(storage, &get, 1, NULL));
                assert_int_equal(get.status, COFFER_INVALID);
                assert_status(class_->open(storage, bad[i], &stream, NULL, NULL), COFFER_INVALID);
                assert_status(class_->remove(storage, &bad[i], 1, NULL), COFFER_INVALID);
                assert_status(class_->put_metadata(storage, bad[i], "{}", NULL), COFFER_INVALID);
                assert_status(class_->move(storage, bad[i], "b", NULL), COFFER_INVALID);
                assert_status(class_->move(storage, "b", bad[i], NULL), COFFER_INVALID);
                assert_status(class_->require(storage, bad[i], NULL), COFFER_INVALID);
                assert_status(class_->begin(storage, bad[i], &writer, NULL), COFFER_INVALID);
                if (!bad[i] || *bad[i]) {
                        assert_status(class_->list(storage, bad[i], show_name, &names, NULL), COFFER_INVALID);
                        assert_status(class_->leftovers(storage, bad[i], false, show_path, &names, NULL),
                                      COFFER_INVALID);
                }
        }
        assert_int_equal(access("root", F_OK), -1);
}

static void dots_inside_names_are_fine(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        assert_ok(put_text(storage, "F/1/s/2/0.data.json", "x", NULL, false, NULL));
        assert_ok(put_text(storage, "..a/...", "y", NULL, false, NULL));
        assert_string_equal(file_text("root/F/1/s/2/0.data.json"), "x");
        assert_string_equal(file_text("root/..a/..."), "y");
}

static void a_path_too_long_is_refused(void **state)
{
        (void)state;
        char path[8192];
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        memset(path, 'a', sizeof(path) - 1);
        path[sizeof(path) - 1] = '\0';
        assert_status(put_text(storage, path, "x", NULL, true, NULL), COFFER_INVALID);
}

static void an_object_comes_back_with_its_metadata(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        assert_ok(put_text(storage, "F/data/ab/key", "contents", "{\"cas_raw\": false, \"cas_version\": 1}", false,
                           NULL));
        assert_ok(put_text(storage, "F/0.DONE.lock", "\"\"", NULL, false, NULL));
        assert_string_equal(got(storage, "F/data/ab/key"), "contents|{\"cas_raw\": false, \"cas_version\": 1}");
        assert_string_equal(got(storage, "F/0.DONE.lock"), "\"\"|-");
        assert_string_equal(file_text("root/F/data/ab/key_meta"), "{\"cas_raw\": false, \"cas_version\": 1}");
        assert_int_equal(access("root/F/0.DONE.lock_meta", F_OK), -1);
}

static void several_are_put_and_got_in_one_call(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        coffer_bytes *one _cleanup_bytes_ = bytes_of("one"), *two _cleanup_bytes_ = bytes_of("two");
        coffer_storage_put puts[] = {{"a", one, NULL, false, false}, {"b/c", two, "{}", false, true}};
        coffer_storage_get gets[] = {{.path = "b/c"}, {.path = "none"}, {.path = "a"}};
        coffer_storage_stat stats[3];

        assert_ok(storage->class_->put(storage, puts, 2, NULL));
        assert_ok(storage->class_->get(storage, gets, 3, NULL));
        assert_int_equal(gets[0].status, COFFER_OK);
        assert_int_equal(gets[1].status, COFFER_NOT_FOUND);
        assert_int_equal(gets[2].status, COFFER_OK);
        assert_null(gets[1].bytes);
        assert_cursor(coffer_bytes_segment(gets[0].bytes, 0), "two");
        assert_string_equal(gets[0].metadata_json, "{}");
        assert_null(gets[2].metadata_json);
        assert_ok(storage->class_->stat(storage, (const char *const[]){"a", "b", "none"}, 3, stats, NULL));
        assert_int_equal(stats[0].type, COFFER_ENTRY_OBJECT);
        assert_int_equal(stats[0].size_bytes, 3);
        assert_int_equal(stats[1].type, COFFER_ENTRY_DIRECTORY);
        assert_int_equal(stats[2].type, COFFER_ENTRY_NONE);
        for (size_t i = 0; i < 3; i++) {
                coffer_bytes_unref(gets[i].bytes);
                coffer_free(gets[i].metadata_json);
        }
}

static void all_segments_are_written(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        coffer_bytes *bytes _cleanup_bytes_ = bytes_of("one,");
        coffer_storage_put put = {"a", bytes, NULL, false, false};
        assert_ok(coffer_bytes_append_copy(bytes, coffer_cursor_text("two"), NULL));
        assert_ok(storage->class_->put(storage, &put, 1, NULL));
        assert_string_equal(file_text("root/a"), "one,two");
}

static void what_is_there_stays_without_overwrite(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        assert_ok(put_text(storage, "a", "old", "{\"old\": 1}", false, NULL));
        assert_ok(put_text(storage, "a", "new", "{\"new\": 1}", false, NULL));
        assert_string_equal(got(storage, "a"), "old|{\"old\": 1}");
        assert_ok(put_text(storage, "a", "new", NULL, false, NULL));
        assert_string_equal(got(storage, "a"), "old|{\"old\": 1}");
}

static void overwriting_replaces_the_metadata_too(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        assert_ok(put_text(storage, "a", "old", "{\"old\": 1}", false, NULL));
        assert_ok(put_text(storage, "a", "new", "{\"new\": 1}", true, NULL));
        assert_string_equal(got(storage, "a"), "new|{\"new\": 1}");
}

static void overwriting_without_metadata_leaves_none_behind(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        assert_ok(put_text(storage, "a", "old", "{\"old\": 1}", false, NULL));
        assert_ok(put_text(storage, "a", "new", NULL, true, NULL));
        assert_string_equal(got(storage, "a"), "new|-");
}

static void a_stale_sidecar_does_not_describe_a_new_object(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        assert_int_equal(mkdir("root", 0777), 0);
        write_text("root/a_meta", "{\"cas_raw\": true}");
        assert_ok(put_text(storage, "a", "new", NULL, false, NULL));
        assert_string_equal(got(storage, "a"), "new|-");
}

static void modes_follow_the_umask(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        struct stat status;
        mode_t before = umask(027);
        coffer_status put = put_text(storage, "d/a", "x", "{}", false, NULL);
        umask(before);
        assert_ok(put);
        assert_int_equal(stat("root/d/a", &status), 0);
        assert_int_equal(status.st_mode & 0777, 0640);
        assert_int_equal(stat("root/d/a_meta", &status), 0);
        assert_int_equal(status.st_mode & 0777, 0640);
        assert_int_equal(stat("root/d", &status), 0);
        assert_int_equal(status.st_mode & 0777, 0750);
}

static void names_kept_for_metadata_and_temporaries_are_refused(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        assert_status(put_text(storage, "a/key_meta", "x", NULL, true, NULL), COFFER_INVALID);
        assert_status(put_text(storage, "a/_meta", "x", NULL, true, NULL), COFFER_INVALID);
        assert_status(put_text(storage, "a/tmpab_de123", "x", NULL, true, NULL), COFFER_INVALID);
        assert_status(put_text(storage, "a/.coffer-tmp-1-abc", "x", NULL, true, NULL), COFFER_INVALID);
        assert_ok(put_text(storage, "F/_meta/_self.json", "x", NULL, true, NULL));
        assert_ok(put_text(storage, "build_meta/1", "x", NULL, true, NULL));
}

static void a_sidecar_that_is_no_text_reads_as_empty(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        assert_ok(put_text(storage, "a", "x", "{}", false, NULL));
        write_file("root/a_meta", "{}\0\0", 4);
        assert_string_equal(got(storage, "a"), "x|");
        write_file("root/a_meta", "", 0);
        assert_string_equal(got(storage, "a"), "x|");
        FILE *file = fopen("root/a_meta", "wb");
        for (int i = 0; i < (1 << 20) + 1; i++)
                fputc(' ', file);
        fclose(file);
        assert_string_equal(got(storage, "a"), "x|");
}

static void a_directory_is_no_object(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        coffer_stream *stream = NULL;
        assert_ok(put_text(storage, "d/a", "x", NULL, false, NULL));
        assert_string_equal(got(storage, "d"), "io");
        assert_status(storage->class_->open(storage, "d", &stream, NULL, NULL), COFFER_IO);
        assert_status(put_text(storage, "d", "x", NULL, true, NULL), COFFER_IO);
        assert_string_equal(got(storage, "d/a/below"), "not-found");
        assert_status(storage->class_->put_metadata(storage, "d", "{}", NULL), COFFER_NOT_FOUND);
}

static void a_stream_gives_contents_and_metadata(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        coffer_stream *stream = NULL;
        char *metadata _cleanup_free_ = NULL, buffer[16];
        size_t got_bytes;

        assert_status(storage->class_->open(storage, "a", &stream, &metadata, NULL), COFFER_NOT_FOUND);
        assert_ok(put_text(storage, "a", "contents", "{\"k\": 1}", false, NULL));
        assert_ok(storage->class_->open(storage, "a", &stream, &metadata, NULL));
        assert_string_equal(metadata, "{\"k\": 1}");
        assert_ok(stream->read(stream, buffer, sizeof(buffer), &got_bytes, NULL));
        assert_int_equal(got_bytes, 8);
        assert_memory_equal(buffer, "contents", 8);
        assert_ok(stream->read(stream, buffer, sizeof(buffer), &got_bytes, NULL));
        assert_int_equal(got_bytes, 0);
        stream->close(stream);
}

static void listings_show_objects_and_directories_only(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        shown names = {""};

        assert_ok(put_text(storage, "d/b", "x", "{}", false, NULL));
        assert_ok(put_text(storage, "d/a", "x", NULL, false, NULL));
        assert_ok(put_text(storage, "d/sub/x", "x", NULL, false, NULL));
        assert_ok(put_text(storage, "d/_meta/_self.json", "x", NULL, false, NULL));
        assert_ok(put_text(storage, "d/build_meta/x", "x", NULL, false, NULL));
        write_text("root/d/tmpabcdefgh", "");
        write_text("root/d/tmpABCDEFGH", "");
        write_text("root/d/.coffer-tmp-7-abc", "");
        write_text("root/d/orphan_meta", "");
        assert_int_equal(mkfifo("root/d/pipe", 0666), 0);
        assert_ok(storage->class_->list(storage, "d", show_name, &names, NULL));
        assert_string_equal(names.text, "a,b,build_meta/,sub/,tmpABCDEFGH,");
        names.text[0] = '\0';
        assert_ok(storage->class_->list(storage, "", show_name, &names, NULL));
        assert_string_equal(names.text, "d/,");
        names.text[0] = '\0';
        assert_ok(storage->class_->list(storage, "d/_meta", show_name, &names, NULL));
        assert_string_equal(names.text, "_self.json,");
        names.text[0] = '\0';
        assert_ok(storage->class_->list(storage, "none", show_name, &names, NULL));
        assert_ok(storage->class_->list(storage, "d/a", show_name, &names, NULL));
        assert_string_equal(names.text, "");
}

static coffer_status stop_visiting(void *user, const char *name, coffer_entry_type type, coffer_error *error)
{
        int *calls = user;
        (void)name;
        (void)type;
        ++*calls;
        return coffer_error_set(error, COFFER_WOULD_BLOCK, "enough");
}

static void a_visitor_can_stop_a_listing(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        int calls = 0;
        assert_ok(put_text(storage, "a", "x", NULL, false, NULL));
        assert_ok(put_text(storage, "b", "x", NULL, false, NULL));
        assert_status(storage->class_->list(storage, "", stop_visiting, &calls, NULL), COFFER_WOULD_BLOCK);
        assert_int_equal(calls, 1);
}

static void removing_takes_the_metadata_along(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        assert_ok(put_text(storage, "d/a", "x", "{}", false, NULL));
        assert_ok(storage->class_->remove(storage, (const char *const[]){"d/a", "none"}, 2, NULL));
        assert_int_equal(access("root/d/a", F_OK), -1);
        assert_int_equal(access("root/d/a_meta", F_OK), -1);
}

static void metadata_can_be_put_afterwards(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        assert_ok(put_text(storage, "a", "x", NULL, false, NULL));
        assert_ok(storage->class_->put_metadata(storage, "a", "{\"k\": 1}", NULL));
        assert_string_equal(got(storage, "a"), "x|{\"k\": 1}");
        assert_status(storage->class_->put_metadata(storage, "none", "{}", NULL), COFFER_NOT_FOUND);
        assert_int_equal(access("root/none_meta", F_OK), -1);
}

static void moving_takes_the_metadata_along_and_replaces_nothing(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        assert_ok(put_text(storage, "a", "x", "{}", false, NULL));
        assert_ok(storage->class_->move(storage, "a", "aside/deep/a", NULL));
        assert_string_equal(got(storage, "aside/deep/a"), "x|{}");
        assert_string_equal(got(storage, "a"), "not-found");
        assert_int_equal(access("root/a_meta", F_OK), -1);
        assert_ok(put_text(storage, "b", "y", NULL, false, NULL));
        assert_status(storage->class_->move(storage, "b", "aside/deep/a", NULL), COFFER_CONFLICT);
        assert_string_equal(got(storage, "b"), "y|-");
        assert_string_equal(got(storage, "aside/deep/a"), "x|{}");
        assert_status(storage->class_->move(storage, "none", "c", NULL), COFFER_NOT_FOUND);
        assert_ok(storage->class_->move(storage, "b", "c", NULL));
        assert_string_equal(got(storage, "c"), "y|-");
}

static void an_orphaned_sidecar_does_not_describe_what_is_moved_there(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        assert_ok(put_text(storage, "a", "x", "{}", false, NULL));
        assert_ok(put_text(storage, "b", "y", NULL, false, NULL));
        write_text("root/a2_meta", "{\"stale\": 1}");
        write_text("root/b2_meta", "{\"stale\": 1}");
        assert_ok(storage->class_->move(storage, "a", "a2", NULL));
        assert_ok(storage->class_->move(storage, "b", "b2", NULL));
        assert_string_equal(got(storage, "a2"), "x|{}");
        assert_string_equal(got(storage, "b2"), "y|-");
}

static void write_piece(coffer_storage *storage, coffer_storage_writer *writer, const char *text)
{
        coffer_cursor part = coffer_cursor_text(text);
        assert_ok(storage->class_->write(writer, &part, 1, NULL));
}

static void parts_are_written_one_behind_the_other(void **state)
{
        (void)state;
        enum { PARTS = 1000 }; /* more than the kernel takes at once */
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        coffer_storage_writer *writer = NULL;
        coffer_cursor parts[PARTS];
        char expected[2 * PARTS + 1] = "";
        for (size_t i = 0; i < PARTS; i++) {
                parts[i] = coffer_cursor_text(i % 3 == 0 ? "" : i % 3 == 1 ? "a" : "bc");
                strncat(expected, (const char *)parts[i].data, parts[i].size_bytes);
        }
        assert_ok(storage->class_->begin(storage, "d/a", &writer, NULL));
        assert_ok(storage->class_->write(writer, parts, 0, NULL));
        assert_ok(storage->class_->write(writer, parts, PARTS, NULL));
        assert_ok(storage->class_->commit(writer, NULL, NULL, false, false, NULL));
        assert_string_equal(file_text("root/d/a"), expected);
}

static void an_object_appears_when_it_is_committed(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        coffer_storage_writer *writer = NULL;
        shown names = {""};

        assert_ok(storage->class_->begin(storage, "d/a", &writer, NULL));
        write_piece(storage, writer, "one,");
        write_piece(storage, writer, "two");
        assert_ok(storage->class_->list(storage, "d", show_name, &names, NULL));
        assert_string_equal(names.text, "");
        assert_ok(storage->class_->commit(writer, NULL, "{}", false, false, NULL));
        assert_string_equal(got(storage, "d/a"), "one,two|{}");
}

static void what_was_begun_may_appear_elsewhere(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        coffer_storage_writer *writer = NULL;

        assert_ok(storage->class_->begin(storage, "d/a", &writer, NULL));
        write_piece(storage, writer, "x");
        assert_ok(storage->class_->commit(writer, "d/new/b", "{}", false, false, NULL));
        assert_string_equal(got(storage, "d/new/b"), "x|{}");
        assert_string_equal(got(storage, "d/a"), "not-found");
        assert_ok(storage->class_->begin(storage, "d/a", &writer, NULL));
        assert_ok(storage->class_->commit(writer, "d/newer/b", NULL, true, false, NULL));
        assert_string_equal(got(storage, "d/newer/b"), "|-");
        static const char *const bad[] = {"../b", "d/b_meta", ""};
        for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
                assert_ok(storage->class_->begin(storage, "d/a", &writer, NULL));
                assert_status(storage->class_->commit(writer, bad[i], NULL, true, false, NULL), COFFER_INVALID);
        }
        assert_ok(storage->class_->begin(storage, "d/a", &writer, NULL));
        assert_status(storage->class_->commit(writer, "d/new/b", "{}", false, false, NULL), COFFER_CONFLICT);
}

static void an_aborted_writer_leaves_nothing(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        coffer_storage_writer *writer = NULL;
        assert_ok(storage->class_->begin(storage, "d/a", &writer, NULL));
        write_piece(storage, writer, "one,");
        storage->class_->abort(writer);
        storage->class_->abort(NULL);
        assert_int_equal(rmdir("root/d"), 0);
}

static void committing_over_an_object_is_a_conflict_unless_it_may_be_replaced(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        coffer_storage_writer *writer = NULL;

        assert_ok(put_text(storage, "a", "old", "{\"old\": 1}", false, NULL));
        for (int first = 0; first < 2; first++) {
                assert_ok(storage->class_->begin(storage, "a", &writer, NULL));
                assert_status(storage->class_->commit(writer, NULL, "{\"new\": 1}", false, first, NULL),
                              COFFER_CONFLICT);
                assert_string_equal(got(storage, "a"), "old|{\"old\": 1}");
        }
        assert_ok(storage->class_->begin(storage, "a", &writer, NULL));
        assert_ok(storage->class_->commit(writer, NULL, "{\"new\": 1}", true, true, NULL));
        assert_string_equal(got(storage, "a"), "|{\"new\": 1}");
}

/* An object can't take the place of a directory: the commit fails half-way, and shows what came first. */
static void metadata_first_means_before_the_object(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        coffer_storage_writer *writer = NULL;

        assert_ok(put_text(storage, "d/x", "x", NULL, false, NULL));
        assert_ok(storage->class_->begin(storage, "d", &writer, NULL));
        assert_status(storage->class_->commit(writer, NULL, "{\"k\": 1}", true, false, NULL), COFFER_IO);
        assert_string_equal(file_text("root/d_meta"), "(missing)");
        assert_ok(storage->class_->begin(storage, "d", &writer, NULL));
        assert_status(storage->class_->commit(writer, NULL, "{\"k\": 1}", true, true, NULL), COFFER_IO);
        assert_string_equal(file_text("root/d_meta"), "{\"k\": 1}");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(unknown_type_names_the_known_ones),
                in_own_directory(spin_is_local_by_another_name),
                leak_checked(an_option_struct_of_another_version_is_refused),
                in_own_directory(opening_creates_nothing),
                leak_checked(full_uris_follow_metaflows_rule),
                in_own_directory(paths_that_leave_the_tree_are_refused_by_every_function),
                in_own_directory(dots_inside_names_are_fine),
                in_own_directory(a_path_too_long_is_refused),
                in_own_directory(an_object_comes_back_with_its_metadata),
                in_own_directory(several_are_put_and_got_in_one_call),
                in_own_directory(all_segments_are_written),
                in_own_directory(what_is_there_stays_without_overwrite),
                in_own_directory(overwriting_replaces_the_metadata_too),
                in_own_directory(overwriting_without_metadata_leaves_none_behind),
                in_own_directory(a_stale_sidecar_does_not_describe_a_new_object),
                in_own_directory(modes_follow_the_umask),
                in_own_directory(names_kept_for_metadata_and_temporaries_are_refused),
                in_own_directory(a_sidecar_that_is_no_text_reads_as_empty),
                in_own_directory(a_directory_is_no_object),
                in_own_directory(a_stream_gives_contents_and_metadata),
                in_own_directory(listings_show_objects_and_directories_only),
                in_own_directory(a_visitor_can_stop_a_listing),
                in_own_directory(removing_takes_the_metadata_along),
                in_own_directory(metadata_can_be_put_afterwards),
                in_own_directory(moving_takes_the_metadata_along_and_replaces_nothing),
                in_own_directory(an_orphaned_sidecar_does_not_describe_what_is_moved_there),
                in_own_directory(parts_are_written_one_behind_the_other),
                in_own_directory(an_object_appears_when_it_is_committed),
                in_own_directory(what_was_begun_may_appear_elsewhere),
                in_own_directory(an_aborted_writer_leaves_nothing),
                in_own_directory(committing_over_an_object_is_a_conflict_unless_it_may_be_replaced),
                in_own_directory(metadata_first_means_before_the_object),
        };
        return cmocka_run_group_tests_name("local", tests, NULL, NULL);
}
