/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks from the command line, for tests in other languages:
 *   datastore-tool write ROOT FLOW RUN STEP TASK ATTEMPT ok|failed|unsaid [NAME TYPE ENCODING SOURCE FILE]...
 *   datastore-tool read ROOT FLOW RUN STEP TASK DIRECTORY   prints one JSON line an artifact, its bytes go to
 * DIRECTORY/NAME datastore-tool clone ROOT FLOW RUN STEP TASK NEW-TASK   a complete attempt 0 with the same artifacts
 *   datastore-tool verify ROOT                              prints the numbers of attempts, artifacts, blobs, problems
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <coffer/coffer.h>

/* The arguments of a task. */
enum { FLOW = 3, RUN, STEP, TASK, REST };

static coffer_status open_task(coffer_store *store, char **argv, const char *task, coffer_mode mode, int attempt,
                               coffer_task **out, coffer_error *error)
{
        static const char *const tags[] = {"put-by-hand", NULL};
        coffer_task_options options = COFFER_TASK_OPTIONS_INIT;
        options.mode = mode;
        options.attempt = attempt;
        options.tags = tags;
        return coffer_task_open(store, argv[FLOW], argv[RUN], argv[STEP], task, &options, out, error);
}

static coffer_status make_metadata(char **argv, coffer_metadata *metadata, coffer_error *error)
{
        coffer_status status = coffer_metadata_set_object_type(metadata, argv[1], error);
        if (status == COFFER_OK)
                status = coffer_metadata_set_encoding(metadata, argv[2], error);
        if (status == COFFER_OK && argv[3][0] != '\0')
                status = coffer_metadata_set_info(metadata, "source", argv[3], error);
        return status;
}

/* NAME TYPE ENCODING SOURCE FILE */
static coffer_status save_file(coffer_task *task, char **argv, coffer_error *error)
{
        coffer_metadata *metadata = NULL;
        coffer_bytes *bytes = NULL;

        coffer_status status = coffer_fs_read(argv[4], &bytes, error);
        if (status == COFFER_OK)
                status = coffer_metadata_new(&metadata, error);
        if (status == COFFER_OK)
                status = make_metadata(argv, metadata, error);
        if (status == COFFER_OK)
                status = coffer_task_save_blob(task, argv[0], bytes, metadata, error);
        coffer_metadata_free(metadata);
        coffer_bytes_unref(bytes);
        return status;
}

static coffer_status run_write(coffer_store *store, int argc, char **argv, coffer_error *error)
{
        coffer_task *task = NULL;
        const char *outcome = argv[REST + 1];

        coffer_status status = open_task(store, argv, argv[TASK], COFFER_WRITE, atoi(argv[REST]), &task, error);
        if (status == COFFER_OK)
                status = coffer_task_init(task, error);
        for (int i = REST + 2; i + 4 < argc && status == COFFER_OK; i += 5)
                status = save_file(task, argv + i, error);
        if (status == COFFER_OK && strcmp(outcome, "unsaid") != 0)
                status = coffer_task_set_outcome(task, strcmp(outcome, "ok") == 0, error);
        if (status == COFFER_OK)
                status = coffer_task_done(task, error);
        coffer_task_free(task);
        return status;
}

static coffer_status write_file(const char *path, coffer_bytes *bytes, coffer_error *error)
{
        coffer_file_writer *writer;
        coffer_cursor data;

        coffer_status status = coffer_bytes_contiguous(bytes, &data, error);
        if (status == COFFER_OK)
                status = coffer_file_writer_open(path, &writer, error);
        if (status != COFFER_OK)
                return status;
        status = coffer_file_writer_write(writer, data, error);
        if (status == COFFER_OK)
                return coffer_file_writer_commit(writer, true, false, error);
        coffer_file_writer_abort(writer);
        return status;
}

static coffer_status read_artifact(coffer_task *task, size_t index, const char *directory, coffer_error *error)
{
        coffer_artifact_info info;
        coffer_bytes *bytes = NULL;
        char path[4096];

        coffer_status status = coffer_task_info_at(task, index, &info, error);
        if (status != COFFER_OK)
                return status;
        printf("{\"name\": \"%s\", \"key\": \"%s\", \"size\": %" PRIu64 ", \"type\": \"%s\", \"encoding\": \"%s\", "
               "\"serializer_info\": %s}\n",
               info.name, info.key, info.size_bytes, info.type, info.encoding, info.serializer_info_json);
        snprintf(path, sizeof(path), "%s/%s", directory, info.name);
        status = coffer_task_load_bytes(task, info.name, &bytes, error);
        if (status == COFFER_OK)
                status = write_file(path, bytes, error);
        coffer_bytes_unref(bytes);
        return status;
}

static coffer_status run_read(coffer_store *store, int argc, char **argv, coffer_error *error)
{
        coffer_task *task = NULL;
        (void)argc;

        coffer_status status = open_task(store, argv, argv[TASK], COFFER_READ, COFFER_ATTEMPT_LATEST, &task, error);
        for (size_t i = 0; status == COFFER_OK && i < coffer_task_count(task); i++)
                status = read_artifact(task, i, argv[REST], error);
        coffer_task_free(task);
        return status;
}

static coffer_status run_clone(coffer_store *store, int argc, char **argv, coffer_error *error)
{
        coffer_task *origin = NULL, *task = NULL;
        (void)argc;

        coffer_status status = open_task(store, argv, argv[TASK], COFFER_READ, COFFER_ATTEMPT_LATEST, &origin, error);
        if (status == COFFER_OK)
                status = open_task(store, argv, argv[REST], COFFER_WRITE, 0, &task, error);
        if (status == COFFER_OK)
                status = coffer_task_init(task, error);
        if (status == COFFER_OK)
                status = coffer_task_clone(task, origin, error);
        if (status == COFFER_OK)
                status = coffer_task_done(task, error);
        coffer_task_free(task);
        coffer_task_free(origin);
        return status;
}

static coffer_status run_verify(coffer_store *store, int argc, char **argv, coffer_error *error)
{
        coffer_verify_summary summary;
        uint64_t problems = 0;
        (void)argc;
        (void)argv;

        coffer_status status = coffer_store_verify(store, NULL, &summary, error);
        if (status != COFFER_OK)
                return status;
        for (size_t i = 0; i < COFFER_PROBLEM_COUNT; i++)
                problems += summary.problems[i];
        printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", summary.attempts, summary.artifacts, summary.blobs,
               problems);
        return COFFER_OK;
}

static const struct {
        const char *name;
        int least_arguments;
        coffer_status (*run)(coffer_store *store, int argc, char **argv, coffer_error *error);
} commands[] = {{"write", REST + 2, run_write},
                {"read", REST + 1, run_read},
                {"clone", REST + 1, run_clone},
                {"verify", FLOW, run_verify}};

int main(int argc, char **argv)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_store *store = NULL;
        coffer_status status = COFFER_INVALID;

        for (size_t i = 0; argc >= FLOW && i < sizeof(commands) / sizeof(commands[0]); i++) {
                if (strcmp(argv[1], commands[i].name) != 0 || argc < commands[i].least_arguments)
                        continue;
                status = coffer_store_open(argv[2], NULL, &store, &error);
                if (status == COFFER_OK)
                        status = commands[i].run(store, argc, argv, &error);
        }
        coffer_store_unref(store);
        if (status != COFFER_OK)
                fprintf(stderr, "%s: %s\n", coffer_status_name(status), error.message);
        return status == COFFER_OK ? 0 : 1;
}
