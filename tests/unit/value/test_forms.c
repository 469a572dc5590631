/* SPDX-License-Identifier: Apache-2.0 */
/* Pickles made by CPython, NumPy and pandas (forms.txt, beside this file) against what is to be seen in them. */
#include "value_fixture.h"

#include <stdlib.h>

#include <coffer/pickle.h>

#include "util/buf.h"
#include "util/fs.h"

typedef struct block {
        char *object, *pickle, *type, *summary, *print, *json;
} block;

static coffer_bytes *bytes_from_hex(const char *hex)
{
        coffer_bytes *bytes = NULL;
        size_t size = strlen(hex) / 2;
        uint8_t *data = malloc(size + 1);
        for (size_t i = 0; i < size; i++) {
                unsigned byte;
                assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
                data[i] = (uint8_t)byte;
        }
        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_ok(coffer_bytes_append_copy(bytes, coffer_cursor_of(data, size), NULL));
        free(data);
        return bytes;
}

static coffer_document *read_hex(const char *hex)
{
        coffer_bytes *bytes _cleanup_bytes_ = bytes_from_hex(hex);
        coffer_pickle_read_options options = COFFER_PICKLE_READ_OPTIONS_INIT;
        coffer_document *document = NULL;
        assert_ok(coffer_pickle_read(bytes, &options, &document, NULL, NULL));
        return document;
}

/* Compares a text of the library with the expected one, and frees it. */
static void expect(const block *about, const char *expected, char *got)
{
        if (strcmp(got, expected) != 0)
                fail_msg("%s\n  expected %s\n  got      %s", about->object, expected, got);
        coffer_free(got);
}

static void check_block(const block *b)
{
        coffer_document *document _cleanup_document_ = read_hex(b->pickle);
        const coffer_value *root = coffer_document_root(document);
        coffer_print_options options = COFFER_PRINT_OPTIONS_INIT;
        char *text = NULL;
        options.width = 0;
        options.max_depth = 12;
        assert_ok(coffer_value_type_text(root, &text, NULL));
        expect(b, b->type, text);
        assert_ok(coffer_value_summary(root, &text, NULL));
        expect(b, b->summary, text);
        assert_ok(coffer_value_print(document, root, &options, &text, NULL));
        expect(b, b->print, text);
        assert_ok(coffer_value_to_json(document, root, true, &options, &text, NULL));
        expect(b, b->json, text);
}

/* The rest of a line behind its first word, when that is `word`. */
static char *rest_of(char *line, const char *word)
{
        size_t size = strlen(word);
        return strncmp(line, word, size) == 0 && line[size] == ' ' ? line + size + 1 : NULL;
}

static void test_pickles_of_cpython(void **state)
{
        (void)state;
        coffer_bytes *file _cleanup_bytes_ = NULL;
        coffer_cursor contents;
        assert_ok(coffer_fs_read(FORMS_FILE, &file, NULL));
        assert_ok(coffer_bytes_contiguous(file, &contents, NULL));
        char *text _cleanup_free_ = coffer_strndup((const char *)contents.data, contents.size_bytes);
        char *saved = NULL;
        size_t count = 0;
        block b = {0};
        for (char *line = strtok_r(text, "\n", &saved); line; line = strtok_r(NULL, "\n", &saved)) {
                char **fields[] = {&b.object, &b.pickle, &b.type, &b.summary, &b.print, &b.json};
                static const char *const words[] = {"object", "pickle", "type", "summary", "print", "json"};
                for (size_t i = 0; i < ARRAY_COUNT(words); i++)
                        if (rest_of(line, words[i]))
                                *fields[i] = rest_of(line, words[i]);
                if (rest_of(line, "json")) {
                        check_block(&b);
                        count++;
                }
        }
        assert_true(count > 150);
}

/* ---- arrays as tensors ---- */

#define DTYPE_I2                                                                                                       \
        "8c056e756d7079948c0564747970659493948c0269329489888794529428"                                                 \
        "4b038c013c944e4e4e4affffffff4affffffff4b0074946294"

/* numpy.arange(6, dtype="i2").reshape(2, 3), protocol 4, with room for other data. */
#define ARRAY_HEX(data)                                                                                                \
        "80048c166e756d70792e5f636f72652e6d756c74696172726179948c0c5f7265636f6e737472756374949394"                     \
        "8c056e756d7079948c076e6461727261799493944b0085944301629487945294284b014b024b038694" DTYPE_I2 "89" data        \
        "749462 2e"

static char *without_spaces(const char *text)
{
        char *copy = malloc(strlen(text) + 1), *end = copy;
        for (; *text; text++)
                if (*text != ' ')
                        *end++ = *text;
        *end = '\0';
        return copy;
}

static coffer_document *read_array(const char *hex)
{
        char *copy = without_spaces(hex);
        coffer_document *document = read_hex(copy);
        free(copy);
        return document;
}

static void test_array_as_tensor_shares_its_data(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = read_array(ARRAY_HEX("430c000001000200030004000500 94"));
        coffer_tensor tensor;
        assert_ok(coffer_value_as_tensor(document, coffer_document_root(document), &tensor, NULL));
        assert_int_equal(tensor.dims, 2);
        assert_int_equal(tensor.shape[0], 2);
        assert_int_equal(tensor.shape[1], 3);
        assert_int_equal(tensor.strides_bytes[0], 6);
        assert_int_equal(tensor.dtype.kind, 'i');
        assert_int_equal(tensor.dtype.item_size_bytes, 2);
        assert_true(tensor.read_only);
        const coffer_value *data = coffer_value_item(coffer_value_state(coffer_document_root(document)), 4);
        assert_ptr_equal(tensor.data, coffer_value_data(data).data);
        assert_int_equal(tensor.available_bytes, 12);
}

