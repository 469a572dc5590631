/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of tensors: against a walk over all elements. */
#include <inttypes.h>

#include "value/slice.h"
#include "value_fixture.h"

enum { LENGTH_0 = 5, LENGTH_1 = 4, LENGTH_2 = 3, COUNT = LENGTH_0 * LENGTH_1 * LENGTH_2 };

typedef struct counted_source {
        const uint8_t *first;
        size_t reads;
} counted_source;

static coffer_status read_elements(void *user, int64_t offset, void *buffer, size_t size_bytes, coffer_error *error)
{
        counted_source *source = user;
        (void)error;
        source->reads++;
        memcpy(buffer, source->first + offset, size_bytes);
        return COFFER_OK;
}

/* An array whose elements are their places: 100 * i + 10 * j + k. */
static coffer_tensor array_of_places(int32_t data[COUNT], bool fortran)
{
        coffer_tensor tensor = {.dtype = {.kind = 'i', .byte_order = '<', .item_size_bytes = 4},
                                .dims = 3,
                                .shape = {LENGTH_0, LENGTH_1, LENGTH_2},
                                .data = (const uint8_t *)data,
                                .available_bytes = COUNT * 4};
        assert_true(coffer_tensor_set_strides(&tensor, fortran));
        for (int i = 0; i < LENGTH_0; i++)
                for (int j = 0; j < LENGTH_1; j++)
                        for (int k = 0; k < LENGTH_2; k++)
                                data[(i * tensor.strides_bytes[0] + j * tensor.strides_bytes[1] +
                                      k * tensor.strides_bytes[2]) /
                                     4] = 100 * i + 10 * j + k;
        return tensor;
}

/* Gathers, and gives how many reads that took. */
static size_t gather(coffer_tensor *tensor, int64_t shift_bytes, coffer_bytes *out)
{
        counted_source from = {tensor->data + shift_bytes, 0};
        coffer_tensor_source source = {read_elements, &from};
        assert_ok(coffer_tensor_gather(tensor, &source, out, NULL));
        return from.reads;
}

static int64_t place_of(const coffer_slice *slice, uint64_t place)
{
        return slice->start + (int64_t)place * slice->step;
}

/* All of what was taken is there, in order. */
static void assert_places(const coffer_tensor *part, const coffer_slice slices[3])
{
        coffer_tensor_iterator iterator;
        uint64_t seen = 0, count;
        assert_true(coffer_tensor_count(part, &count));
        coffer_tensor_iterate(part, &iterator);
        while (coffer_tensor_next(&iterator)) {
                int32_t value;
                memcpy(&value, iterator.element, sizeof(value));
                assert_int_equal(value, 100 * place_of(&slices[0], iterator.place[0]) +
                                                10 * place_of(&slices[1], iterator.place[1]) +
                                                place_of(&slices[2], iterator.place[2]));
                seen++;
        }
        assert_int_equal(seen, count);
}

static void any_ranges_of_an_array_can_be_taken(void **state)
{
        (void)state;
        int32_t data[COUNT];
        for (int fortran = 0; fortran < 2; fortran++)
                for (int start = 0; start < 3; start++)
                        for (int step = 1; step < 4; step++)
                                for (int turn = 0; turn < 27; turn++) {
                                        coffer_bytes *bytes _cleanup_bytes_ = NULL;
                                        const coffer_slice slices[3] = {{start, LENGTH_0 - turn % 3, step, false},
                                                                        {turn / 9, LENGTH_1, turn % 2 + 1, false},
                                                                        {turn / 3 % 3, COFFER_SLICE_END, step, false}};
                                        coffer_tensor tensor = array_of_places(data, fortran);
                                        int64_t shift_bytes;
                                        assert_ok(coffer_bytes_new(&bytes, NULL));
                                        assert_ok(coffer_tensor_narrow(&tensor, slices, 3, &shift_bytes, NULL));
                                        gather(&tensor, shift_bytes, bytes);
                                        assert_places(&tensor, slices);
                                }
}

static void an_index_takes_its_dimension_away(void **state)
{
        (void)state;
        static const coffer_slice slices[] = {COFFER_SLICE_ALL, {-2, 0, 0, true}, {1, 0, 0, true}};
        coffer_bytes *bytes _cleanup_bytes_ = NULL;
        int32_t data[COUNT], value;
        int64_t shift_bytes;
        coffer_tensor tensor = array_of_places(data, false);
        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_ok(coffer_tensor_narrow(&tensor, slices, 3, &shift_bytes, NULL));
        assert_int_equal(tensor.dims, 1);
        assert_int_equal(tensor.shape[0], LENGTH_0);
        assert_int_equal(gather(&tensor, shift_bytes, bytes), LENGTH_0);
        memcpy(&value, tensor.data + 3 * tensor.strides_bytes[0], sizeof(value));
        assert_int_equal(value, 321);
}

