/* SPDX-License-Identifier: Apache-2.0 */
#include "serializer/toggles.h"

#include <stdlib.h>

#include "serializer/json_file.h"
#include "serializer/xdg.h"
#include "util/cursor.h"

enum { LARGEST_CONFIG_BYTES = 1 << 20 };

struct coffer_toggles {
        coffer_map *switches; /* name -> one of the three below */
        bool is_allow_list;   /* something was named without a sign */
};

static char switched_off[] = "-", switched_on[] = "+", allowed[] = "";

/* What one call of coffer_toggles_new carries along. */
struct reading {
        coffer_toggles *toggles;
        const char *origin; /* for messages */
        coffer_toggles_warn_fn warn;
        void *user;
};

void coffer_toggles_free(coffer_toggles *toggles)
{
        if (!toggles)
                return;
        coffer_map_free(toggles->switches);
        coffer_free(toggles);
}

/* A complaint becomes a warning; only want of memory is a failure. */
static coffer_status complain(const struct reading *reading, const coffer_error *complaint, coffer_error *error)
{
        if (complaint->status == COFFER_NO_MEMORY)
                return coffer_error_set(error, COFFER_NO_MEMORY, "%s", complaint->message);
        if (reading->warn)
                reading->warn(reading->user, complaint->message);
        return COFFER_OK;
}

static coffer_status read_item(const struct reading *reading, coffer_cursor item, coffer_error *error)
{
        char *meaning = allowed;
        if (item.data[0] == '-' || item.data[0] == '+') {
                meaning = item.data[0] == '-' ? switched_off : switched_on;
                item = coffer_cursor_of(item.data + 1, item.size_bytes - 1);
        }
        if (item.size_bytes == 0 || memchr(item.data, 0, item.size_bytes)) {
                coffer_error complaint;
                (void)coffer_error_set(&complaint, COFFER_MALFORMED, "%s: \"%s\" without a name is ignored",
                                       reading->origin, meaning);
                return complain(reading, &complaint, error);
        }
        _cleanup_free_ char *name = coffer_strndup((const char *)item.data, item.size_bytes);
        if (!name)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a toggle");
        reading->toggles->is_allow_list |= meaning == allowed;
        return coffer_map_set(reading->toggles->switches, name, meaning, error);
}

static bool separates(uint8_t byte)
{
        return byte == ',' || byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static coffer_status read_text(const struct reading *reading, coffer_cursor text, coffer_error *error)
{
        for (size_t start = 0, end; start < text.size_bytes; start = end + 1) {
                for (end = start; end < text.size_bytes && !separates(text.data[end]);)
                        end++;
                if (end > start)
                        COFFER_TRY(read_item(reading, coffer_cursor_of(text.data + start, end - start), error));
        }
        return COFFER_OK;
}

static coffer_cursor json_cursor(const json_t *string)
{
        return coffer_cursor_of(json_string_value(string), json_string_length(string));
}

static coffer_status read_setting(const struct reading *reading, const json_t *setting, coffer_error *error)
{
        coffer_error complaint;
        if (json_is_string(setting))
                return read_text(reading, json_cursor(setting), error);
        if (!json_is_array(setting)) {
                (void)coffer_error_set(&complaint, COFFER_MALFORMED,
                                       "%s: \"serializers\" must be a text or a list of texts; it is ignored",
                                       reading->origin);
                return complain(reading, &complaint, error);
        }
        for (size_t i = 0; i < json_array_size(setting); i++) {
                const json_t *item = json_array_get(setting, i);
                if (json_is_string(item)) {
                        COFFER_TRY(read_text(reading, json_cursor(item), error));
                        continue;
                }
                (void)coffer_error_set(&complaint, COFFER_MALFORMED,
                                       "%s: item %zu of \"serializers\" is not a text and is ignored", reading->origin,
                                       i);
                COFFER_TRY(complain(reading, &complaint, error));
        }
        return COFFER_OK;
}

static coffer_status read_config(struct reading *reading, coffer_error *error)
{
        _cleanup_free_ char *standard = NULL;
        const char *path = secure_getenv("COFFER_CONFIG");
        bool is_asked_for = path && *path;
        if (!is_asked_for) {
                COFFER_TRY(coffer_xdg_path("XDG_CONFIG_HOME", ".config", "coffer/config.json", &standard, error));
                path = standard;
        }
        if (!path)
                return COFFER_OK;
        _cleanup_json_ json_t *config = NULL;
        coffer_error complaint;
        coffer_status status = coffer_json_read_file(path, LARGEST_CONFIG_BYTES, &config, &complaint);
        if (status == COFFER_NOT_FOUND && !is_asked_for)
                return COFFER_OK;
        if (status != COFFER_OK)
                return complain(reading, &complaint, error);
        reading->origin = path;
        const json_t *setting = json_object_get(config, "serializers");
        return setting ? read_setting(reading, setting, error) : COFFER_OK;
}

coffer_status coffer_toggles_new(const char *text, coffer_toggles_warn_fn warn, void *user, coffer_toggles **out,
                                 coffer_error *error)
{
        _cleanup_toggles_ coffer_toggles *toggles = coffer_alloc_zeroed(1, sizeof(*toggles));
        if (!toggles)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for toggles");
        COFFER_TRY(coffer_map_new(NULL, &toggles->switches, error));
        struct reading reading = {toggles, "COFFER_SERIALIZERS", warn, user};
        if (!text)
                text = secure_getenv("COFFER_SERIALIZERS");
        if (text)
                COFFER_TRY(read_text(&reading, coffer_cursor_text(text), error));
        else
                COFFER_TRY(read_config(&reading, error));
        *out = TAKE_PTR(toggles);
        return COFFER_OK;
}

bool coffer_toggles_allow(const coffer_toggles *toggles, const char *name, bool off_by_default)
{
        const char *meaning = coffer_map_get(toggles->switches, name);
        if (meaning)
                return meaning != switched_off;
        return !toggles->is_allow_list && !off_by_default;
}
