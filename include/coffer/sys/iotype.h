/* SPDX-License-Identifier: Apache-2.0 */
/* What authors of artifact types implement (docs/types.md): a name, a schema and four hooks, or two where the type's
 * values have a JSON form and that is how they are stored. */
#ifndef COFFER_SYS_IOTYPE_H
#define COFFER_SYS_IOTYPE_H

#include <stddef.h>

#include <coffer/iotype.h>

COFFER_BEGIN_DECLS

#define COFFER_IOTYPE_ABI 1

/* What stands in a type's brackets. */
typedef enum coffer_iotype_parameters { COFFER_IOTYPE_TYPES = 0, COFFER_IOTYPE_WORDS } coffer_iotype_parameters;

typedef struct coffer_iotype_class coffer_iotype_class;
struct coffer_iotype_class {
        uint32_t abi;          /* COFFER_IOTYPE_ABI */
        uint32_t struct_bytes; /* sizeof(coffer_iotype_class) as the author compiled it */

        const char *name; /* a letter or underscore, then letters, digits, underscores; without parameters */
        coffer_iotype_parameters parameters;
        size_t min_parameters, max_parameters;
        void *user; /* the author's */

        /* All functions may be called from several threads at once; `type` has the parameters of the case at hand. */

        /* Optional: are these parameters fit? COFFER_INVALID says why not. */
        coffer_status (*check)(const coffer_iotype_class *self, const coffer_iotype *type, coffer_error *error);
        /* The JSON schema of the JSON form, as JSON text from coffer_alloc; "$schema" is put in by the library. */
        coffer_status (*to_spec)(const coffer_iotype_class *self, const coffer_iotype *type, char **json,
                                 coffer_error *error);

        /* The four hooks; see coffer_iotype_serialize and coffer_iotype_deserialize for what they are given. `metadata`
         * may be NULL in both directions: what is read from it must be no more than a hint. A pair may be left out by
         * types that have the two functions below: that format is then canonical JSON. The encoding, and object type,
         * size and source of the artifact, are the library's business. */
        coffer_status (*wire_serialize)(const coffer_iotype_class *self, const coffer_iotype *type,
                                        const coffer_object *value, char **wire, coffer_error *error);
        coffer_status (*wire_deserialize)(const coffer_iotype_class *self, const coffer_iotype *type, const char *wire,
                                          coffer_object *out, coffer_error *error);
        coffer_status (*storage_serialize)(const coffer_iotype_class *self, const coffer_iotype *type,
                                           const coffer_object *value, coffer_blob_list *blobs,
                                           coffer_metadata *metadata, coffer_error *error);
        coffer_status (*storage_deserialize)(const coffer_iotype_class *self, const coffer_iotype *type,
                                             const coffer_blob_list *blobs, const coffer_metadata *metadata,
                                             coffer_object *out, coffer_error *error);

        /* Optional, both or none: a value as what JSON has (None, bool, int, float, str, list, tuple, dict of str), and
         * back. What is made lives in `document` and may point to what is given. Types with these two can be items of
         * List and Map. For what is not of the type: COFFER_MALFORMED. */
        coffer_status (*to_json)(const coffer_iotype_class *self, const coffer_iotype *type, coffer_document *document,
                                 const coffer_value *value, const coffer_value **out, coffer_error *error);
        coffer_status (*from_json)(const coffer_iotype_class *self, const coffer_iotype *type,
                                   coffer_document *document, const coffer_value *json, const coffer_value **out,
                                   coffer_error *error);

        /* Optional; tables that end before it are taken too. Where the stored form has an array's elements; as a
         * serializer's function of this name (coffer/sys/serializer.h). */
        coffer_status (*place_tensor)(const coffer_iotype_class *self, const coffer_iotype *type,
                                      coffer_ranges *contents, coffer_document *document, coffer_tensor *out,
                                      uint64_t *data_offset, coffer_error *error);

        /* Optional, too. The value as people look at it, in `document`, for types whose values are bytes of a format of
         * their own: no more than the first `max_items` of what comes in rows or lists, with their number. */
        coffer_status (*to_view)(const coffer_iotype_class *self, const coffer_iotype *type, const coffer_object *value,
                                 uint64_t max_items, coffer_document *document, const coffer_value **out,
                                 coffer_error *error);
};
#define COFFER_IOTYPE_CLASS_MIN_BYTES offsetof(coffer_iotype_class, place_tensor)

/* Registers a type, which must outlive the registry. A name that is taken is COFFER_CONFLICT, a table of another ABI
 * COFFER_ABI, one that lacks a function COFFER_INVALID. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_iotype_register(coffer_registry *registry,
                                                                  const coffer_iotype_class *class_,
                                                                  coffer_error *error);

/* Declares that the type `name` is in a shared library: `location` is its path, or path, ':' and symbol. It is loaded
 * when the type is first asked for. A name that is taken is COFFER_CONFLICT, unless by the same
 * declaration. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_iotype_declare(coffer_registry *registry, const char *name,
                                                                 const char *location, coffer_error *error);

/* What such a library exports: the class of that name, which stays valid for ever, or NULL when it has none or can't
 * speak that ABI. */
typedef const coffer_iotype_class *(*coffer_iotype_entry_fn)(uint32_t abi, const char *name);
#define COFFER_IOTYPE_SYMBOL "coffer_iotype_entry" /* unless the descriptor says otherwise */

/* The type Bytes, whose hooks those of other types may call whose values are bytes as well: with its class as `self`
 * and their own type. The other type needs to_json and from_json, of which the wire form is made. */
COFFER_API const coffer_iotype_class *coffer_iotype_bytes_class(void);

/* The class of a type, for hosts. */
COFFER_API const coffer_iotype_class *coffer_iotype_class_of(const coffer_iotype *type);

COFFER_END_DECLS
#endif