static void places_are_clamped_as_in_python(void **state)
{
        (void)state;
        static const struct {
                coffer_slice slice;
                uint64_t count;
        } cases[] = {
                {{0, 100, 1, false}, 5},
                {{-2, COFFER_SLICE_END, 1, false}, 2},
                {{-100, 2, 1, false}, 2},
                {{3, 1, 1, false}, 0},
                {{9, 20, 1, false}, 0},
                {{0, -1, 2, false}, 2},
                {{0, 5, INT64_MAX, false}, 1},
                {{4, 5, 3, false}, 1},
                {{INT64_MIN, INT64_MIN, 1, false}, 0},
                {{INT64_MIN, 5, 4, false}, 2},
        };
        int32_t data[COUNT];
        for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
                coffer_bytes *bytes _cleanup_bytes_ = NULL;
                coffer_tensor tensor = array_of_places(data, false);
                int64_t shift_bytes;
                assert_ok(coffer_bytes_new(&bytes, NULL));
                assert_ok(coffer_tensor_narrow(&tensor, &cases[i].slice, 1, &shift_bytes, NULL));
                assert_int_equal(tensor.shape[0], cases[i].count);
                gather(&tensor, shift_bytes, bytes);
                assert_int_equal(tensor.available_bytes, cases[i].count * LENGTH_1 * LENGTH_2 * 4);
        }
}

static void what_lies_side_by_side_is_read_at_once(void **state)
{
        (void)state;
        static const coffer_slice rows = {1, 3, 1, false},
                                  column[] = {COFFER_SLICE_ALL, COFFER_SLICE_ALL, {0, 2, 1, false}};
        int32_t data[COUNT];
        for (int turn = 0; turn < 4; turn++) {
                coffer_bytes *bytes _cleanup_bytes_ = NULL;
                coffer_tensor tensor = array_of_places(data, turn >= 2);
                int64_t shift_bytes;
                size_t reads = turn == 0 || turn == 3 ? 1 : LENGTH_1 * (turn == 1 ? LENGTH_0 : LENGTH_2);
                assert_ok(coffer_bytes_new(&bytes, NULL));
                assert_ok(turn % 2 ? coffer_tensor_narrow(&tensor, column, 3, &shift_bytes, NULL)
                                   : coffer_tensor_narrow(&tensor, &rows, 1, &shift_bytes, NULL));
                assert_int_equal(gather(&tensor, shift_bytes, bytes), reads);
        }
}

static void slices_that_do_not_fit_are_refused(void **state)
{
        (void)state;
        static const coffer_slice too_many[4] = {COFFER_SLICE_ALL, COFFER_SLICE_ALL, COFFER_SLICE_ALL,
                                                 COFFER_SLICE_ALL};
        static const coffer_slice wrong[] = {{5, 0, 0, true},         {-6, 0, 0, true}, {INT64_MIN, 0, 0, true},
                                             {INT64_MAX, 0, 0, true}, {0, 5, 0, false}, {0, 5, -1, false}};
        int32_t data[COUNT];
        int64_t shift_bytes;
        coffer_tensor tensor = array_of_places(data, false);
        assert_int_equal(coffer_tensor_narrow(&tensor, too_many, 4, &shift_bytes, NULL), COFFER_INVALID);
        for (size_t i = 0; i < ARRAY_COUNT(wrong); i++)
                assert_int_equal(coffer_tensor_narrow(&tensor, &wrong[i], 1, &shift_bytes, NULL), COFFER_INVALID);
}

static void a_scalar_array_is_taken_whole(void **state)
{
        (void)state;
        coffer_bytes *bytes _cleanup_bytes_ = NULL;
        double value = 1.5, back;
        coffer_tensor tensor = {.dtype = {.kind = 'f', .byte_order = '<', .item_size_bytes = 8},
                                .data = (const uint8_t *)&value,
                                .available_bytes = 8};
        int64_t shift_bytes;
        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_ok(coffer_tensor_narrow(&tensor, NULL, 0, &shift_bytes, NULL));
        assert_int_equal(gather(&tensor, shift_bytes, bytes), 1);
        memcpy(&back, tensor.data, sizeof(back));
        assert_true(back == value);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(any_ranges_of_an_array_can_be_taken),
                cmocka_unit_test(an_index_takes_its_dimension_away),
                cmocka_unit_test(places_are_clamped_as_in_python),
                cmocka_unit_test(what_lies_side_by_side_is_read_at_once),
                cmocka_unit_test(slices_that_do_not_fit_are_refused),
                cmocka_unit_test(a_scalar_array_is_taken_whole),
        };
        return cmocka_run_group_tests_name("slice", tests, NULL, NULL);
}
