/* SPDX-License-Identifier: Apache-2.0 */
/* Objects of any host. */
#include <coffer/object.h>

#include <string.h>

#include <coffer/alloc.h>

coffer_status coffer_object_view_bytes(const coffer_object *object, coffer_cursor *out, coffer_error *error)
{
        if (!object->type || !object->type->view_bytes)
                return coffer_error_set(error, COFFER_DECLINED, "the object has no view as bytes");
        return object->type->view_bytes(object, out, error);
}

coffer_status coffer_object_view_tensor(const coffer_object *object, coffer_tensor *out, coffer_error *error)
{
        if (!object->type || !object->type->view_tensor)
                return coffer_error_set(error, COFFER_DECLINED, "the object has no view as a tensor");
        return object->type->view_tensor(object, out, error);
}

coffer_status coffer_object_view_value(const coffer_object *object, coffer_document **document,
                                       const coffer_value **out, coffer_error *error)
{
        if (!object->type || !object->type->view_value)
                return coffer_error_set(error, COFFER_DECLINED, "the object has no view as a value");
        return object->type->view_value(object, document, out, error);
}

coffer_status coffer_object_type_text(const coffer_object *object, char **out, coffer_error *error)
{
        if (object->type && object->type->type_text)
                return object->type->type_text(object, out, error);
        char *text = coffer_strdup("object");
        if (!text)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for the name of a type");
        *out = text;
        return COFFER_OK;
}

struct wanted {
        const char *module;
        const char *qualname;
        bool own_type_only;
        bool found;
};

static bool is_wanted(void *user, const char *module, const char *qualname)
{
        struct wanted *wanted = user;
        wanted->found = strcmp(module, wanted->module) == 0 && strcmp(qualname, wanted->qualname) == 0;
        return !wanted->found && !wanted->own_type_only;
}

static bool is(const coffer_object *object, struct wanted wanted)
{
        if (object->type && object->type->ancestors)
                object->type->ancestors(object, is_wanted, &wanted);
        return wanted.found;
}

bool coffer_object_is(const coffer_object *object, const char *module, const char *qualname)
{
        return is(object, (struct wanted){module, qualname, false, false});
}

bool coffer_object_is_exactly(const coffer_object *object, const char *module, const char *qualname)
{
        return is(object, (struct wanted){module, qualname, true, false});
}

void coffer_object_ref(const coffer_object *object)
{
        if (object->type)
                object->type->ref(object);
}

void coffer_object_unref(coffer_object *object)
{
        if (!object->type)
                return;
        coffer_object gone = *object;
        *object = (coffer_object){NULL, NULL};
        gone.type->unref(&gone);
}