static void test_array_whose_data_do_not_fit(void **state)
{
        (void)state;
        static const char *const wrong[] = {ARRAY_HEX("430b0000010002000300040005 94"), ARRAY_HEX("4e"),
                                            ARRAY_HEX("5d94")};
        for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
                coffer_document *document _cleanup_document_ = read_array(wrong[i]);
                coffer_tensor tensor;
                coffer_error error = COFFER_ERROR_INIT;
                char *text = NULL;
                assert_status(coffer_value_as_tensor(document, coffer_document_root(document), &tensor, &error),
                              COFFER_MALFORMED);
                assert_int_equal(error.status, COFFER_MALFORMED);
                assert_ok(coffer_value_print(document, coffer_document_root(document), NULL, &text, NULL));
                assert_non_null(strstr(text, "_reconstruct(")); /* shown as what was called */
                coffer_free(text);
        }
}

static void test_what_is_no_array(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_tensor tensor;
        coffer_value *object = make_object(document, COFFER_CALL, make_global(document, "numpy", "arange"),
                                           TUPLE(document, 1, make_int(document, 3)));
        assert_status(coffer_value_as_tensor(document, make_int(document, 3), &tensor, NULL), COFFER_DECLINED);
        assert_status(coffer_value_as_tensor(document, object, &tensor, NULL), COFFER_DECLINED);
}

static void test_tensor_node_is_a_tensor(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        static const uint8_t data[] = {1, 2};
        coffer_tensor tensor = {.dtype = {.kind = 'u', .byte_order = '|', .item_size_bytes = 1},
                                .dims = 1,
                                .shape = {2},
                                .strides_bytes = {1},
                                .data = data,
                                .available_bytes = 2};
        coffer_tensor got;
        coffer_value *value = NULL;
        char *text = NULL;
        assert_ok(coffer_value_tensor(document, &tensor, &value, NULL));
        assert_ok(coffer_value_as_tensor(document, value, &got, NULL));
        assert_ptr_equal(got.data, data);
        assert_ok(coffer_value_print(document, value, NULL, &text, NULL));
        assert_string_equal(text, "array([1, 2], dtype='uint8')");
        coffer_free(text);
}

/* A dtype of `depth` records, each with two fields of the next one: 2 ** depth fields in a small pickle. */
static coffer_value *record_bomb(coffer_document *document, int depth)
{
        coffer_value *none = make_none(document);
        coffer_value *minus = make_int(document, -1);
        coffer_value *dtype = NULL;
        for (int i = 0; i <= depth; i++) {
                coffer_value *fields = make_container(document, COFFER_KIND_DICT);
                coffer_value *first = make_str(document, "a"), *second = make_str(document, "b");
                coffer_value *size = i == 0 ? minus : make_int(document, 0);
                for (int j = 0; i > 0 && j < 2; j++)
                        set_item(document, fields, j ? second : first,
                                 TUPLE(document, 2, dtype, make_int(document, 0)));
                coffer_value *names = i == 0 ? none : TUPLE(document, 2, first, second);
                coffer_value *made = make_object(document, COFFER_CALL, make_global(document, "numpy", "dtype"),
                                                 TUPLE(document, 3, make_str(document, "V0"),
                                                       make_bool(document, false), make_bool(document, true)));
                coffer_value *state =
                        make_items(document, COFFER_KIND_TUPLE, 8, make_int(document, 3), make_str(document, "|"), none,
                                   names, i == 0 ? none : fields, size, make_int(document, 1), make_int(document, 0));
                assert_ok(coffer_value_object_set_state(document, made, state, NULL));
                dtype = made;
        }
        return dtype;
}

static void test_dtype_of_shared_records_is_limited(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = make_document();
        coffer_value *args = TUPLE(document, 2, record_bomb(document, 30), make_bytes(document, "", 0));
        coffer_value *scalar =
                make_object(document, COFFER_CALL, make_global(document, "numpy._core.multiarray", "scalar"), args);
        coffer_tensor tensor;
        char *text = NULL;
        assert_status(coffer_value_as_tensor(document, scalar, &tensor, NULL), COFFER_LIMIT);
        assert_ok(coffer_value_print(document, scalar, NULL, &text, NULL));
        coffer_free(text);
        args = TUPLE(document, 2, record_bomb(document, 3), make_bytes(document, "", 0));
        scalar = make_object(document, COFFER_CALL, make_global(document, "numpy._core.multiarray", "scalar"), args);
        assert_ok(coffer_value_as_tensor(document, scalar, &tensor, NULL));
        assert_int_equal(tensor.dtype.field_count, 2);
}

static coffer_status view_all(void *user, coffer_error *error)
{
        coffer_document *document = user;
        char *text = NULL;
        coffer_status status = coffer_value_print(document, coffer_document_root(document), NULL, &text, error);
        coffer_free(text);
        text = NULL;
        if (status == COFFER_OK)
                status = coffer_value_to_json(document, coffer_document_root(document), true, NULL, &text, error);
        coffer_free(text);
        text = NULL;
        if (status == COFFER_OK)
                status = coffer_value_summary(coffer_document_root(document), &text, error);
        coffer_free(text);
        return status;
}

static void test_views_without_memory(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = read_array(ARRAY_HEX("430c000001000200030004000500 94"));
        test_alloc_fail_each(view_all, document);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(test_pickles_of_cpython),          leak_checked(test_array_as_tensor_shares_its_data),
                leak_checked(test_array_whose_data_do_not_fit), leak_checked(test_what_is_no_array),
                leak_checked(test_tensor_node_is_a_tensor),     leak_checked(test_dtype_of_shared_records_is_limited),
                leak_checked(test_views_without_memory),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
