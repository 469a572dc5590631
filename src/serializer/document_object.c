/* SPDX-License-Identifier: Apache-2.0 */
/* The host "value": documents as objects. */
#include <coffer/object.h>

#include <string.h>

#include "util/cleanup.h"

static void document_ref(const coffer_object *object)
{
        coffer_document_ref(object->pointer);
}

static void document_unref(const coffer_object *object)
{
        coffer_document_unref(object->pointer);
}

static coffer_status document_root(const coffer_object *object, const coffer_value **out, coffer_error *error)
{
        const coffer_value *root = coffer_document_root(object->pointer);
        if (!root)
                return coffer_error_set(error, COFFER_DECLINED, "the document is empty");
        *out = root;
        return COFFER_OK;
}

/* NUL-terminated; false when it does not fit or has a NUL inside: such a name matches nothing. */
static bool copy_name(coffer_cursor name, char *out, size_t capacity_bytes)
{
        if (name.size_bytes >= capacity_bytes || (name.size_bytes > 0 && memchr(name.data, 0, name.size_bytes)))
                return false;
        if (name.size_bytes > 0)
                memcpy(out, name.data, name.size_bytes);
        out[name.size_bytes] = '\0';
        return true;
}

/* What a class inherits from is not known without its code, but for the end of every such list. */
static void document_ancestors(const coffer_object *object,
                               bool (*visit)(void *user, const char *module, const char *qualname), void *user)
{
        const coffer_value *root = coffer_document_root(object->pointer);
        coffer_cursor module, qualname;
        char module_text[256], qualname_text[256];
        if (!root)
                return;
        coffer_value_type(root, &module, &qualname);
        if (copy_name(module, module_text, sizeof(module_text)) &&
            copy_name(qualname, qualname_text, sizeof(qualname_text)) && !visit(user, module_text, qualname_text))
                return;
        visit(user, "builtins", "object");
}

static coffer_status document_view_bytes(const coffer_object *object, coffer_cursor *out, coffer_error *error)
{
        const coffer_value *root = NULL;
        COFFER_TRY(document_root(object, &root, error));
        coffer_kind kind = coffer_value_kind(root);
        if (kind != COFFER_KIND_BYTES && kind != COFFER_KIND_BYTEARRAY)
                return coffer_error_set(error, COFFER_DECLINED, "the value is not bytes");
        coffer_cursor data = coffer_value_data(root);
        if (data.size_bytes != coffer_value_full_size(root))
                return coffer_error_set(error, COFFER_DECLINED, "only the head of the bytes is there");
        *out = data;
        return COFFER_OK;
}

static coffer_status document_view_tensor(const coffer_object *object, coffer_tensor *out, coffer_error *error)
{
        const coffer_value *root = NULL;
        COFFER_TRY(document_root(object, &root, error));
        return coffer_value_as_tensor(object->pointer, root, out, error);
}

static coffer_status document_view_value(const coffer_object *object, coffer_document **document,
                                         const coffer_value **out, coffer_error *error)
{
        COFFER_TRY(document_root(object, out, error));
        *document = object->pointer;
        return COFFER_OK;
}

static coffer_status document_type_text(const coffer_object *object, char **out, coffer_error *error)
{
        const coffer_value *root = NULL;
        COFFER_TRY(document_root(object, &root, error));
        return coffer_value_type_text(root, out, error);
}

static const coffer_object_type document_type = {
        .version = COFFER_OBJECT_TYPE_VERSION,
        .host = "value",
        .ref = document_ref,
        .unref = document_unref,
        .ancestors = document_ancestors,
        .view_bytes = document_view_bytes,
        .view_tensor = document_view_tensor,
        .view_value = document_view_value,
        .type_text = document_type_text,
};

coffer_object coffer_object_from_document(coffer_document *document)
{
        return (coffer_object){&document_type, coffer_document_ref(document)};
}
