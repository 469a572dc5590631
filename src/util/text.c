/* SPDX-License-Identifier: Apache-2.0 */
#include "util/text.h"

#include <stdarg.h>
#include <stdio.h>

#include <coffer/alloc.h>

coffer_status coffer_text_format(char **out, coffer_error *error, const char *format, ...)
{
        va_list values;

        va_start(values, format);
        int length = vsnprintf(NULL, 0, format, values);
        va_end(values);
        char *text = length >= 0 ? coffer_alloc((size_t)length + 1) : NULL;
        if (!text)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a text");
        va_start(values, format);
        vsnprintf(text, (size_t)length + 1, format, values);
        va_end(values);
        *out = text;
        return COFFER_OK;
}
