/* SPDX-License-Identifier: Apache-2.0 */
/* What is read of a data.json is written, and read again as the same. */
#include <stdlib.h>
#include <string.h>

#include "datastore/artifacts.h"
#include "util/cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
        if (!holds)
                abort();
}

static void compare(const coffer_map *left, const coffer_map *right)
{
        check(coffer_map_count(left) == coffer_map_count(right));
        for (size_t i = 0; i < coffer_map_count(left); i++) {
                const coffer_artifact_entry *one = coffer_map_value_at(left, i), *other = coffer_map_value_at(right, i);
                check(strcmp(coffer_map_key_at(left, i), coffer_map_key_at(right, i)) == 0);
                check(strcmp(one->key.text, other->key.text) == 0);
                check(json_equal(one->info, other->info) == 1 || (!one->info && !other->info));
                check(strcmp(one->serializer_info, other->serializer_info) == 0);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_map_ coffer_map *artifacts = NULL, *again = NULL;
        _cleanup_free_ char *text = NULL;
        coffer_error error = COFFER_ERROR_INIT;

        if (coffer_data_json_read(coffer_cursor_of(data, size), "data.json", &artifacts, &error) != COFFER_OK) {
                check(error.message[0] != '\0');
                return 0;
        }
        check(coffer_data_json_write(artifacts, "local", 0, "3.11.2", &text, &error) == COFFER_OK);
        check(coffer_data_json_read(coffer_cursor_text(text), "data.json", &again, &error) == COFFER_OK);
        compare(artifacts, again);
        return 0;
}
