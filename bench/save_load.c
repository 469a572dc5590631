/* SPDX-License-Identifier: Apache-2.0 */
/* One save or load of a task's artifacts, without Python:
 *   bench-save-load save STORE COUNT all|each FILE     the COUNT pickles in FILE, one after the other
 *   bench-save-load load STORE COUNT all|each
 * "all" makes one call for all artifacts, "each" one for each. Prints as JSON what it took, and what memory came on top
 * of what the process had. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <coffer/coffer.h>

typedef struct usage {
        double seconds;
        double processor_seconds;
        double resident_mib;
        double peak_mib;
} usage;

static void check(coffer_status status, const coffer_error *error)
{
        if (status == COFFER_OK)
                return;
        fprintf(stderr, "bench-save-load: %s\n", error->message);
        exit(1);
}

static void *must_have(void *memory)
{
        if (!memory) {
                fprintf(stderr, "bench-save-load: out of memory\n");
                exit(1);
        }
        return memory;
}

/* ---- measuring ---- */

static double memory_mib(const char *field)
{
        char line[256];
        double kib = 0;
        FILE *status = must_have(fopen("/proc/self/status", "r"));
        while (fgets(line, sizeof(line), status)) {
                if (strncmp(line, field, strlen(field)) == 0)
                        kib = strtod(line + strlen(field), NULL);
        }
        fclose(status);
        return kib / 1024;
}

static double seconds_of(struct timeval time)
{
        return (double)time.tv_sec + (double)time.tv_usec * 1e-6;
}

static usage usage_now(void)
{
        struct timespec time;
        struct rusage used;
        usage now;
        getrusage(RUSAGE_SELF, &used);
        now.processor_seconds = seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
        now.resident_mib = memory_mib("VmRSS:");
        now.peak_mib = memory_mib("VmHWM:");
        clock_gettime(CLOCK_MONOTONIC, &time);
        now.seconds = (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
        return now;
}

/* See ballast.py. */
static void take_ballast(void)
{
        const char *descriptor = getenv("BENCH_BALLAST");
        char answer = '?';
        if (descriptor && (write(atoi(descriptor), &answer, 1) != 1 || read(atoi(descriptor), &answer, 1) != 1)) {
                fprintf(stderr, "bench-save-load: whoever holds the memory does not answer\n");
                exit(1);
        }
}

static usage begin_measuring(void)
{
        take_ballast();
        FILE *peak = fopen("/proc/self/clear_refs", "w");
        if (peak) {
                fputs("5", peak); /* the peak begins anew */
                fclose(peak);
        }
        return usage_now();
}

/* `end` is read before anything is printed or released. */
static void print_usage(usage begin, usage end)
{
        double added = end.peak_mib - begin.resident_mib, kept = end.resident_mib - begin.resident_mib;
        printf("{\"seconds\": %.6f, \"processor_seconds\": %.6f, \"added_mib\": %.3f, \"kept_mib\": %.3f}\n",
               end.seconds - begin.seconds, end.processor_seconds - begin.processor_seconds, added > 0 ? added : 0,
               kept > 0 ? kept : 0);
}

/* ---- artifacts ---- */

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
        void *memory = must_have(coffer_alloc(size));
        rewind(file);
        if (fread(memory, 1, size, file) != size)
                exit(1);
        fclose(file);
        check(coffer_bytes_new(&bytes, &error), &error);
        check(coffer_bytes_append_take(bytes, memory, size, &error), &error);
        return bytes;
}

static void read_pickles(coffer_bytes *bytes, coffer_artifact *artifacts, size_t count)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_pickle_read_options options = COFFER_PICKLE_READ_OPTIONS_INIT;
        coffer_cursor rest;
        options.allow_trailing = true;
        check(coffer_bytes_contiguous(bytes, &rest, &error), &error);
        for (size_t i = 0; i < count; i++) {
                coffer_bytes *one = NULL;
                coffer_document *document = NULL;
                uint64_t end = 0;
                check(coffer_bytes_new(&one, &error), &error);
                check(coffer_bytes_append_borrow(one, rest, NULL, NULL, &error), &error);
                check(coffer_pickle_read(one, &options, &document, &end, &error), &error);
                coffer_bytes_unref(one);
                artifacts[i].object = coffer_object_from_document(document);
                coffer_document_unref(document);
                rest.data += end;
                rest.size_bytes -= end;
        }
}

static const char **make_names(size_t count)
{
        const char **names = must_have(calloc(count, sizeof(*names)));
        for (size_t i = 0; i < count; i++) {
                char *name = must_have(malloc(24));
                snprintf(name, 24, "a%zu", i);
                names[i] = name;
        }
        return names;
}

/* ---- the two things measured ---- */

static coffer_task *open_task(coffer_store *store, bool for_writing)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_task_options options = COFFER_TASK_OPTIONS_INIT;
        coffer_task *task = NULL;
        options.mode = for_writing ? COFFER_WRITE : COFFER_READ;
        options.without_provider = true;
        check(coffer_task_open(store, "Bench", "1", "start", "1", &options, &task, &error), &error);
        return task;
}

static void save(coffer_store *store, const char **names, size_t count, size_t step, const char *path)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_artifact *artifacts = must_have(calloc(count, sizeof(*artifacts)));
        coffer_bytes *bytes = read_file(path);
        read_pickles(bytes, artifacts, count);
        for (size_t i = 0; i < count; i++)
                artifacts[i].name = names[i];

        usage begin = begin_measuring();
        coffer_task *task = open_task(store, true);
        check(coffer_task_init(task, &error), &error);
        for (size_t i = 0; i < count; i += step)
                check(coffer_task_save(task, artifacts + i, step, &error), &error);
        check(coffer_task_done(task, &error), &error);
        print_usage(begin, usage_now());

        coffer_task_free(task);
        for (size_t i = 0; i < count; i++)
                coffer_object_unref(&artifacts[i].object);
        free(artifacts);
        coffer_bytes_unref(bytes);
}

static void load(coffer_store *store, const char **names, size_t count, size_t step)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_object *objects = must_have(calloc(count, sizeof(*objects)));

        usage begin = begin_measuring();
        coffer_task *task = open_task(store, false);
        for (size_t i = 0; i < count; i += step)
                check(coffer_task_load_many(task, names + i, step, objects + i, &error), &error);
        print_usage(begin, usage_now());

        for (size_t i = 0; i < count; i++)
                coffer_object_unref(&objects[i]);
        coffer_task_free(task);
        free(objects);
}

int main(int argc, char **argv)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_store *store = NULL;
        bool is_save = argc == 6 && strcmp(argv[1], "save") == 0;
        if (!is_save && (argc != 5 || strcmp(argv[1], "load") != 0)) {
                fprintf(stderr, "usage: bench-save-load save STORE COUNT all|each FILE\n"
                                "       bench-save-load load STORE COUNT all|each\n");
                return 2;
        }
        size_t count = (size_t)strtoul(argv[3], NULL, 10);
        size_t step = strcmp(argv[4], "each") == 0 ? 1 : count;
        const char **names = make_names(count);
        check(coffer_store_open(argv[2], NULL, &store, &error), &error);
        if (is_save)
                save(store, names, count, step, argv[5]);
        else
                load(store, names, count, step);
        coffer_store_unref(store);
        for (size_t i = 0; i < count; i++)
                free((void *)(uintptr_t)names[i]);
        free(names);
        return 0;
}
