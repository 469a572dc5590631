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
        char missing[256];   /* the name of what is missing; empty: not known, which counts as failed */
        coffer_error error;  /* why, one line: becomes the record's last_error as it is */
} coffer_step_report;

typedef struct coffer_host coffer_host;
struct coffer_host {
        uint32_t version; /* COFFER_HOST_VERSION */
        const char *name; /* "native", "python" */
        void *user;

        /* Loads the code at `location` (native: path of the library, ':' and the symbol) and finds the serializer in it.
         * `*loaded` is the host's handle of it, passed to the functions below. */
        coffer_step (*load)(const coffer_host *host, const char *location, void **loaded,
                            const coffer_serializer **serializer, coffer_step_report *report);
        /* Runs the serializer's set-up. */
        coffer_step (*setup)(const coffer_host *host, void *loaded, const coffer_serializer *serializer,
                             coffer_step_report *report);
        /* Is what was missing there now? Must not load it. */
        bool (*is_present)(const coffer_host *host, const char *missing);
        /* Changes whenever something may have appeared since the last call (the native host: the dynamic loader's count of
         * loaded objects), so that dispatch can skip looking when nothing has. */
        uint64_t (*generation)(const coffer_host *host);
        /* Optional: be told (by a call of coffer_registry_appeared) when `missing` appears. */
        void (*watch)(const coffer_host *host, const char *missing);
        /* Optional: the record is gone; give `loaded` back. */
        void (*unload)(const coffer_host *host, void *loaded);
};

COFFER_END_DECLS
#endif
