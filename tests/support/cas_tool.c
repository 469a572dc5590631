/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: the blob store at a shell's hands.
 *   cas-tool ROOT PREFIX save|save-raw <CONTENTS     prints the key
 *   cas-tool ROOT PREFIX load|stream KEY >CONTENTS
 *   cas-tool ROOT PREFIX check KEY                   prints what is the matter
 *   cas-tool ROOT PREFIX mend KEY
 *   cas-tool ROOT PREFIX list                        prints the keys
 *   cas-tool ROOT PREFIX transfer KEY TO_PREFIX
 *   cas-tool ROOT "" leftovers                       removes them and prints their paths
 * Ends with 0, or prints the error and ends with its status. */
#include <stdio.h>
#include <string.h>

#include <coffer/cas.h>
#include <coffer/file.h>

typedef struct call {
        coffer_storage *storage;
        coffer_cas *cas;
        const char *key;
        const char *to_prefix;
} call;

static coffer_status save(call *call_, bool raw, coffer_error *error)
{
        coffer_bytes *contents = NULL;
        coffer_key key;
        coffer_status status = coffer_fs_read_descriptor(0, "standard input", &contents, error);
        if (status == COFFER_OK)
                status = coffer_cas_save(call_->cas, contents, raw, &key, error);
        if (status == COFFER_OK)
                status = call_->storage->class_->sync(call_->storage, error);
        coffer_bytes_unref(contents);
        if (status == COFFER_OK)
                puts(key.text);
        return status;
}

static coffer_status save_framed(call *call_, coffer_error *error)
{
        return save(call_, false, error);
}

static coffer_status save_raw(call *call_, coffer_error *error)
{
        return save(call_, true, error);
}

static coffer_status load(call *call_, coffer_error *error)
{
        coffer_bytes *contents = NULL;
        coffer_status status = coffer_cas_load(call_->cas, call_->key, &contents, NULL, error);
        for (size_t i = 0; status == COFFER_OK && i < coffer_bytes_segment_count(contents); i++) {
                coffer_cursor segment = coffer_bytes_segment(contents, i);
                fwrite(segment.data, 1, segment.size_bytes, stdout);
        }
        coffer_bytes_unref(contents);
        return status;
}

static coffer_status stream(call *call_, coffer_error *error)
{
        static char buffer[50000];
        coffer_stream *contents = NULL;
        size_t got_bytes = 1;
        coffer_status status = coffer_cas_open(call_->cas, call_->key, &contents, error);
        if (status != COFFER_OK)
                return status;
        while (status == COFFER_OK && got_bytes > 0) {
                status = contents->read(contents, buffer, sizeof(buffer), &got_bytes, error);
                if (status == COFFER_OK)
                        fwrite(buffer, 1, got_bytes, stdout);
        }
        contents->close(contents);
        return status;
}

static coffer_status check(call *call_, coffer_error *error)
{
        static const char *const names[] = {"sound", "no sidecar", "bad sidecar", "damaged", "missing"};
        coffer_blob_health health;
        coffer_status status = coffer_cas_check(call_->cas, call_->key, &health, NULL, NULL, error);
        if (status == COFFER_OK)
                puts(names[health]);
        return status;
}

static coffer_status mend(call *call_, coffer_error *error)
{
        coffer_blob_health health;
        coffer_status status = coffer_cas_check(call_->cas, call_->key, &health, NULL, NULL, error);
        return status == COFFER_OK ? coffer_cas_mend(call_->cas, call_->key, health, NULL, error) : status;
}

static coffer_status print_line(void *user, const char *text, coffer_error *error)
{
        (void)user;
        (void)error;
        puts(text);
        return COFFER_OK;
}

static coffer_status list(call *call_, coffer_error *error)
{
        return coffer_cas_list(call_->cas, print_line, NULL, error);
}

static coffer_status transfer(call *call_, coffer_error *error)
{
        coffer_cas *to = NULL;
        coffer_status status = coffer_cas_new(call_->storage, call_->to_prefix, NULL, &to, error);
        if (status == COFFER_OK)
                status = coffer_cas_transfer(call_->cas, to, call_->key, error);
        coffer_cas_free(to);
        return status;
}

static coffer_status leftovers(call *call_, coffer_error *error)
{
        return call_->storage->class_->leftovers(call_->storage, "", true, print_line, NULL, error);
}

static const struct {
        const char *name;
        int arguments;
        coffer_status (*run)(call *call_, coffer_error *error);
} commands[] = {
        {"save", 0, save_framed},  {"save-raw", 0, save_raw}, {"load", 1, load},
        {"stream", 1, stream},     {"check", 1, check},       {"mend", 1, mend},
        {"transfer", 2, transfer}, {"list", 0, list},         {"leftovers", 0, leftovers},
};

static coffer_status run(int count, char **arguments, coffer_error *error)
{
        call call_ = {NULL, NULL, count > 4 ? arguments[4] : NULL, count > 5 ? arguments[5] : NULL};
        coffer_status status = COFFER_INVALID;

        for (size_t i = 0; count > 3 && i < sizeof(commands) / sizeof(commands[0]); i++) {
                if (strcmp(arguments[3], commands[i].name) != 0 || count != 4 + commands[i].arguments)
                        continue;
                status = coffer_storage_open("local", arguments[1], NULL, &call_.storage, error);
                if (status == COFFER_OK)
                        status = coffer_cas_new(call_.storage, arguments[2], NULL, &call_.cas, error);
                if (status == COFFER_OK)
                        status = commands[i].run(&call_, error);
                coffer_cas_free(call_.cas);
                coffer_storage_free(call_.storage);
        }
        return status;
}

int main(int count, char **arguments)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_status status = run(count, arguments, &error);
        if (status != COFFER_OK)
                fprintf(stderr, "%s: %s\n", coffer_status_name(status), error.message);
        return (int)status;
}
