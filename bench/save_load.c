/* SPDX-License-Identifier: Apache-2.0 */
/* Times whole saves and loads of a task's artifacts: object in memory, to disk and back.
 *   bench-save-load STORE ROUNDS npy|text|pickles FILE
 * "pickles" is a file of pickles in a row, each an artifact of its own. Every round writes a store of its own, STORE/N.
 * Prints one line a round: seconds of save (with done) and of load. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <coffer/coffer.h>

typedef struct inputs {
        coffer_artifact *artifacts;
        size_t count;
} inputs;

static double now(void)
{
        struct timespec time;
        clock_gettime(CLOCK_MONOTONIC, &time);
        return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void check(coffer_status status, const coffer_error *error)
{
        if (status == COFFER_OK)
                return;
        fprintf(stderr, "bench-save-load: %s\n", error->message);
        exit(1);
}

static coffer_bytes *read_file(const char *path)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_bytes *bytes = NULL;
        FILE *file = fopen(path, "rb");
        if (!file || fseek(file, 0, SEEK_END) != 0) {
                fprintf(stderr, "bench-save-load: cannot read %s\n", path);
                exit(1);
        }
        size_t size = (size_t)ftell(file);
        void *memory = coffer_alloc(size);
        rewind(file);
        if (!memory || fread(memory, 1, size, file) != size)
                exit(1);
        fclose(file);
        check(coffer_bytes_new(&bytes, &error), &error);
        check(coffer_bytes_append_take(bytes, memory, size, &error), &error);
        return bytes;
}

static void add(inputs *all, coffer_document *document)
{
        char name[32];
        snprintf(name, sizeof(name), "a%zu", all->count);
        all->artifacts = realloc(all->artifacts, (all->count + 1) * sizeof(*all->artifacts));
        all->artifacts[all->count].name = strdup(name);
        all->artifacts[all->count++].object = coffer_object_from_document(document);
        coffer_document_unref(document);
}

static void read_text(coffer_bytes *bytes, inputs *all)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_document *document = NULL;
        coffer_value *value = NULL;
        coffer_cursor text;
        check(coffer_bytes_contiguous(bytes, &text, &error), &error);
        check(coffer_document_new(&document, &error), &error);
        check(coffer_document_keep(document, bytes, &error), &error);
        check(coffer_value_str(document, text, true, &value, &error), &error);
        coffer_document_set_root(document, value);
        add(all, document);
}

static void read_pickles(coffer_bytes *bytes, inputs *all)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_pickle_read_options options = COFFER_PICKLE_READ_OPTIONS_INIT;
        coffer_cursor rest;
        options.allow_trailing = true;
        check(coffer_bytes_contiguous(bytes, &rest, &error), &error);
        while (rest.size_bytes > 0) {
                coffer_bytes *one = NULL;
                coffer_document *document = NULL;
                uint64_t end = 0;
                check(coffer_bytes_new(&one, &error), &error);
                check(coffer_bytes_append_borrow(one, rest, NULL, NULL, &error), &error);
                check(coffer_pickle_read(one, &options, &document, &end, &error), &error);
                coffer_bytes_unref(one);
                add(all, document);
                rest.data += end;
                rest.size_bytes -= end;
        }
}

static inputs read_inputs(const char *kind, coffer_bytes *bytes)
{
        inputs all = {NULL, 0};
        coffer_error error = COFFER_ERROR_INIT;
        coffer_document *document = NULL;
        if (strcmp(kind, "npy") == 0) {
                check(coffer_document_from_npy(bytes, &document, &error), &error);
                add(&all, document);
        } else if (strcmp(kind, "text") == 0) {
                read_text(bytes, &all);
        } else {
                read_pickles(bytes, &all);
        }
        return all;
}

static void run_round(const char *root, const inputs *all)
{
        const char **names = calloc(all->count, sizeof(*names));
        coffer_object *objects = calloc(all->count, sizeof(*objects));
        coffer_error error = COFFER_ERROR_INIT;
        coffer_task_options options = COFFER_TASK_OPTIONS_INIT;
        coffer_store *store = NULL;
        coffer_task *task = NULL;

        check(coffer_store_open(root, NULL, &store, &error), &error);
        options.mode = COFFER_WRITE;
        options.without_provider = true;
        check(coffer_task_open(store, "Bench", "1", "start", "1", &options, &task, &error), &error);
        check(coffer_task_init(task, &error), &error);
        double begin = now();
        check(coffer_task_save(task, all->artifacts, all->count, &error), &error);
        check(coffer_task_done(task, &error), &error);
        double saved = now() - begin;
        coffer_task_free(task);

        for (size_t i = 0; i < all->count; i++)
                names[i] = all->artifacts[i].name;
        options.mode = COFFER_READ;
        check(coffer_task_open(store, "Bench", "1", "start", "1", &options, &task, &error), &error);
        begin = now();
        check(coffer_task_load_many(task, names, all->count, objects, &error), &error);
        for (size_t i = 0; i < all->count; i++)
                coffer_object_unref(&objects[i]);
        printf("%.6f %.6f\n", saved, now() - begin);
        free(objects);
        free(names);
        coffer_task_free(task);
        coffer_store_unref(store);
}

int main(int argc, char **argv)
{
        if (argc != 5) {
                fprintf(stderr, "usage: bench-save-load STORE ROUNDS npy|text|pickles FILE\n");
                return 2;
        }
        coffer_bytes *bytes = read_file(argv[4]);
        inputs all = read_inputs(argv[3], bytes);
        for (int round = 0; round < atoi(argv[2]); round++) {
                char root[4096];
                snprintf(root, sizeof(root), "%s/%d", argv[1], round);
                run_round(root, &all);
        }
        for (size_t i = 0; i < all.count; i++) {
                free((void *)(uintptr_t)all.artifacts[i].name);
                coffer_object_unref(&all.artifacts[i].object);
        }
        free(all.artifacts);
        coffer_bytes_unref(bytes);
        return 0;
}
