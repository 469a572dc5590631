/* SPDX-License-Identifier: Apache-2.0 */
#include "serializer/descriptor.h"

#include <limits.h>

#include <coffer/sys/iotype.h>
#include "serializer/record.h"

enum { MOST_NAME_BYTES = 127, MOST_TEXT_BYTES = 1023, MOST_PATH_BYTES = PATH_MAX - 1 };

typedef struct coffer_descriptor_entry entry;

/* The first problem is the one that is told. */
#define problem(entry, ...)                                                                                            \
        do {                                                                                                           \
                if ((entry)->problem.status == COFFER_OK)                                                              \
                        (void)coffer_error_set(&(entry)->problem, COFFER_MALFORMED, __VA_ARGS__);                      \
        } while (0)

/* ---- kinds of values; each says what is wrong with it by a problem ---- */

/* NULL, with the problem, when it is no such text. */
static const char *text_of(entry *out, const char *key, const json_t *value, size_t max_bytes)
{
        const char *text = json_string_value(value);
        if (!text)
                problem(out, "\"%s\" must be a text", key);
        else if (json_string_length(value) == 0)
                problem(out, "\"%s\" is empty", key);
        else if (strlen(text) != json_string_length(value))
                problem(out, "\"%s\" has a NUL inside", key);
        else if (strlen(text) > max_bytes)
                problem(out, "\"%s\" is longer than %zu bytes", key, max_bytes);
        else
                return text;
        return NULL;
}

/* A list that ends with NULL; items that are wrong are left out. */
static coffer_status read_list(entry *out, const char *key, const json_t *value, const char ***list,
                               bool (*is_right)(const char *item), coffer_error *error)
{
        size_t count = json_array_size(value), kept = 0;
        if (!json_is_array(value) || count > COFFER_DESCRIPTOR_MAX_ITEMS) {
                problem(out, "\"%s\" must be a list of at most %d texts", key, COFFER_DESCRIPTOR_MAX_ITEMS);
                return COFFER_OK;
        }
        const char **items = coffer_alloc_zeroed(count + 1, sizeof(*items));
        if (!items)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a descriptor");
        for (size_t i = 0; i < count; i++) {
                const char *item = text_of(out, key, json_array_get(value, i), COFFER_TYPE_CLAIM_BYTES - 1);
                if (item && is_right && !is_right(item))
                        problem(out,
                                "\"%s\" has '%s', which is none of \"module.Type\", \"=module.Type\", \"package.*\"",
                                key, item);
                else if (item)
                        items[kept++] = item;
        }
        *list = items;
        return COFFER_OK;
}

static bool is_type_claim(const char *item)
{
        bool is_exact = *item == '=';
        const char *name = item + is_exact, *last_dot = strrchr(name, '.');
        if (!last_dot || last_dot == name || !last_dot[1] || strpbrk(name, "= \t\n") != NULL)
                return false;
        const char *star = strchr(name, '*');
        bool is_package = !is_exact && strcmp(last_dot, ".*") == 0 && strchr(name, '.') == last_dot;
        return star == NULL || (is_package && star == last_dot + 1);
}

/* Names stand in lists of toggles. */
static bool is_name(const char *name)
{
        return strpbrk(name, ", \t\r\n") == NULL && *name != '-' && *name != '+';
}

/* Below the descriptor's directory, or absolute; nothing that leads elsewhere without saying so. */
static bool is_library_path(const char *path)
{
        for (const char *part = path; part; part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL)
                if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
                        return false;
        return true;
}

/* ---- keys ---- */

static coffer_status read_name(entry *out, const char *key, const json_t *value, coffer_error *error)
{
        (void)error;
        const char *name = text_of(out, key, value, MOST_NAME_BYTES);
        if (name && !is_name(name))
                problem(out, "\"%s\" must have no comma or space in it and no sign in front", key);
        else if (name)
                out->descriptor.name = name;
        return COFFER_OK;
}

static coffer_status read_library(entry *out, const char *key, const json_t *value, coffer_error *error)
{
        (void)error;
        const char *path = text_of(out, key, value, MOST_PATH_BYTES);
        if (path && !is_library_path(path))
                problem(out,
                        "\"%s\" has \"..\" in it: give a path below the descriptor's directory, or an absolute one",
                        key);
        else
                out->library = path;
        return COFFER_OK;
}

static coffer_status read_symbol(entry *out, const char *key, const json_t *value, coffer_error *error)
{
        (void)error;
        const char *symbol = text_of(out, key, value, MOST_TEXT_BYTES);
        if (symbol && strchr(symbol, ':'))
                problem(out, "\"%s\" must have no colon in it", key);
        else if (symbol)
                out->symbol = symbol;
        return COFFER_OK;
}

static coffer_status read_source(entry *out, const char *key, const json_t *value, coffer_error *error)
{
        (void)error;
        out->descriptor.source = text_of(out, key, value, MOST_TEXT_BYTES);
        return COFFER_OK;
}

