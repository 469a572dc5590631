/* SPDX-License-Identifier: Apache-2.0 */
#include "datastore/names.h"

#include <string.h>

#include "util/cleanup.h"
#include "util/cursor.h"
#include "util/utf8.h"

typedef struct name_rule {
        const char *label;
        bool is_identifier;
        uint8_t max_bytes;
        const char *reserved[4]; /* what has another meaning at its place in the tree */
} name_rule;

/* A file name has 255 bytes; those of artifacts and metadata get something before and after them. */
enum { DIRECTORY_BYTES = 255, FILE_BYTES = 200 };

static const name_rule rules[COFFER_NAME_KIND_COUNT] = {
        [COFFER_NAME_FLOW] = {"a flow", true, DIRECTORY_BYTES, {"data"}},
        [COFFER_NAME_RUN] = {"a run", false, DIRECTORY_BYTES, {"data", "_meta", "latest_run", "damaged"}},
        [COFFER_NAME_STEP] = {"a step", true, DIRECTORY_BYTES, {"_meta"}},
        [COFFER_NAME_TASK] = {"a task", false, DIRECTORY_BYTES, {"_meta"}},
        [COFFER_NAME_ARTIFACT] = {"an artifact", true, FILE_BYTES, {NULL}},
        [COFFER_NAME_METADATA] = {"metadata", false, FILE_BYTES, {"attempt.json", "data.json", "DONE.lock"}},
        [COFFER_NAME_FIELD] = {"a metadata field", false, FILE_BYTES, {NULL}},
};

static bool is_digit(uint32_t code_point)
{
        return code_point >= '0' && code_point <= '9';
}

static bool is_identifier_character(uint32_t code_point, bool first)
{
        uint32_t lower = code_point | 0x20;
        return (lower >= 'a' && lower <= 'z') || code_point == '_' || code_point > 0x9f ||
               (!first && is_digit(code_point));
}

static bool is_path_character(uint32_t code_point, bool first)
{
        bool is_control = code_point < 0x20 || (code_point >= 0x7f && code_point <= 0x9f);
        return !is_control && code_point != '/' && !(first && code_point == '.');
}

static bool has_right_characters(const name_rule *rule, const char *name)
{
        coffer_cursor rest = coffer_cursor_text(name);
        if (!coffer_utf8_valid(rest, false))
                return false;
        for (bool first = true; rest.size_bytes > 0; first = false) {
                uint32_t code_point;
                if (!coffer_utf8_take(&rest, &code_point))
                        return false;
                if (!(rule->is_identifier ? is_identifier_character(code_point, first)
                                          : is_path_character(code_point, first)))
                        return false;
        }
        return true;
}

coffer_status coffer_name_check(coffer_name_kind kind, const char *name, coffer_error *error)
{
        const name_rule *rule = &rules[kind];

        if (!name || name[0] == '\0')
                return coffer_error_set(error, COFFER_INVALID, "the name of %s is missing", rule->label);
        if (strlen(name) > rule->max_bytes)
                return coffer_error_set(error, COFFER_INVALID, "the name '%.40s...' of %s is longer than %d bytes",
                                        name, rule->label, rule->max_bytes);
        if (!has_right_characters(rule, name))
                return coffer_error_set(error, COFFER_INVALID, "'%s' cannot be the name of %s: %s", name, rule->label,
                                        rule->is_identifier
                                                ? "it is no identifier (letters, digits and _, no digit first)"
                                                : "it begins with a dot or has a slash or a control character in it");
        for (size_t i = 0; i < ARRAY_COUNT(rule->reserved) && rule->reserved[i]; i++) {
                if (strcmp(name, rule->reserved[i]) == 0)
                        return coffer_error_set(error, COFFER_INVALID,
                                                "'%s' cannot be the name of %s: it is kept for the datastore itself",
                                                name, rule->label);
        }
        return COFFER_OK;
}

/* The number's digits without leading zeros; false when the text is no number. */
static bool decimal_digits(const char *text, coffer_cursor *digits)
{
        size_t length = strspn(text, "0123456789");
        if (length == 0 || text[length] != '\0')
                return false;
        size_t zeros = strspn(text, "0");
        *digits = coffer_cursor_of(text + zeros, length - zeros);
        return true;
}

int coffer_name_compare(const char *left, const char *right)
{
        coffer_cursor left_digits, right_digits;
        bool left_number = decimal_digits(left, &left_digits), right_number = decimal_digits(right, &right_digits);

        if (left_number != right_number)
                return left_number ? -1 : 1;
        if (left_number && left_digits.size_bytes != right_digits.size_bytes)
                return left_digits.size_bytes < right_digits.size_bytes ? -1 : 1;
        int order = left_number ? memcmp(left_digits.data, right_digits.data, left_digits.size_bytes) : 0;
        return order ? order : strcmp(left, right);
}

enum { NEAREST_BYTES = 64 }; /* longer names are not compared */

static size_t smallest(size_t first, size_t second, size_t third)
{
        size_t least = first < second ? first : second;
        return least < third ? least : third;
}

/* How many insertions, deletions, replacements and swaps of neighbours make `left` into `right`. */
static size_t edit_distance(const char *left, size_t left_bytes, const char *right, size_t right_bytes)
{
        size_t rows[3][NEAREST_BYTES + 1] = {{0}}; /* the row being made and the two before it, in turn */

        for (size_t column = 0; column <= right_bytes; column++)
                rows[0][column] = column;
        for (size_t i = 1; i <= left_bytes; i++) {
                size_t *row = rows[i % 3], *above = rows[(i - 1) % 3], *two_above = rows[(i + 1) % 3];
                row[0] = i;
                for (size_t j = 1; j <= right_bytes; j++) {
                        size_t replaced = above[j - 1] + (left[i - 1] != right[j - 1]);
                        row[j] = smallest(above[j] + 1, row[j - 1] + 1, replaced);
                        if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] &&
                            two_above[j - 2] + 1 < row[j])
                                row[j] = two_above[j - 2] + 1;
                }
        }
        return rows[left_bytes % 3][right_bytes];
}

const char *coffer_name_nearest(const char *name, const char *(*at)(const void *list, size_t index), size_t count,
                                const void *list)
{
        size_t name_bytes = strlen(name);
        size_t best = name_bytes / 3 + 2; /* what is farther away was hardly meant */
        const char *nearest = NULL;

        if (name_bytes > NEAREST_BYTES)
                return NULL;
        for (size_t i = 0; i < count; i++) {
                const char *candidate = at(list, i);
                size_t candidate_bytes = strlen(candidate);
                if (candidate_bytes > NEAREST_BYTES)
                        continue;
                size_t distance = edit_distance(name, name_bytes, candidate, candidate_bytes);
                bool has_common = distance < name_bytes || distance < candidate_bytes;
                if (distance < best && has_common) {
                        best = distance;
                        nearest = candidate;
                }
        }
        return nearest;
}
