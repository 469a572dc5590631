/* SPDX-License-Identifier: Apache-2.0 */
#include "value_fixture.h"

#include "value/dtype.h"
#include "value/tensor.h"

/* A file of the given version with that header and `data_bytes` bytes 0, 1, 2, ... */
static coffer_bytes *make_file(uint8_t version, const char *header, size_t data_bytes)
{
        coffer_buf text _cleanup_buf_ = COFFER_BUF_INIT(1 << 20);
        size_t size = strlen(header);
        assert_int_equal(coffer_buf_append(&text, "\x93NUMPY", 6, NULL), COFFER_OK);
        assert_int_equal(coffer_buf_append_byte(&text, version, NULL), COFFER_OK);
        assert_int_equal(coffer_buf_append_byte(&text, 0, NULL), COFFER_OK);
        for (int i = 0; i < (version == 1 ? 2 : 4); i++)
                assert_int_equal(coffer_buf_append_byte(&text, (uint8_t)(size >> 8 * i), NULL), COFFER_OK);
        assert_int_equal(coffer_buf_append_text(&text, header, NULL), COFFER_OK);
        for (size_t i = 0; i < data_bytes; i++)
                assert_int_equal(coffer_buf_append_byte(&text, (uint8_t)i, NULL), COFFER_OK);
        coffer_bytes *file = NULL;
        assert_int_equal(coffer_bytes_new(&file, NULL), COFFER_OK);
        assert_int_equal(coffer_buf_take_into(&text, file, NULL), COFFER_OK);
        return file;
}

static coffer_status read_file(uint8_t version, const char *header, size_t data_bytes, coffer_document **out)
{
        coffer_bytes *file _cleanup_bytes_ = make_file(version, header, data_bytes);
        return coffer_document_from_npy(file, out, NULL);
}

static const coffer_tensor *tensor_of(const coffer_document *document)
{
        assert_int_equal(coffer_value_kind(coffer_document_root(document)), COFFER_KIND_TENSOR);
        return coffer_document_root(document)->tensor;
}

static void check_name(const coffer_dtype *dtype, const char *expected)
{
        coffer_buf name _cleanup_buf_ = COFFER_BUF_INIT(1 << 20);
        char *text = NULL;
        assert_int_equal(coffer_dtype_write_name(dtype, &name, NULL), COFFER_OK);
        assert_int_equal(coffer_buf_take_text(&name, &text, NULL), COFFER_OK);
        assert_string_equal(text, expected);
        coffer_free(text);
}

static void test_simple_array_is_read_without_a_copy(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = NULL;
        coffer_bytes *file = make_file(1, "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }\n", 12);
        coffer_cursor contents;
        assert_int_equal(coffer_bytes_contiguous(file, &contents, NULL), COFFER_OK);
        assert_int_equal(coffer_document_from_npy(file, &document, NULL), COFFER_OK);
        coffer_bytes_unref(file);
        const coffer_tensor *tensor = tensor_of(document);
        assert_ptr_equal(tensor->data, contents.data + contents.size_bytes - 12);
        assert_int_equal(tensor->dims, 2);
        assert_int_equal(tensor->shape[0], 2);
        assert_int_equal(tensor->shape[1], 3);
        assert_int_equal(tensor->strides_bytes[0], 6);
        assert_int_equal(tensor->strides_bytes[1], 2);
        assert_int_equal(tensor->available_bytes, 12);
        assert_true(tensor->read_only);
        check_name(&tensor->dtype, "int16");
}

static void test_fortran_order_sets_strides(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = NULL;
        assert_int_equal(read_file(2, "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3)}", 6, &document),
                         COFFER_OK);
        assert_int_equal(tensor_of(document)->strides_bytes[0], 1);
        assert_int_equal(tensor_of(document)->strides_bytes[1], 2);
        assert_true(coffer_tensor_is_f_contiguous(tensor_of(document)));
}

