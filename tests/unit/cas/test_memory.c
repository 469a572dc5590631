/* SPDX-License-Identifier: Apache-2.0 */
/* Running out of memory at every allocation. */
#include "cas_fixture.h"

static coffer_status ignore_key(void *user, const char *key, coffer_error *error)
{
        (void)user;
        (void)key;
        (void)error;
        return COFFER_OK;
}

/* What is damaged at the end of a run is removed, so that the next one begins as this one did. */
static coffer_status save_and_load(coffer_cas *cas, coffer_cas *other, coffer_bytes *bytes, coffer_error *error)
{
        coffer_bytes *back _cleanup_bytes_ = NULL, *stored _cleanup_bytes_ = NULL;
        coffer_buf streamed _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
        coffer_blob_health health;
        coffer_key key;
        char *moved_to _cleanup_free_ = NULL, aside[128];

        COFFER_TRY(coffer_cas_save(cas, bytes, false, &key, error));
        COFFER_TRY(coffer_cas_save(cas, bytes, false, &key, error));
        COFFER_TRY(coffer_cas_load(cas, key.text, &back, NULL, error));
        COFFER_TRY(coffer_cas_load_stored(cas, key.text, &stored, error));
        COFFER_TRY(drain_stream(cas, key.text, &streamed, error));
        COFFER_TRY(coffer_cas_check(cas, key.text, &health, NULL, NULL, error));
        COFFER_TRY(coffer_cas_transfer(cas, other, key.text, error));
        unlink(sidecar_of(key.text));
        COFFER_TRY(coffer_cas_mend(cas, key.text, COFFER_BLOB_NO_SIDECAR, NULL, error));
        write_text(file_of(key.text), "damaged");
        COFFER_TRY(coffer_cas_mend(cas, key.text, COFFER_BLOB_DAMAGED, &moved_to, error));
        snprintf(aside, sizeof(aside), "root/%s", moved_to);
        unlink(aside);
        return coffer_cas_list(cas, ignore_key, NULL, error);
}

static coffer_status open_save_and_load(void *user, coffer_error *error)
{
        coffer_storage *storage _cleanup_storage_ = NULL;
        coffer_cas *cas _cleanup_cas_ = NULL, *other _cleanup_cas_ = NULL;
        COFFER_TRY(coffer_storage_open("local", "root", NULL, &storage, error));
        COFFER_TRY(coffer_cas_new(storage, "F/data", NULL, &cas, error));
        COFFER_TRY(coffer_cas_new(storage, "G/data", NULL, &other, error));
        return save_and_load(cas, other, user, error);
}

static void every_allocation_may_fail(void **state)
{
        (void)state;
        coffer_buf contents _cleanup_buf_ = contents_of(TEXT, 3000);
        coffer_bytes *bytes _cleanup_bytes_ = borrowed(coffer_buf_cursor(&contents));
        test_alloc_fail_each(open_save_and_load, bytes);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_own_directory(every_allocation_may_fail),
        };
        return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
