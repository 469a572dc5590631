/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts: how the code of a declared serializer gets into the process. The native host opens shared libraries; another
 * language's host imports a module and takes a class. Registry and lifecycle know this interface only. */
#ifndef COFFER_SYS_HOST_H
#define COFFER_SYS_HOST_H

#include <coffer/sys/serializer.h>

COFFER_BEGIN_DECLS

#define COFFER_HOST_VERSION 1

/* How one step of a record's lifecycle ended. */
typedef enum coffer_step {
        COFFER_STEP_DONE = 0,
        COFFER_STEP_MISSING, /* something by name is not there (yet) */
        COFFER_STEP_FAILED   /* and won't be by waiting */
} coffer_step;

/* Filled by a host for a step that is not done. */
typedef struct coffer_step_report {
        bool is_loud;      /* deserves a warning though the host is quiet */
        bool retry;        /* set by the caller: the record waited and what was missing has appeared */
        char missing[256]; /* the name of what is missing; empty: not known, which counts as failed */
        char kind[64];     /* what the trouble is called in the host's language ("ModuleNotFoundError"); may be empty */
        coffer_error error; /* why, one line: the record's last_error is "KIND: MESSAGE", or the message alone */
} coffer_step_report;

typedef struct coffer_host coffer_host;
struct coffer_host {
        uint32_t version;          /* COFFER_HOST_VERSION */
        const char *name;          /* "native", "python" */
        const char *missing_error; /* what trouble with a missing thing is called in texts: "ImportError" */
        void *user;
        bool is_quiet; /* no warning about an entry that is broken when it is declared or retried: its state tells */

        /* The functions may be called from any thread and find no lock of the registry held; a host whose language has
         * a lock of its own takes it in them, and gives it up around calls of the registry. */

        /* Loads the code at `location` (native: path of the library, ':' and the symbol) and finds the serializer in
         * it.
         * `*loaded` is the host's handle of it, passed to the functions below. */
        coffer_step (*load)(const coffer_host *host, const char *location, void **loaded,
                            const coffer_serializer **serializer, coffer_step_report *report);
        /* Runs the serializer's set-up. */
        coffer_step (*setup)(const coffer_host *host, void *loaded, const coffer_serializer *serializer,
                             coffer_step_report *report);
        /* Is what was missing there now? Must not load it. */
        bool (*is_present)(const coffer_host *host, const char *missing);
        /* Changes whenever something may have appeared since the last call (the native host: the dynamic loader's count
         * of loaded objects), so that dispatch can skip looking when nothing has. */
        uint64_t (*generation)(const coffer_host *host);
        /* Optional: be told (by a call of coffer_registry_appeared) when `missing` appears. */
        void (*watch)(const coffer_host *host, const char *missing);
        /* Optional: gives `loaded` back: when a retry has loaded anew, and when the registry goes (not before, since a
         * thread may still be using the serializer of a record that was replaced). */
        void (*unload)(const coffer_host *host, void *loaded);
};

COFFER_END_DECLS
#endif
