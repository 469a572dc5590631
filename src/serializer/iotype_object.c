/* SPDX-License-Identifier: Apache-2.0 */
/* Typed objects: a value with its type (host "iotype"). */
#include "serializer/iotype.h"

#include "util/text.h"

typedef struct typed {
        atomic_size_t references;
        coffer_iotype *type;
        coffer_object value;
} typed;

static void typed_ref(const coffer_object *object)
{
        typed *self = object->pointer;
        atomic_fetch_add_explicit(&self->references, 1, memory_order_relaxed);
}

static void typed_unref(const coffer_object *object)
{
        typed *self = object->pointer;
        if (atomic_fetch_sub_explicit(&self->references, 1, memory_order_acq_rel) != 1)
                return;
        coffer_object_unref(&self->value);
        coffer_iotype_unref(self->type);
        coffer_free(self);
}

static const coffer_object *value_of(const coffer_object *object)
{
        return &((const typed *)object->pointer)->value;
}

static void typed_ancestors(const coffer_object *object,
                            bool (*visit)(void *user, const char *module, const char *qualname), void *user)
{
        const typed *self = object->pointer;
        if (visit(user, "coffer.types", self->type->class_->name) && visit(user, "coffer.types", "IOType"))
                visit(user, "builtins", "object");
}

static coffer_status typed_view_bytes(const coffer_object *object, coffer_cursor *out, coffer_error *error)
{
        return coffer_object_view_bytes(value_of(object), out, error);
}

static coffer_status typed_view_tensor(const coffer_object *object, coffer_tensor *out, coffer_error *error)
{
        return coffer_object_view_tensor(value_of(object), out, error);
}

static coffer_status typed_view_value(const coffer_object *object, coffer_document **document, const coffer_value **out,
                                      coffer_error *error)
{
        return coffer_object_view_value(value_of(object), document, out, error);
}

static coffer_status typed_type_text(const coffer_object *object, char **out, coffer_error *error)
{
        const typed *self = object->pointer;
        return coffer_text_format(out, error, "<class 'coffer.types.%s'>", self->type->class_->name);
}

static coffer_status typed_view_iotype(const coffer_object *object, coffer_iotype **type, coffer_object *value,
                                       coffer_error *error)
{
        const typed *self = object->pointer;
        (void)error;
        *type = self->type;
        *value = self->value;
        return COFFER_OK;
}

const coffer_object_type coffer_iotype_object_type = {
        .version = COFFER_OBJECT_TYPE_VERSION,
        .host = "iotype",
        .ref = typed_ref,
        .unref = typed_unref,
        .ancestors = typed_ancestors,
        .view_bytes = typed_view_bytes,
        .view_tensor = typed_view_tensor,
        .view_value = typed_view_value,
        .type_text = typed_type_text,
        .view_iotype = typed_view_iotype,
};

coffer_status coffer_iotype_object(coffer_iotype *type, const coffer_object *value, coffer_object *out,
                                   coffer_error *error)
{
        if (!value->type)
                return coffer_error_set(error, COFFER_INVALID, "there is no value for an object of type %s",
                                        coffer_iotype_name(type));
        typed *self = coffer_alloc(sizeof(*self));
        if (!self)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a typed object");
        atomic_init(&self->references, 1);
        self->type = coffer_iotype_ref(type);
        self->value = *value;
        coffer_object_ref(value);
        *out = (coffer_object){&coffer_iotype_object_type, self};
        return COFFER_OK;
}

coffer_status coffer_object_view_iotype(const coffer_object *object, coffer_iotype **type, coffer_object *value,
                                        coffer_error *error)
{
        if (!object->type || !object->type->view_iotype)
                return coffer_error_set(error, COFFER_DECLINED, "the object is no typed one");
        return object->type->view_iotype(object, type, value, error);
}
