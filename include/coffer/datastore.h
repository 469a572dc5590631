/* SPDX-License-Identifier: Apache-2.0 */
/* Flow and task datastores: artifacts of tasks by name, attempts, metadata files and logs, in Metaflow's tree.
 *
 * Threads: a store or flow may be shared; a task belongs to one thread at a time. */
#ifndef COFFER_DATASTORE_H
#define COFFER_DATASTORE_H

#include <coffer/cas.h>
#include <coffer/registry.h>

COFFER_BEGIN_DECLS

enum { COFFER_MAX_ATTEMPTS = 6 };
enum { COFFER_ATTEMPT_LATEST = -1 };

/* ---- the store: a datastore root ---- */

typedef struct coffer_store coffer_store;

typedef struct coffer_store_options {
        uint32_t version;
        const char *type;          /* NULL: "local" */
        coffer_registry *registry; /* NULL: one of its own; else a new reference is taken */
        coffer_verify verify;
        int sync; /* 1 durable, 0 not, -1: COFFER_SYNC in the environment, default durable */
        /* From version 2 on: */
        const char
                *python_version; /* for data.json, sys.version of the Python that saves; NULL: coffer's own version */
        /* From version 3 on: */
        coffer_compress compress; /* AUTO also means: COFFER_COMPRESS in the environment decides */
} coffer_store_options;
#define COFFER_STORE_OPTIONS_INIT                                                                                      \
        {                                                                                                              \
                3, NULL, NULL, COFFER_VERIFY_AUTO, -1, NULL, COFFER_COMPRESS_AUTO                                      \
        }

/* Opens the datastore at `root` (the directory that holds the flows; for local the one that ends in .metaflow). Creates
 * nothing. COFFER_INVALID for options of a version that this library does not know. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_store_open(const char *root, const coffer_store_options *options,
                                                             coffer_store **out, coffer_error *error);
COFFER_API coffer_store *coffer_store_ref(coffer_store *store);
COFFER_API void coffer_store_unref(coffer_store *store); /* NULL is allowed */
COFFER_API const char *coffer_store_root(const coffer_store *store);
COFFER_API const char *coffer_store_type(const coffer_store *store);
COFFER_API coffer_registry *coffer_store_registry(coffer_store *store); /* borrowed */

/* The root that Metaflow would use for TYPE "local": METAFLOW_DATASTORE_SYSROOT_LOCAL (environment, then Metaflow's
 * configuration files, spec 1.1) with ".metaflow" added, else the nearest .metaflow at or above `start` (NULL: the
 * working directory), else, with `create`, a new one there, else COFFER_NOT_FOUND. COFFER_STORE wins over all. Free
 * with coffer_free. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_store_find_root(const char *start, bool create, char **out,
                                                                  coffer_error *error);

/* The root that a directory given by a user stands for: `directory` itself when it is named .metaflow or holds flows,
 * else its .metaflow when it has one, else, with `create`, a new .metaflow in it (made with its parents), else
 * COFFER_NOT_FOUND. COFFER_STORE is read this way too. Free with coffer_free. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_store_root_at(const char *directory, bool create, char **out,
                                                                coffer_error *error);

/* What the metadata provider's tree keeps of a flow, run, step or task (parts that are not given are NULL): the text of
 * its _self.json (spec 1.5). COFFER_NOT_FOUND when there is none; free with coffer_free. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_store_load_record(coffer_store *store, const char *flow,
                                                                    const char *run, const char *step, const char *task,
                                                                    char **json_text, coffer_error *error);

/* Names below the root, a flow, a run, a step: flows, runs, steps, tasks; sorted (runs and tasks by number where they
 * are numbers). What is no such thing (data, _meta, files) is left out. Parts that are not given are NULL. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_store_list(
        coffer_store *store, const char *flow, const char *run, const char *step,
        coffer_status (*visit)(void *user, const char *name, coffer_error *error), void *user, coffer_error *error);

/* ---- tasks ---- */

typedef struct coffer_task coffer_task;

typedef enum coffer_mode { COFFER_READ = 'r', COFFER_WRITE = 'w', COFFER_SCRUB = 'd' } coffer_mode;

typedef struct coffer_task_options {
        uint32_t version;
        coffer_mode mode;
        int attempt;           /* 0..5, or COFFER_ATTEMPT_LATEST (reading: the highest started one; writing: 0) */
        bool allow_not_done;   /* reading: a started attempt that is not done has no artifacts but logs and metadata */
        const char *user;      /* for the metadata tree; NULL: from the environment as Metaflow does */
        bool without_provider; /* do not write the local metadata provider's tree */
        const char *const *tags; /* of the run; ends with NULL, may be NULL */
} coffer_task_options;
#define COFFER_TASK_OPTIONS_INIT                                                                                       \
        {                                                                                                              \
                1, COFFER_READ, COFFER_ATTEMPT_LATEST, false, NULL, false, NULL                                        \
        }

