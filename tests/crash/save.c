/* SPDX-License-Identifier: Apache-2.0 */
/* What the crash tests kill, and what looks at the ruins:
 *   save save ROOT ATTEMPT     saves two artifacts as CrashFlow/1/start/1 and completes the attempt
 *   save read ROOT             says what a reader sees: "complete ATTEMPT", "not-done", "not-found", or what is wrong
 *   save mend ROOT             repairs, and says "sound" when nothing is wrong after that */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <coffer/coffer.h>

enum { LARGE_BYTES = 1300000, HEADER_BYTES = 7 };

/* The pickle of a bytes object with a pattern that does not compress to nothing. */
static coffer_status make_pickle(size_t size_bytes, uint32_t seed, coffer_bytes **out, coffer_error *error)
{
        uint8_t *data = coffer_alloc(HEADER_BYTES + size_bytes + 1);
        if (!data)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory for a pickle");
        memcpy(data,
               "\x80\x04"
               "B",
               3);
        for (size_t i = 0; i < 4; i++)
                data[3 + i] = (uint8_t)(size_bytes >> (8 * i));
        for (size_t i = 0; i < size_bytes; i++) {
                seed = seed * 1664525 + 1013904223;
                data[HEADER_BYTES + i] = (uint8_t)(seed >> 28);
        }
        data[HEADER_BYTES + size_bytes] = '.';
        coffer_status status = coffer_bytes_new(out, error);
        if (status == COFFER_OK)
                status = coffer_bytes_append_take(*out, data, HEADER_BYTES + size_bytes + 1, error);
        if (status != COFFER_OK)
                coffer_free(data);
        return status;
}

static const struct {
        const char *name;
        size_t size_bytes;
        uint32_t seed;
} artifacts[] = {{"small", 5, 1}, {"large", LARGE_BYTES, 2}};

enum { ARTIFACTS = sizeof(artifacts) / sizeof(artifacts[0]) };

static coffer_status save_artifact(coffer_task *task, size_t index, coffer_error *error)
{
        coffer_metadata *metadata = NULL;
        coffer_bytes *bytes = NULL;

        coffer_status status = make_pickle(artifacts[index].size_bytes, artifacts[index].seed, &bytes, error);
        if (status == COFFER_OK)
                status = coffer_metadata_new(&metadata, error);
        if (status == COFFER_OK)
                status = coffer_metadata_set_object_type(metadata, "<class 'bytes'>", error);
        if (status == COFFER_OK)
                status = coffer_metadata_set_encoding(metadata, "pickle-v4", error);
        if (status == COFFER_OK)
                status = coffer_task_save_blob(task, artifacts[index].name, bytes, metadata, error);
        coffer_metadata_free(metadata);
        coffer_bytes_unref(bytes);
        return status;
}

static coffer_status save(coffer_task *task, coffer_error *error)
{
        coffer_status status = coffer_task_init(task, error);
        for (size_t i = 0; i < ARTIFACTS && status == COFFER_OK; i++)
                status = save_artifact(task, i, error);
        return status == COFFER_OK ? coffer_task_done(task, error) : status;
}

static coffer_status compare(coffer_task *task, size_t index, coffer_error *error)
{
        coffer_bytes *bytes = NULL, *wanted = NULL;
        coffer_cursor got, want;

        coffer_status status = coffer_task_load_bytes(task, artifacts[index].name, &bytes, error);
        if (status == COFFER_OK)
                status = make_pickle(artifacts[index].size_bytes, artifacts[index].seed, &wanted, error);
        if (status == COFFER_OK)
                status = coffer_bytes_contiguous(bytes, &got, error);
        if (status == COFFER_OK)
                status = coffer_bytes_contiguous(wanted, &want, error);
        if (status == COFFER_OK && (got.size_bytes != want.size_bytes || memcmp(got.data, want.data, got.size_bytes)))
                status = coffer_error_set(error, COFFER_CORRUPT, "'%s' is not what was saved", artifacts[index].name);
        coffer_bytes_unref(bytes);
        coffer_bytes_unref(wanted);
        return status;
}

static coffer_status open_task(coffer_store *store, coffer_mode mode, int attempt, coffer_task **out,
                               coffer_error *error)
{
        coffer_task_options options = COFFER_TASK_OPTIONS_INIT;
        options.mode = mode;
        options.attempt = attempt;
        options.user = "tester";
        return coffer_task_open(store, "CrashFlow", "1", "start", "1", &options, out, error);
}

static int run_save(coffer_store *store, int attempt)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_task *task = NULL;

        coffer_status status = open_task(store, COFFER_WRITE, attempt, &task, &error);
        if (status == COFFER_OK)
                status = save(task, &error);
        coffer_task_free(task);
        if (status != COFFER_OK)
                fprintf(stderr, "%s\n", error.message);
        return status == COFFER_OK ? 0 : 1;
}

static int run_read(coffer_store *store)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_task *task = NULL;

        coffer_status status = open_task(store, COFFER_READ, COFFER_ATTEMPT_LATEST, &task, &error);
        if (status == COFFER_STATE || status == COFFER_NOT_FOUND) {
                puts(status == COFFER_STATE ? "not-done" : "not-found");
                return 0;
        }
        if (status == COFFER_OK && coffer_task_count(task) != ARTIFACTS)
                status = coffer_error_set(&error, COFFER_CORRUPT, "%zu artifacts", coffer_task_count(task));
        for (size_t i = 0; i < ARTIFACTS && status == COFFER_OK; i++)
                status = compare(task, i, &error);
        if (status == COFFER_OK)
                printf("complete %d\n", coffer_task_attempt(task));
        else
                puts(error.message);
        coffer_task_free(task);
        return 0;
}

static coffer_status verify(coffer_store *store, bool repair, uint64_t *problems, coffer_error *error)
{
        coffer_verify_options options = COFFER_VERIFY_OPTIONS_INIT;
        coffer_verify_summary summary;

        options.repair = repair;
        coffer_status status = coffer_store_verify(store, &options, &summary, error);
        *problems = 0;
        for (size_t i = 0; i < COFFER_PROBLEM_COUNT && status == COFFER_OK; i++)
                *problems += summary.problems[i];
        return status;
}

static int run_mend(coffer_store *store)
{
        coffer_error error = COFFER_ERROR_INIT;
        uint64_t problems;

        coffer_status status = verify(store, true, &problems, &error);
        if (status == COFFER_OK)
                status = verify(store, false, &problems, &error);
        if (status == COFFER_OK)
                puts(problems == 0 ? "sound" : "unsound");
        else
                puts(error.message);
        return status == COFFER_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_store *store = NULL;
        int result = 2;

        if (argc < 3 || coffer_store_open(argv[2], NULL, &store, &error) != COFFER_OK) {
                fprintf(stderr, "%s\n", error.message);
                return 2;
        }
        if (strcmp(argv[1], "save") == 0 && argc == 4)
                result = run_save(store, atoi(argv[3]));
        else if (strcmp(argv[1], "read") == 0)
                result = run_read(store);
        else if (strcmp(argv[1], "mend") == 0)
                result = run_mend(store);
        coffer_store_unref(store);
        return result;
}
