/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of blobs. */
#include <string.h>

#include "cas/cas_internal.h"
#include "util/cursor.h"

typedef struct blob_ranges {
        coffer_ranges base;
        const coffer_cas *cas;
        coffer_key key;
        coffer_stored_blob blob;
        coffer_cursor stored;
        coffer_ranges *contents; /* NULL: what is stored is the contents */
} blob_ranges;

static coffer_status read_raw(const blob_ranges *self, uint64_t offset, void *buffer, size_t size_bytes,
                              size_t *got_bytes)
{
        size_t left_bytes = offset < self->stored.size_bytes ? self->stored.size_bytes - (size_t)offset : 0;
        *got_bytes = size_bytes < left_bytes ? size_bytes : left_bytes;
        if (*got_bytes > 0)
                memcpy(buffer, self->stored.data + offset, *got_bytes);
        return COFFER_OK;
}

static coffer_status blob_ranges_read(coffer_ranges *ranges, uint64_t offset, void *buffer, size_t size_bytes,
                                      size_t *got_bytes, coffer_error *error)
{
        blob_ranges *self = (blob_ranges *)ranges;
        coffer_error cause = COFFER_ERROR_INIT;

        if (!self->contents)
                return read_raw(self, offset, buffer, size_bytes, got_bytes);
        if (self->contents->read(self->contents, offset, buffer, size_bytes, got_bytes, &cause) != COFFER_OK)
                return coffer_cas_blame(self->cas, self->key.text, self->blob.path, &cause, error);
        return COFFER_OK;
}

static void blob_ranges_close(coffer_ranges *ranges)
{
        blob_ranges *self = (blob_ranges *)ranges;
        if (self->contents)
                self->contents->close(self->contents);
        coffer_stored_blob_done(&self->blob);
        coffer_free(self);
}

static coffer_status open_ranges(blob_ranges *self, coffer_error *error)
{
        coffer_error cause = COFFER_ERROR_INIT;
        coffer_sidecar sidecar;

        COFFER_TRY(coffer_cas_fetch(self->cas, self->key.text, &self->blob, error));
        COFFER_TRY(coffer_sidecar_parse(self->blob.metadata_json, self->blob.path, &sidecar, error));
        COFFER_TRY(coffer_bytes_contiguous(self->blob.bytes, &self->stored, error));
        if (!sidecar.frame)
                return COFFER_OK;
        if (sidecar.frame->open_ranges(self->blob.bytes, self->cas->max_blob_bytes, &self->contents, &cause) !=
            COFFER_OK)
                return coffer_cas_blame(self->cas, self->key.text, self->blob.path, &cause, error);
        return COFFER_OK;
}

coffer_status coffer_cas_open_ranges(coffer_cas *cas, const char *key, coffer_ranges **out, coffer_error *error)
{
        COFFER_TRY(coffer_cas_check_key(key, error));
        blob_ranges *self = coffer_alloc_zeroed(1, sizeof(*self));
        if (!self)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to read blob %s", key);
        self->base = (coffer_ranges){blob_ranges_read, blob_ranges_close};
        self->cas = cas;
        memcpy(self->key.text, key, sizeof(self->key.text));
        coffer_status status = open_ranges(self, error);
        if (status == COFFER_OK)
                *out = &self->base;
        else
                blob_ranges_close(&self->base);
        return status;
}
