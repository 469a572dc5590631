/* SPDX-License-Identifier: Apache-2.0 */
/* Loading: rules of decoding, and checks. */
#include "cas_fixture.h"

static void a_missing_blob_is_named_with_its_path(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        coffer_error error = COFFER_ERROR_INIT;
        coffer_stream *stream = NULL;
        coffer_bytes *bytes = NULL;
        for (int i = 0; i < 3; i++) {
                error = (coffer_error)COFFER_ERROR_INIT;
                assert_status(i == 0   ? coffer_cas_load(cas, HELLO_KEY, &bytes, NULL, &error)
                              : i == 1 ? coffer_cas_open(cas, HELLO_KEY, &stream, &error)
                                       : coffer_cas_load_stored(cas, HELLO_KEY, &bytes, &error),
                              COFFER_NOT_FOUND);
                assert_non_null(strstr(error.message, HELLO_KEY));
                assert_non_null(strstr(error.message, HELLO_FILE));
        }
        assert_null(bytes);
}

static void the_sidecar_tells_how_to_read(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        static const struct {
                const char *sidecar;
                bool raw;
        } cases[] = {
                {FRAMED, false},
                {NULL, false},
                {"null", false},
                {" { \"cas_version\" : 1 } ", false},
                {"{\"cas_raw\": 0, \"cas_version\": 1}", false},
                {"{\"cas_raw\": \"\", \"cas_version\": 1}", false},
                {"{\"cas_raw\": [], \"cas_version\": 1}", false},
                {"{\"cas_raw\": null, \"cas_version\": 1, \"more\": {}}", false},
                {RAW, true},
                {"{\"cas_raw\": 1}", true},
                {"{\"cas_raw\": \"no\", \"cas_version\": 99}", true},
                {"{\"cas_raw\": [0]}", true},
                {"{\"cas_raw\": {\"a\": 1}}", true},
                {"{\"cas_raw\": 0.5}", true},
        };
        for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
                if (cases[i].raw)
                        plant(HELLO_KEY, coffer_cursor_text("hello"), cases[i].sidecar);
                else
                        plant_framed(HELLO_KEY, coffer_cursor_text("hello"), cases[i].sidecar);
                assert_ok(loads(cas, HELLO_KEY, coffer_cursor_text("hello"), cases[i].raw, NULL));
                coffer_buf streamed _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
                assert_ok(drain_stream(cas, HELLO_KEY, &streamed, NULL));
                assert_cursor(coffer_buf_cursor(&streamed), "hello");
        }
}

static void a_sidecar_that_says_nothing_is_an_error(void **state)
{
        WITH_CAS(COFFER_VERIFY_CRC);
        static const struct {
                const char *sidecar;
                coffer_status status;
                const char *message;
        } cases[] = {
                {"{}", COFFER_MALFORMED, "Could not extract encoding version"},
                {"{\"cas_raw\": false}", COFFER_MALFORMED, "Could not extract encoding version"},
                {"{\"cas_version\": -1}", COFFER_MALFORMED, "Could not extract encoding version"},
                {"{\"cas_version\": 2}", COFFER_UNSUPPORTED, "Unknown encoding version 2"},
                {"{\"cas_version\": 0}", COFFER_UNSUPPORTED, "Unknown encoding version 0"},
                {"{\"cas_version\": \"1\"}", COFFER_MALFORMED, "no integer"},
                {"{\"cas_version\": 1.0}", COFFER_MALFORMED, "no integer"},
                {"{\"cas_version\": null}", COFFER_MALFORMED, "no integer"},
                {"[1]", COFFER_MALFORMED, "no JSON object"},
                {"true", COFFER_MALFORMED, "no JSON object"},
                {"{\"cas_version\": 1", COFFER_MALFORMED, "no JSON"},
                {"", COFFER_MALFORMED, "no JSON"},
        };
        for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
                coffer_buf streamed _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
                coffer_error error = COFFER_ERROR_INIT;
                plant_framed(HELLO_KEY, coffer_cursor_text("hello"), cases[i].sidecar);
                assert_status(loads(cas, HELLO_KEY, coffer_cursor_text("hello"), false, &error), cases[i].status);
                assert_non_null(strstr(error.message, cases[i].message));
                assert_non_null(strstr(error.message, HELLO_KEY));
                assert_status(drain_stream(cas, HELLO_KEY, &streamed, NULL), cases[i].status);
        }
}

static void contents_that_give_the_key_need_no_sidecar(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        static const char *const sidecars[] = {NULL, "", "{}", "[1]", "{\"cas_version\": 2}", RAW, FRAMED};
        for (size_t i = 0; i < ARRAY_COUNT(sidecars); i++) {
                plant_framed(HELLO_KEY, coffer_cursor_text("hello"), sidecars[i]);
                assert_ok(loads(cas, HELLO_KEY, coffer_cursor_text("hello"), false, NULL));
                plant(HELLO_KEY, coffer_cursor_text("hello"), sidecars[i]);
                assert_ok(loads(cas, HELLO_KEY, coffer_cursor_text("hello"), true, NULL));
        }
}

