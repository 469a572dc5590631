/* SPDX-License-Identifier: Apache-2.0 */
/* Streams over blobs in files: parts made by several threads, read with room for much and for little. */
#include <sys/wait.h>
#include <zlib.h>

#include "cas/gzip.h"
#include "cas_fixture.h"

static coffer_stream *open_blob(coffer_cas *cas, const char *key)
{
        coffer_stream *stream = NULL;
        assert_ok(coffer_cas_open(cas, key, &stream, NULL));
        return stream;
}

/* Reads pieces of these sizes in turn and compares; the status that ends it. */
static coffer_status read_in_steps(coffer_stream *stream, const size_t *steps, size_t count, coffer_cursor expected,
                                   coffer_error *error)
{
        uint8_t *piece _cleanup_free_ = coffer_alloc(8 * MIB);
        size_t got_bytes = 1;

        assert_non_null(piece);
        for (size_t i = 0; got_bytes > 0; i++) {
                coffer_cursor part = {NULL, 0};
                size_t step_bytes = steps[i % count];
                COFFER_TRY(stream->read(stream, piece, step_bytes, &got_bytes, error));
                assert_int_equal(got_bytes, step_bytes < expected.size_bytes ? step_bytes : expected.size_bytes);
                assert_true(coffer_cursor_take(&expected, got_bytes, &part));
                assert_true(coffer_cursor_equal(part, coffer_cursor_of(piece, got_bytes)));
        }
        assert_int_equal(expected.size_bytes, 0);
        return COFFER_OK;
}

static const struct {
        size_t count;
        size_t steps[4];
} ways[] = {
        {1, {8 * MIB}},
        {1, {MIB}},
        {1, {MIB - 1}},
        {1, {1777}},
        {2, {40, 8 * MIB}},
        {3, {5, 2 * MIB + 7, 300000}},
        {4, {MIB + 1, 600000, 600000, 3 * MIB}},
};

static void every_way_of_reading_gives_the_contents(void **state)
{
        static const size_t sizes[] = {1, MIB, MIB + 1, 5 * MIB, 9 * MIB + 12345};
        static const coffer_verify modes[] = {COFFER_VERIFY_KEY, COFFER_VERIFY_CRC};
        WITH_CAS(COFFER_VERIFY_AUTO);
        for (size_t i = 0; i < ARRAY_COUNT(sizes) * KIND_COUNT * 2; i++) {
                size_t size_bytes = sizes[i % ARRAY_COUNT(sizes)];
                coffer_buf contents _cleanup_buf_ = contents_of(i / 2 % KIND_COUNT, size_bytes);
                coffer_key key = save(cas, coffer_buf_cursor(&contents), i % 2);
                coffer_cas *reader _cleanup_cas_ = new_cas(storage, modes[i % 3 == 0]);
                for (size_t j = 0; j < ARRAY_COUNT(ways); j++) {
                        coffer_stream *stream _cleanup_stream_ = open_blob(reader, key.text);
                        assert_ok(read_in_steps(stream, ways[j].steps, ways[j].count, coffer_buf_cursor(&contents),
                                                NULL));
                }
        }
}

/* Not as we write them: plain members, members in a row of which some have other headers or are too large. */
static void append_sized(coffer_buf *file, coffer_cursor contents, uint64_t offset, uint64_t blob_bytes, int level,
                         bool with_name)
{
        uint8_t header[COFFER_GZIP_SIZED_HEADER_BYTES];
        coffer_buf body _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
        append_body(&body, contents, level);
        coffer_gzip_sizes sizes = {sizeof(header) + (with_name ? 5 : 0) + body.size_bytes, contents.size_bytes, offset,
                                   blob_bytes};
        assert_int_equal(coffer_gzip_put_header(&sizes, header), sizeof(header));
        if (with_name)
                header[3] |= 8;
        assert_ok(coffer_buf_append(file, header, sizeof(header), NULL));
        if (with_name)
                assert_ok(coffer_buf_append(file, "name", 5, NULL));
        assert_ok(coffer_buf_append_cursor(file, coffer_buf_cursor(&body), NULL));
}

static void members_that_others_wrote_are_read(void **state)
{
        WITH_CAS(COFFER_VERIFY_CRC);
        static const size_t sizes[] = {MIB, 0, 100, MIB, MIB / 2, 3 * MIB, 70000};
        for (int level = 0; level <= 3; level += 3) {
                coffer_buf contents _cleanup_buf_ = contents_of(NUMBERS, 5 * MIB + MIB / 2 + 70100);
                coffer_buf file _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
                coffer_cursor rest = coffer_buf_cursor(&contents), part = {NULL, 0};
                for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
                        uint64_t offset = contents.size_bytes - rest.size_bytes;
                        assert_true(coffer_cursor_take(&rest, sizes[i], &part));
                        append_sized(&file, part, offset, contents.size_bytes, level, i == 3);
                        if (i == 1)
                                assert_ok(coffer_buf_append(&file, "\0\0\0", 3, NULL));
                }
                plant(HELLO_KEY, coffer_buf_cursor(&file), FRAMED);
                for (size_t j = 0; j < ARRAY_COUNT(ways); j++) {
                        coffer_stream *stream _cleanup_stream_ = open_blob(cas, HELLO_KEY);
                        assert_ok(read_in_steps(stream, ways[j].steps, ways[j].count, coffer_buf_cursor(&contents),
                                                NULL));
                }
        }
}

