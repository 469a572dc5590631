/* SPDX-License-Identifier: Apache-2.0 */
/* Reading descriptors of extensions (docs/descriptor.md). */
#ifndef COFFER_SERIALIZER_DESCRIPTOR_H
#define COFFER_SERIALIZER_DESCRIPTOR_H

#include <coffer/registry.h>
#include "util/json.h"

enum { COFFER_DESCRIPTOR_MAX_BYTES = 64 << 10, COFFER_DESCRIPTOR_MAX_ITEMS = 256 };

/* One entry. Texts are borrowed from the JSON value it was read from. */
typedef struct coffer_descriptor_entry {
        coffer_descriptor descriptor; /* its location is NULL */
        const char *library; /* relative to the descriptor's directory, or absolute; NULL only with a problem */
        const char *symbol;
        int32_t priority;
        const char **types; /* owned lists, which the descriptor points to */
        const char **encodings;
        const char **needs;
        const char **iotypes; /* names of artifact types that the library has; NULL: it has a serializer */
        coffer_error problem; /* why it can't be used; COFFER_OK: it can */
        coffer_error remark;  /* about something that was ignored; COFFER_OK: nothing was */
} coffer_descriptor_entry;

/* The entries of a descriptor file: a list, or one object without a list. A file of another shape has one, which is
 * told to be broken when it is read. */
size_t coffer_descriptor_count(const json_t *file);
const json_t *coffer_descriptor_at(const json_t *file, size_t index);

/* Whatever is wrong with the entry is put down in it; fails only for want of memory. An entry without a usable name is
 * called `fallback_name`. Give it to coffer_descriptor_entry_done afterwards. */
COFFER_MUST_CHECK coffer_status coffer_descriptor_read(const json_t *json, const char *fallback_name,
                                                       coffer_descriptor_entry *out, coffer_error *error);
void coffer_descriptor_entry_done(coffer_descriptor_entry *entry);

#endif
