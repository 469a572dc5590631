/* SPDX-License-Identifier: Apache-2.0 */
/* Typed artifacts: NAME:Type=TEXT on the way in, schemas and wire forms on the way out. */
#ifndef COFFER_CLI_TYPED_H
#define COFFER_CLI_TYPED_H

#include "cli.h"

COFFER_DEFINE_CLEANUP(coffer_iotype *, coffer_iotype_unref);

/* Is the word behind the colon a type, not a form? Types begin with a capital letter. */
bool cli_is_type_name(coffer_cursor word);

/* A typed object from its wire form, or (`wire` NULL) from bytes as the type stores them. */
COFFER_MUST_CHECK coffer_status cli_typed_object(coffer_registry *registry, const char *type_name, const char *wire,
                                                 coffer_bytes *stored, coffer_object *out, coffer_error *error);

/* The JSON schema of an artifact: what was recorded beside it, else its type's; free with coffer_free. COFFER_DECLINED
 * when it is not typed. */
COFFER_MUST_CHECK coffer_status cli_typed_spec(coffer_registry *registry, const coffer_artifact_info *info, char **out,
                                               coffer_error *error);

/* The wire form of a loaded object; free with coffer_free. COFFER_UNSUPPORTED when it is not typed. */
COFFER_MUST_CHECK coffer_status cli_typed_wire(const coffer_object *object, char **out, coffer_error *error);

#endif
