/* SPDX-License-Identifier: Apache-2.0 */
/* Every type's whole way, with every allocation failing in turn. */
#include "types_fixture.h"

struct scene {
        const char *type;
        const char *wire;
};

static coffer_status use(coffer_registry *registry, const struct scene *scene, coffer_error *error)
{
        coffer_iotype *type _cleanup_iotype_ = NULL;
        coffer_object value _cleanup_object_ = {NULL, NULL}, typed _cleanup_object_ = {NULL, NULL},
                            loaded _cleanup_object_ = {NULL, NULL};
        coffer_blob *blob _cleanup_blob_ = NULL;
        coffer_metadata *metadata _cleanup_metadata_ = NULL;
        coffer_document *json _cleanup_document_ = NULL;
        char *wire _cleanup_free_ = NULL, *spec _cleanup_free_ = NULL;
        COFFER_TRY(coffer_iotype_find(registry, coffer_cursor_text(scene->type), &type, error));
        COFFER_TRY(load_wire(type, scene->wire, &value, error));
        COFFER_TRY(coffer_iotype_object(type, &value, &typed, error));
        COFFER_TRY(coffer_registry_serialize(registry, &typed, "thing", &blob, &metadata, error));
        COFFER_TRY(coffer_registry_deserialize(registry, blob, metadata, "thing", &loaded, error));
        COFFER_TRY(coffer_iotype_serialize(type, &value, COFFER_WIRE, NULL, NULL, &wire, error));
        COFFER_TRY(coffer_iotype_to_spec(type, &spec, error));
        COFFER_TRY(coffer_iotype_to_json(type, &value, &json, error));
        return coffer_schema_check(coffer_cursor_text(spec), coffer_document_root(json), error);
}

static coffer_status open_and_use(void *user, coffer_error *error)
{
        coffer_registry *registry _cleanup_registry_ = NULL;
        COFFER_TRY(open_registry(&registry, error));
        return use(registry, user, error);
}

static void types_live_with_want_of_memory(void **state)
{
        static const struct scene scenes[] = {
                {"Bool", "true"},
                {"Int32", "5"},
                {"Int64", "9007199254740993"},
                {"Float32", "0.5"},
                {"Float64", "\"-Infinity\""},
                {"Enum[red,green]", "green"},
                {"Text", "text"},
                {"Bytes", "AAEC"},
                {"Json", "{\"b\":[1.5,\"t\"],\"a\":{}}"},
                {"Json[big,nan]",
                 "[18446744073709551616,{\"a\":1,\"b\":{\"$float\":\"NaN\"}},[0,{\"$float\":\"Infinity\"}]]"},
                {"Struct[m:C]", "{\"b\":[1],\"a\":null}"},
                {"Map[Int32,List[Enum[x,y]]]", "{\"5\":[\"x\"]}"},
                {"Map[Text,Tensor[uint8]]", "{\"t\":{\"data\":\"AAEC\",\"dtype\":\"uint8\",\"shape\":[3,1]}}"},
                {"Tensor[int16,2]", "{\"data\":\"AAECAw==\",\"dtype\":\"int16\",\"shape\":[2]}"},
                {"List[Float32]", "[0.5,\"NaN\"]"},
        };
        (void)state;
        for (size_t i = 0; i < ARRAY_COUNT(scenes); i++)
                test_alloc_fail_each(open_and_use, (void *)&scenes[i]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(types_live_with_want_of_memory),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
