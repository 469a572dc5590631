/* SPDX-License-Identifier: Apache-2.0 */
#include "guard.h"

#include <inttypes.h>

#include <nanoarrow/ipc/flatcc_generated.h>

#define ns(name) FLATBUFFERS_WRAP_NAMESPACE(org_apache_arrow_flatbuf, name)

enum {
        ALIGNMENT_BYTES = 8,
        MAX_BINARY_BYTES = 1 << 26, /* of one value of fixed size */
        MAX_DICTIONARIES = 4096,    /* nanoarrow looks them up one by one */
        MAX_DIGITS = 76,            /* of decimals, as Arrow has them, and of places before or behind those */
        UNION_CHILDREN = 127
};

static const int64_t max_rows = UINT32_MAX; /* of one batch: no product with an element's size overflows */

/* ---- schemas ---- */

static coffer_status guard_pairs(ns(KeyValue_vec_t) pairs, coffer_error *error)
{
        for (size_t i = 0; i < ns(KeyValue_vec_len(pairs)); i++) {
                ns(KeyValue_table_t) pair = ns(KeyValue_vec_at(pairs, i));
                if (!ns(KeyValue_key(pair)) || !ns(KeyValue_value(pair)))
                        return coffer_error_set(error, COFFER_MALFORMED, "metadata of the schema lacks a key or value");
        }
        return COFFER_OK;
}

static coffer_status guard_union(ns(Union_table_t) type, size_t children, coffer_error *error)
{
        flatbuffers_int32_vec_t ids = ns(Union_typeIds(type));
        bool seen[UNION_CHILDREN + 1] = {false};
        bool is_fit = children <= UNION_CHILDREN && (!ids || flatbuffers_int32_vec_len(ids) == children);
        for (size_t i = 0; is_fit && ids && i < children; i++) {
                int32_t id = flatbuffers_int32_vec_at(ids, i);
                is_fit = id >= 0 && id <= UNION_CHILDREN && !seen[id];
                if (is_fit)
                        seen[id] = true;
        }
        return is_fit ? COFFER_OK : coffer_error_set(error, COFFER_MALFORMED, "a union has ids that are no union's");
}

/* Zeros that a scale asks for would be written. */
static coffer_status guard_decimal(ns(Decimal_table_t) type, coffer_error *error)
{
        int32_t precision = ns(Decimal_precision(type)), scale = ns(Decimal_scale(type));
        if (precision < 1 || precision > MAX_DIGITS || scale < -MAX_DIGITS || scale > MAX_DIGITS)
                return coffer_error_set(error, COFFER_LIMIT, "decimals of %" PRId32 " digits and scale %" PRId32,
                                        precision, scale);
        return COFFER_OK;
}

/* Sizes that multiply, and what nanoarrow reads without looking whether it is there. */
static coffer_status guard_type(ns(Field_table_t) field, coffer_error *error)
{
        flatbuffers_generic_t type = ns(Field_type(field));
        size_t children = ns(Field_vec_len(ns(Field_children(field))));
        if (!type)
                return coffer_error_set(error, COFFER_MALFORMED, "a field of the schema has no type");
        switch (ns(Field_type_type(field))) {
        case ns(Type_FixedSizeBinary): {
                int32_t size_bytes = ns(FixedSizeBinary_byteWidth((ns(FixedSizeBinary_table_t))type));
                if (size_bytes < 0 || size_bytes > MAX_BINARY_BYTES)
                        return coffer_error_set(error, COFFER_LIMIT, "values of %" PRId32 " bytes each", size_bytes);
                return COFFER_OK;
        }
        case ns(Type_Decimal):
                return guard_decimal((ns(Decimal_table_t))type, error);
        case ns(Type_FixedSizeList): {
                int32_t count = ns(FixedSizeList_listSize((ns(FixedSizeList_table_t))type));
                if (count < 0)
                        return coffer_error_set(error, COFFER_MALFORMED, "lists of %" PRId32 " items each", count);
                return COFFER_OK;
        }
        case ns(Type_Union):
                return guard_union((ns(Union_table_t))type, children, error);
        default:
                return COFFER_OK;
        }
}

static coffer_status guard_fields(ns(Field_vec_t) fields, coffer_error *error)
{
        for (size_t i = 0; i < ns(Field_vec_len(fields)); i++) {
                ns(Field_table_t) field = ns(Field_vec_at(fields, i));
                ns(DictionaryEncoding_table_t) encoding = ns(Field_dictionary(field));
                TABLE_TRY(guard_type(field, error));
                TABLE_TRY(guard_pairs(ns(Field_custom_metadata(field)), error));
                if (encoding &&
                    (!ns(DictionaryEncoding_indexType(encoding)) || ns(DictionaryEncoding_id(encoding)) < 0))
                        return coffer_error_set(error, COFFER_UNSUPPORTED,
                                                "a dictionary has no type of indices, or a negative id");
                TABLE_TRY(guard_fields(ns(Field_children(field)), error));
        }
        return COFFER_OK;
}

static coffer_status guard_schema(ns(Schema_table_t) schema, coffer_error *error)
{
        if (ns(Schema_endianness(schema)) != ns(Endianness_Little))
                return coffer_error_set(error, COFFER_UNSUPPORTED, "the table is big-endian");
        TABLE_TRY(guard_fields(ns(Schema_fields(schema)), error));
        return guard_pairs(ns(Schema_custom_metadata(schema)), error);
}

