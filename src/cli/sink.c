/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sink.h"
#include "text.h"

/* Something that is no regular file is written to, not replaced. */
static int open_in_place(const char *path, const struct stat *there, cli_sink *out)
{
        if (S_ISDIR(there->st_mode))
                return cli_error(COFFER_INVALID, "%s is a directory; -o names a file", path);
        int descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        if (descriptor < 0)
                return cli_error(COFFER_IO, "cannot write %s: %s", path, strerror(errno));
        *out = (cli_sink){NULL, descriptor, path};
        return CLI_OK;
}

int cli_sink_open(const char *path, bool binary, cli_sink *out)
{
        coffer_error error = COFFER_ERROR_INIT;
        struct stat there;
        if (strcmp(path, "-") == 0) {
                if (binary && cli_stdout_is_terminal())
                        return cli_error(COFFER_INVALID,
                                         "will not write binary data to a terminal; use -o FILE or a pipe");
                *out = (cli_sink){NULL, STDOUT_FILENO, "standard output"};
                return CLI_OK;
        }
        bool exists = stat(path, &there) == 0;
        if (exists && !S_ISREG(there.st_mode))
                return open_in_place(path, &there, out);
        /* A symbolic link stays: the file it leads to is replaced. */
        char target[PATH_MAX];
        if (!exists || !realpath(path, target))
                target[0] = '\0';
        cli_sink sink = {NULL, -1, path};
        if (coffer_file_writer_open(target[0] ? target : path, &sink.writer, &error) != COFFER_OK)
                return cli_fail(&error);
        *out = sink;
        return CLI_OK;
}

coffer_status cli_sink_write(cli_sink *sink, coffer_cursor data, coffer_error *error)
{
        if (sink->writer)
                return coffer_file_writer_write(sink->writer, data, error);
        while (data.size_bytes > 0) {
                ssize_t written = write(sink->descriptor, data.data, data.size_bytes);
                if (written < 0 && errno == EINTR)
                        continue;
                coffer_cursor part;
                if (written < 0 || !coffer_cursor_take(&data, (size_t)written, &part))
                        return coffer_error_set(error, COFFER_IO, "cannot write %s: %s", sink->name, strerror(errno));
        }
        return COFFER_OK;
}

coffer_status cli_sink_commit(cli_sink *sink, coffer_error *error)
{
        if (sink->writer)
                return coffer_file_writer_commit(TAKE_PTR(sink->writer), true, false, error);
        int descriptor = sink->descriptor;
        sink->descriptor = -1;
        if (descriptor != STDOUT_FILENO && close(descriptor) != 0)
                return coffer_error_set(error, COFFER_IO, "cannot write %s: %s", sink->name, strerror(errno));
        return COFFER_OK;
}

void cli_sink_done(cli_sink *sink)
{
        coffer_file_writer_abort(TAKE_PTR(sink->writer));
        if (sink->descriptor > STDERR_FILENO)
                close(sink->descriptor);
        sink->descriptor = -1;
}
