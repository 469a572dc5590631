/* SPDX-License-Identifier: Apache-2.0 */
/* Running out of memory at every allocation. */
#include "storage_fixture.h"

static coffer_status visit_nothing(void *user, const char *name, coffer_entry_type type, coffer_error *error)
{
        (void)user;
        (void)name;
        (void)type;
        (void)error;
        return COFFER_OK;
}

static coffer_status visit_no_path(void *user, const char *path, coffer_error *error)
{
        return visit_nothing(user, path, COFFER_ENTRY_NONE, error);
}

static coffer_status use_stream(coffer_storage *storage, coffer_error *error)
{
        coffer_stream *stream = NULL;
        char *metadata _cleanup_free_ = NULL;
        COFFER_TRY(storage->class_->open(storage, "d/a", &stream, &metadata, error));
        stream->close(stream);
        return COFFER_OK;
}

static coffer_status use_lock(coffer_storage *storage, coffer_error *error)
{
        coffer_storage_lock *lock = NULL;
        COFFER_TRY(storage->class_->lock(storage, "d", &lock, error));
        storage->class_->unlock(lock);
        return COFFER_OK;
}

static coffer_status use_get(coffer_storage *storage, coffer_error *error)
{
        coffer_storage_get get = {.path = "d/a"};
        COFFER_TRY(storage->class_->get(storage, &get, 1, error));
        coffer_bytes_unref(get.bytes);
        coffer_free(get.metadata_json);
        return get.status;
}

static coffer_status use_everything(coffer_storage *storage, coffer_bytes *bytes, coffer_error *error)
{
        const coffer_storage_class *class_ = storage->class_;
        coffer_storage_put put = {"d/a", bytes, "{}", true, false};
        coffer_storage_stat status;

        COFFER_TRY(class_->put(storage, &put, 1, error));
        COFFER_TRY(use_get(storage, error));
        COFFER_TRY(use_stream(storage, error));
        COFFER_TRY(use_lock(storage, error));
        COFFER_TRY(class_->stat(storage, (const char *const[]){"d/a"}, 1, &status, error));
        COFFER_TRY(class_->put_metadata(storage, "d/a", "{}", error));
        COFFER_TRY(class_->require(storage, "d/a", error));
        COFFER_TRY(class_->list(storage, "d", visit_nothing, NULL, error));
        COFFER_TRY(class_->leftovers(storage, "", true, visit_no_path, NULL, error));
        COFFER_TRY(class_->sync(storage, error));
        COFFER_TRY(class_->remove(storage, (const char *const[]){"d/b"}, 1, error));
        coffer_status moved = class_->move(storage, "d/a", "d/b", error);
        return moved == COFFER_CONFLICT || moved == COFFER_NOT_FOUND ? COFFER_OK : moved;
}

static coffer_status open_and_use(void *user, coffer_error *error)
{
        coffer_storage *storage _cleanup_storage_ = NULL;
        COFFER_TRY(coffer_storage_open("local", "root", NULL, &storage, error));
        return use_everything(storage, user, error);
}

static void every_allocation_may_fail(void **state)
{
        (void)state;
        coffer_bytes *bytes _cleanup_bytes_ = bytes_of("contents");
        test_alloc_fail_each(open_and_use, bytes);
}

static coffer_status open_unknown(void *user, coffer_error *error)
{
        coffer_storage *storage = NULL;
        (void)user;
        coffer_status status = coffer_storage_open("ftp", "root", NULL, &storage, error);
        return status == COFFER_UNSUPPORTED ? COFFER_OK : status;
}

static void so_it_may_for_messages(void **state)
{
        (void)state;
        test_alloc_fail_each(open_unknown, NULL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_own_directory(every_allocation_may_fail),
                leak_checked(so_it_may_for_messages),
        };
        return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
