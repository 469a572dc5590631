/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>

#include "serializer/metadata.h"

struct coffer_blob {
        atomic_size_t references;
        coffer_bytes *bytes; /* NULL for a reference */
        char *reference;     /* NULL for bytes */
};

struct coffer_blob_list {
        coffer_blob **blobs;
        size_t count;
        size_t capacity;
};

static coffer_status new_blob(coffer_blob **out, coffer_error *error)
{
        coffer_blob *blob = coffer_alloc_zeroed(1, sizeof(*blob));
        if (!blob)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a blob");
        atomic_init(&blob->references, 1);
        *out = blob;
        return COFFER_OK;
}

coffer_status coffer_blob_new(coffer_bytes *bytes, coffer_blob **out, coffer_error *error)
{
        if (!bytes)
                return coffer_error_set(error, COFFER_INVALID, "a blob needs bytes");
        coffer_blob *blob = NULL;
        COFFER_TRY(new_blob(&blob, error));
        blob->bytes = coffer_bytes_ref(bytes);
        *out = blob;
        return COFFER_OK;
}

coffer_status coffer_blob_new_reference(const char *uri, coffer_blob **out, coffer_error *error)
{
        if (!uri || !*uri)
                return coffer_error_set(error, COFFER_INVALID, "a reference needs a URI");
        _cleanup_blob_ coffer_blob *blob = NULL;
        COFFER_TRY(new_blob(&blob, error));
        blob->reference = coffer_strdup(uri);
        if (!blob->reference)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a reference");
        *out = TAKE_PTR(blob);
        return COFFER_OK;
}

coffer_blob *coffer_blob_ref(coffer_blob *blob)
{
        atomic_fetch_add_explicit(&blob->references, 1, memory_order_relaxed);
        return blob;
}

void coffer_blob_unref(coffer_blob *blob)
{
        if (!blob || atomic_fetch_sub_explicit(&blob->references, 1, memory_order_acq_rel) != 1)
                return;
        coffer_bytes_unref(blob->bytes);
        coffer_free(blob->reference);
        coffer_free(blob);
}

coffer_bytes *coffer_blob_bytes(const coffer_blob *blob)
{
        return blob->bytes;
}

const char *coffer_blob_reference(const coffer_blob *blob)
{
        return blob->reference;
}

coffer_status coffer_blob_list_new(coffer_blob_list **out, coffer_error *error)
{
        coffer_blob_list *list = coffer_alloc_zeroed(1, sizeof(*list));
        if (!list)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a list of blobs");
        *out = list;
        return COFFER_OK;
}

void coffer_blob_list_free(coffer_blob_list *list)
{
        if (!list)
                return;
        for (size_t i = 0; i < list->count; i++)
                coffer_blob_unref(list->blobs[i]);
        coffer_free(list->blobs);
        coffer_free(list);
}

coffer_status coffer_blob_list_add(coffer_blob_list *list, coffer_blob *blob, coffer_error *error)
{
        if (list->count == list->capacity) {
                size_t capacity = list->capacity ? list->capacity * 2 : 1; /* nearly always there is just one */
                coffer_blob **blobs = coffer_realloc_array(list->blobs, capacity, sizeof(coffer_blob *));
                if (!blobs)
                        return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a list of %zu blobs",
                                                capacity);
                list->blobs = blobs;
                list->capacity = capacity;
        }
        list->blobs[list->count++] = coffer_blob_ref(blob);
        return COFFER_OK;
}

coffer_status coffer_blob_list_add_bytes(coffer_blob_list *list, coffer_bytes *bytes, coffer_error *error)
{
        _cleanup_blob_ coffer_blob *blob = NULL;
        COFFER_TRY(coffer_blob_new(bytes, &blob, error));
        return coffer_blob_list_add(list, blob, error);
}

size_t coffer_blob_list_count(const coffer_blob_list *list)
{
        return list->count;
}

coffer_blob *coffer_blob_list_at(const coffer_blob_list *list, size_t index)
{
        return index < list->count ? list->blobs[index] : NULL;
}
