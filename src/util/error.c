/* SPDX-License-Identifier: Apache-2.0 */
#include <coffer/error.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/cursor.h"
#include "util/utf8.h"

static const struct status_entry {
        const char *name;
        coffer_error_class error_class;
        const char *text;
} statuses[COFFER_STATUS_COUNT] = {
        [COFFER_OK] = {"ok", COFFER_CLASS_NONE, "no error"},
        [COFFER_NOT_FOUND] = {"not-found", COFFER_CLASS_MISS, "there is nothing of that name"},
        [COFFER_DECLINED] = {"declined", COFFER_CLASS_MISS, "nobody takes it on"},
        [COFFER_WOULD_BLOCK] = {"would-block", COFFER_CLASS_MISS, "not ready yet, try again later"},
        [COFFER_MISSING] = {"missing", COFFER_CLASS_MISS, "something that is needed is not installed or not loaded"},
        [COFFER_NO_MEMORY] = {"no-memory", COFFER_CLASS_SYSTEM, "out of memory"},
        [COFFER_INVALID] = {"invalid", COFFER_CLASS_USAGE, "an argument is not allowed here"},
        [COFFER_STATE] = {"state", COFFER_CLASS_USAGE, "not possible in this mode or at this time"},
        [COFFER_IO] = {"io", COFFER_CLASS_SYSTEM, "the operating system refused"},
        [COFFER_MALFORMED] = {"malformed", COFFER_CLASS_DATA, "the input does not follow its format"},
        [COFFER_LIMIT] = {"limit", COFFER_CLASS_DATA, "the input goes over a limit"},
        [COFFER_CORRUPT] = {"corrupt", COFFER_CLASS_DATA, "stored bytes disagree with their key or checksum"},
        [COFFER_UNSUPPORTED] = {"unsupported", COFFER_CLASS_DATA, "valid, but not supported"},
        [COFFER_CONFLICT] = {"conflict", COFFER_CLASS_USAGE, "it contradicts what is there already"},
        [COFFER_ABI] = {"abi", COFFER_CLASS_EXTENSION, "a shared library was built for another version"},
        [COFFER_SERIALIZER] = {"serializer", COFFER_CLASS_EXTENSION, "a serializer failed"},
        [COFFER_INTERNAL] = {"internal", COFFER_CLASS_SYSTEM, "an error inside the library"},
};

static const struct status_entry *status_entry(coffer_status status)
{
        static const struct status_entry unknown = {"unknown", COFFER_CLASS_SYSTEM, "a status nobody knows"};
        return (unsigned)status < COFFER_STATUS_COUNT ? &statuses[status] : &unknown;
}

const char *coffer_status_name(coffer_status status)
{
        return status_entry(status)->name;
}

const char *coffer_status_text(coffer_status status)
{
        return status_entry(status)->text;
}

coffer_error_class coffer_status_class(coffer_status status)
{
        return status_entry(status)->error_class;
}

static bool breaks_line(uint32_t code_point)
{
        return code_point < 0x20 || (code_point >= 0x7f && code_point <= 0x9f) || code_point == 0x2028 ||
               code_point == 0x2029;
}

static bool is_surrogate(uint32_t code_point)
{
        return code_point >= 0xd800 && code_point <= 0xdfff;
}

/* Makes one line of UTF-8 out of `text`, in place. A broken sequence at the end of a text that was cut goes. */
static void clean_line(char *text, bool was_cut)
{
        coffer_cursor rest = coffer_cursor_text(text);
        while (rest.size_bytes > 0) {
                char *start = text + (rest.data - (const uint8_t *)text);
                size_t before_bytes = rest.size_bytes;
                uint32_t code_point;
                if (coffer_utf8_take(&rest, &code_point)) {
                        if (breaks_line(code_point))
                                memset(start, ' ', before_bytes - rest.size_bytes);
                        else if (is_surrogate(code_point))
                                memset(start, '?', before_bytes - rest.size_bytes);
                } else if (was_cut && rest.size_bytes < 4) {
                        *start = '\0';
                        return;
                } else {
                        *start = '?';
                        rest = coffer_cursor_of(start + 1, before_bytes - 1);
                }
        }
}

static coffer_status set(coffer_error *error, coffer_status status, int64_t offset, const char *format, va_list values)
{
        if (!error)
                return status;
        /* Not straight into the error: its old message may be among the values. */
        char line[COFFER_ERROR_MESSAGE_BYTES];
        int length = vsnprintf(line, sizeof(line), format, values);
        if (length < 0)
                snprintf(line, sizeof(line), "%s", coffer_status_text(status));
        clean_line(line, length >= (int)sizeof(line));
        error->status = status;
        error->error_class = coffer_status_class(status);
        error->offset = offset;
        memcpy(error->message, line, strlen(line) + 1);
        return status;
}

coffer_status coffer_error_set(coffer_error *error, coffer_status status, const char *format, ...)
{
        va_list values;
        va_start(values, format);
        status = set(error, status, -1, format, values);
        va_end(values);
        return status;
}

coffer_status coffer_error_set_at(coffer_error *error, coffer_status status, int64_t offset, const char *format, ...)
{
        va_list values;
        va_start(values, format);
        status = set(error, status, offset, format, values);
        va_end(values);
        return status;
}
