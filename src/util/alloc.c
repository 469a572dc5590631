/* SPDX-License-Identifier: Apache-2.0 */
#include <coffer/alloc.h>

#include <stdlib.h>
#include <string.h>

#include "util/checked.h"

static void *libc_allocate(void *user, size_t size_bytes)
{
        (void)user;
        return malloc(size_bytes);
}

static void *libc_resize(void *user, void *memory, size_t size_bytes)
{
        (void)user;
        return realloc(memory, size_bytes);
}

static void libc_release(void *user, void *memory)
{
        (void)user;
        free(memory);
}

static const coffer_allocator libc_allocator = {libc_allocate, libc_resize, libc_release, NULL};
static coffer_allocator current = {libc_allocate, libc_resize, libc_release, NULL};

void coffer_set_allocator(const coffer_allocator *allocator)
{
        current = allocator ? *allocator : libc_allocator;
}

/* Never asks for nothing: what malloc and realloc do then differs, and NULL must mean that there is no memory. */
static size_t at_least_one(size_t size_bytes)
{
        return size_bytes > 0 ? size_bytes : 1;
}

void *coffer_alloc(size_t size_bytes)
{
        return current.allocate(current.user, at_least_one(size_bytes));
}

void *coffer_alloc_zeroed(size_t count, size_t size_bytes)
{
        size_t total_bytes;
        if (!coffer_mul_size(count, size_bytes, &total_bytes))
                return NULL;
        void *memory = coffer_alloc(total_bytes);
        return memory ? memset(memory, 0, total_bytes) : NULL;
}

void *coffer_realloc(void *memory, size_t size_bytes)
{
        return current.resize(current.user, memory, at_least_one(size_bytes));
}

void *coffer_realloc_array(void *memory, size_t count, size_t size_bytes)
{
        size_t total_bytes;
        if (!coffer_mul_size(count, size_bytes, &total_bytes))
                return NULL;
        return coffer_realloc(memory, total_bytes);
}

char *coffer_strdup(const char *text)
{
        return coffer_strndup(text, SIZE_MAX);
}

char *coffer_strndup(const char *text, size_t max_bytes)
{
        size_t size_bytes = max_bytes == SIZE_MAX ? strlen(text) : strnlen(text, max_bytes);
        char *copy = coffer_alloc(size_bytes + 1);
        if (!copy)
                return NULL;
        memcpy(copy, text, size_bytes);
        copy[size_bytes] = '\0';
        return copy;
}

void coffer_free(void *memory)
{
        if (memory)
                current.release(current.user, memory);
}