static void a_damaged_blob_is_named_with_its_path(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        static const coffer_cursor files[] = {
                {(const uint8_t *)"no gzip", 7}, {(const uint8_t *)"\x1f\x8b", 2}, {NULL, 0}};
        for (size_t i = 0; i < ARRAY_COUNT(files); i++) {
                coffer_buf streamed _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
                coffer_error error = COFFER_ERROR_INIT;
                plant(HELLO_KEY, files[i], FRAMED);
                assert_status(loads(cas, HELLO_KEY, coffer_cursor_text("hello"), false, &error), COFFER_CORRUPT);
                assert_non_null(strstr(error.message, HELLO_KEY));
                assert_non_null(strstr(error.message, HELLO_FILE));
                error = (coffer_error)COFFER_ERROR_INIT;
                assert_status(drain_stream(cas, HELLO_KEY, &streamed, &error), COFFER_CORRUPT);
                assert_non_null(strstr(error.message, HELLO_FILE));
        }
}

/* Sound files with contents of another key: only the key tells. */
static void swapped_contents_are_found_where_the_mode_says_so(void **state)
{
        static const struct {
                coffer_verify verify;
                const char *sidecar;
                size_t size_bytes;
                bool found;
        } cases[] = {
                {COFFER_VERIFY_AUTO, FRAMED, 5, true},
                {COFFER_VERIFY_AUTO, FRAMED, 16 * MIB, true},
                {COFFER_VERIFY_AUTO, FRAMED, 16 * MIB + 1, false},
                {COFFER_VERIFY_AUTO, NULL, 16 * MIB + 1, true},
                {COFFER_VERIFY_AUTO, RAW, 16 * MIB + 1, true},
                {COFFER_VERIFY_KEY, FRAMED, 16 * MIB + 1, true},
                {COFFER_VERIFY_CRC, FRAMED, 5, false},
                {COFFER_VERIFY_CRC, NULL, 5, false},
                {COFFER_VERIFY_CRC, RAW, 5, false},
        };
        for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
                WITH_CAS(cases[i].verify);
                coffer_buf contents _cleanup_buf_ = contents_of(ZEROS, cases[i].size_bytes);
                bool raw = cases[i].sidecar && strcmp(cases[i].sidecar, RAW) == 0;
                if (raw)
                        plant(HELLO_KEY, coffer_buf_cursor(&contents), cases[i].sidecar);
                else
                        plant_framed(HELLO_KEY, coffer_buf_cursor(&contents), cases[i].sidecar);
                coffer_buf streamed _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
                coffer_status expected = cases[i].found ? COFFER_CORRUPT : COFFER_OK;
                assert_status(loads(cas, HELLO_KEY, coffer_buf_cursor(&contents), raw, NULL), expected);
                assert_status(drain_stream(cas, HELLO_KEY, &streamed, NULL), expected);
                assert_true(coffer_cursor_equal(coffer_buf_cursor(&streamed), coffer_buf_cursor(&contents)));
        }
}

static void an_emptied_file_is_found_in_every_mode(void **state)
{
        for (coffer_verify verify = COFFER_VERIFY_AUTO; verify <= COFFER_VERIFY_CRC; verify++) {
                WITH_CAS(verify);
                coffer_buf streamed _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
                plant(HELLO_KEY, coffer_cursor_of(NULL, 0), FRAMED);
                assert_status(loads(cas, HELLO_KEY, coffer_cursor_text(""), false, NULL), COFFER_CORRUPT);
                plant(HELLO_KEY, coffer_cursor_of(NULL, 0), RAW);
                assert_status(loads(cas, HELLO_KEY, coffer_cursor_text(""), true, NULL), COFFER_CORRUPT);
                assert_status(drain_stream(cas, HELLO_KEY, &streamed, NULL), COFFER_CORRUPT);
                plant(EMPTY_KEY, coffer_cursor_of(NULL, 0), FRAMED);
                assert_ok(loads(cas, EMPTY_KEY, coffer_cursor_text(""), false, NULL));
                assert_ok(drain_stream(cas, EMPTY_KEY, &streamed, NULL));
        }
}

/* What crashes and races of writers leave: the key decides. */
static void a_sidecar_that_contradicts_the_file_does_not_mislead(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        coffer_buf gzip _cleanup_buf_ = framed(coffer_cursor_text("package"));

        plant(HELLO_KEY, coffer_cursor_text("hello"), FRAMED);
        assert_ok(loads(cas, HELLO_KEY, coffer_cursor_text("hello"), true, NULL));
        plant(HELLO_KEY, coffer_cursor_text("hello"), NULL);
        assert_ok(loads(cas, HELLO_KEY, coffer_cursor_text("hello"), true, NULL));
        plant_framed(HELLO_KEY, coffer_cursor_text("hello"), RAW);
        assert_ok(loads(cas, HELLO_KEY, coffer_cursor_text("hello"), false, NULL));
        coffer_key key = save(cas, coffer_buf_cursor(&gzip), true);
        assert_int_equal(unlink(sidecar_of(key.text)), 0);
        assert_ok(loads(cas, key.text, coffer_buf_cursor(&gzip), true, NULL));
}