/* `pathspec` parts follow Metaflow's rules (spec 1.3); names that would leave the tree are COFFER_INVALID. Reading:
 * COFFER_NOT_FOUND when no attempt was started, COFFER_STATE when the chosen one is not done (see allow_not_done). */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_task_open(coffer_store *store, const char *flow, const char *run,
                                                            const char *step, const char *task,
                                                            const coffer_task_options *options, coffer_task **out,
                                                            coffer_error *error);
/* A write task that was not done stays not done. */
COFFER_API void coffer_task_free(coffer_task *task); /* NULL is allowed */

COFFER_API const char *coffer_task_pathspec(const coffer_task *task); /* "Flow/run/step/task" */
COFFER_API int coffer_task_attempt(const coffer_task *task);
COFFER_API bool coffer_task_is_done(const coffer_task *task);

/* State of one attempt on storage. */
typedef struct coffer_attempt_state {
        bool started;
        bool done;
        bool has_data;
} coffer_attempt_state;
COFFER_API COFFER_MUST_CHECK coffer_status coffer_store_attempts(coffer_store *store, const char *flow, const char *run,
                                                                 const char *step, const char *task,
                                                                 coffer_attempt_state out[COFFER_MAX_ATTEMPTS],
                                                                 coffer_error *error);

/* ---- writing (mode w, not done; else COFFER_STATE) ---- */

/* Marks the attempt started and registers run, step and task with the metadata tree. An attempt that is done is
 * COFFER_STATE. Artifacts already saved by an earlier, unfinished writer of the same attempt are forgotten. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_task_init(coffer_task *task, coffer_error *error);

/* From now on whoever saves into this task tells `progress` (NULL: nobody) how many bytes of this call are stored, of
 * all that have been serialized so far. A saving that it stops fails with COFFER_DECLINED. */
COFFER_API void coffer_task_set_progress(coffer_task *task, coffer_progress_fn progress, void *user);

typedef struct coffer_artifact {
        const char *name;
        coffer_object object; /* borrowed */
} coffer_artifact;

/* Saves all or none: when one fails, names saved in this call are not recorded and earlier ones stay as they were. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_task_save(coffer_task *task, const coffer_artifact *artifacts,
                                                            size_t count, coffer_error *error);
/* Saves bytes that are serialized already. `metadata` is copied. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_task_save_blob(coffer_task *task, const char *name,
                                                                 coffer_bytes *bytes, const coffer_metadata *metadata,
                                                                 coffer_error *error);

/* Says that the task's work went well or failed: saves the artifacts `_task_ok` and `_success`, and `done` records it
 * in the metadata tree. Without it Metaflow's client takes the task for neither finished nor successful. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_task_set_outcome(coffer_task *task, bool ok, coffer_error *error);

/* Makes the attempt complete: everything that it refers to is on disk (unless sync is off), then data.json, then
 * DONE.lock, then the metadata tree's records. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_task_done(coffer_task *task, coffer_error *error);

/* Takes over all artifacts of `origin`, or the named ones it has; no bytes move. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_task_clone(coffer_task *task, const coffer_task *origin,
                                                             coffer_error *error);
COFFER_API COFFER_MUST_CHECK coffer_status coffer_task_passdown(coffer_task *task, const coffer_task *origin,
                                                                const char *const *names, size_t count,
                                                                coffer_error *error);
/* Copies the blobs of `origin`'s artifacts (names NULL: all) that this store lacks; records nothing (spec 7.7). */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_task_transfer(coffer_task *task, coffer_task *origin,
                                                                const char *const *names, size_t count,
                                                                coffer_error *error);

/* ---- artifacts ---- */

typedef struct coffer_artifact_info {
        const char *name;
        const char *key;
        uint64_t size_bytes;  /* of the serialized bytes */
        const char *type;     /* "object" when not recorded */
        const char *encoding; /* "gzip+pickle-v2" when not recorded */
        const char *source;   /* serializer_info's, or NULL */
        const char *serializer_info_json;
} coffer_artifact_info;

