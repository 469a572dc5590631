/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes and documents from the inside, for the rooms that build values fast (the pickle reader) and for this one.
 *
 * The coffer_node_* functions check nothing: text is taken to be UTF-8, kinds to be right, items to be the document's.
 * They return NULL when there is no memory or the document's limit is reached; coffer_document_failure says which. */
#ifndef COFFER_VALUE_INTERNAL_H
#define COFFER_VALUE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include <coffer/value.h>
#include "util/checked.h"
#include "util/cleanup.h"
#include "util/cursor.h"

enum {
        COFFER_NODE_BIG = 1 << 0,          /* int: `data` holds two's complement bytes */
        COFFER_NODE_PARTIAL = 1 << 0,      /* list: the head of a longer one, a coffer_partial_node */
        COFFER_NODE_BARE = 1 << 0,         /* str in a view: printed without quotes */
        COFFER_NODE_EXTENDED = 1 << 1,     /* text: `extended` holds data and sizes */
        COFFER_NODE_READ_ONLY = 1 << 2,    /* buffer */
        COFFER_NODE_HASHING = 1 << 3,      /* tuple, frozenset: its hash is being worked out */
        COFFER_NODE_REACHED = 1 << 4,      /* the pickle reader found it part of the result */
        COFFER_NODE_UNHASHABLE = 1 << 7,   /* tuple: the pickle reader put a value into it that can't be in a key */
        COFFER_NODE_NESTED = 1 << 6,       /* container: the pickle reader put values with parts of their own into it */
        COFFER_NODE_NAMED_BY_STRS = 1 << 5 /* global: its names are the very data of two strs */
};

typedef struct coffer_pair {
        const coffer_value *key;
        const coffer_value *value;
} coffer_pair;

typedef struct coffer_extended_data {
        coffer_cursor data;
        uint64_t full_size_bytes;
        uint64_t offset;            /* of the data in what was read, where they lie as they are; else 0 */
        uint64_t latin1_size_bytes; /* of a str, when Latin-1 has all its characters */
        bool is_latin1;
} coffer_extended_data;

struct coffer_value {
        uint8_t kind;
        uint8_t flags;
        uint8_t capacity_log2; /* of `items` or `pairs`; 0: they hold exactly `count` */
        uint8_t construction;  /* of an object */
        uint32_t count;        /* items, pairs, bytes of text, or an extension's code */
        union {
                bool boolean;
                int64_t integer;
                double real;
                const uint8_t *data;
                const coffer_extended_data *extended;
                const coffer_value **items;
                coffer_pair *pairs;
                const coffer_value *value; /* persistent: the id; object: the callable */
                const coffer_tensor *tensor;
        };
};

typedef struct coffer_complex_node {
        coffer_value base;
        double imaginary;
} coffer_complex_node;

/* The hash is kept so that keys made of shared tuples cost no more than their nodes; 0: not worked out yet. */
typedef struct coffer_tuple_node {
        coffer_value base;
        uint64_t hash;
} coffer_tuple_node;

typedef struct coffer_index coffer_index;

/* Dict, set and frozenset. The index is there beyond COFFER_TABLE_LINEAR entries. */
typedef struct coffer_table_node {
        coffer_value base;
        coffer_index *index;
} coffer_table_node;

typedef struct coffer_frozenset_node {
        coffer_table_node table;
        uint64_t hash;
} coffer_frozenset_node;

/* A list in a view: its first items, and how many more there would be. */
typedef struct coffer_partial_node {
        coffer_value base;
        uint64_t omitted;
} coffer_partial_node;

typedef struct coffer_global_node {
        coffer_value base; /* `data`: the module */
        coffer_cursor qualname;
} coffer_global_node;

typedef struct coffer_object_node {
        coffer_value base; /* `value`: the callable */
        const coffer_value *args;
        const coffer_value *kwargs;
        const coffer_value *state;
        coffer_value *items;        /* a list, or NULL */
        coffer_value *pairs;        /* a dict, or NULL */
        const coffer_value *setter; /* what `state` is given to, or NULL for the object itself */
} coffer_object_node;

