/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target over every file of the given directories, without a fuzzer, and speaks TAP. */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path, int number)
{
        FILE *file = fopen(path, "rb");
        uint8_t *data = NULL;
        long size = -1;

        if (file && fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0) {
                rewind(file);
                data = malloc((size_t)size + 1);
        }
        bool whole = data && fread(data, 1, (size_t)size, file) == (size_t)size;
        if (whole)
                LLVMFuzzerTestOneInput(data, (size_t)size);
        printf("%sok %d - %s\n", whole ? "" : "not ", number, path);
        free(data);
        if (file)
                fclose(file);
        return whole ? 0 : 1;
}

static int run_directory(const char *directory, int *count)
{
        int failed = 0;
        DIR *entries = opendir(directory);
        if (!entries)
                return 1;
        for (struct dirent *entry; (entry = readdir(entries));) {
                char path[4096];
                if (entry->d_name[0] == '.')
                        continue;
                snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
                failed += run_file(path, ++*count);
        }
        closedir(entries);
        return failed;
}

int main(int argc, char **argv)
{
        int count = 0, failed = 0;

        LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
        for (int i = 1; i < argc; i++)
                failed += run_directory(argv[i], &count);
        printf("1..%d\n", count);
        return failed || count == 0;
}