COFFER_API size_t coffer_task_count(const coffer_task *task);
/* Valid until the task changes. COFFER_NOT_FOUND when out of range or no such name. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_task_info_at(const coffer_task *task, size_t index,
                                                               coffer_artifact_info *out, coffer_error *error);
COFFER_API COFFER_MUST_CHECK coffer_status coffer_task_info(const coffer_task *task, const char *name,
                                                            coffer_artifact_info *out, coffer_error *error);

/* What is recorded of an artifact, as the registry and its serializers want it; the caller's. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_task_metadata(const coffer_task *task, const char *name,
                                                                coffer_metadata **out, coffer_error *error);

/* Through the registry. `out` is the caller's. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_task_load(coffer_task *task, const char *name, coffer_object *out,
                                                            coffer_error *error);
/* Loads several, all or none: object I, the caller's, goes to `out[I]`; a name may come twice. Blobs are read by
 * several threads at once; serializers are called in this one, in the order of the names. The error names the artifact
 * at fault; COFFER_NOT_FOUND of a name that is not recorded comes before anything is read. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_task_load_many(coffer_task *task, const char *const *names,
                                                                 size_t count, coffer_object *out, coffer_error *error);
/* The serialized bytes, whatever their encoding; and as a stream. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_task_load_bytes(coffer_task *task, const char *name,
                                                                  coffer_bytes **out, coffer_error *error);
COFFER_API COFFER_MUST_CHECK coffer_status coffer_task_open_stream(coffer_task *task, const char *name,
                                                                   coffer_stream **out, coffer_error *error);

/* A part of an array, as an object that has the tensor view: `slices` take from the first `count` dimensions, the
 * others are taken whole. Little more than the part is read and in memory when the array is by itself in the artifact
 * and its bytes are in one piece (a pickled NumPy array, a Tensor, the encoding of the extension npy); else all of it
 * is loaded. COFFER_INVALID for slices that don't fit, COFFER_DECLINED for what is no array of plain elements. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_task_load_slice(coffer_task *task, const char *name,
                                                                  const coffer_slice *slices, size_t count,
                                                                  coffer_object *out, coffer_error *error);

/* ---- metadata files and logs ---- */

/* Writes <attempt>.<name> with JSON text (checked). */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_task_save_metadata(coffer_task *task, const char *name,
                                                                     const char *json_text, coffer_error *error);
/* COFFER_NOT_FOUND when missing; free with coffer_free. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_task_load_metadata(coffer_task *task, const char *name,
                                                                     char **json_text, coffer_error *error);
/* `source` is "runtime" or "task", `stream` "stdout" or "stderr"; the whole log is written anew. A missing log is
 * COFFER_NOT_FOUND. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_task_save_log(coffer_task *task, const char *source,
                                                                const char *stream, coffer_bytes *bytes,
                                                                coffer_error *error);
COFFER_API COFFER_MUST_CHECK coffer_status coffer_task_load_log(coffer_task *task, const char *source,
                                                                const char *stream, coffer_bytes **out,
                                                                coffer_error *error);
/* Mode d: overwrites existing logs of the source (NULL: legacy) with a redaction note. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_task_scrub_log(coffer_task *task, const char *source,
                                                                 const char *stream, coffer_error *error);

/* Registers one metadata datum in the local provider's tree (field, type, value as text). */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_task_register_metadata(coffer_task *task, const char *field,
                                                                         const char *type, const char *value,
                                                                         coffer_error *error);

/* ---- verify and repair ---- */

typedef enum coffer_problem {
        COFFER_PROBLEM_SIDECAR = 0, /* lost or wrong: can be mended */
        COFFER_PROBLEM_DAMAGED,     /* a blob does not match its key */
        COFFER_PROBLEM_MISSING,     /* an attempt refers to a blob that is not there */
        COFFER_PROBLEM_METADATA,    /* data.json of a done attempt is missing or unreadable */
        COFFER_PROBLEM_LEFTOVER,    /* a temporary file of a crashed writer */
        COFFER_PROBLEM_RECORDS,     /* the metadata tree lacks records of a done attempt: can be mended */
        COFFER_PROBLEM_COUNT
} coffer_problem;

typedef struct coffer_finding {
        coffer_problem problem;
        const char *flow;
        const char *path;     /* relative to the root */
        const char *key;      /* of a blob, else NULL */
        const char *pathspec; /* of the attempt it is about ("Flow/run/step/task"), else NULL */
        int attempt;          /* of that task; -1 when pathspec is NULL */
        const char *artifact; /* that refers to it, else NULL */
        const char *reason;   /* one line */
        bool repaired;
        const char *moved_to; /* of a damaged blob that was set aside, else NULL */
} coffer_finding;

/* A damaged or missing blob is one problem, and one finding more for each artifact that refers to it. */
typedef struct coffer_verify_summary {
        uint64_t flows, attempts, artifacts, blobs, blob_bytes; /* attempts that are done; bytes as stored */
        uint64_t problems[COFFER_PROBLEM_COUNT];
        uint64_t affected; /* artifacts whose blob is damaged or missing */
        uint64_t repaired;
} coffer_verify_summary;

typedef struct coffer_verify_options {
        uint32_t version;
        const char *flow; /* NULL: all */
        bool repair;
        coffer_progress_fn progress; /* in bytes stored; NULL: none */
        void *progress_user;
        coffer_status (*finding)(void *user, const coffer_finding *finding, coffer_error *error);
        void *finding_user;
} coffer_verify_options;
#define COFFER_VERIFY_OPTIONS_INIT                                                                                     \
        {                                                                                                              \
                1, NULL, false, NULL, NULL, NULL, NULL                                                                 \
        }

/* Hashes every blob, checks every attempt's references. COFFER_OK also when there are findings; look at the summary.
 * COFFER_DECLINED when `progress` stopped it. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_store_verify(coffer_store *store,
                                                               const coffer_verify_options *options,
                                                               coffer_verify_summary *out, coffer_error *error);

COFFER_END_DECLS
#endif