static coffer_status read_priority(entry *out, const char *key, const json_t *value, coffer_error *error)
{
        (void)error;
        json_int_t number = json_integer_value(value);
        if (!json_is_integer(value) || number < INT32_MIN || number > INT32_MAX) {
                problem(out, "\"%s\" must be an integer of 32 bits", key);
                return COFFER_OK;
        }
        out->priority = (int32_t)number;
        out->descriptor.priority = &out->priority;
        return COFFER_OK;
}

static coffer_status read_types(entry *out, const char *key, const json_t *value, coffer_error *error)
{
        return read_list(out, key, value, &out->types, is_type_claim, error);
}

static coffer_status read_encodings(entry *out, const char *key, const json_t *value, coffer_error *error)
{
        return read_list(out, key, value, &out->encodings, NULL, error);
}

static coffer_status read_needs(entry *out, const char *key, const json_t *value, coffer_error *error)
{
        return read_list(out, key, value, &out->needs, NULL, error);
}

static coffer_status read_iotypes(entry *out, const char *key, const json_t *value, coffer_error *error)
{
        COFFER_TRY(read_list(out, key, value, &out->iotypes, NULL, error));
        if (out->iotypes && !out->iotypes[0])
                problem(out, "\"%s\" is empty", key);
        return COFFER_OK;
}

static coffer_status read_enabled(entry *out, const char *key, const json_t *value, coffer_error *error)
{
        (void)error;
        if (!json_is_boolean(value))
                problem(out, "\"%s\" must be true or false", key);
        out->descriptor.off_by_default = json_is_false(value);
        return COFFER_OK;
}

static const struct {
        const char *key;
        coffer_status (*read)(entry *out, const char *key, const json_t *value, coffer_error *error);
} keys[] = {
        {"name", read_name},         {"library", read_library}, {"symbol", read_symbol},       {"source", read_source},
        {"priority", read_priority}, {"types", read_types},     {"encodings", read_encodings}, {"needs", read_needs},
        {"enabled", read_enabled},   {"iotypes", read_iotypes},
};

static coffer_status read_key(entry *out, const char *key, const json_t *value, coffer_error *error)
{
        for (size_t i = 0; i < ARRAY_COUNT(keys); i++)
                if (strcmp(key, keys[i].key) == 0)
                        return keys[i].read(out, key, value, error);
        if (out->remark.status == COFFER_OK)
                (void)coffer_error_set(&out->remark, COFFER_MALFORMED, "unknown key \"%s\" is ignored", key);
        return COFFER_OK;
}

/* ---- entries ---- */

static const json_t *list_of(const json_t *file)
{
        const json_t *list = json_object_get(file, "serializers");
        return json_is_array(list) && json_array_size(list) > 0 ? list : NULL;
}

size_t coffer_descriptor_count(const json_t *file)
{
        const json_t *list = list_of(file);
        return list ? json_array_size(list) : 1;
}

const json_t *coffer_descriptor_at(const json_t *file, size_t index)
{
        const json_t *list = list_of(file);
        return list ? json_array_get(list, index) : file;
}

static coffer_status read_keys(entry *out, const json_t *json, coffer_error *error)
{
        json_t *object = (json_t *)json; /* jansson's iterators want it so, but do not change it */
        for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at))
                COFFER_TRY(read_key(out, json_object_iter_key(at), json_object_iter_value(at), error));
        return COFFER_OK;
}

coffer_status coffer_descriptor_read(const json_t *json, const char *fallback_name, coffer_descriptor_entry *out,
                                     coffer_error *error)
{
        *out = (coffer_descriptor_entry){
                .descriptor = COFFER_DESCRIPTOR_INIT, .problem = COFFER_ERROR_INIT, .remark = COFFER_ERROR_INIT};
        if (!json_is_object(json))
                problem(out, "must be a JSON object, or {\"serializers\": [objects]}");
        coffer_status status = read_keys(out, json, error);
        if (!out->descriptor.name) {
                problem(out, "it has no \"name\"");
                out->descriptor.name = fallback_name;
        }
        if (!out->library)
                problem(out, "it has no \"library\"");
        if (!out->symbol)
                out->symbol = out->iotypes ? COFFER_IOTYPE_SYMBOL : COFFER_SERIALIZER_SYMBOL;
        out->descriptor.types = out->types;
        out->descriptor.encodings = out->encodings;
        out->descriptor.needs = out->needs;
        if (status != COFFER_OK)
                coffer_descriptor_entry_done(out);
        return status;
}

void coffer_descriptor_entry_done(coffer_descriptor_entry *read)
{
        coffer_free(read->types);
        coffer_free(read->encodings);
        coffer_free(read->needs);
        coffer_free(read->iotypes);
        read->types = read->encodings = read->needs = read->iotypes = NULL;
}
