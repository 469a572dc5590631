/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <strings.h>

#include "form.h"

static const char *const names[CLI_FORM_COUNT] = {"auto", "json", "npy", "text", "pickle", "bytes"};

static const struct {
        const char *suffix;
        cli_form form;
} suffixes[] = {
        {".json", CLI_FORM_JSON},  {".npy", CLI_FORM_NPY},       {".txt", CLI_FORM_TEXT},
        {".pkl", CLI_FORM_PICKLE}, {".pickle", CLI_FORM_PICKLE},
};

const char *cli_form_name(cli_form form)
{
        return names[form];
}

int cli_form_parse(const char *name, cli_form *out)
{
        *out = CLI_FORM_AUTO;
        if (!name)
                return CLI_OK;
        for (cli_form form = CLI_FORM_JSON; form < CLI_FORM_COUNT; form++) {
                if (strcmp(name, names[form]) == 0) {
                        *out = form;
                        return CLI_OK;
                }
        }
        return cli_error(COFFER_INVALID, "unknown form \"%s\"; there are " CLI_FORM_NAMES, name);
}

cli_form cli_form_of_file(const char *path)
{
        const char *slash = strrchr(path, '/');
        const char *dot = strrchr(slash ? slash + 1 : path, '.');
        for (size_t i = 0; dot && i < ARRAY_COUNT(suffixes); i++) {
                if (strcasecmp(dot, suffixes[i].suffix) == 0)
                        return suffixes[i].form;
        }
        return CLI_FORM_AUTO;
}
