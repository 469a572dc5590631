/* SPDX-License-Identifier: Apache-2.0 */
/* The table of types, and what they share. */
#include "types/types.h"

static const coffer_iotype_class *const types[] = {
        &coffer_type_bool,   &coffer_type_bytes,  &coffer_type_enum, &coffer_type_float32, &coffer_type_float64,
        &coffer_type_int32,  &coffer_type_int64,  &coffer_type_json, &coffer_type_list,    &coffer_type_map,
        &coffer_type_struct, &coffer_type_tensor, &coffer_type_text,
};

coffer_status coffer_types_register(coffer_registry *registry, coffer_error *error)
{
        for (size_t i = 0; i < ARRAY_COUNT(types); i++)
                COFFER_TRY(coffer_iotype_register(registry, types[i], error));
        return COFFER_OK;
}

coffer_status coffer_type_mismatch(const coffer_iotype *type, const coffer_value *value, coffer_error *error)
{
        coffer_print_options options = COFFER_PRINT_OPTIONS_INIT;
        char *text _cleanup_free_ = NULL;
        options.max_depth = 1;
        options.max_items = 3;
        options.max_text_bytes = 40;
        options.max_output_bytes = 80;
        options.width = 0;
        coffer_document *scratch _cleanup_document_ = NULL;
        COFFER_TRY(coffer_document_new(&scratch, error));
        coffer_status status = coffer_value_print(scratch, value, &options, &text, error);
        if (status == COFFER_NO_MEMORY)
                return status;
        if (status != COFFER_OK)
                COFFER_TRY(coffer_value_summary(value, &text, error));
        return coffer_error_set(error, COFFER_MALFORMED, "%s is no %s", text, coffer_iotype_name(type));
}

coffer_status coffer_type_spec(const char *json, char **out, coffer_error *error)
{
        char *copy = coffer_strdup(json);
        if (!copy)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a schema");
        *out = copy;
        return COFFER_OK;
}

static void release_object(void *owner)
{
        coffer_object_unref(owner);
        coffer_free(owner);
}

coffer_status coffer_type_borrow(const coffer_object *value, coffer_cursor data, bool may_change, coffer_bytes *out,
                                 coffer_error *error)
{
        if (data.size_bytes == 0)
                return COFFER_OK;
        coffer_object *owner = coffer_alloc(sizeof(*owner));
        if (!owner)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a blob");
        *owner = *value;
        coffer_object_ref(owner);
        coffer_status status = coffer_bytes_append_borrow(out, data, release_object, owner, error);
        if (status != COFFER_OK)
                release_object(owner);
        else if (may_change)
                coffer_bytes_set_unstable(out);
        return status;
}

coffer_object coffer_type_object(coffer_document *document, const coffer_value *root)
{
        coffer_document_set_root(document, root);
        return coffer_object_from_document(document);
}
