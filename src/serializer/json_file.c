/* SPDX-License-Identifier: Apache-2.0 */
#include "serializer/json_file.h"

#include <inttypes.h>

#include "util/fs.h"

coffer_status coffer_json_read_file(const char *path, uint64_t max_bytes, json_t **out, coffer_error *error)
{
        uint64_t size_bytes = 0;
        coffer_file_type type;
        coffer_cursor text;
        COFFER_TRY(coffer_fs_stat(path, &type, &size_bytes, error));
        if (type == COFFER_FILE_REGULAR && size_bytes > max_bytes)
                return coffer_error_set(error, COFFER_LIMIT, "%s: %" PRIu64 " bytes, more than %" PRIu64, path,
                                        size_bytes, max_bytes);
        _cleanup_bytes_ coffer_bytes *file = NULL;
        COFFER_TRY(coffer_fs_read(path, &file, error));
        COFFER_TRY(coffer_bytes_contiguous(file, &text, error));
        _cleanup_json_ json_t *json = NULL;
        COFFER_TRY(coffer_json_parse(text, path, &json, error));
        if (!json_is_object(json))
                return coffer_error_set(error, COFFER_MALFORMED, "%s: must be a JSON object", path);
        *out = TAKE_PTR(json);
        return COFFER_OK;
}
