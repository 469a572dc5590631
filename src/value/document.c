/* SPDX-License-Identifier: Apache-2.0 */
/* Documents: an arena of chunks that grow geometrically, and blocks for arrays too large for them. */
#include <sys/mman.h>

#include "value/value_internal.h"

enum {
        FIRST_CHUNK_BYTES = 1 << 10,
        MAX_CHUNK_BYTES = 1 << 25,
        LARGE_BYTES = 1 << 21,
        PAGE_BYTES = 1 << 12,
        ALLOCATOR_BYTES = 64, /* left to the allocator, so that with its own data a chunk fills whole pages */
        BLOCK_BYTES = 1 << 16 /* from here on an array has memory of its own, which can be resized in place */
};

struct coffer_chunk {
        struct coffer_chunk *next;
        uint64_t memory[];
};

struct coffer_block {
        struct coffer_block *next;
        struct coffer_block *previous;
        uint64_t memory[];
};

coffer_status coffer_document_new(coffer_document **out, coffer_error *error)
{
        coffer_document *document = (coffer_document *)coffer_alloc_zeroed(1, sizeof(*document));
        if (!document)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory");
        atomic_init(&document->references, 1);
        pthread_mutex_init(&document->late, NULL);
        document->chunk_bytes = FIRST_CHUNK_BYTES;
        document->limit_bytes = SIZE_MAX;
        *out = document;
        return COFFER_OK;
}

coffer_document *coffer_document_ref(coffer_document *document)
{
        if (document)
                atomic_fetch_add_explicit(&document->references, 1, memory_order_relaxed);
        return document;
}

static void document_free(coffer_document *document)
{
        for (struct coffer_chunk *chunk = document->chunks, *next; chunk; chunk = next) {
                next = chunk->next;
                coffer_free(chunk);
        }
        for (struct coffer_block *block = document->blocks, *next; block; block = next) {
                next = block->next;
                coffer_free(block);
        }
        for (size_t i = 0; i < document->kept_count; i++)
                coffer_bytes_unref(document->kept[i]);
        coffer_free(document->kept);
        pthread_mutex_destroy(&document->late);
        coffer_free(document);
}

void coffer_document_unref(coffer_document *document)
{
        if (document && atomic_fetch_sub_explicit(&document->references, 1, memory_order_acq_rel) == 1)
                document_free(document);
}

const coffer_value *coffer_document_root(const coffer_document *document)
{
        return document->root;
}

void coffer_document_set_root(coffer_document *document, const coffer_value *root)
{
        document->root = root;
}

const coffer_value *coffer_document_unused(const coffer_document *document)
{
        return document->unused;
}

coffer_status coffer_document_add_unused(coffer_document *document, const coffer_value *value, coffer_error *error)
{
        if (!document->unused)
                document->unused = coffer_node_container(document, COFFER_KIND_LIST);
        if (!document->unused)
                return coffer_document_failure(document, error);
        return coffer_node_extend(document, document->unused, &value, 1, error);
}

coffer_status coffer_document_keep(coffer_document *document, coffer_bytes *bytes, coffer_error *error)
{
        if (document->kept_count == document->kept_capacity) {
                size_t capacity = document->kept_capacity ? document->kept_capacity * 2 : 4;
                coffer_bytes **kept = (coffer_bytes **)coffer_realloc_array(document->kept, capacity, sizeof(*kept));
                if (!kept)
                        return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory");
                document->kept = kept;
                document->kept_capacity = capacity;
        }
        document->kept[document->kept_count++] = coffer_bytes_ref(bytes);
        return COFFER_OK;
}

void coffer_document_set_limit(coffer_document *document, size_t limit_bytes)
{
        document->limit_bytes = limit_bytes;
}

size_t coffer_document_used_bytes(const coffer_document *document)
{
        return document->used_bytes;
}

coffer_status coffer_document_failure(const coffer_document *document, coffer_error *error)
{
        if (document->over_limit)
                return coffer_error_set(error, COFFER_LIMIT,
                                        "the values need more than the allowed %zu bytes of memory",
                                        document->limit_bytes);
        return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory");
}

