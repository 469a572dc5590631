/* SPDX-License-Identifier: Apache-2.0 */
#include "cas/sidecar.h"

#include "util/cleanup.h"
#include "util/cursor.h"
#include "util/json.h"

/* As Python sees it. */
static bool is_truthy(const json_t *value)
{
        switch (value ? json_typeof(value) : JSON_NULL) {
        case JSON_OBJECT:
                return json_object_size(value) > 0;
        case JSON_ARRAY:
                return json_array_size(value) > 0;
        case JSON_STRING:
                return json_string_length(value) > 0;
        case JSON_INTEGER:
        case JSON_REAL:
                return json_number_value(value) != 0;
        case JSON_TRUE:
                return true;
        default:
                return false;
        }
}

static coffer_status find_frame(const json_t *sidecar, const char *path, const coffer_frame_class **out,
                                coffer_error *error)
{
        const json_t *version = json_object_get(sidecar, "cas_version");

        if (!version || (json_is_integer(version) && json_integer_value(version) == -1))
                return coffer_error_set(error, COFFER_MALFORMED, "Could not extract encoding version for '%s'", path);
        if (!json_is_integer(version))
                return coffer_error_set(error, COFFER_MALFORMED, "the encoding version of '%s' is no integer", path);
        *out = coffer_frame_for(json_integer_value(version));
        if (!*out)
                return coffer_error_set(error, COFFER_UNSUPPORTED,
                                        "Unknown encoding version %" JSON_INTEGER_FORMAT
                                        " for '%s' -- the artifact is either corrupt or needs a newer coffer",
                                        json_integer_value(version), path);
        return COFFER_OK;
}

static coffer_status parse_json(const char *text, const char *path, json_t **out, coffer_error *error)
{
        coffer_error cause = COFFER_ERROR_INIT;
        coffer_status status = coffer_json_parse(coffer_cursor_text(text), "metadata", out, &cause);
        if (status == COFFER_NO_MEMORY)
                return coffer_error_set(error, status, "no memory to read the metadata of '%s'", path);
        if (status != COFFER_OK)
                return coffer_error_set(error, COFFER_MALFORMED, "the metadata of '%s' is no JSON: %s", path,
                                        cause.message);
        return COFFER_OK;
}

coffer_status coffer_sidecar_parse(const char *text, const char *path, coffer_sidecar *out, coffer_error *error)
{
        json_t *sidecar _cleanup_json_ = NULL;
        const coffer_frame_class *frame = NULL;

        if (text)
                COFFER_TRY(parse_json(text, path, &sidecar, error));
        if (!sidecar || json_is_null(sidecar)) {
                *out = (coffer_sidecar){false, coffer_frame_legacy()};
                return COFFER_OK;
        }
        if (!json_is_object(sidecar))
                return coffer_error_set(error, COFFER_MALFORMED, "the metadata of '%s' is no JSON object", path);
        if (!is_truthy(json_object_get(sidecar, "cas_raw")))
                COFFER_TRY(find_frame(sidecar, path, &frame, error));
        *out = (coffer_sidecar){true, frame};
        return COFFER_OK;
}

const char *coffer_sidecar_text(bool raw)
{
        return raw ? "{\"cas_raw\": true, \"cas_version\": 1}" : "{\"cas_raw\": false, \"cas_version\": 1}";
}
