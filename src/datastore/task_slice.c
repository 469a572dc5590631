/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of arrays out of a task. */
#include <string.h>

#include "datastore/task.h"
#include "value/dtype.h"
#include "value/slice.h"

/* An object of the elements that `source` has where `tensor`, narrowed, has them. */
static coffer_status make_object(coffer_tensor *tensor, const coffer_tensor_source *source, coffer_document *document,
                                 coffer_object *out, coffer_error *error)
{
        coffer_bytes *elements _cleanup_bytes_ = NULL;
        coffer_value *root;
        COFFER_TRY(coffer_bytes_new(&elements, error));
        COFFER_TRY(coffer_tensor_gather(tensor, source, elements, error));
        COFFER_TRY(coffer_document_keep(document, elements, error));
        COFFER_TRY(coffer_value_tensor(document, tensor, &root, error));
        coffer_document_set_root(document, root);
        *out = coffer_object_from_document(document);
        return COFFER_OK;
}

/* ---- out of the stored contents ---- */

typedef struct stored_elements {
        coffer_ranges *contents;
        uint64_t first_offset; /* of the element that the tensor begins with */
} stored_elements;

static coffer_status read_stored(void *user, int64_t offset, void *buffer, size_t size_bytes, coffer_error *error)
{
        const stored_elements *from = user;
        size_t got_bytes;
        COFFER_TRY(from->contents->read(from->contents, from->first_offset + (uint64_t)offset, buffer, size_bytes,
                                        &got_bytes, error));
        if (got_bytes < size_bytes)
                return coffer_error_set(error, COFFER_MALFORMED, "the contents end before the array's last element");
        return COFFER_OK;
}

static coffer_status slice_contents(coffer_task *task, const char *name, const coffer_artifact_entry *entry,
                                    const coffer_slice *slices, size_t count, coffer_ranges *contents,
                                    coffer_object *out, coffer_error *error)
{
        coffer_document *document _cleanup_document_ = NULL;
        coffer_tensor tensor;
        uint64_t data_offset;
        int64_t shift_bytes;
        COFFER_TRY(coffer_document_new(&document, error));
        COFFER_TRY(coffer_registry_place_tensor(task->store->registry, entry->metadata, contents, name, document,
                                                &tensor, &data_offset, error));
        COFFER_TRY(coffer_tensor_narrow(&tensor, slices, count, &shift_bytes, error));
        stored_elements from = {contents, data_offset + (uint64_t)shift_bytes};
        coffer_tensor_source source = {read_stored, &from};
        return make_object(&tensor, &source, document, out, error);
}

/* ---- out of a whole object ---- */

static coffer_status read_memory(void *user, int64_t offset, void *buffer, size_t size_bytes, coffer_error *error)
{
        const uint8_t *first = user;
        (void)error;
        memcpy(buffer, first + offset, size_bytes);
        return COFFER_OK;
}

static coffer_status slice_object(const coffer_object *object, const char *name, const coffer_slice *slices,
                                  size_t count, coffer_object *out, coffer_error *error)
{
        coffer_document *document _cleanup_document_ = NULL;
        coffer_tensor tensor;
        int64_t shift_bytes;
        coffer_status status = coffer_object_view_tensor(object, &tensor, error);
        if (status == COFFER_DECLINED || (status == COFFER_OK && coffer_dtype_has_objects(&tensor.dtype)))
                return coffer_error_set(error, COFFER_DECLINED,
                                        "artifact '%s' is no array of numbers, so that no slice can be taken of it",
                                        name);
        COFFER_TRY(status);
        COFFER_TRY(coffer_tensor_narrow(&tensor, slices, count, &shift_bytes, error));
        coffer_tensor_source source = {read_memory, (void *)(uintptr_t)(tensor.data + shift_bytes)};
        COFFER_TRY(coffer_document_new(&document, error));
        return make_object(&tensor, &source, document, out, error);
}

/* ---- both ---- */

static coffer_status load_stored_slice(coffer_task *task, const char *name, const coffer_slice *slices, size_t count,
                                       coffer_object *out, coffer_error *error)
{
        const coffer_artifact_entry *entry;
        coffer_ranges *contents;
        COFFER_TRY(coffer_task_find(task, name, &entry, error));
        coffer_status status = coffer_cas_open_ranges(task->cas, entry->key.text, &contents, error);
        if (status != COFFER_OK)
                return coffer_task_blame(task, name, status, error);
        status = slice_contents(task, name, entry, slices, count, contents, out, error);
        contents->close(contents);
        return status;
}

coffer_status coffer_task_load_slice(coffer_task *task, const char *name, const coffer_slice *slices, size_t count,
                                     coffer_object *out, coffer_error *error)
{
        coffer_object object = {NULL, NULL};
        coffer_status status = load_stored_slice(task, name, slices, count, out, error);
        if (status != COFFER_DECLINED)
                return status;
        COFFER_TRY(coffer_task_load(task, name, &object, error));
        status = slice_object(&object, name, slices, count, out, error);
        coffer_object_unref(&object);
        return status;
}