/* One deflate stream, or a few, in which the size at the end is that of the last; all loaded and streamed. */
static void files_of_metaflow_are_read(void **state)
{
        static const coffer_verify modes[] = {COFFER_VERIFY_KEY, COFFER_VERIFY_CRC, COFFER_VERIFY_AUTO};
        WITH_CAS(COFFER_VERIFY_AUTO);
        for (size_t i = 0; i < KIND_COUNT * ARRAY_COUNT(modes); i++) {
                coffer_cas *reader _cleanup_cas_ = new_cas(storage, modes[i % ARRAY_COUNT(modes)]);
                coffer_buf contents _cleanup_buf_ = contents_of(i / ARRAY_COUNT(modes), 17 * MIB + 1001);
                coffer_buf file _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
                coffer_key key = save(cas, coffer_buf_cursor(&contents), true);
                for (size_t members = 1; members <= 3; members += 2) {
                        coffer_cursor rest = coffer_buf_cursor(&contents), part = {NULL, 0};
                        file.size_bytes = 0;
                        for (size_t j = 1; j < members; j++) {
                                assert_true(coffer_cursor_take(&rest, j * 3 * MIB, &part));
                                append_stock_member(&file, part);
                        }
                        append_stock_member(&file, rest);
                        plant(key.text, coffer_buf_cursor(&file), FRAMED);
                        assert_ok(loads(reader, key.text, coffer_buf_cursor(&contents), false, NULL));
                        for (size_t j = 0; j < ARRAY_COUNT(ways); j += 2) {
                                coffer_stream *stream _cleanup_stream_ = open_blob(reader, key.text);
                                assert_ok(read_in_steps(stream, ways[j].steps, ways[j].count,
                                                        coffer_buf_cursor(&contents), NULL));
                        }
                }
        }
}

static void plant_changed(const coffer_buf *file, size_t offset, size_t size_bytes, uint8_t change)
{
        coffer_buf changed _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
        assert_ok(coffer_buf_append(&changed, file->data, size_bytes, NULL));
        if (offset < size_bytes)
                changed.data[offset] ^= change;
        plant(HELLO_KEY, coffer_buf_cursor(&changed), FRAMED);
}

static void damage_is_found_wherever_it_is(void **state)
{
        WITH_CAS(COFFER_VERIFY_CRC);
        for (kind kind_ = NOISE; kind_ < KIND_COUNT; kind_++) {
                coffer_buf contents _cleanup_buf_ = contents_of(kind_, 5 * MIB + 99);
                coffer_buf file _cleanup_buf_ = framed(coffer_buf_cursor(&contents));
                size_t near_end = file.size_bytes - 3;
                const size_t places[] = {0,
                                         3,
                                         20,
                                         50,
                                         49,
                                         near_end,
                                         file.size_bytes / 2,
                                         3000,
                                         65588,
                                         65589,
                                         65590,
                                         near_end - 12,
                                         file.size_bytes / 3};
                for (size_t i = 0; i < 2 * ARRAY_COUNT(places); i++) {
                        coffer_error error = COFFER_ERROR_INIT;
                        size_t place = places[i / 2], step = i % 2 ? 8 * MIB : 100000;
                        plant_changed(&file, place, file.size_bytes, 0x14);
                        coffer_stream *stream _cleanup_stream_ = open_blob(cas, HELLO_KEY);
                        assert_status(read_in_steps(stream, &step, 1, coffer_buf_cursor(&contents), &error),
                                      COFFER_CORRUPT);
                        assert_non_null(strstr(error.message, HELLO_KEY));
                        assert_true(error.offset <= (int64_t)file.size_bytes);
                        assert_status(read_in_steps(stream, &step, 1, coffer_buf_cursor(&contents), &error),
                                      COFFER_STATE);
                        assert_status(loads(cas, HELLO_KEY, coffer_buf_cursor(&contents), false, &error),
                                      COFFER_CORRUPT);
                        assert_non_null(strstr(error.message, HELLO_KEY));
                }
        }
}

static void truncated_files_are_found(void **state)
{
        WITH_CAS(COFFER_VERIFY_CRC);
        coffer_buf contents _cleanup_buf_ = contents_of(NOISE, 3 * MIB + 99);
        coffer_buf file _cleanup_buf_ = framed(coffer_buf_cursor(&contents));
        const size_t ends[] = {1, 30, 48, 500, MIB, file.size_bytes - 1, file.size_bytes - 150, file.size_bytes - 200};
        for (size_t i = 0; i < 2 * ARRAY_COUNT(ends); i++) {
                size_t step = i % 2 ? 8 * MIB : 100000;
                plant_changed(&file, SIZE_MAX, ends[i / 2], 0);
                coffer_stream *stream _cleanup_stream_ = open_blob(cas, HELLO_KEY);
                assert_status(read_in_steps(stream, &step, 1, coffer_buf_cursor(&contents), NULL), COFFER_CORRUPT);
        }
}

