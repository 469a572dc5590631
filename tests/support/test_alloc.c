/* SPDX-License-Identifier: Apache-2.0 */
#include "test_alloc.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <jansson.h>

#include <coffer/alloc.h>

#include "test.h"

static atomic_size_t live, count, fail_at;
static atomic_bool has_failed;
static size_t live_before;

/* Jansson's lexer writes past its buffer when that cannot grow (coffer_json_parse says what follows): it is spared. */
static _Thread_local bool is_spared;

json_t *__real_json_loadb(const char *data, size_t size_bytes, size_t flags, json_error_t *error);
json_t *__wrap_json_loadb(const char *data, size_t size_bytes, size_t flags, json_error_t *error);

json_t *__wrap_json_loadb(const char *data, size_t size_bytes, size_t flags, json_error_t *error)
{
        is_spared = true;
        json_t *json = __real_json_loadb(data, size_bytes, flags, error);
        is_spared = false;
        return json;
}

static bool must_fail(void)
{
        if (is_spared)
                return false;
        bool fails = atomic_fetch_add(&count, 1) + 1 == atomic_load(&fail_at);
        if (fails) {
                atomic_store(&has_failed, true);
                errno = ENOMEM; /* as malloc does */
        }
        return fails;
}

static void *counted(void *memory)
{
        if (memory)
                atomic_fetch_add(&live, 1);
        return memory;
}

static void *allocate(void *user, size_t size_bytes)
{
        (void)user;
        return must_fail() ? NULL : counted(malloc(size_bytes));
}

static void *resize(void *user, void *memory, size_t size_bytes)
{
        if (!memory)
                return allocate(user, size_bytes);
        return must_fail() ? NULL : realloc(memory, size_bytes);
}

static void release(void *user, void *memory)
{
        (void)user;
        if (memory)
                atomic_fetch_sub(&live, 1);
        free(memory);
}

int test_alloc_setup(void **state)
{
        (void)state;
        static const coffer_allocator allocator = {allocate, resize, release, NULL};
        coffer_set_allocator(&allocator);
        json_set_alloc_funcs(coffer_alloc, coffer_free);
        test_alloc_fail_at(0);
        live_before = test_alloc_live();
        return 0;
}

int test_alloc_teardown(void **state)
{
        (void)state;
        test_alloc_fail_at(0);
        size_t live_now = test_alloc_live();
        if (live_now == live_before)
                return 0;
        print_error("%zu allocations live after the case, %zu before it\n", live_now, live_before);
        return -1;
}

void test_alloc_fail_at(size_t nth)
{
        atomic_store(&count, 0);
        atomic_store(&fail_at, nth);
}

size_t test_alloc_count(void)
{
        return atomic_load(&count);
}

size_t test_alloc_live(void)
{
        return atomic_load(&live);
}

void test_alloc_fail_each(coffer_status (*body)(void *user, coffer_error *error), void *user)
{
        size_t failures = 0;
        for (size_t nth = 1;; nth++) {
                coffer_error error = COFFER_ERROR_INIT;
                size_t live_at_start = test_alloc_live();
                atomic_store(&has_failed, false);
                test_alloc_fail_at(nth);
                coffer_status status = body(user, &error);
                test_alloc_fail_at(0);
                bool reached = atomic_load(&has_failed);
                if (test_alloc_live() != live_at_start)
                        fail_msg("failing allocation %zu leaves %zu allocations, not %zu", nth, test_alloc_live(),
                                 live_at_start);
                if (status != COFFER_OK && (status != COFFER_NO_MEMORY || !reached || error.status != status))
                        fail_msg("failing allocation %zu gives %s: %s", nth, coffer_status_name(status), error.message);
                failures += status == COFFER_NO_MEMORY;
                if (!reached)
                        break;
        }
        assert_true(failures > 0);
}