static void test_every_simple_dtype(void **state)
{
        (void)state;
        static const struct {
                const char *description, *name;
                size_t item_bytes;
        } cases[] = {{"|b1", "bool", 1},          {"|i1", "int8", 1},
                     {">i4", ">i4", 4},           {"<u8", "uint64", 8},
                     {"<f2", "float16", 2},       {"<f16", "float128", 16},
                     {"<c8", "complex64", 8},     {"<M8[ns]", "datetime64[ns]", 8},
                     {">m8[25s]", ">m8[25s]", 8}, {"<m8", "timedelta64", 8},
                     {"|S5", "|S5", 5},           {"<U3", "<U3", 12},
                     {"|V7", "|V7", 7},           {"=f8", "float64", 8},
                     {"f8", "float64", 8}};
        for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
                coffer_document *document _cleanup_document_ = NULL;
                char header[128];
                snprintf(header, sizeof(header), "{'descr': '%s', 'fortran_order': False, 'shape': ()}",
                         cases[i].description);
                assert_int_equal(read_file(1, header, cases[i].item_bytes, &document), COFFER_OK);
                assert_int_equal(tensor_of(document)->dims, 0);
                assert_int_equal(tensor_of(document)->dtype.item_size_bytes, cases[i].item_bytes);
                check_name(&tensor_of(document)->dtype, cases[i].name);
        }
}

static void test_structured_dtype(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = NULL;
        assert_int_equal(
                read_file(1,
                          "{'descr': [('a', '|i1'), ('', '|V7'), (('Title', 'b'), '<f8', (2,)), "
                          "('n', [('x', '>i2'), ('when', '<M8[D]')])], 'fortran_order': False, 'shape': (1,), }",
                          34, &document),
                COFFER_OK);
        const coffer_dtype *dtype = &tensor_of(document)->dtype;
        assert_int_equal(dtype->item_size_bytes, 34);
        assert_int_equal(dtype->field_count, 3);
        assert_string_equal(dtype->fields[1].name, "b");
        assert_string_equal(dtype->fields[1].title, "Title");
        assert_int_equal(dtype->fields[1].offset_bytes, 8);
        assert_int_equal(dtype->fields[1].dtype->subshape[0], 2);
        assert_int_equal(dtype->fields[1].dtype->base->kind, 'f');
        assert_string_equal(dtype->fields[2].dtype->fields[1].dtype->datetime_unit, "D");
        check_name(dtype, "{'names': ['a', ('Title', 'b'), 'n'], 'formats': ['i1', ('<f8', (2,)), "
                          "[('x', '>i2'), ('when', '<M8[D]')]], 'offsets': [0, 8, 24], 'itemsize': 34}");
}

static void test_names_in_latin1_and_utf8(void **state)
{
        (void)state;
        coffer_document *latin1 _cleanup_document_ = NULL, *utf8 _cleanup_document_ = NULL;
        assert_int_equal(read_file(1, "{'descr': [('\xe9', '|i1')], 'fortran_order': False, 'shape': ()}", 1, &latin1),
                         COFFER_OK);
        assert_string_equal(tensor_of(latin1)->dtype.fields[0].name, "\xc3\xa9");
        assert_int_equal(
                read_file(3, "{'descr': [('\xc3\xa9\\u4e2d', '|i1')], 'fortran_order': False, 'shape': ()}", 1, &utf8),
                COFFER_OK);
        assert_string_equal(tensor_of(utf8)->dtype.fields[0].name, "\xc3\xa9\xe4\xb8\xad");
}

static void test_empty_and_large_shapes(void **state)
{
        (void)state;
        coffer_document *document _cleanup_document_ = NULL;
        assert_int_equal(read_file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 3L)}", 0, &document),
                         COFFER_OK);
        static const char *const too_large[] = {"(4294967296, 4294967296)", "(9223372036854775807,)",
                                                "(1152921504606846976,)"};
        for (size_t i = 0; i < ARRAY_COUNT(too_large); i++) {
                coffer_document *none = NULL;
                char header[128];
                snprintf(header, sizeof(header), "{'descr': '<f8', 'fortran_order': False, 'shape': %s}", too_large[i]);
                assert_int_equal(read_file(1, header, 8, &none), COFFER_MALFORMED);
                assert_null(none);
        }
}