/* Books `size_bytes` against the limit. */
static bool take_from_limit(coffer_document *document, size_t size_bytes)
{
        document->over_limit = document->used_bytes > document->limit_bytes ||
                               size_bytes > document->limit_bytes - document->used_bytes;
        if (document->over_limit)
                return false;
        document->used_bytes += size_bytes;
        return true;
}

/* The first touch of a page takes longer than making the values on it: asks for few, large pages. Advice about the rest
 * of the outermost pages does no harm to whom they belong to. */
static void advise_large_pages(void *memory, size_t size_bytes)
{
        uintptr_t first = (uintptr_t)memory & ~(uintptr_t)(PAGE_BYTES - 1);
        uintptr_t end = ((uintptr_t)memory + size_bytes + PAGE_BYTES - 1) & ~(uintptr_t)(PAGE_BYTES - 1);
        if (end - first >= LARGE_BYTES)
                (void)madvise((void *)first, end - first, MADV_HUGEPAGE);
}

static void *new_block(coffer_document *document, size_t size_bytes)
{
        size_t total;
        if (!coffer_add_size(size_bytes, sizeof(struct coffer_block), &total))
                total = SIZE_MAX;
        if (!take_from_limit(document, total))
                return NULL;
        struct coffer_block *block = (struct coffer_block *)coffer_alloc(total);
        if (!block) {
                document->used_bytes -= total;
                return NULL;
        }
        block->previous = NULL;
        block->next = document->blocks;
        if (block->next)
                block->next->previous = block;
        document->blocks = block;
        return block->memory;
}

static bool new_chunk(coffer_document *document, size_t at_least_bytes)
{
        size_t total = document->chunk_bytes - ALLOCATOR_BYTES;
        size_t needed = at_least_bytes + sizeof(struct coffer_chunk);
        size_t left = document->limit_bytes > document->used_bytes ? document->limit_bytes - document->used_bytes : 0;
        if (total > left)
                total = left;
        if (total < needed)
                total = needed;
        if (!take_from_limit(document, total))
                return false;
        struct coffer_chunk *chunk = (struct coffer_chunk *)coffer_alloc(total);
        if (!chunk) {
                document->used_bytes -= total;
                return false;
        }
        advise_large_pages(chunk, total);
        chunk->next = document->chunks;
        document->chunks = chunk;
        document->next = (uint8_t *)chunk->memory;
        document->end = (uint8_t *)chunk + total;
        if (document->chunk_bytes < MAX_CHUNK_BYTES)
                document->chunk_bytes *= 2;
        return true;
}

void *coffer_document_alloc_slow(coffer_document *document, size_t size_bytes)
{
        if (size_bytes >= BLOCK_BYTES)
                return new_block(document, size_bytes);
        if (!new_chunk(document, (size_bytes + 7) & ~(size_t)7))
                return NULL;
        return coffer_document_alloc(document, size_bytes);
}

static void *grow_block(coffer_document *document, void *memory, size_t old_bytes, size_t new_bytes)
{
        size_t total;
        if (!coffer_add_size(new_bytes, sizeof(struct coffer_block), &total))
                total = SIZE_MAX;
        size_t extra = total - sizeof(struct coffer_block) - old_bytes;
        if (!take_from_limit(document, extra))
                return NULL;
        struct coffer_block *block = (struct coffer_block *)((uint8_t *)memory - offsetof(struct coffer_block, memory));
        struct coffer_block *moved = (struct coffer_block *)coffer_realloc(block, total);
        if (!moved) {
                document->used_bytes -= extra;
                return NULL;
        }
        if (moved->next)
                moved->next->previous = moved;
        if (moved->previous)
                moved->previous->next = moved;
        else
                document->blocks = moved;
        return moved->memory;
}

void *coffer_document_grow(coffer_document *document, void *memory, size_t old_bytes, size_t new_bytes)
{
        if (old_bytes >= BLOCK_BYTES)
                return grow_block(document, memory, old_bytes, new_bytes);
        void *moved =
                new_bytes >= BLOCK_BYTES ? new_block(document, new_bytes) : coffer_document_alloc(document, new_bytes);
        if (moved && old_bytes > 0)
                memcpy(moved, memory, old_bytes);
        return moved;
}
