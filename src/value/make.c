/* SPDX-License-Identifier: Apache-2.0 */
/* Making values. */
#include "value/value_internal.h"
#include "util/utf8.h"

const coffer_value coffer_node_none_shared = {.kind = COFFER_KIND_NONE};
const coffer_value coffer_node_bool_shared[2] = {{.kind = COFFER_KIND_BOOL, .boolean = false},
                                                 {.kind = COFFER_KIND_BOOL, .boolean = true}};

#define INT_1(n)                                                                                                       \
        {                                                                                                              \
                .kind = COFFER_KIND_INT, .integer = (n)                                                                \
        }
#define INT_4(n)   INT_1(n), INT_1((n) + 1), INT_1((n) + 2), INT_1((n) + 3)
#define INT_16(n)  INT_4(n), INT_4((n) + 4), INT_4((n) + 8), INT_4((n) + 12)
#define INT_64(n)  INT_16(n), INT_16((n) + 16), INT_16((n) + 32), INT_16((n) + 48)
#define INT_128(n) INT_64(n), INT_64((n) + 64)
#define INT_1024(n)                                                                                                    \
        INT_128(n), INT_128((n) + 128), INT_128((n) + 256), INT_128((n) + 384), INT_128((n) + 512),                    \
                INT_128((n) + 640), INT_128((n) + 768), INT_128((n) + 896)
const coffer_value coffer_node_int_shared[COFFER_SHARED_INT_COUNT] = {INT_1024(COFFER_SHARED_INT_MIN),
                                                                      INT_128(COFFER_SHARED_INT_MIN + 1024)};

/* Hands a made node out, or says why there is none. */
static coffer_status deliver(const coffer_document *document, coffer_value *node, coffer_value **out,
                             coffer_error *error)
{
        if (!node)
                return coffer_document_failure(document, error);
        *out = node;
        return COFFER_OK;
}

coffer_status coffer_value_none(coffer_document *document, coffer_value **out, coffer_error *error)
{
        return deliver(document, coffer_node_none(), out, error);
}

coffer_status coffer_value_bool(coffer_document *document, bool value, coffer_value **out, coffer_error *error)
{
        return deliver(document, coffer_node_bool(value), out, error);
}

coffer_status coffer_value_int(coffer_document *document, int64_t value, coffer_value **out, coffer_error *error)
{
        return deliver(document, coffer_node_int(document, value), out, error);
}

coffer_status coffer_value_float(coffer_document *document, double value, coffer_value **out, coffer_error *error)
{
        return deliver(document, coffer_node_float(document, value), out, error);
}

coffer_status coffer_value_complex(coffer_document *document, double real, double imaginary, coffer_value **out,
                                   coffer_error *error)
{
        coffer_value *node = coffer_node_of_kind(document, COFFER_KIND_COMPLEX, sizeof(coffer_complex_node));
        if (node) {
                node->real = real;
                ((coffer_complex_node *)node)->imaginary = imaginary;
        }
        return deliver(document, node, out, error);
}

/* ---- text ---- */

static void *copy_data(coffer_document *document, coffer_cursor data)
{
        void *copy = coffer_document_alloc(document, data.size_bytes ? data.size_bytes : 1);
        if (copy && data.size_bytes > 0)
                memcpy(copy, data.data, data.size_bytes);
        return copy;
}

coffer_value *coffer_node_text_head(coffer_document *document, coffer_kind kind, coffer_cursor head,
                                    uint64_t full_size_bytes)
{
        coffer_extended_data *extended = (coffer_extended_data *)coffer_document_alloc(document, sizeof(*extended));
        coffer_value *node = extended ? coffer_node_of_kind(document, kind, sizeof(*node)) : NULL;
        if (!node)
                return NULL;
        *extended = (coffer_extended_data){.data = head, .full_size_bytes = full_size_bytes};
        node->flags = COFFER_NODE_EXTENDED;
        node->extended = extended;
        return node;
}

coffer_value *coffer_node_text_copy(coffer_document *document, coffer_kind kind, coffer_cursor text)
{
        void *copy = copy_data(document, text);
        return copy ? coffer_node_text(document, kind, coffer_cursor_of(copy, text.size_bytes)) : NULL;
}

coffer_value *coffer_node_text_made(coffer_document *document, coffer_kind kind, coffer_cursor text)
{
        const uint8_t *shared = coffer_shared_text(kind, text);
        return shared ? coffer_node_text(document, kind, coffer_cursor_of(shared, text.size_bytes))
                      : coffer_node_text_copy(document, kind, text);
}

static coffer_status make_text(coffer_document *document, coffer_kind kind, coffer_cursor text, bool borrow,
                               coffer_value **out, coffer_error *error)
{
        coffer_value *node =
                borrow ? coffer_node_text(document, kind, text) : coffer_node_text_made(document, kind, text);
        return deliver(document, node, out, error);
}

coffer_status coffer_value_str(coffer_document *document, coffer_cursor text, bool borrow, coffer_value **out,
                               coffer_error *error)
{
        if (!coffer_utf8_valid(text, true))
                return coffer_error_set(error, COFFER_MALFORMED, "text is not valid UTF-8");
        return make_text(document, COFFER_KIND_STR, text, borrow, out, error);
}

