/* SPDX-License-Identifier: Apache-2.0 */
/* What each deflate library makes of typical artifacts, and what the frame makes of them. Sizes are beside those of one
 * deflate stream at zlib's level 3, which is what stock Metaflow writes; speeds are in MB of contents a second, best of
 * all rounds. usage: bench-frame [MIB [ROUNDS]]        128 MiB, 3 rounds */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cas/deflate.h"
#include "cas/frame.h"
#include "cas/frame_v1.h"
#include "util/buf.h"
#include "util/cursor.h"
#include "util/digest.h"

enum { MEMBER_BYTES = COFFER_FRAME_V1_MEMBER_BYTES, MAX_LEVEL = 3, WORDS = 20000 };

/* Processor time: all this runs in one thread, and other work on the machine shall not count. */
static double now_s(void)
{
        struct timespec now;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
        return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void must(coffer_status status, const coffer_error *error)
{
        if (status == COFFER_OK)
                return;
        fprintf(stderr, "bench-frame: %s\n", error->message);
        exit(1);
}

/* ---- contents ---- */

static uint64_t next_random(uint64_t *state)
{
        uint64_t mixed = (*state += 0x9e3779b97f4a7c15);
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
        return mixed ^ (mixed >> 31);
}

static double next_uniform(uint64_t *state)
{
        return (double)(next_random(state) >> 11) * 0x1p-53;
}

static size_t put_float64(uint64_t *state, uint8_t *out)
{
        double number = next_uniform(state);
        memcpy(out, &number, sizeof(number));
        return sizeof(number);
}

static size_t put_weight(uint64_t *state, uint8_t *out)
{
        double radius = sqrt(-2 * log(1 - next_uniform(state)));
        float number = (float)(0.02 * radius * cos(6.283185307179586 * next_uniform(state)));
        memcpy(out, &number, sizeof(number));
        return sizeof(number);
}

static size_t put_int(uint64_t *state, uint8_t *out)
{
        uint64_t number = next_random(state) % 1000;
        memcpy(out, &number, sizeof(number));
        return sizeof(number);
}

/* Words of two to ten letters, the frequent ones far more frequent, as in a language. */
static size_t put_word(uint64_t *state, uint8_t *out)
{
        uint64_t word = (uint64_t)(pow(WORDS, next_uniform(state)));
        size_t letters = 2 + next_random(&(uint64_t){word}) % 9, size_bytes = 0;
        for (; size_bytes < letters; word = next_random(&word))
                out[size_bytes++] = (uint8_t) "etaoinshrdlucmfw"[word % 16];
        out[size_bytes++] = next_random(state) % 12 == 0 ? '\n' : ' ';
        return size_bytes;
}

typedef struct payload {
        const char *name;
        size_t (*put)(uint64_t *state, uint8_t *out);
} payload;

static const payload payloads[] = {
        {"float64, random", put_float64},
        {"float32, weights", put_weight},
        {"int64, 0 to 999", put_int},
        {"text", put_word},
};

static coffer_buf make_contents(const payload *payload_, size_t size_bytes)
{
        coffer_buf contents = COFFER_BUF_INIT(SIZE_MAX);
        coffer_error error = COFFER_ERROR_INIT;
        uint64_t state = 1;
        must(coffer_buf_reserve(&contents, size_bytes + 16, &error), &error);
        while (contents.size_bytes < size_bytes)
                contents.size_bytes += payload_->put(&state, contents.data + contents.size_bytes);
        contents.size_bytes = size_bytes;
        return contents;
}

/* ---- libraries ---- */

typedef struct measured {
        size_t size_bytes;
        double seconds;
} measured;

static size_t next_member(coffer_cursor *rest, size_t most_bytes, coffer_cursor *out)
{
        size_t size_bytes = rest->size_bytes < most_bytes ? rest->size_bytes : most_bytes;
        return coffer_cursor_take(rest, size_bytes, out) ? size_bytes : 0;
}

/* Compresses all members; the streams lie one after the other in `out`. */
static measured compress_all(const coffer_deflate_library *library, int level, coffer_cursor contents,
                             size_t member_bytes, uint8_t *out, size_t capacity_bytes)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_cursor member;
        void *compressor = NULL;
        measured result = {0, now_s()};

        must(library->compressor_new(level, &compressor, &error), &error);
        while (contents.size_bytes > 0 && next_member(&contents, member_bytes, &member) > 0) {
                size_t size_bytes = library->compress(compressor, member, out + result.size_bytes,
                                                      capacity_bytes - result.size_bytes);
                result.size_bytes += size_bytes;
        }
        library->compressor_free(compressor);
        result.seconds = now_s() - result.seconds;
        return result;
}

