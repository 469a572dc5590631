/* SPDX-License-Identifier: Apache-2.0 */
/* What a serializer says of an artifact beside its bytes, and the blobs it makes. */
#ifndef COFFER_METADATA_H
#define COFFER_METADATA_H

#include <coffer/bytes.h>

COFFER_BEGIN_DECLS

/* The four fields that Metaflow records of each artifact in data.json. */
typedef struct coffer_metadata coffer_metadata;

COFFER_API COFFER_MUST_CHECK coffer_status coffer_metadata_new(coffer_metadata **out, coffer_error *error);
COFFER_API void coffer_metadata_free(coffer_metadata *metadata); /* NULL is allowed */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_metadata_copy(const coffer_metadata *metadata, coffer_metadata **out,
                                                                coffer_error *error);

/* Text is copied. Until set: object type and encoding are NULL, the size 0. NULL unsets. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_metadata_set_object_type(coffer_metadata *metadata, const char *text,
                                                                           coffer_error *error);
COFFER_API COFFER_MUST_CHECK coffer_status coffer_metadata_set_encoding(coffer_metadata *metadata, const char *text,
                                                                        coffer_error *error);
COFFER_API void coffer_metadata_set_size(coffer_metadata *metadata, uint64_t size_bytes);
COFFER_API const char *coffer_metadata_object_type(const coffer_metadata *metadata);
COFFER_API const char *coffer_metadata_encoding(const coffer_metadata *metadata);
COFFER_API uint64_t coffer_metadata_size(const coffer_metadata *metadata); /* of the blob, before framing */

/* serializer_info: a JSON object. Values are given and taken as text or as JSON text; a value that is no JSON gives
 * COFFER_MALFORMED. The key "source" is filled in by the registry when the serializer leaves it out. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_metadata_set_info(coffer_metadata *metadata, const char *key,
                                                                    const char *text, coffer_error *error);
COFFER_API COFFER_MUST_CHECK coffer_status coffer_metadata_set_info_json(coffer_metadata *metadata, const char *key,
                                                                         const char *json_text, coffer_error *error);
/* The text of a value that is a JSON string, else NULL; valid until the metadata changes. */
COFFER_API const char *coffer_metadata_info(const coffer_metadata *metadata, const char *key);
/* The whole object as JSON text ("{}" when empty); free with coffer_free. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_metadata_info_json(const coffer_metadata *metadata, char **out,
                                                                     coffer_error *error);
COFFER_API bool coffer_metadata_info_is_empty(const coffer_metadata *metadata);

/* A blob is bytes, or a reference (a URI) to bytes that are kept elsewhere. Immutable, reference counted. */
typedef struct coffer_blob coffer_blob;

/* Takes a new reference to `bytes`. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_blob_new(coffer_bytes *bytes, coffer_blob **out, coffer_error *error);
COFFER_API COFFER_MUST_CHECK coffer_status coffer_blob_new_reference(const char *uri, coffer_blob **out,
                                                                     coffer_error *error);
COFFER_API coffer_blob *coffer_blob_ref(coffer_blob *blob);
COFFER_API void coffer_blob_unref(coffer_blob *blob);                  /* NULL is allowed */
COFFER_API coffer_bytes *coffer_blob_bytes(const coffer_blob *blob);   /* borrowed; NULL for a reference */
COFFER_API const char *coffer_blob_reference(const coffer_blob *blob); /* NULL for bytes */

/* A list of blobs, as `serialize` makes them and `deserialize` gets them. */
typedef struct coffer_blob_list coffer_blob_list;
COFFER_API COFFER_MUST_CHECK coffer_status coffer_blob_list_new(coffer_blob_list **out, coffer_error *error);
COFFER_API void coffer_blob_list_free(coffer_blob_list *list); /* NULL is allowed */
/* Takes a new reference. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_blob_list_add(coffer_blob_list *list, coffer_blob *blob,
                                                                coffer_error *error);
/* Wraps `bytes` (a new reference) and adds it. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_blob_list_add_bytes(coffer_blob_list *list, coffer_bytes *bytes,
                                                                      coffer_error *error);
COFFER_API size_t coffer_blob_list_count(const coffer_blob_list *list);
COFFER_API coffer_blob *coffer_blob_list_at(const coffer_blob_list *list, size_t index); /* borrowed */

COFFER_END_DECLS
#endif