static void stored_bytes_are_given_as_they_are(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        coffer_bytes *bytes _cleanup_bytes_ = NULL;
        plant(HELLO_KEY, coffer_cursor_text("damaged"), "{");
        assert_ok(coffer_cas_load_stored(cas, HELLO_KEY, &bytes, NULL));
        assert_cursor(coffer_bytes_segment(bytes, 0), "damaged");
}

static void contents_over_the_limit_are_not_inflated(void **state)
{
        (void)state;
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        coffer_cas_options options = COFFER_CAS_OPTIONS_INIT;
        coffer_cas *cas _cleanup_cas_ = NULL;
        coffer_error error = COFFER_ERROR_INIT;
        coffer_buf streamed _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);

        options.max_blob_bytes = 4;
        assert_ok(coffer_cas_new(storage, "F/data", &options, &cas, NULL));
        plant_framed(HELLO_KEY, coffer_cursor_text("hello"), FRAMED);
        assert_status(loads(cas, HELLO_KEY, coffer_cursor_text("hello"), false, &error), COFFER_LIMIT);
        assert_non_null(strstr(error.message, HELLO_KEY));
        assert_status(drain_stream(cas, HELLO_KEY, &streamed, NULL), COFFER_LIMIT);
        assert_int_equal(health_of(cas, HELLO_KEY), COFFER_BLOB_SOUND);
}

static void large_blobs_come_back_whole_and_as_streams(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        for (int raw = 0; raw < 2; raw++) {
                for (kind kind_ = 0; kind_ < KIND_COUNT; kind_++) {
                        coffer_buf contents _cleanup_buf_ = contents_of(kind_, 3 * MIB + 777 + raw);
                        coffer_buf streamed _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
                        coffer_key key = save(cas, coffer_buf_cursor(&contents), raw);
                        assert_ok(loads(cas, key.text, coffer_buf_cursor(&contents), raw, NULL));
                        assert_ok(drain_stream(cas, key.text, &streamed, NULL));
                        assert_true(coffer_cursor_equal(coffer_buf_cursor(&streamed), coffer_buf_cursor(&contents)));
                }
        }
}

static void a_stream_may_be_closed_early(void **state)
{
        WITH_CAS(COFFER_VERIFY_AUTO);
        coffer_stream *stream = NULL;
        char byte;
        size_t got_bytes;
        save(cas, coffer_cursor_text("hello"), false);
        assert_ok(coffer_cas_open(cas, HELLO_KEY, &stream, NULL));
        assert_ok(stream->read(stream, &byte, 1, &got_bytes, NULL));
        assert_int_equal(got_bytes, 1);
        assert_int_equal(byte, 'h');
        stream->close(stream);
}

static void the_environment_chooses_where_the_caller_does_not(void **state)
{
        static const struct {
                const char *value;
                coffer_verify asked;
                coffer_status load;
        } cases[] = {
                {"crc", COFFER_VERIFY_AUTO, COFFER_OK},       {"key", COFFER_VERIFY_AUTO, COFFER_CORRUPT},
                {"auto", COFFER_VERIFY_AUTO, COFFER_CORRUPT}, {"", COFFER_VERIFY_AUTO, COFFER_CORRUPT},
                {"crc", COFFER_VERIFY_KEY, COFFER_CORRUPT},   {"key", COFFER_VERIFY_CRC, COFFER_OK},
        };
        plant_framed(HELLO_KEY, coffer_cursor_text("jello"), FRAMED);
        for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
                setenv("COFFER_VERIFY", cases[i].value, 1);
                WITH_CAS(cases[i].asked);
                unsetenv("COFFER_VERIFY");
                assert_status(loads(cas, HELLO_KEY, coffer_cursor_text("jello"), false, NULL), cases[i].load);
        }
        setenv("COFFER_VERIFY", "sha1", 1);
        coffer_storage *storage _cleanup_storage_ = open_root(true);
        coffer_cas *cas = NULL;
        coffer_error error = COFFER_ERROR_INIT;
        coffer_status status = coffer_cas_new(storage, "F/data", NULL, &cas, &error);
        unsetenv("COFFER_VERIFY");
        assert_status(status, COFFER_INVALID);
        assert_non_null(strstr(error.message, "sha1"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_own_directory(a_missing_blob_is_named_with_its_path),
                in_own_directory(the_sidecar_tells_how_to_read),
                in_own_directory(a_sidecar_that_says_nothing_is_an_error),
                in_own_directory(contents_that_give_the_key_need_no_sidecar),
                in_own_directory(a_damaged_blob_is_named_with_its_path),
                in_own_directory(swapped_contents_are_found_where_the_mode_says_so),
                in_own_directory(an_emptied_file_is_found_in_every_mode),
                in_own_directory(a_sidecar_that_contradicts_the_file_does_not_mislead),
                in_own_directory(stored_bytes_are_given_as_they_are),
                in_own_directory(contents_over_the_limit_are_not_inflated),
                in_own_directory(large_blobs_come_back_whole_and_as_streams),
                in_own_directory(a_stream_may_be_closed_early),
                in_own_directory(the_environment_chooses_where_the_caller_does_not),
        };
        return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
