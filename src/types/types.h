/* SPDX-License-Identifier: Apache-2.0 */
/* The types inside the library: one file each, and a row in the table of types.c. */
#ifndef COFFER_TYPES_TYPES_H
#define COFFER_TYPES_TYPES_H

#include "serializer/iotype.h"
#include "value/value_internal.h"

extern const coffer_iotype_class coffer_type_bool, coffer_type_bytes, coffer_type_enum, coffer_type_float32,
        coffer_type_float64, coffer_type_int32, coffer_type_int64, coffer_type_json, coffer_type_list, coffer_type_map,
        coffer_type_struct, coffer_type_tensor, coffer_type_text;

#define COFFER_TYPE_HEAD(type_name)                                                                                    \
        .abi = COFFER_IOTYPE_ABI, .struct_bytes = sizeof(coffer_iotype_class), .name = (type_name)

/* Registers all of them. */
COFFER_MUST_CHECK coffer_status coffer_types_register(coffer_registry *registry, coffer_error *error);

/* COFFER_MALFORMED, "int 5 is no Text". */
coffer_status coffer_type_mismatch(const coffer_iotype *type, const coffer_value *value, coffer_error *error);

/* A copy of a schema that needs nothing put in. */
COFFER_MUST_CHECK coffer_status coffer_type_spec(const char *json, char **out, coffer_error *error);

/* What JSON does not have, or not everywhere, and a type takes all the same. */
enum {
        COFFER_JSON_BIG = 1 << 0,   /* ints beyond 2^53 */
        COFFER_JSON_NAN = 1 << 1,   /* NaN and the infinities */
        COFFER_JSON_MARKS = 1 << 2, /* the objects that stand for those: {"$float":"NaN"} */
};

/* Is the value JSON: None, bool, int, float, str, list or tuple, dict of str, nothing nested too deep, and what the
 * options allow? COFFER_MALFORMED says where it is not. */
COFFER_MUST_CHECK coffer_status coffer_type_check_json(const coffer_value *value, unsigned options,
                                                       coffer_error *error);

/* A checked value with objects in the place of NaN and the infinities, and the other way. What has none is not copied.
 */
COFFER_MUST_CHECK coffer_status coffer_json_mark_floats(coffer_document *document, const coffer_value *value,
                                                        const coffer_value **out, coffer_error *error);
COFFER_MUST_CHECK coffer_status coffer_json_unmark_floats(coffer_document *document, const coffer_value *value,
                                                          const coffer_value **out, coffer_error *error);

/* The name of the member of such an object. */
#define COFFER_FLOAT_MARK "$float"

/* "NaN", "Infinity" or "-Infinity", of a number that is one of these. */
const char *coffer_float_word(double value);

/* The number of a str that is one of these words. */
bool coffer_float_of_word(const coffer_value *value, double *out);

/* Adds a blob that borrows `data` from `value`; `may_change`: others may write to it. */
COFFER_MUST_CHECK coffer_status coffer_type_borrow(const coffer_object *value, coffer_cursor data, bool may_change,
                                                   coffer_bytes *out, coffer_error *error);

/* An object of one value of its document. */
coffer_object coffer_type_object(coffer_document *document, const coffer_value *root);

/* Hooks of types whose JSON form is a str: its characters as they are, without quotes. */
COFFER_MUST_CHECK coffer_status coffer_raw_wire_serialize(const coffer_iotype_class *self, const coffer_iotype *type,
                                                          const coffer_object *value, char **wire, coffer_error *error);
COFFER_MUST_CHECK coffer_status coffer_raw_wire_deserialize(const coffer_iotype_class *self, const coffer_iotype *type,
                                                            const char *wire, coffer_object *out, coffer_error *error);
COFFER_MUST_CHECK coffer_status coffer_raw_storage_serialize(const coffer_iotype_class *self, const coffer_iotype *type,
                                                             const coffer_object *value, coffer_blob_list *blobs,
                                                             coffer_metadata *metadata, coffer_error *error);
COFFER_MUST_CHECK coffer_status coffer_raw_storage_deserialize(const coffer_iotype_class *self,
                                                               const coffer_iotype *type, const coffer_blob_list *blobs,
                                                               const coffer_metadata *metadata, coffer_object *out,
                                                               coffer_error *error);

#endif