/* The file gets shorter after it has been opened, raw and framed. */
static void files_that_shrink_meanwhile_are_found(void **state)
{
        WITH_CAS(COFFER_VERIFY_KEY);
        for (int raw = 0; raw < 2; raw++) {
                coffer_buf contents _cleanup_buf_ = contents_of(NOISE, 6 * MIB + (size_t)raw);
                coffer_key key = save(cas, coffer_buf_cursor(&contents), raw);
                coffer_stream *stream _cleanup_stream_ = open_blob(cas, key.text);
                size_t step = 300000;
                assert_int_equal(truncate(file_of(key.text), 2 * MIB), 0);
                assert_status(read_in_steps(stream, &step, 1, coffer_buf_cursor(&contents), NULL), COFFER_CORRUPT);
        }
}

static void streams_may_be_closed_at_any_time(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        uint8_t *piece _cleanup_free_ = coffer_alloc(3 * MIB);
        coffer_buf contents _cleanup_buf_ = contents_of(TEXT, 7 * MIB);
        coffer_key key = save(cas, coffer_buf_cursor(&contents), false);
        for (size_t reads = 0; reads < 24; reads++) {
                coffer_stream *stream _cleanup_stream_ = open_blob(cas, key.text);
                size_t got_bytes;
                for (size_t i = 0; i < reads; i++)
                        assert_ok(stream->read(stream, piece, i == 11 ? 3 * MIB : 250000, &got_bytes, NULL));
        }
}

/* A child goes on where its parent was; what helpers had begun there is begun anew. */
static void streams_survive_a_fork(void **state)
{
        WITH_CAS(COFFER_VERIFY_CRC);
        coffer_buf contents _cleanup_buf_ = contents_of(NUMBERS, 7 * MIB);
        coffer_key key = save(cas, coffer_buf_cursor(&contents), false);
        for (size_t reads = 0; reads < 12; reads++) {
                coffer_stream *stream _cleanup_stream_ = open_blob(cas, key.text);
                uint8_t piece[300000];
                size_t got_bytes, step = sizeof(piece);
                coffer_cursor rest = coffer_buf_cursor(&contents), part;
                for (size_t i = 0; i < reads; i++)
                        assert_ok(stream->read(stream, piece, step, &got_bytes, NULL));
                assert_true(coffer_cursor_take(&rest, reads * step, &part));
                pid_t child = fork();
                if (child == 0) {
                        if (reads % 3 > 0)
                                assert_ok(read_in_steps(stream, &step, 1, rest, NULL));
                        stream->close(stream);
                        _exit(0);
                }
                int status;
                assert_int_equal(waitpid(child, &status, 0), child);
                assert_int_equal(status, 0);
                assert_ok(read_in_steps(stream, &step, 1, rest, NULL));
        }
}

typedef struct reading {
        coffer_cas *cas;
        coffer_key key;
        size_t step_bytes;
} reading;

static coffer_status open_and_read(void *user, coffer_error *error)
{
        const reading *what = user;
        uint8_t *piece _cleanup_free_ = coffer_alloc(what->step_bytes);
        coffer_stream *stream _cleanup_stream_ = NULL;
        coffer_bytes *whole _cleanup_bytes_ = NULL;
        size_t got_bytes = 1;

        if (!piece)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to read into");
        COFFER_TRY(coffer_cas_load(what->cas, what->key.text, &whole, NULL, error));
        COFFER_TRY(coffer_cas_open(what->cas, what->key.text, &stream, error));
        while (got_bytes > 0)
                COFFER_TRY(stream->read(stream, piece, what->step_bytes, &got_bytes, error));
        return COFFER_OK;
}

static void every_allocation_may_fail(void **state)
{
        WITH_CAS(COFFER_VERIFY_CRC);
        for (kind kind_ = NOISE; kind_ <= TEXT; kind_++) {
                coffer_buf contents _cleanup_buf_ = contents_of(kind_, 3 * MIB + 5);
                reading what = {cas, save(cas, coffer_buf_cursor(&contents), false), 400000};
                test_alloc_fail_each(open_and_read, &what);
                what.step_bytes = 3 * MIB;
                test_alloc_fail_each(open_and_read, &what);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_own_directory(every_way_of_reading_gives_the_contents),
                in_own_directory(members_that_others_wrote_are_read),
                in_own_directory(files_of_metaflow_are_read),
                in_own_directory(damage_is_found_wherever_it_is),
                in_own_directory(truncated_files_are_found),
                in_own_directory(files_that_shrink_meanwhile_are_found),
                in_own_directory(streams_may_be_closed_at_any_time),
                in_own_directory(streams_survive_a_fork),
                in_own_directory(every_allocation_may_fail),
        };
        return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
