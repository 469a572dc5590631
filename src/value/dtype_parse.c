/* SPDX-License-Identifier: Apache-2.0 */
/* Element types from descriptions that are still text. */
#include "value/dtype.h"
#include "value/literal.h"

coffer_status coffer_dtype_parse(coffer_document *document, coffer_cursor literal, coffer_dtype *out,
                                 coffer_error *error)
{
        const coffer_value *description;
        COFFER_TRY(coffer_literal_parse(document, literal, &description, error));
        coffer_dtype_builder builder = {document, 0, 0};
        coffer_dtype made;
        COFFER_TRY(coffer_dtype_from_description(&builder, description, &made, error));
        *out = made;
        return COFFER_OK;
}
