/* SPDX-License-Identifier: Apache-2.0 */
/* Types of artifacts: a contract for what an artifact holds, with a schema, plain bytes for the datastore and a text
 * for command lines and messages (docs/types.md). Typing is opt-in: what is no typed object goes through the other
 * serializers as before.
 *
 * A type is named "Int32" or, with parameters, "List[Int32]", "Enum[red,green]". The name is canonical (no spaces), and
 * together with the bytes it is all that reading needs: the encoding of a typed artifact is "iotype:" and the name. */
#ifndef COFFER_IOTYPE_H
#define COFFER_IOTYPE_H

#include <coffer/object.h>
#include <coffer/registry.h>

COFFER_BEGIN_DECLS

#define COFFER_IOTYPE_ENCODING "iotype:"

enum {
        COFFER_IOTYPE_MAX_NAME_BYTES = 1024, /* of a name with all its parameters */
        COFFER_IOTYPE_MAX_DEPTH = 16,        /* of brackets in it */
        COFFER_IOTYPE_MAX_PARAMETERS = 256   /* in one pair of brackets */
};

/* A coffer_iotype is a type with its parameters. Immutable, reference counted, safe to share between threads. Not to be
 * used after the registry that it came from is gone. */

/* The type of that name in `registry`; one reference to the caller. Loads the library of a type that was declared.
 * COFFER_MALFORMED for what is no name, COFFER_NOT_FOUND for a type that nobody registered, COFFER_INVALID for
 * parameters that the type does not take, COFFER_LIMIT for a name over the limits above. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_iotype_find(coffer_registry *registry, coffer_cursor name,
                                                              coffer_iotype **out, coffer_error *error);
COFFER_API coffer_iotype *coffer_iotype_ref(coffer_iotype *type);
COFFER_API void coffer_iotype_unref(coffer_iotype *type); /* NULL is allowed */

/* The canonical name; valid as long as the type. */
COFFER_API const char *coffer_iotype_name(const coffer_iotype *type);
/* What stands in the brackets. A parameter is a type or a word. */
COFFER_API size_t coffer_iotype_parameter_count(const coffer_iotype *type);
COFFER_API coffer_iotype *coffer_iotype_parameter(const coffer_iotype *type, size_t index);   /* NULL: a word */
COFFER_API const char *coffer_iotype_parameter_word(const coffer_iotype *type, size_t index); /* NULL: a type */

/* The JSON schema (draft 2020-12) of the type's values in their JSON form, as canonical JSON text; free with
 * coffer_free. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_iotype_to_spec(const coffer_iotype *type, char **out,
                                                                 coffer_error *error);

/* A value in its two forms. What is not of the type is COFFER_MALFORMED and says where: "[2].name: ...".
 * STORAGE: adds one blob and may add to `metadata` (NULL: not wanted); `wire` is NULL. WIRE: sets `*wire`, text to free
 * with coffer_free; `blobs` and `metadata` are NULL. An unknown format is COFFER_UNSUPPORTED. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_iotype_serialize(const coffer_iotype *type,
                                                                   const coffer_object *value, coffer_format format,
                                                                   coffer_blob_list *blobs, coffer_metadata *metadata,
                                                                   char **wire, coffer_error *error);
/* The value (not a typed object: see coffer_iotype_object) from blobs (STORAGE; `metadata` may be NULL: the bytes alone
 * must do) or from text (WIRE). Runs no code that the data names, allocates no more than a multiple of its size.
 * COFFER_MALFORMED, COFFER_LIMIT. `out` is the caller's. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_iotype_deserialize(const coffer_iotype *type, coffer_format format,
                                                                     const coffer_blob_list *blobs,
                                                                     const coffer_metadata *metadata, const char *wire,
                                                                     coffer_object *out, coffer_error *error);

/* A typed object: the value with its type, which the serializer "iotype" stores. Takes references to both; views of the
 * object are those of the value. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_iotype_object(coffer_iotype *type, const coffer_object *value,
                                                                coffer_object *out, coffer_error *error);
/* Type and value of a typed object, of any host, both borrowed from it; COFFER_DECLINED when it is none. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_object_view_iotype(const coffer_object *object, coffer_iotype **type,
                                                                     coffer_object *value, coffer_error *error);

/* The JSON form of a value of the type, in a document of its own: what the schema speaks of. COFFER_UNSUPPORTED for
 * types without one. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_iotype_to_json(const coffer_iotype *type, const coffer_object *value,
                                                                 coffer_document **out, coffer_error *error);

/* A typed object as people look at it, in a document of its own, where its type has such a view: the first `max_items`
 * of what comes in rows or lists, with their number. COFFER_DECLINED for all else, whose value is what there is to
 * look at. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_iotype_view(const coffer_object *object, uint64_t max_items,
                                                              coffer_document **out, coffer_error *error);

/* ---- schemas ---- */

/* Checks `value` against a JSON schema, of which the keywords are known that the types' own schemas use
 * (docs/types.md); another keyword is COFFER_UNSUPPORTED. A mismatch is COFFER_MALFORMED and names the field:
 * "config.size: ...". */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_schema_check(coffer_cursor schema_json, const coffer_value *value,
                                                               coffer_error *error);

COFFER_END_DECLS
#endif