coffer_status coffer_value_bytes(coffer_document *document, coffer_cursor data, bool borrow, coffer_value **out,
                                 coffer_error *error)
{
        return make_text(document, COFFER_KIND_BYTES, data, borrow, out, error);
}

coffer_status coffer_value_bytearray(coffer_document *document, coffer_cursor data, bool borrow, coffer_value **out,
                                     coffer_error *error)
{
        return make_text(document, COFFER_KIND_BYTEARRAY, data, borrow, out, error);
}

coffer_status coffer_value_buffer(coffer_document *document, coffer_cursor data, bool read_only, coffer_value **out,
                                  coffer_error *error)
{
        coffer_value *node = coffer_node_text(document, COFFER_KIND_BUFFER, data);
        if (node && read_only)
                node->flags |= COFFER_NODE_READ_ONLY;
        return deliver(document, node, out, error);
}

/* ---- containers ---- */

coffer_value *coffer_node_container(coffer_document *document, coffer_kind kind)
{
        switch (kind) {
        case COFFER_KIND_LIST:
                return coffer_node_of_kind(document, kind, sizeof(coffer_value));
        case COFFER_KIND_TUPLE:
                return coffer_node_of_kind(document, kind, sizeof(coffer_tuple_node));
        case COFFER_KIND_DICT:
        case COFFER_KIND_SET:
                return coffer_node_of_kind(document, kind, sizeof(coffer_table_node));
        default:
                return coffer_node_of_kind(document, kind, sizeof(coffer_frozenset_node));
        }
}

coffer_status coffer_value_container(coffer_document *document, coffer_kind kind, coffer_value **out,
                                     coffer_error *error)
{
        if (kind < COFFER_KIND_LIST || kind > COFFER_KIND_FROZENSET)
                return coffer_error_set(error, COFFER_INVALID, "kind %d is no container", (int)kind);
        return deliver(document, coffer_node_container(document, kind), out, error);
}

coffer_status coffer_node_reserve(coffer_document *document, coffer_value *container, size_t entry_bytes, size_t extra,
                                  coffer_error *error)
{
        size_t capacity = container->capacity_log2 ? (size_t)1 << container->capacity_log2 : container->count;
        if (extra <= capacity - container->count)
                return COFFER_OK;
        if (extra > UINT32_MAX - container->count)
                return coffer_error_set(error, COFFER_LIMIT, "a container has more than %u items", UINT32_MAX);
        size_t wanted = container->count + extra;
        uint8_t log2 = 0;
        if (container->count > 0) { /* the first batch gets its exact size: most containers have no second one */
                for (log2 = 1; ((size_t)1 << log2) < wanted; log2++)
                        ;
                wanted = (size_t)1 << log2;
        }
        void *moved = coffer_document_grow(document, container->items, capacity * entry_bytes, wanted * entry_bytes);
        if (!moved)
                return coffer_document_failure(document, error);
        container->items = (const coffer_value **)moved;
        container->capacity_log2 = log2;
        return COFFER_OK;
}

coffer_value *coffer_node_sequence(coffer_document *document, coffer_kind kind, const coffer_value *const *items,
                                   size_t count)
{
        coffer_value *node = coffer_node_container(document, kind);
        if (!node || count == 0)
                return node;
        return coffer_node_extend(document, node, items, count, NULL) == COFFER_OK ? node : NULL;
}

coffer_status coffer_node_extend(coffer_document *document, coffer_value *sequence, const coffer_value *const *items,
                                 size_t count, coffer_error *error)
{
        COFFER_TRY(coffer_node_reserve(document, sequence, sizeof(*items), count, error));
        if (count > 0)
                memcpy(sequence->items + sequence->count, items, count * sizeof(*items));
        sequence->count += (uint32_t)count;
        return COFFER_OK;
}

static coffer_status check_growing(const coffer_value *container, coffer_error *error)
{
        uint64_t hash = 0;
        if (container->kind == COFFER_KIND_TUPLE)
                hash = ((const coffer_tuple_node *)container)->hash;
        else if (container->kind == COFFER_KIND_FROZENSET)
                hash = ((const coffer_frozenset_node *)container)->hash;
        if (hash != 0)
                return coffer_error_set(error, COFFER_STATE, "a tuple or frozenset that is a key can no longer grow");
        return COFFER_OK;
}

coffer_status coffer_value_append(coffer_document *document, coffer_value *sequence, const coffer_value *item,
                                  coffer_error *error)
{
        COFFER_TRY(check_growing(sequence, error));
        switch (sequence->kind) {
        case COFFER_KIND_LIST:
        case COFFER_KIND_TUPLE:
                return coffer_node_extend(document, sequence, &item, 1, error);
        case COFFER_KIND_SET:
        case COFFER_KIND_FROZENSET:
                return coffer_node_add(document, sequence, &item, 1, error);
        default:
                return coffer_error_set(error, COFFER_INVALID, "only sequences and sets can be appended to");
        }
}

