/* SPDX-License-Identifier: Apache-2.0 */
/* Making values in tests: each asserts that it succeeds. */
#ifndef COFFER_TESTS_VALUE_FIXTURE_H
#define COFFER_TESTS_VALUE_FIXTURE_H

#include "test.h"

#include <stdio.h>

#include "value/value_internal.h"

static inline coffer_document *make_document(void)
{
        coffer_document *document = NULL;
        assert_int_equal(coffer_document_new(&document, NULL), COFFER_OK);
        return document;
}

static inline coffer_value *make_int(coffer_document *document, int64_t number)
{
        coffer_value *value = NULL;
        assert_int_equal(coffer_value_int(document, number, &value, NULL), COFFER_OK);
        return value;
}

static inline coffer_value *make_big(coffer_document *document, const char *text)
{
        coffer_value *value = NULL;
        assert_int_equal(coffer_value_int_text(document, coffer_cursor_text(text), &value, NULL), COFFER_OK);
        return value;
}

static inline coffer_value *make_float(coffer_document *document, double number)
{
        coffer_value *value = NULL;
        assert_int_equal(coffer_value_float(document, number, &value, NULL), COFFER_OK);
        return value;
}

static inline coffer_value *make_bool(coffer_document *document, bool truth)
{
        coffer_value *value = NULL;
        assert_int_equal(coffer_value_bool(document, truth, &value, NULL), COFFER_OK);
        return value;
}

static inline coffer_value *make_none(coffer_document *document)
{
        coffer_value *value = NULL;
        assert_int_equal(coffer_value_none(document, &value, NULL), COFFER_OK);
        return value;
}

static inline coffer_value *make_str(coffer_document *document, const char *text)
{
        coffer_value *value = NULL;
        assert_int_equal(coffer_value_str(document, coffer_cursor_text(text), false, &value, NULL), COFFER_OK);
        return value;
}

static inline coffer_value *make_bytes(coffer_document *document, const void *data, size_t size_bytes)
{
        coffer_value *value = NULL;
        assert_int_equal(coffer_value_bytes(document, coffer_cursor_of(data, size_bytes), false, &value, NULL),
                         COFFER_OK);
        return value;
}

static inline coffer_value *make_container(coffer_document *document, coffer_kind kind)
{
        coffer_value *value = NULL;
        assert_int_equal(coffer_value_container(document, kind, &value, NULL), COFFER_OK);
        return value;
}

static inline coffer_value *make_global(coffer_document *document, const char *module, const char *qualname)
{
        coffer_value *value = NULL;
        assert_int_equal(
                coffer_value_global(document, coffer_cursor_text(module), coffer_cursor_text(qualname), &value, NULL),
                COFFER_OK);
        return value;
}

static inline coffer_value *make_object(coffer_document *document, coffer_construction construction,
                                        const coffer_value *callable, const coffer_value *args)
{
        coffer_value *value = NULL;
        assert_int_equal(coffer_value_object(document, construction, callable, args, NULL, &value, NULL), COFFER_OK);
        return value;
}

static inline void append(coffer_document *document, coffer_value *sequence, const coffer_value *item)
{
        assert_int_equal(coffer_value_append(document, sequence, item, NULL), COFFER_OK);
}

static inline void set_item(coffer_document *document, coffer_value *dict, const coffer_value *key,
                            const coffer_value *value)
{
        assert_int_equal(coffer_value_set_item(document, dict, key, value, NULL), COFFER_OK);
}

/* A list, tuple, set or frozenset of `count` values. */
static inline coffer_value *make_items(coffer_document *document, coffer_kind kind, size_t count, ...)
{
        coffer_value *container = make_container(document, kind);
        va_list items;
        va_start(items, count);
        for (size_t i = 0; i < count; i++)
                append(document, container, va_arg(items, const coffer_value *));
        va_end(items);
        return container;
}

#define TUPLE(document, count, ...) make_items((document), COFFER_KIND_TUPLE, (count), __VA_ARGS__)
#define LIST(document, count, ...)  make_items((document), COFFER_KIND_LIST, (count), __VA_ARGS__)

static inline int64_t int_of(const coffer_value *value)
{
        int64_t number = 0;
        assert_non_null(value);
        assert_true(coffer_value_get_int(value, &number));
        return number;
}

#endif
