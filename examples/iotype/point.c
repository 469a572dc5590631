/* SPDX-License-Identifier: Apache-2.0 */
/* A type of artifacts: Point, two numbers as in [1.5,2.0]. It has a JSON form, so the library does the rest: canonical
 * bytes, the wire form, List[Point] and Map[Text,Point]. */
#include <string.h>

#include <coffer/alloc.h>
#include <coffer/sys/iotype.h>

static coffer_status to_spec(const coffer_iotype_class *self, const coffer_iotype *type, char **json,
                             coffer_error *error)
{
        (void)self;
        (void)type;
        *json = coffer_strdup("{\"type\":\"array\",\"items\":{\"type\":\"number\"},\"minItems\":2,\"maxItems\":2}");
        return *json ? COFFER_OK : coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a schema");
}

/* Points look the same in JSON and in memory. */
static coffer_status check(const coffer_iotype_class *self, const coffer_iotype *type, coffer_document *document,
                           const coffer_value *value, const coffer_value **out, coffer_error *error)
{
        (void)self;
        (void)type;
        (void)document;
        bool fits = coffer_value_kind(value) == COFFER_KIND_LIST && coffer_value_count(value) == 2;
        for (size_t i = 0; fits && i < 2; i++)
                fits = coffer_value_kind(coffer_value_item(value, i)) == COFFER_KIND_FLOAT;
        if (!fits)
                return coffer_error_set(error, COFFER_MALFORMED, "a Point is a list of two floats");
        *out = value;
        return COFFER_OK;
}

COFFER_API const coffer_iotype_class *coffer_iotype_entry(uint32_t abi, const char *name);

COFFER_API const coffer_iotype_class *coffer_iotype_entry(uint32_t abi, const char *name)
{
        static const coffer_iotype_class point = {
                .abi = COFFER_IOTYPE_ABI,
                .struct_bytes = sizeof(coffer_iotype_class),
                .name = "Point",
                .to_spec = to_spec,
                .to_json = check,
                .from_json = check,
        };
        return abi == COFFER_IOTYPE_ABI && strcmp(name, point.name) == 0 ? &point : NULL;
}