coffer_status coffer_value_set_item(coffer_document *document, coffer_value *dict, const coffer_value *key,
                                    const coffer_value *value, coffer_error *error)
{
        if (dict->kind != COFFER_KIND_DICT)
                return coffer_error_set(error, COFFER_INVALID, "only a dict takes keys");
        const coffer_value *pair[] = {key, value};
        return coffer_node_update(document, dict, pair, 1, error);
}

/* ---- globals, objects, and what has no contents ---- */

static coffer_value *make_global(coffer_document *document, coffer_cursor module, coffer_cursor qualname)
{
        coffer_value *node = coffer_node_of_kind(document, COFFER_KIND_GLOBAL, sizeof(coffer_global_node));
        if (node) {
                node->count = (uint32_t)module.size_bytes;
                node->data = module.data;
                ((coffer_global_node *)node)->qualname = qualname;
        }
        return node;
}

coffer_value *coffer_node_global(coffer_document *document, const coffer_value *module, const coffer_value *qualname)
{
        coffer_value *node = make_global(document, coffer_value_data(module), coffer_value_data(qualname));
        if (node)
                node->flags |= COFFER_NODE_NAMED_BY_STRS;
        return node;
}

coffer_status coffer_value_global(coffer_document *document, coffer_cursor module, coffer_cursor qualname,
                                  coffer_value **out, coffer_error *error)
{
        if (module.size_bytes > UINT32_MAX)
                return coffer_error_set(error, COFFER_LIMIT, "the name of a module is over 4 GiB");
        void *module_copy = copy_data(document, module);
        void *qualname_copy = module_copy ? copy_data(document, qualname) : NULL;
        coffer_value *node = qualname_copy ? make_global(document, coffer_cursor_of(module_copy, module.size_bytes),
                                                         coffer_cursor_of(qualname_copy, qualname.size_bytes))
                                           : NULL;
        return deliver(document, node, out, error);
}

coffer_status coffer_value_extension(coffer_document *document, uint32_t code, coffer_value **out, coffer_error *error)
{
        coffer_value *node = coffer_node_of_kind(document, COFFER_KIND_EXTENSION, sizeof(*node));
        if (node)
                node->count = code;
        return deliver(document, node, out, error);
}

coffer_status coffer_value_object(coffer_document *document, coffer_construction construction,
                                  const coffer_value *callable, const coffer_value *args, const coffer_value *kwargs,
                                  coffer_value **out, coffer_error *error)
{
        coffer_value *node = coffer_node_of_kind(document, COFFER_KIND_OBJECT, sizeof(coffer_object_node));
        if (node) {
                node->construction = (uint8_t)construction;
                node->value = callable;
                ((coffer_object_node *)node)->args = args;
                ((coffer_object_node *)node)->kwargs = construction == COFFER_NEW_EX ? kwargs : NULL;
        }
        return deliver(document, node, out, error);
}

static coffer_status check_object(const coffer_value *value, coffer_error *error)
{
        if (value->kind != COFFER_KIND_OBJECT)
                return coffer_error_set(error, COFFER_INVALID, "not a constructed object");
        return COFFER_OK;
}

coffer_status coffer_value_object_set_state(coffer_document *document, coffer_value *object, const coffer_value *state,
                                            coffer_error *error)
{
        (void)document;
        COFFER_TRY(check_object(object, error));
        if (((coffer_object_node *)object)->state)
                return coffer_error_set(error, COFFER_STATE, "the object has a state already");
        ((coffer_object_node *)object)->state = state;
        return COFFER_OK;
}

/* The list or dict that collects an object's items or pairs. */
static coffer_status need_container(coffer_document *document, coffer_kind kind, coffer_value **container,
                                    coffer_error *error)
{
        if (!*container)
                *container = coffer_node_container(document, kind);
        return *container ? COFFER_OK : coffer_document_failure(document, error);
}

coffer_status coffer_value_object_append(coffer_document *document, coffer_value *object, const coffer_value *item,
                                         coffer_error *error)
{
        COFFER_TRY(check_object(object, error));
        coffer_object_node *node = (coffer_object_node *)object;
        COFFER_TRY(need_container(document, COFFER_KIND_LIST, &node->items, error));
        return coffer_node_extend(document, node->items, &item, 1, error);
}

coffer_status coffer_value_object_set_item(coffer_document *document, coffer_value *object, const coffer_value *key,
                                           const coffer_value *value, coffer_error *error)
{
        COFFER_TRY(check_object(object, error));
        coffer_object_node *node = (coffer_object_node *)object;
        COFFER_TRY(need_container(document, COFFER_KIND_DICT, &node->pairs, error));
        return coffer_value_set_item(document, node->pairs, key, value, error);
}

coffer_status coffer_value_persistent(coffer_document *document, const coffer_value *id, coffer_value **out,
                                      coffer_error *error)
{
        coffer_value *node = coffer_node_of_kind(document, COFFER_KIND_PERSISTENT, sizeof(*node));
        if (node)
                node->value = id;
        return deliver(document, node, out, error);
}