struct coffer_document {
        atomic_size_t references;
        uint8_t *next; /* free room of the newest chunk */
        uint8_t *end;
        struct coffer_chunk *chunks;
        struct coffer_block *blocks; /* arrays so large that they have memory of their own */
        size_t chunk_bytes;          /* of the next chunk */
        size_t used_bytes;
        size_t limit_bytes;
        bool over_limit; /* why the last allocation failed */
        const coffer_value *root;
        coffer_value *unused; /* a list, or NULL */
        coffer_bytes **kept;
        size_t kept_count;
        size_t kept_capacity;
        pthread_mutex_t late; /* held by readers of a finished document that make something in it */
};

/* Memory of nodes, tables and copied text above which making values gives COFFER_LIMIT; SIZE_MAX at first. */
void coffer_document_set_limit(coffer_document *document, size_t limit_bytes);

/* Memory taken so far. */
size_t coffer_document_used_bytes(const coffer_document *document);

/* Adds to what the root does not hold, see coffer_document_unused. */
COFFER_MUST_CHECK
coffer_status coffer_document_add_unused(coffer_document *document, const coffer_value *value, coffer_error *error);

/* Fills `error` with why the last allocation failed: COFFER_LIMIT or COFFER_NO_MEMORY. */
coffer_status coffer_document_failure(const coffer_document *document, coffer_error *error);

void *coffer_document_alloc_slow(coffer_document *document, size_t size_bytes);

/* Moves an array of the document to `new_bytes`, which is more than `old_bytes`, its present size. An array that will
 * grow is also made here (NULL, 0). */
void *coffer_document_grow(coffer_document *document, void *memory, size_t old_bytes, size_t new_bytes);

/* Memory of the document, aligned to 8 bytes. */
static inline void *coffer_document_alloc(coffer_document *document, size_t size_bytes)
{
        size_t rounded = (size_bytes + 7) & ~(size_t)7;
        if (rounded < size_bytes || (size_t)(document->end - document->next) < rounded)
                return coffer_document_alloc_slow(document, size_bytes);
        void *memory = document->next;
        document->next += rounded;
        return memory;
}

/* ---- making nodes ---- */

extern const coffer_value coffer_node_none_shared;
extern const coffer_value coffer_node_bool_shared[2];
enum { COFFER_SHARED_INT_MIN = -128, COFFER_SHARED_INT_COUNT = 1152 };
extern const coffer_value coffer_node_int_shared[COFFER_SHARED_INT_COUNT];

/* Shared nodes are never written to. */
static inline coffer_value *coffer_node_none(void)
{
        return (coffer_value *)&coffer_node_none_shared;
}

static inline coffer_value *coffer_node_bool(bool value)
{
        return (coffer_value *)&coffer_node_bool_shared[value];
}

static inline coffer_value *coffer_node_of_kind(coffer_document *document, coffer_kind kind, size_t size_bytes)
{
        coffer_value *node = (coffer_value *)coffer_document_alloc(document, size_bytes);
        if (node) {
                memset(node, 0, size_bytes);
                node->kind = (uint8_t)kind;
        }
        return node;
}

static inline coffer_value *coffer_node_int(coffer_document *document, int64_t value)
{
        uint64_t shared = (uint64_t)value - (uint64_t)(int64_t)COFFER_SHARED_INT_MIN;
        if (shared < COFFER_SHARED_INT_COUNT)
                return (coffer_value *)&coffer_node_int_shared[shared];
        coffer_value *node = coffer_node_of_kind(document, COFFER_KIND_INT, sizeof(*node));
        if (node)
                node->integer = value;
        return node;
}

static inline coffer_value *coffer_node_float(coffer_document *document, double value)
{
        coffer_value *node = coffer_node_of_kind(document, COFFER_KIND_FLOAT, sizeof(*node));
        if (node)
                node->real = value;
        return node;
}

/* Text whose head alone is kept; also for data over 4 GiB. */
coffer_value *coffer_node_text_head(coffer_document *document, coffer_kind kind, coffer_cursor head,
                                    uint64_t full_size_bytes);

/* Str, bytes, bytearray or buffer over memory that outlives the document (see coffer_document_keep). */
static inline coffer_value *coffer_node_text(coffer_document *document, coffer_kind kind, coffer_cursor text)
{
        if (text.size_bytes > UINT32_MAX)
                return coffer_node_text_head(document, kind, text, text.size_bytes);
        coffer_value *node = coffer_node_of_kind(document, kind, sizeof(*node));
        if (node) {
                node->count = (uint32_t)text.size_bytes;
                node->data = text.data;
        }
        return node;
}

