/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a pickle file again and again; prints a line for each time: seconds to read it, seconds to release it.
 * usage: bench-pickle-read FILE TIMES */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <coffer/coffer.h>

static double now_s(void)
{
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static uint8_t *load_file(const char *path, size_t *size_bytes)
{
        FILE *file = fopen(path, "rb");
        long size = -1;
        if (file && fseek(file, 0, SEEK_END) == 0)
                size = ftell(file);
        uint8_t *data = size > 0 ? (uint8_t *)malloc((size_t)size) : NULL;
        if (data && (fseek(file, 0, SEEK_SET) != 0 || fread(data, 1, (size_t)size, file) != (size_t)size)) {
                free(data);
                data = NULL;
        }
        if (file)
                fclose(file);
        *size_bytes = (size_t)size;
        return data;
}

static coffer_status read_once(coffer_bytes *bytes, coffer_error *error)
{
        coffer_document *document = NULL;
        double start_s = now_s();
        coffer_status status = coffer_pickle_read(bytes, NULL, &document, NULL, error);
        double read_s = now_s();
        if (status != COFFER_OK)
                return status;
        coffer_document_unref(document);
        printf("%.9f %.9f\n", read_s - start_s, now_s() - read_s);
        return COFFER_OK;
}

int main(int argc, char **argv)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_bytes *bytes = NULL;
        size_t size_bytes = 0;
        uint8_t *data = argc == 3 ? load_file(argv[1], &size_bytes) : NULL;
        if (!data) {
                fprintf(stderr, "usage: %s FILE TIMES\n", argv[0]);
                return 2;
        }
        coffer_status status = coffer_bytes_new(&bytes, &error);
        if (status == COFFER_OK)
                status = coffer_bytes_append_borrow(bytes, (coffer_cursor){data, size_bytes}, NULL, NULL, &error);
        for (long times = strtol(argv[2], NULL, 10); status == COFFER_OK && times > 0; times--)
                status = read_once(bytes, &error);
        if (status != COFFER_OK)
                fprintf(stderr, "%s: %s\n", argv[1], error.message);
        coffer_bytes_unref(bytes);
        free(data);
        return status == COFFER_OK ? 0 : 1;
}