static double inflate_all(const coffer_deflate_library *library, coffer_cursor streams, uint8_t *out,
                          size_t content_bytes)
{
        coffer_error error = COFFER_ERROR_INIT;
        size_t done_bytes = 0;
        void *inflater = NULL;
        double start = now_s();

        must(library->inflater_new(&inflater, &error), &error);
        while (done_bytes < content_bytes) {
                size_t left_bytes = content_bytes - done_bytes, produced_bytes;
                library->inflater_reset(inflater);
                if (coffer_inflate_on(library, inflater, &streams, out + done_bytes,
                                      left_bytes < MEMBER_BYTES ? left_bytes : MEMBER_BYTES,
                                      &produced_bytes) != COFFER_INFLATE_END)
                        exit(1);
                done_bytes += produced_bytes;
        }
        library->inflater_free(inflater);
        return now_s() - start;
}

static double best(double left, double right)
{
        return left == 0 || right < left ? right : left;
}

static double rate(size_t size_bytes, double seconds)
{
        return (double)size_bytes / seconds / 1e6;
}

static void bench_level(const coffer_deflate_library *library, int level, coffer_cursor contents, size_t stock_bytes,
                        uint8_t *room, size_t room_bytes, uint8_t *back, int rounds)
{
        measured compressed = {0, 0};
        for (int round = 0; round < rounds; round++) {
                measured once = compress_all(library, level, contents, MEMBER_BYTES, room, room_bytes);
                compressed = (measured){once.size_bytes, best(compressed.seconds, once.seconds)};
        }
        printf("  %-10s %5d %9.3f %+8.1f %% %8.0f   ", library->name, level,
               (double)compressed.size_bytes / (double)contents.size_bytes,
               100.0 * (double)compressed.size_bytes / (double)stock_bytes - 100,
               rate(contents.size_bytes, compressed.seconds));
        for (size_t i = 0; level == library->own_level && coffer_deflate_library_at(i); i++) {
                const coffer_deflate_library *reader = coffer_deflate_library_at(i);
                double seconds = 0;
                for (int round = 0; round < rounds; round++)
                        seconds = best(seconds, inflate_all(reader, coffer_cursor_of(room, compressed.size_bytes), back,
                                                            contents.size_bytes));
                printf(" %s %.0f", reader->name, rate(contents.size_bytes, seconds));
        }
        putchar('\n');
}

/* ---- the frame ---- */

static coffer_status append(void *user, const coffer_cursor *parts, size_t count, coffer_error *error)
{
        for (size_t i = 0; i < count; i++)
                COFFER_TRY(coffer_buf_append_cursor(user, parts[i], error));
        return COFFER_OK;
}

static double read_whole(coffer_cursor frame)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_bytes *contents _cleanup_bytes_ = NULL;
        double start = now_s();
        must(coffer_frame_current()->read(frame, UINT64_MAX, NULL, &contents, &error), &error);
        return now_s() - start;
}

static double read_stream(coffer_cursor frame, uint8_t *piece)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_bytes *bytes _cleanup_bytes_ = NULL;
        coffer_stream *stored = NULL, *contents = NULL;
        double start = now_s();

        must(coffer_bytes_new(&bytes, &error), &error);
        must(coffer_bytes_append_borrow(bytes, frame, NULL, NULL, &error), &error);
        must(coffer_bytes_open_stream(bytes, &stored, &error), &error);
        must(coffer_frame_current()->open(stored, UINT64_MAX, &contents, &error), &error);
        for (size_t got_bytes = 1; got_bytes > 0;)
                must(contents->read(contents, piece, MEMBER_BYTES, &got_bytes, &error), &error);
        contents->close(contents);
        return now_s() - start;
}