static void test_malformed_headers(void **state)
{
        (void)state;
        static const char *const wrong[] = {
                "",
                "{",
                "{}",
                "[]",
                "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} x",
                "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'more': 1}",
                "{'descr': '<f8', 'fortran_order': 0, 'shape': (1,)}",
                "{'descr': '<f8', 'fortran_order': False, 'shape': [1]}",
                "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
                "{'descr': '<f8', 'fortran_order': False, 'shape': 1}",
                "{'descr': '<f8', 'fortran_order': False, 'shape': ('1',)}",
                "{'descr': '<f8', 'fortran_order': False, 'fortran_order': False, 'shape': (1,)}",
                "{'descr': '<f3', 'fortran_order': False, 'shape': (1,)}",
                "{'descr': '<x8', 'fortran_order': False, 'shape': (1,)}",
                "{'descr': '', 'fortran_order': False, 'shape': (1,)}",
                "{'descr': '<M8[parsec]', 'fortran_order': False, 'shape': (1,)}",
                "{'descr': '<M8[ns', 'fortran_order': False, 'shape': (1,)}",
                "{'descr': '<f8[ns]', 'fortran_order': False, 'shape': (1,)}",
                "{'descr': '|S99999999999999999999', 'fortran_order': False, 'shape': (1,)}",
                "{'descr': '<U9223372036854775807', 'fortran_order': False, 'shape': (1,)}",
                "{'descr': [], 'fortran_order': False, 'shape': (1,)}",
                "{'descr': [('a',)], 'fortran_order': False, 'shape': (1,)}",
                "{'descr': [(1, '<f8')], 'fortran_order': False, 'shape': (1,)}",
                "{'descr': [('a\\x00', '<f8')], 'fortran_order': False, 'shape': (1,)}",
                "{'descr': [('a', '<f8', (-1,))], 'fortran_order': False, 'shape': (1,)}",
                "{'descr': [('a', '|S9223372036854775807'), ('b', '<f8')], 'fortran_order': False, 'shape': (1,)}",
                "{'descr': '<f8', 'fortran_order': False, 'shape': (__import__('os').getpid(),)}",
                "{'descr': '<f8' 'fortran_order': False, 'shape': (1,)}",
                "{'descr': '<f8, 'fortran_order': False, 'shape': (1,)}",
        };
        for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
                coffer_document *document = NULL;
                assert_int_equal(read_file(1, wrong[i], 8, &document), COFFER_MALFORMED);
                assert_null(document);
        }
}

static void test_data_must_match_the_shape(void **state)
{
        (void)state;
        coffer_document *document = NULL;
        const char *header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}";
        assert_int_equal(read_file(1, header, 15, &document), COFFER_MALFORMED);
        assert_int_equal(read_file(1, header, 17, &document), COFFER_MALFORMED);
        assert_null(document);
}

static void test_truncated_anywhere(void **state)
{
        (void)state;
        coffer_bytes *file = make_file(2, "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", 8);
        coffer_cursor contents;
        assert_int_equal(coffer_bytes_contiguous(file, &contents, NULL), COFFER_OK);
        for (size_t size = 0; size < contents.size_bytes; size++) {
                coffer_bytes *part _cleanup_bytes_ = NULL;
                coffer_document *document = NULL;
                assert_int_equal(coffer_bytes_new(&part, NULL), COFFER_OK);
                assert_int_equal(coffer_bytes_append_copy(part, coffer_cursor_of(contents.data, size), NULL),
                                 COFFER_OK);
                assert_int_equal(coffer_document_from_npy(part, &document, NULL), COFFER_MALFORMED);
        }
        coffer_bytes_unref(file);
}

static void test_what_is_refused(void **state)
{
        (void)state;
        coffer_document *document = NULL;
        assert_int_equal(read_file(1, "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", 8, &document),
                         COFFER_UNSUPPORTED);
        assert_int_equal(read_file(1, "{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (1,)}", 8, &document),
                         COFFER_UNSUPPORTED);
        assert_int_equal(read_file(4, "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", 8, &document),
                         COFFER_UNSUPPORTED);
        char deep[512] = "{'descr': ";
        for (int i = 0; i < 70; i++)
                strcat(deep, "[");
        assert_int_equal(read_file(1, deep, 8, &document), COFFER_LIMIT);
        assert_null(document);
}

static coffer_bytes *write_tensor(const coffer_tensor *tensor)
{
        coffer_bytes *file = NULL;
        assert_int_equal(coffer_tensor_to_npy(tensor, NULL, &file, NULL), COFFER_OK);
        return file;
}

static void test_written_file_shares_the_data(void **state)
{
        (void)state;
        static const double data[6];
        coffer_tensor tensor = {.dtype = {.kind = 'f', .byte_order = '<', .item_size_bytes = 8},
                                .dims = 2,
                                .shape = {2, 3},
                                .data = (const uint8_t *)data,
                                .available_bytes = sizeof(data)};
        assert_true(coffer_tensor_set_strides(&tensor, false));
        coffer_bytes *file _cleanup_bytes_ = write_tensor(&tensor);
        coffer_cursor header = coffer_bytes_segment(file, 0);
        assert_int_equal(header.size_bytes, 128);
        assert_memory_equal(header.data,
                            "\x93NUMPY\x01\0v\0{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }   ", 72);
        assert_int_equal(header.data[127], '\n');
        assert_int_equal(coffer_bytes_segment_count(file), 2);
        assert_ptr_equal(coffer_bytes_segment(file, 1).data, data);
        assert_int_equal(coffer_bytes_segment(file, 1).size_bytes, sizeof(data));
}