/* The same over a copy. */
coffer_value *coffer_node_text_copy(coffer_document *document, coffer_kind kind, coffer_cursor text);

/* Python has one object each of the empty str, of the empty bytes and of every str of one Latin-1 character. Values of
 * ours that are not read from a pickle, which says itself what is one object, have their data in the place that this
 * gives; NULL for any other text. */
const uint8_t *coffer_shared_text(coffer_kind kind, coffer_cursor text);
extern const uint8_t coffer_shared_empty_text[1];

/* As coffer_node_text_copy, but for those texts. */
coffer_value *coffer_node_text_made(coffer_document *document, coffer_kind kind, coffer_cursor text);

/* A global whose names are the data of two strs, so that a writer can tell which of the document's strs they were. */
coffer_value *coffer_node_global(coffer_document *document, const coffer_value *module, const coffer_value *qualname);

/* An empty container of any kind. */
coffer_value *coffer_node_container(coffer_document *document, coffer_kind kind);

/* An empty list that can tell how many items it would have more. */
static inline coffer_value *coffer_node_partial_list(coffer_document *document)
{
        coffer_value *node = coffer_node_of_kind(document, COFFER_KIND_LIST, sizeof(coffer_partial_node));
        if (node)
                node->flags |= COFFER_NODE_PARTIAL;
        return node;
}

static inline void coffer_node_set_omitted(coffer_value *list, uint64_t omitted)
{
        ((coffer_partial_node *)list)->omitted = omitted;
}

static inline uint64_t coffer_node_omitted(const coffer_value *value)
{
        return value->flags & COFFER_NODE_PARTIAL && value->kind == COFFER_KIND_LIST
                       ? ((const coffer_partial_node *)value)->omitted
                       : 0;
}

/* A list or tuple of exactly these items. */
coffer_value *coffer_node_sequence(coffer_document *document, coffer_kind kind, const coffer_value *const *items,
                                   size_t count);

/* Adds items to a list or tuple. */
COFFER_MUST_CHECK
coffer_status coffer_node_extend(coffer_document *document, coffer_value *sequence, const coffer_value *const *items,
                                 size_t count, coffer_error *error);

/* Adds items to a set or frozenset; those that are there already are left out. */
COFFER_MUST_CHECK
coffer_status coffer_node_add(coffer_document *document, coffer_value *set, const coffer_value *const *items,
                              size_t count, coffer_error *error);

/* Sets `pair_count` pairs of a dict: key, value, key, value, as they lie on the reader's stack. */
COFFER_MUST_CHECK
coffer_status coffer_node_update(coffer_document *document, coffer_value *dict,
                                 const coffer_value *const *keys_and_values, size_t pair_count, coffer_error *error);

/* ---- inside this room ---- */

enum { COFFER_TABLE_LINEAR = 8 };

/* A hash by Python's equality, never 0. Values that Python can't hash count by identity. */
COFFER_MUST_CHECK
coffer_status coffer_key_hash(const coffer_value *key, uint64_t *out, coffer_error *error);
COFFER_MUST_CHECK
coffer_status coffer_key_equal(const coffer_value *left, const coffer_value *right, bool *out, coffer_error *error);
uint64_t coffer_key_hash_text(coffer_kind kind, coffer_cursor text);

/* The value under a str key, or NULL. */
const coffer_value *coffer_table_find_text(const coffer_value *dict, coffer_cursor key);

/* Room for `extra` more entries of `entry_bytes` in items or pairs. */
COFFER_MUST_CHECK
coffer_status coffer_node_reserve(coffer_document *document, coffer_value *container, size_t entry_bytes, size_t extra,
                                  coffer_error *error);

/* Two's complement, little-endian, without redundant sign bytes. */
coffer_cursor coffer_int_shorten(coffer_cursor digits);

COFFER_DEFINE_CLEANUP(coffer_document *, coffer_document_unref);
#define _cleanup_document_ _cleanup_(coffer_document_unrefp)

#endif
