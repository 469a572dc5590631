/* SPDX-License-Identifier: Apache-2.0 */
/* Objects in dispatch: a pair of type descriptor and pointer, so that the framework serves every language. */
#ifndef COFFER_OBJECT_H
#define COFFER_OBJECT_H

#include <coffer/value.h>

COFFER_BEGIN_DECLS

typedef struct coffer_object coffer_object;
typedef struct coffer_object_type coffer_object_type;
typedef struct coffer_iotype coffer_iotype;

/* A borrowed or owned object; who owns it is said where it is passed. */
struct coffer_object {
        const coffer_object_type *type; /* NULL: no object */
        void *pointer;
};

/* What a host tells about its objects. Functions may be NULL where a host has nothing to say, but for the reference
 * counts. */
struct coffer_object_type {
        uint32_t version; /* COFFER_OBJECT_TYPE_VERSION */
        const char *host; /* "value", "python", ... */
        void *user;

        /* Reference counts of `pointer`. */
        void (*ref)(const coffer_object *object);
        void (*unref)(const coffer_object *object);

        /* Calls `visit` with module and qualified name of the object's type and then of its ancestors, most derived
         * first, until it returns false. */
        void (*ancestors)(const coffer_object *object,
                          bool (*visit)(void *user, const char *module, const char *qualname), void *user);

        /* Views that cost no copy; what they point to is valid as long as the object is referenced. COFFER_DECLINED
         * when the object has no such view. */
        coffer_status (*view_bytes)(const coffer_object *object, coffer_cursor *out, coffer_error *error);
        coffer_status (*view_tensor)(const coffer_object *object, coffer_tensor *out, coffer_error *error);
        coffer_status (*view_value)(const coffer_object *object, coffer_document **document, const coffer_value **out,
                                    coffer_error *error);

        /* The type as the host's language prints it, for metadata and messages ("<class 'dict'>"); free with
         * coffer_free. */
        coffer_status (*type_text)(const coffer_object *object, char **out, coffer_error *error);

        /* Type and value of a typed object, both borrowed from it (coffer/iotype.h); COFFER_DECLINED when it is none.
         */
        coffer_status (*view_iotype)(const coffer_object *object, coffer_iotype **type, coffer_object *value,
                                     coffer_error *error);
};
#define COFFER_OBJECT_TYPE_VERSION 1

/* Views of any object: COFFER_DECLINED where the host offers none. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_object_view_bytes(const coffer_object *object, coffer_cursor *out,
                                                                    coffer_error *error);
COFFER_API COFFER_MUST_CHECK coffer_status coffer_object_view_tensor(const coffer_object *object, coffer_tensor *out,
                                                                     coffer_error *error);
/* Document and value are borrowed from the object. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_object_view_value(const coffer_object *object,
                                                                    coffer_document **document,
                                                                    const coffer_value **out, coffer_error *error);
COFFER_API COFFER_MUST_CHECK coffer_status coffer_object_type_text(const coffer_object *object, char **out,
                                                                   coffer_error *error);
/* True when the object's type or one of its ancestors is `module`.`qualname`. */
COFFER_API bool coffer_object_is(const coffer_object *object, const char *module, const char *qualname);
/* True when the object's own type is: a subclass may hold more than its ancestor's views tell. */
COFFER_API bool coffer_object_is_exactly(const coffer_object *object, const char *module, const char *qualname);

COFFER_API void coffer_object_ref(const coffer_object *object);
COFFER_API void coffer_object_unref(coffer_object *object); /* and empties it; an empty one is fine */

/* The object that a document's root is (host "value"); takes a new reference to the document. */
COFFER_API coffer_object coffer_object_from_document(coffer_document *document);

COFFER_END_DECLS
#endif
