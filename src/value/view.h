/* SPDX-License-Identifier: Apache-2.0 */
/* What a value is in the eyes of a reader: plain, an array, or something that was made by a call with named parts.
 * Printing, JSON and summaries all go through views; a form that is recognised here is known to all of them. */
#ifndef COFFER_VALUE_VIEW_H
#define COFFER_VALUE_VIEW_H

#include "value/value_internal.h"

/* How a part stands in a printed call; in JSON all but those that are only printed are members by their names. */
typedef enum coffer_part_use {
        COFFER_PART_POSITIONAL,      /* (1) */
        COFFER_PART_KEYWORD,         /* (name=1) */
        COFFER_PART_SPREAD,          /* a sequence, whose items stand by themselves: (1, 2, 3) */
        COFFER_PART_SPREAD_KEYWORDS, /* a dict with str keys, whose pairs stand by themselves: (x=1, y=2) */
        COFFER_PART_PRINTED,         /* (1), but not in JSON */
        COFFER_PART_PRINTED_KEYWORD, /* (name=1), but not in JSON */
        COFFER_PART_JSON             /* in JSON only */
} coffer_part_use;

typedef struct coffer_view_part {
        const char *name;
        const coffer_value *value;
        coffer_part_use use;
} coffer_view_part;

typedef enum coffer_view_shape {
        COFFER_VIEW_PLAIN,  /* what the value's kind says */
        COFFER_VIEW_TENSOR, /* an array or scalar */
        COFFER_VIEW_CALL    /* a label and parts */
} coffer_view_shape;

typedef struct coffer_view {
        coffer_view_shape shape;
        const coffer_value *value;
        const char *label;    /* how it is printed: "datetime.date", "np.float64"; NULL: by module and qualname */
        const char *word;     /* of a call that is printed as one word, or NULL */
        coffer_cursor module; /* of its type */
        coffer_cursor qualname;
        const coffer_tensor *tensor;
        bool is_scalar; /* a tensor that is a NumPy scalar */
        bool is_atom;   /* so small and immutable that repeating it tells more than a reference */
        coffer_view_part *parts;
        size_t part_count;
        uint32_t number; /* given by a walk to what is met more than once; else 0 */
        bool mark;       /* of whoever the walk is for */
} coffer_view;

/* Works out what `value` is. Values and text that a view needs and the pickle doesn't have are made in `scratch`. */
COFFER_MUST_CHECK
coffer_status coffer_view_of(coffer_document *scratch, const coffer_value *value, coffer_view *out,
                             coffer_error *error);

/* Turns the view of a tensor into a call: its values (at most `max_items`, see coffer_tensor_head; flat for
 * objects), shape and dtype. */
COFFER_MUST_CHECK
coffer_status coffer_view_expand(coffer_document *scratch, coffer_view *view, uint64_t max_items, coffer_error *error);

/* ---- for recognisers ---- */

/* How an object was made, whichever opcodes or copyreg functions said so. */
typedef struct coffer_maker {
        const coffer_value *value;
        coffer_cursor module; /* of the class or function that was called; empty when that can't be told */
        coffer_cursor qualname;
        coffer_cursor method; /* of that class; empty when the class or function itself was called */
        const coffer_value *const *args;
        size_t arg_count;
        const coffer_value *kwargs; /* these four NULL where there are none */
        const coffer_value *state;
        const coffer_value *items;
        const coffer_value *pairs;
} coffer_maker;

/* Takes apart an object; false when `value` is none. */
bool coffer_maker_of(const coffer_value *value, coffer_maker *out);

/* True when nothing but positional arguments went in. */
bool coffer_maker_is_bare(const coffer_maker *maker);
/* A method goes by the name of its class and its own, with a dot between. */
bool coffer_maker_is(const coffer_maker *maker, const char *module, const char *qualname);
/* The positional argument, when it is of that kind; else NULL. */
const coffer_value *coffer_maker_arg(const coffer_maker *maker, size_t index, coffer_kind kind);

COFFER_MUST_CHECK
coffer_status coffer_view_add(coffer_document *scratch, coffer_view *view, coffer_part_use use, const char *name,
                              const coffer_value *value, coffer_error *error);
COFFER_MUST_CHECK
coffer_status coffer_view_add_int(coffer_document *scratch, coffer_view *view, coffer_part_use use, const char *name,
                                  int64_t number, coffer_error *error);
COFFER_MUST_CHECK
coffer_status coffer_view_add_text(coffer_document *scratch, coffer_view *view, coffer_part_use use, const char *name,
                                   coffer_cursor text, coffer_error *error);
COFFER_MUST_CHECK
coffer_status coffer_view_add_tensor(coffer_document *scratch, coffer_view *view, coffer_part_use use, const char *name,
                                     const coffer_tensor *tensor, coffer_error *error);

/* A NUL-terminated copy of a name; one with a NUL inside is COFFER_DECLINED. */
COFFER_MUST_CHECK
coffer_status coffer_view_name(coffer_document *scratch, coffer_cursor text, const char **out, coffer_error *error);

/* Says what an object is: fills shape, label and parts of `out`, whose type is set to the class called. COFFER_DECLINED
 * leaves `out` as it was, and the object is shown by its class and parts. */
typedef coffer_status (*coffer_recogniser)(coffer_document *scratch, const coffer_maker *maker, coffer_view *out,
                                           coffer_error *error);

typedef struct coffer_form {
        const char *module;
        const char *qualname;
        coffer_recogniser recognise;
        const char *label;         /* set before `recognise` is called; NULL: by module and qualname */
        const char *type_module;   /* where the call makes something of another type; NULL: the type called */
        const char *type_qualname; /* NULL beside a type_module: the first argument is the type */
} coffer_form;

extern const coffer_form coffer_forms_stdlib[];
extern const coffer_form coffer_forms_numpy[];
extern const coffer_form coffer_forms_pandas[];
extern const coffer_form coffer_forms_arrow[];

/* The form of what `maker` made, or NULL. */
const coffer_form *coffer_form_find(const coffer_maker *maker);

#endif