static void bench_frame(coffer_cursor contents, size_t stock_bytes, uint8_t *piece, int rounds)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_bytes *bytes _cleanup_bytes_ = NULL;
        coffer_buf frame _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
        coffer_frame_sink sink = {append, &frame};
        static const coffer_frame_manner manner;
        double written = 0, whole = 0, streamed = 0;

        must(coffer_bytes_new(&bytes, &error), &error);
        must(coffer_bytes_append_borrow(bytes, contents, NULL, NULL, &error), &error);
        must(coffer_buf_reserve(&frame, contents.size_bytes + contents.size_bytes / 100 + 4096, &error), &error);
        for (int round = 0; round < rounds; round++) {
                double start = now_s();
                frame.size_bytes = 0;
                must(coffer_frame_current()->write(bytes, &manner, &sink, &error), &error);
                written = best(written, now_s() - start);
                whole = best(whole, read_whole(coffer_buf_cursor(&frame)));
                streamed = best(streamed, read_stream(coffer_buf_cursor(&frame), piece));
        }
        printf("  %-10s %5s %9.3f %+8.1f %% %8.0f    whole %.0f stream %.0f\n", "our frame", "",
               (double)frame.size_bytes / (double)contents.size_bytes,
               100.0 * (double)frame.size_bytes / (double)stock_bytes - 100, rate(contents.size_bytes, written),
               rate(contents.size_bytes, whole), rate(contents.size_bytes, streamed));
}

static void bench_payload(const payload *payload_, size_t size_bytes, int rounds)
{
        coffer_buf contents _cleanup_buf_ = make_contents(payload_, size_bytes);
        size_t room_bytes = size_bytes + size_bytes / 8 + 4096;
        uint8_t *room _cleanup_free_ = coffer_alloc(room_bytes), *back _cleanup_free_ = coffer_alloc(size_bytes);

        if (!room || !back)
                exit(1);
        memset(room, 0, room_bytes); /* so that no page is touched for the first time inside a measurement */
        memset(back, 0, size_bytes);
        measured stock =
                compress_all(&coffer_deflate_zlib, 3, coffer_buf_cursor(&contents), SIZE_MAX, room, room_bytes);
        printf("%s\n  %-10s %5d %9.3f %+8.1f %% %8.0f\n", payload_->name, "as stock", 3,
               (double)stock.size_bytes / (double)size_bytes, 0.0, rate(size_bytes, stock.seconds));
        for (size_t i = 0; coffer_deflate_library_at(i); i++) {
                const coffer_deflate_library *library = coffer_deflate_library_at(i);
                for (int level = 1; level <= library->levels && level <= MAX_LEVEL; level++)
                        bench_level(library, level, coffer_buf_cursor(&contents), stock.size_bytes, room, room_bytes,
                                    back, level == library->own_level ? rounds : 1);
        }
        bench_frame(coffer_buf_cursor(&contents), stock.size_bytes, back, rounds);
        fflush(stdout);
}

/* ---- what bounds it ---- */

static void bench_checks(size_t size_bytes, int rounds)
{
        coffer_buf contents _cleanup_buf_ = make_contents(&payloads[0], size_bytes);
        coffer_cursor all = coffer_buf_cursor(&contents);
        coffer_error error = COFFER_ERROR_INIT;
        char key[COFFER_DIGEST_MAX_HEX];
        double seconds = 0;

        for (int round = 0; round < rounds; round++) {
                coffer_digest *digest _cleanup_digest_ = NULL;
                double start = now_s();
                must(coffer_digest_new(COFFER_SHA1, &digest, &error), &error);
                must(coffer_digest_update(digest, all, &error), &error);
                must(coffer_digest_hex(digest, key, &error), &error);
                seconds = best(seconds, now_s() - start);
        }
        printf("checks\n  SHA-1 %.0f, CRC-32:", rate(size_bytes, seconds));
        for (size_t i = 0; coffer_deflate_library_at(i); i++) {
                seconds = 0;
                for (int round = 0; round < rounds; round++) {
                        double start = now_s();
                        volatile uint32_t crc = coffer_deflate_library_at(i)->crc(0, all);
                        (void)crc;
                        seconds = best(seconds, now_s() - start);
                }
                printf(" %s %.0f", coffer_deflate_library_at(i)->name, rate(size_bytes, seconds));
        }
        putchar('\n');
}

int main(int count, char **arguments)
{
        long mib = count > 1 ? strtol(arguments[1], NULL, 10) : 128,
             rounds = count > 2 ? strtol(arguments[2], NULL, 10) : 3;

        if (mib < 1 || mib > 4095 || rounds < 1 || rounds > 100) {
                fprintf(stderr, "usage: bench-frame [MIB [ROUNDS]]\n");
                return 2;
        }
        printf("%ld MiB each; members of %d KiB\n%-12s %5s %9s %10s %8s    %s\n", mib, MEMBER_BYTES >> 10, "library",
               "level", "ratio", "to stock", "write", "read by");
        for (size_t i = 0; i < ARRAY_COUNT(payloads); i++)
                bench_payload(&payloads[i], (size_t)mib << 20, (int)rounds);
        bench_checks((size_t)mib << 20, (int)rounds);
        return 0;
}