static void test_header_alone_needs_no_data(void **state)
{
        (void)state;
        static const uint8_t data[48];
        coffer_tensor tensor = {.dtype = {.kind = 'f', .byte_order = '<', .item_size_bytes = 8},
                                .dims = 2,
                                .shape = {2, 3},
                                .data = data,
                                .available_bytes = sizeof(data)};
        uint64_t data_bytes = 7;
        for (int fortran = 0; fortran < 2; fortran++) {
                assert_true(coffer_tensor_set_strides(&tensor, fortran));
                coffer_bytes *file _cleanup_bytes_ = write_tensor(&tensor);
                coffer_tensor head = tensor;
                coffer_bytes *header _cleanup_bytes_ = NULL;
                head.available_bytes = 1;
                assert_int_equal(coffer_tensor_npy_header(&head, &header, &data_bytes, NULL), COFFER_OK);
                assert_int_equal(data_bytes, sizeof(data));
                coffer_cursor alone = coffer_bytes_segment(header, 0), whole = coffer_bytes_segment(file, 0);
                assert_int_equal(coffer_bytes_size(header), whole.size_bytes);
                assert_memory_equal(alone.data, whole.data, whole.size_bytes);
        }
}

static void test_no_header_alone_for_what_must_be_put_in_order(void **state)
{
        (void)state;
        coffer_bytes *header = NULL;
        uint64_t data_bytes = 7;
        coffer_tensor tensor = {.dtype = {.kind = 'u', .byte_order = '|', .item_size_bytes = 1},
                                .dims = 1,
                                .shape = {3},
                                .strides_bytes = {2}};
        assert_int_equal(coffer_tensor_npy_header(&tensor, &header, &data_bytes, NULL), COFFER_DECLINED);
        tensor = (coffer_tensor){.dtype = {.kind = 'O', .byte_order = '|', .item_size_bytes = 8}};
        assert_int_equal(coffer_tensor_npy_header(&tensor, &header, &data_bytes, NULL), COFFER_UNSUPPORTED);
        assert_null(header);
        assert_int_equal(data_bytes, 7);
}

static void test_written_file_keeps_its_owner(void **state)
{
        (void)state;
        coffer_document *document = NULL;
        assert_int_equal(read_file(1, "{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3), }\n", 12, &document),
                         COFFER_OK);
        coffer_bytes *file = NULL;
        assert_int_equal(coffer_tensor_to_npy(tensor_of(document), document, &file, NULL), COFFER_OK);
        coffer_document_unref(document);
        coffer_cursor contents;
        assert_int_equal(coffer_bytes_contiguous(file, &contents, NULL), COFFER_OK);
        assert_memory_equal(contents.data + contents.size_bytes - 12, "\0\1\2\3\4\5\6\7\x8\x9\xa\xb", 12);
        coffer_document *again _cleanup_document_ = NULL;
        assert_int_equal(coffer_document_from_npy(file, &again, NULL), COFFER_OK);
        assert_true(coffer_tensor_is_f_contiguous(tensor_of(again)));
        coffer_bytes_unref(file);
}

