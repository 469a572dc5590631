/* SPDX-License-Identifier: Apache-2.0 */
/* Reading values. */
#include "value/value_internal.h"

coffer_kind coffer_value_kind(const coffer_value *value)
{
        return (coffer_kind)value->kind;
}

bool coffer_value_get_bool(const coffer_value *value)
{
        return value->kind == COFFER_KIND_BOOL && value->boolean;
}

bool coffer_value_get_int(const coffer_value *value, int64_t *out)
{
        if (value->kind != COFFER_KIND_INT || (value->flags & COFFER_NODE_BIG))
                return false;
        *out = value->integer;
        return true;
}

double coffer_value_get_float(const coffer_value *value)
{
        return value->kind == COFFER_KIND_FLOAT || value->kind == COFFER_KIND_COMPLEX ? value->real : 0.0;
}

double coffer_value_get_imaginary(const coffer_value *value)
{
        return value->kind == COFFER_KIND_COMPLEX ? ((const coffer_complex_node *)value)->imaginary : 0.0;
}

static bool is_text(const coffer_value *value)
{
        return (value->kind >= COFFER_KIND_STR && value->kind <= COFFER_KIND_BYTEARRAY) ||
               value->kind == COFFER_KIND_BUFFER;
}

coffer_cursor coffer_value_data(const coffer_value *value)
{
        if (!is_text(value))
                return coffer_cursor_of(NULL, 0);
        if (value->flags & COFFER_NODE_EXTENDED)
                return value->extended->data;
        return coffer_cursor_of(value->data, value->count);
}

uint64_t coffer_value_full_size(const coffer_value *value)
{
        if (!is_text(value))
                return 0;
        return value->flags & COFFER_NODE_EXTENDED ? value->extended->full_size_bytes : value->count;
}

bool coffer_value_buffer_is_read_only(const coffer_value *value)
{
        return value->kind == COFFER_KIND_BUFFER && (value->flags & COFFER_NODE_READ_ONLY);
}

/* The node that holds a value's items or pairs, or NULL. */
static const coffer_value *container_of(const coffer_value *value)
{
        if (value->kind >= COFFER_KIND_LIST && value->kind <= COFFER_KIND_FROZENSET)
                return value;
        return value->kind == COFFER_KIND_OBJECT ? ((const coffer_object_node *)value)->items : NULL;
}

size_t coffer_value_count(const coffer_value *value)
{
        const coffer_value *container = container_of(value);
        return container ? container->count : 0;
}

const coffer_value *coffer_value_item(const coffer_value *value, size_t index)
{
        const coffer_value *container = container_of(value);
        if (!container || index >= container->count)
                return NULL;
        return container->kind == COFFER_KIND_DICT ? container->pairs[index].value : container->items[index];
}

const coffer_value *coffer_value_key(const coffer_value *value, size_t index)
{
        return value->kind == COFFER_KIND_DICT && index < value->count ? value->pairs[index].key : NULL;
}

const coffer_value *coffer_value_lookup(const coffer_value *dict, const char *key)
{
        return dict->kind == COFFER_KIND_DICT ? coffer_table_find_text(dict, coffer_cursor_text(key)) : NULL;
}

coffer_cursor coffer_value_module(const coffer_value *global)
{
        return global->kind == COFFER_KIND_GLOBAL ? coffer_cursor_of(global->data, global->count)
                                                  : coffer_cursor_of(NULL, 0);
}

coffer_cursor coffer_value_qualname(const coffer_value *global)
{
        return global->kind == COFFER_KIND_GLOBAL ? ((const coffer_global_node *)global)->qualname
                                                  : coffer_cursor_of(NULL, 0);
}

bool coffer_value_is_global(const coffer_value *value, const char *module, const char *qualname)
{
        return value->kind == COFFER_KIND_GLOBAL && coffer_cursor_is(coffer_value_module(value), module) &&
               coffer_cursor_is(coffer_value_qualname(value), qualname);
}

uint32_t coffer_value_extension_code(const coffer_value *value)
{
        return value->kind == COFFER_KIND_EXTENSION ? value->count : 0;
}

static const coffer_object_node *object_of(const coffer_value *value)
{
        static const coffer_object_node none;
        return value->kind == COFFER_KIND_OBJECT ? (const coffer_object_node *)value : &none;
}

coffer_construction coffer_value_construction(const coffer_value *object)
{
        return (coffer_construction)object_of(object)->base.construction;
}

const coffer_value *coffer_value_callable(const coffer_value *object)
{
        return object_of(object)->base.value;
}

const coffer_value *coffer_value_args(const coffer_value *object)
{
        return object_of(object)->args;
}

const coffer_value *coffer_value_kwargs(const coffer_value *object)
{
        return object_of(object)->kwargs;
}

const coffer_value *coffer_value_state(const coffer_value *object)
{
        return object_of(object)->state;
}

const coffer_value *coffer_value_state_setter(const coffer_value *object)
{
        return object_of(object)->setter;
}

const coffer_value *coffer_value_object_pairs(const coffer_value *object)
{
        return object_of(object)->pairs;
}

const coffer_value *coffer_value_persistent_id(const coffer_value *value)
{
        return value->kind == COFFER_KIND_PERSISTENT ? value->value : NULL;
}