coffer_status table_guard_encodings(const struct ArrowIpcDictionaryEncodings *encodings, coffer_error *error)
{
        const struct ArrowIpcDictionaryEncoding *all = (const void *)encodings->encodings.data;
        size_t count = (size_t)encodings->encodings.size_bytes / sizeof(*all);
        if (count > MAX_DICTIONARIES)
                return coffer_error_set(error, COFFER_LIMIT, "the table has %zu dictionaries, more than %d", count,
                                        MAX_DICTIONARIES);
        for (size_t i = 0; i < count; i++)
                if (ArrowIpcDictionaryEncodingsFindById(encodings, all[i].id) != &all[i])
                        return coffer_error_set(error, COFFER_UNSUPPORTED, "two columns share one dictionary");
        return COFFER_OK;
}

/* ---- batches ---- */

static bool is_count(int64_t count)
{
        return count >= 0 && count <= max_rows;
}

static coffer_status guard_nodes(ns(RecordBatch_table_t) batch, coffer_error *error)
{
        ns(FieldNode_vec_t) nodes = ns(RecordBatch_nodes(batch));
        bool is_fit = is_count(ns(RecordBatch_length(batch)));
        for (size_t i = 0; is_fit && i < ns(FieldNode_vec_len(nodes)); i++) {
                ns(FieldNode_struct_t) node = ns(FieldNode_vec_at(nodes, i));
                int64_t length = ns(FieldNode_length(node)), nulls = ns(FieldNode_null_count(node));
                is_fit = is_count(length) && nulls >= 0 && nulls <= length;
        }
        return is_fit ? COFFER_OK
                      : coffer_error_set(error, COFFER_MALFORMED,
                                         "a batch has a number of rows that is none, or over %" PRId64, max_rows);
}

/* Inside the body, and together no more than it: nothing that is copied is copied more than once. */
static coffer_status guard_buffers(ns(RecordBatch_table_t) batch, coffer_cursor body, coffer_error *error)
{
        ns(Buffer_vec_t) buffers = ns(RecordBatch_buffers(batch));
        uint64_t left_bytes = body.size_bytes;
        for (size_t i = 0; i < ns(Buffer_vec_len(buffers)); i++) {
                ns(Buffer_struct_t) buffer = ns(Buffer_vec_at(buffers, i));
                int64_t offset = ns(Buffer_offset(buffer)), length = ns(Buffer_length(buffer));
                if (offset < 0 || length < 0 || (uint64_t)length > left_bytes || offset % ALIGNMENT_BYTES != 0 ||
                    (uint64_t)offset > body.size_bytes - (uint64_t)length)
                        return coffer_error_set(error, COFFER_MALFORMED,
                                                "a buffer of %" PRId64 " bytes at %" PRId64
                                                " is not one of a body of %zu bytes",
                                                length, offset, body.size_bytes);
                left_bytes -= (uint64_t)length;
        }
        return COFFER_OK;
}

static coffer_status guard_batch(ns(RecordBatch_table_t) batch, coffer_cursor body, coffer_error *error)
{
        if (!batch)
                return coffer_error_set(error, COFFER_MALFORMED, "a message of Arrow lacks a part");
        if (ns(RecordBatch_compression(batch)))
                return coffer_error_set(error, COFFER_UNSUPPORTED,
                                        "it is compressed; a Table is stored as it is, so that it can be read where it "
                                        "lies");
        TABLE_TRY(guard_nodes(batch, error));
        return guard_buffers(batch, body, error);
}

static ns(RecordBatch_table_t) dictionary_values(coffer_cursor head)
{
        return ns(
                DictionaryBatch_data((ns(DictionaryBatch_table_t))ns(Message_header(ns(Message_as_root(head.data))))));
}

static void count_parts(const struct ArrowArrayView *view, size_t *nodes, size_t *buffers, size_t *unions)
{
        *nodes += 1;
        for (int i = 0; i < NANOARROW_MAX_FIXED_BUFFERS; i++)
                *buffers += view->layout.buffer_type[i] != NANOARROW_BUFFER_TYPE_NONE;
        *unions +=
                view->storage_type == NANOARROW_TYPE_SPARSE_UNION || view->storage_type == NANOARROW_TYPE_DENSE_UNION;
        for (int64_t i = 0; i < view->n_children; i++)
                count_parts(view->children[i], nodes, buffers, unions);
}

coffer_status table_guard_dictionary(coffer_cursor head, const struct ArrowSchema *values, coffer_error *error)
{
        ns(RecordBatch_table_t) batch = dictionary_values(head);
        size_t nodes = 0, buffers = 0, unions = 0;
        struct ArrowArrayView view;
        struct ArrowError problem;
        TABLE_TRY(table_result(ArrowArrayViewInitFromSchema(&view, values, &problem), &problem, error));
        count_parts(&view, &nodes, &buffers, &unions);
        ArrowArrayViewReset(&view);
        if (ns(Message_version(ns(Message_as_root(head.data)))) < ns(MetadataVersion_V5))
                buffers += unions; /* had one more before Arrow 1.0 */
        if (ns(FieldNode_vec_len(ns(RecordBatch_nodes(batch)))) != nodes ||
            ns(Buffer_vec_len(ns(RecordBatch_buffers(batch)))) != buffers)
                return coffer_error_set(error, COFFER_MALFORMED, "a dictionary has other parts than its type");
        return COFFER_OK;
}

coffer_status table_guard(coffer_cursor head, table_message_kind kind, coffer_cursor body, coffer_error *error)
{
        flatbuffers_generic_t part = ns(Message_header(ns(Message_as_root(head.data))));
        if (!part)
                return coffer_error_set(error, COFFER_MALFORMED, "a message of Arrow lacks a part");
        switch (kind) {
        case TABLE_SCHEMA:
                return guard_schema((ns(Schema_table_t))part, error);
        case TABLE_DICTIONARY:
                return guard_batch(dictionary_values(head), body, error);
        default:
                return guard_batch((ns(RecordBatch_table_t))part, body, error);
        }
}
