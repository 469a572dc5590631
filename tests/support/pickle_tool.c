/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: makes pickles out of pickles, JSON texts and .npy files, or scans pickles. Standard input holds records of
 * a mode (one byte), a length (eight bytes, little-endian) and data. Each is answered with a status (one byte; 0:
 * good), a length, and a pickle, the scanner's findings in lines, or an error. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <coffer/pickle.h>

static void put_length(uint64_t length)
{
        for (int i = 0; i < 8; i++)
                putchar((int)(length >> 8 * i & 0xff));
}

/* The mode is the protocol to write, and one of these; 0 is to scan. */
enum { MODE_JSON = 0x40, MODE_NPY = 0x80, MODE_PROTOCOL = 0x0f };

static coffer_status read_data(coffer_bytes *data, uint8_t mode, coffer_document **out, coffer_error *error)
{
        if (mode & MODE_JSON)
                return coffer_document_from_json(coffer_bytes_segment(data, 0), out, error);
        if (mode & MODE_NPY)
                return coffer_document_from_npy(data, out, error);
        return coffer_pickle_read(data, NULL, out, NULL, error);
}

static coffer_status rewrite(coffer_bytes *data, uint8_t mode, coffer_bytes **out, coffer_error *error)
{
        coffer_pickle_write_options options = COFFER_PICKLE_WRITE_OPTIONS_INIT;
        coffer_document *document = NULL;
        options.protocol = mode & MODE_PROTOCOL;
        coffer_status status = read_data(data, mode, &document, error);
        if (status == COFFER_OK)
                status = coffer_pickle_write(document, coffer_document_root(document), &options, out, error);
        coffer_document_unref(document);
        return status;
}

static coffer_status add_finding(const coffer_pickle_finding *finding, coffer_bytes *out, coffer_error *error)
{
        char line[2048];
        int size = snprintf(line, sizeof(line), "%d %d %s:%s %s\n", (int)finding->verdict, (int)finding->action,
                            finding->module, finding->qualname, finding->reason);
        return coffer_bytes_append_copy(out, (coffer_cursor){(const uint8_t *)line, (size_t)size}, error);
}

static coffer_status scan(coffer_bytes *pickle, coffer_bytes **out, coffer_error *error)
{
        coffer_pickle_report *report = NULL;
        coffer_status status = coffer_pickle_scan(pickle, &report, error);
        if (status == COFFER_OK)
                status = coffer_bytes_new(out, error);
        for (size_t i = 0; status == COFFER_OK && i < coffer_pickle_report_count(report); i++)
                status = add_finding(coffer_pickle_report_finding(report, i), *out, error);
        coffer_pickle_report_free(report);
        return status;
}

static void answer(coffer_status status, coffer_bytes *result, const coffer_error *error)
{
        putchar((int)status);
        if (status != COFFER_OK) {
                put_length(strlen(error->message));
                fputs(error->message, stdout);
                return;
        }
        put_length(coffer_bytes_size(result));
        for (size_t i = 0; i < coffer_bytes_segment_count(result); i++) {
                coffer_cursor segment = coffer_bytes_segment(result, i);
                fwrite(segment.data, 1, segment.size_bytes, stdout);
        }
}

/* Owns `data`. */
static bool handle(uint8_t mode, uint8_t *data, size_t size)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_bytes *pickle = NULL, *result = NULL;
        if (coffer_bytes_new(&pickle, &error) != COFFER_OK ||
            coffer_bytes_append_borrow(pickle, (coffer_cursor){data, size}, free, data, &error) != COFFER_OK)
                return false;
        coffer_status status = mode ? rewrite(pickle, mode, &result, &error) : scan(pickle, &result, &error);
        answer(status, result, &error);
        coffer_bytes_unref(result);
        coffer_bytes_unref(pickle);
        return true;
}

int main(void)
{
        uint8_t head[9];
        while (fread(head, sizeof(head), 1, stdin) == 1) {
                uint64_t size = 0;
                for (int i = 0; i < 8; i++)
                        size |= (uint64_t)head[1 + i] << 8 * i;
                uint8_t *data = malloc(size + 1);
                if (!data || fread(data, 1, size, stdin) != size || !handle(head[0], data, size))
                        return 1;
        }
        return fflush(stdout) == 0 ? 0 : 1;
}
