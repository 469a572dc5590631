/* SPDX-License-Identifier: Apache-2.0 */
#include "slice.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *skip_spaces(const char *text)
{
        return text + strspn(text, " ");
}

/* Takes a number off the front, or leaves `out` when there is none; false when it is too large. */
static bool take_number(const char **text, int64_t *out, bool *given)
{
        const char *start = skip_spaces(*text);
        char *end;
        errno = 0;
        long long number = strtoll(start, &end, 10);
        *given = end != start;
        *text = skip_spaces(*given ? end : start);
        if (*given)
                *out = number;
        return errno == 0;
}

/* One dimension: a number, or up to three between colons. */
static bool take_slice(const char **text, coffer_slice *out)
{
        bool given;
        *out = (coffer_slice)COFFER_SLICE_ALL;
        if (!take_number(text, &out->start, &given))
                return false;
        if (**text != ':') {
                out->is_index = true;
                return given;
        }
        ++*text;
        if (!take_number(text, &out->stop, &given))
                return false;
        if (**text != ':')
                return true;
        ++*text;
        return take_number(text, &out->step, &given) && out->step >= 1;
}

static bool parse(const char *text, cli_slices *out)
{
        for (out->count = 0; out->count < COFFER_TENSOR_MAX_DIMS;) {
                if (!take_slice(&text, &out->at[out->count++]))
                        return false;
                if (*text == '\0')
                        return true;
                if (*text++ != ',')
                        return false;
        }
        return false;
}

int cli_slices_parse(const char *text, cli_slices *out)
{
        out->count = 0;
        if (!text || parse(text, out))
                return CLI_OK;
        return cli_error(
                COFFER_INVALID,
                "'%s' is no slice: write START:STOP:STEP, START:STOP or an index for each dimension, with commas "
                "between them; steps are 1 or more",
                text);
}