static void test_strided_tensor_is_written_in_c_order(void **state)
{
        (void)state;
        static const uint8_t data[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
        coffer_tensor tensor = {.dtype = {.kind = 'u', .byte_order = '|', .item_size_bytes = 1},
                                .dims = 2,
                                .shape = {2, 3},
                                .strides_bytes = {-6, 2},
                                .data = data + 6,
                                .available_bytes = 6};
        coffer_bytes *file _cleanup_bytes_ = write_tensor(&tensor);
        assert_memory_equal(coffer_bytes_segment(file, 1).data, "\x6\x8\xa\x0\x2\x4", 6);
}

static void test_tensors_that_no_file_can_hold(void **state)
{
        (void)state;
        static const uint8_t data[16];
        coffer_bytes *file = NULL;
        coffer_tensor tensor = {.dtype = {.kind = 'O', .byte_order = '|', .item_size_bytes = 8}, .dims = 1};
        assert_int_equal(coffer_tensor_to_npy(&tensor, NULL, &file, NULL), COFFER_UNSUPPORTED);
        tensor = (coffer_tensor){.dtype = {.kind = 'u', .byte_order = '|', .item_size_bytes = 1},
                                 .dims = 1,
                                 .shape = {17},
                                 .strides_bytes = {1},
                                 .data = data,
                                 .available_bytes = 16};
        assert_int_equal(coffer_tensor_to_npy(&tensor, NULL, &file, NULL), COFFER_UNSUPPORTED);
        coffer_dtype part = {.kind = 'u', .byte_order = '<', .item_size_bytes = 4};
        coffer_dtype_field fields[] = {{.name = "a", .dtype = &part, .offset_bytes = 4}, {.name = "b", .dtype = &part}};
        tensor.dtype = (coffer_dtype){
                .kind = 'V', .byte_order = '|', .item_size_bytes = 8, .fields = fields, .field_count = 2};
        assert_int_equal(coffer_tensor_to_npy(&tensor, NULL, &file, NULL), COFFER_UNSUPPORTED);
        assert_null(file);
}

static void test_long_headers_take_version_2_and_foreign_names_version_3(void **state)
{
        (void)state;
        enum { FIELDS = 5000 };
        static coffer_dtype_field fields[FIELDS];
        static char names[FIELDS][8];
        static const coffer_dtype part = {.kind = 'i', .byte_order = '|', .item_size_bytes = 1};
        for (int i = 0; i < FIELDS; i++) {
                snprintf(names[i], sizeof(names[i]), "f%d", i);
                fields[i] = (coffer_dtype_field){.name = names[i], .dtype = &part, .offset_bytes = (uint64_t)i};
        }
        coffer_tensor tensor = {.dtype = {.kind = 'V',
                                          .byte_order = '|',
                                          .item_size_bytes = FIELDS,
                                          .fields = fields,
                                          .field_count = FIELDS},
                                .dims = 1};
        coffer_bytes *file _cleanup_bytes_ = write_tensor(&tensor);
        assert_int_equal(coffer_bytes_segment(file, 0).data[6], 2);
        strcpy(names[7], "\xe4\xb8\xad");
        coffer_bytes *other _cleanup_bytes_ = write_tensor(&tensor);
        assert_int_equal(coffer_bytes_segment(other, 0).data[6], 3);
        coffer_document *document _cleanup_document_ = NULL;
        assert_int_equal(coffer_document_from_npy(other, &document, NULL), COFFER_OK);
        assert_string_equal(tensor_of(document)->dtype.fields[7].name, "\xe4\xb8\xad");
}

static void test_text_document(void **state)
{
        (void)state;
        coffer_bytes *file = NULL;
        coffer_document *document = NULL;
        coffer_error error = COFFER_ERROR_INIT;
        assert_int_equal(coffer_bytes_new(&file, NULL), COFFER_OK);
        assert_int_equal(coffer_bytes_append_copy(file, coffer_cursor_text("caf\xc3\xa9\n"), NULL), COFFER_OK);
        assert_int_equal(coffer_document_from_text(file, &document, NULL), COFFER_OK);
        coffer_bytes_unref(file);
        assert_true(coffer_cursor_is(coffer_value_data(coffer_document_root(document)), "caf\xc3\xa9\n"));
        coffer_document_unref(document);

        static const char *const wrong[] = {"abc\xff", "abc\xc3", "abc\xed\xa0\x80"};
        for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
                coffer_bytes *bad _cleanup_bytes_ = NULL;
                assert_int_equal(coffer_bytes_new(&bad, NULL), COFFER_OK);
                assert_int_equal(coffer_bytes_append_copy(bad, coffer_cursor_text(wrong[i]), NULL), COFFER_OK);
                assert_int_equal(coffer_document_from_text(bad, &document, &error), COFFER_MALFORMED);
                assert_int_equal(error.offset, 3);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                leak_checked(test_simple_array_is_read_without_a_copy),
                leak_checked(test_fortran_order_sets_strides),
                leak_checked(test_every_simple_dtype),
                leak_checked(test_structured_dtype),
                leak_checked(test_names_in_latin1_and_utf8),
                leak_checked(test_empty_and_large_shapes),
                leak_checked(test_malformed_headers),
                leak_checked(test_data_must_match_the_shape),
                leak_checked(test_truncated_anywhere),
                leak_checked(test_what_is_refused),
                leak_checked(test_written_file_shares_the_data),
                leak_checked(test_header_alone_needs_no_data),
                leak_checked(test_no_header_alone_for_what_must_be_put_in_order),
                leak_checked(test_written_file_keeps_its_owner),
                leak_checked(test_strided_tensor_is_written_in_c_order),
                leak_checked(test_tensors_that_no_file_can_hold),
                leak_checked(test_long_headers_take_version_2_and_foreign_names_version_3),
                leak_checked(test_text_document),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
