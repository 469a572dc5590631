/* SPDX-License-Identifier: Apache-2.0 */
/* The neutral object model: what an artifact holds, without the language that made it.
 *
 * Values live in a document, which owns them all (an arena) and keeps alive the bytes that they point into.
 * A value is a node of a graph: the same node may be reached on several ways, and cycles are allowed.
 * A document is built by one thread; when it is built it may be read by many. */
#ifndef COFFER_VALUE_H
#define COFFER_VALUE_H

#include <coffer/bytes.h>

COFFER_BEGIN_DECLS

typedef struct coffer_document coffer_document;
typedef struct coffer_value coffer_value;

typedef enum coffer_kind {
        COFFER_KIND_NONE = 0,
        COFFER_KIND_BOOL,
        COFFER_KIND_INT,   /* any size */
        COFFER_KIND_FLOAT, /* IEEE 754 binary64 */
        COFFER_KIND_COMPLEX,
        COFFER_KIND_STR, /* UTF-8; lone surrogates as their three-byte form */
        COFFER_KIND_BYTES,
        COFFER_KIND_BYTEARRAY,
        COFFER_KIND_LIST,
        COFFER_KIND_TUPLE,
        COFFER_KIND_DICT, /* insertion order */
        COFFER_KIND_SET,
        COFFER_KIND_FROZENSET,
        COFFER_KIND_GLOBAL,     /* a class or function, by module and qualified name; never resolved */
        COFFER_KIND_EXTENSION,  /* a copyreg extension code */
        COFFER_KIND_OBJECT,     /* what calling something would have made: callable, arguments, state, items */
        COFFER_KIND_PERSISTENT, /* a persistent id */
        COFFER_KIND_BUFFER,     /* an out-of-band buffer */
        COFFER_KIND_TENSOR,     /* an n-dimensional array over borrowed memory */
        COFFER_KIND_COUNT
} coffer_kind;

/* How an object would be made. */
typedef enum coffer_construction {
        COFFER_CALL = 0, /* callable(*args): REDUCE, INST, OBJ */
        COFFER_NEW,      /* callable.__new__(callable, *args): NEWOBJ */
        COFFER_NEW_EX    /* callable.__new__(callable, *args, **kwargs): NEWOBJ_EX */
} coffer_construction;

enum { COFFER_TENSOR_MAX_DIMS = 64 }; /* as NumPy 2 */

/* Element types follow NumPy's array interface (https://numpy.org/doc/stable/reference/arrays.interface.html):
 * kind is one of b i u f c m M O S U V. A structured dtype has fields, a sub-array dtype has a shape. */
typedef struct coffer_dtype coffer_dtype;
typedef struct coffer_dtype_field {
        const char *name;
        const char *title; /* or NULL */
        const coffer_dtype *dtype;
        uint64_t offset_bytes;
} coffer_dtype_field;
struct coffer_dtype {
        char kind;
        char byte_order; /* '<', '>', or '|' where it does not matter */
        uint64_t item_size_bytes;
        const char *datetime_unit; /* of m and M: "ns", "25s", "generic"; else NULL */
        const coffer_dtype_field *fields;
        size_t field_count;
        const coffer_dtype *base; /* of a sub-array dtype, else NULL */
        const uint64_t *subshape;
        size_t subshape_dims;
        bool aligned;
};

/* A view of an n-dimensional array: no copy of the data. `data` is the address of element [0, ..., 0];
 * strides are in bytes and may be negative or zero. An array of objects (kind O) has no data; its
 * elements are in `objects`, in C order. */
typedef struct coffer_tensor {
        coffer_dtype dtype;
        size_t dims; /* 0 for a scalar array */
        uint64_t shape[COFFER_TENSOR_MAX_DIMS];
        int64_t strides_bytes[COFFER_TENSOR_MAX_DIMS];
        const uint8_t *data;
        uint64_t available_bytes; /* of the buffer from `data` on; less than the array when the head alone was
                                     read, see coffer_pickle_read_options.keep_bytes */
        const coffer_value *const *objects;
        bool read_only;
} coffer_tensor;

/* Number of elements; false on overflow. */
COFFER_API COFFER_MUST_CHECK bool coffer_tensor_count(const coffer_tensor *tensor, uint64_t *out);
COFFER_API bool coffer_tensor_is_c_contiguous(const coffer_tensor *tensor);
COFFER_API bool coffer_tensor_is_f_contiguous(const coffer_tensor *tensor);

/* What to take of one dimension, as Python's slices say it: negative places count from the end, and a range is cut to
 * what is there. An index takes one place, which must be there, and the dimension away. */
typedef struct coffer_slice {
        int64_t start;
        int64_t stop;  /* the first place that is not taken; COFFER_SLICE_END: none */
        int64_t step;  /* at least 1 */
        bool is_index; /* `start` alone counts */
} coffer_slice;
#define COFFER_SLICE_END INT64_MAX
#define COFFER_SLICE_ALL                                                                                               \
        {                                                                                                              \
                0, COFFER_SLICE_END, 1, false                                                                          \
        }

/* ---- documents ---- */

COFFER_API COFFER_MUST_CHECK coffer_status coffer_document_new(coffer_document **out, coffer_error *error);
COFFER_API coffer_document *coffer_document_ref(coffer_document *document); /* NULL gives NULL */
COFFER_API void coffer_document_unref(coffer_document *document);           /* NULL is allowed */

/* The value the document is about; NULL until set. */
COFFER_API const coffer_value *coffer_document_root(const coffer_document *document);
COFFER_API void coffer_document_set_root(coffer_document *document, const coffer_value *root);

/* What an unpickler would have made although the root does not hold it: results of calls that are dropped, and states
 * that an object got before its last one. A list, or NULL when there is nothing. */
COFFER_API const coffer_value *coffer_document_unused(const coffer_document *document);

/* Keeps `bytes` (a new reference) alive as long as the document, so that values may borrow from it. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_document_keep(coffer_document *document, coffer_bytes *bytes,
                                                                coffer_error *error);

/* ---- element types from text ---- */

/* An element type from a description as .npy headers and NumPy's array interface have it, written as a Python literal:
 * "'<f8'", or a list of fields "[('a', '<i4'), ('b', '<f8', (2,))]". Its parts live in `document`. COFFER_MALFORMED. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_dtype_parse(coffer_document *document, coffer_cursor literal,
                                                              coffer_dtype *out, coffer_error *error);

/* ---- making values: each belongs to the document; `out` is untouched on failure ---- */

COFFER_API COFFER_MUST_CHECK coffer_status coffer_value_none(coffer_document *document, coffer_value **out,
                                                             coffer_error *error);
COFFER_API COFFER_MUST_CHECK coffer_status coffer_value_bool(coffer_document *document, bool value, coffer_value **out,
                                                             coffer_error *error);
COFFER_API COFFER_MUST_CHECK coffer_status coffer_value_int(coffer_document *document, int64_t value,
                                                            coffer_value **out, coffer_error *error);
/* Two's complement, little-endian, as pickle's LONG1; normalised to the shortest form. Copied. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_value_int_bytes(coffer_document *document, coffer_cursor digits,
                                                                  coffer_value **out, coffer_error *error);
/* Decimal text with an optional sign; more than 100,000 digits are COFFER_LIMIT. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_value_int_text(coffer_document *document, coffer_cursor text,
                                                                 coffer_value **out, coffer_error *error);
COFFER_API COFFER_MUST_CHECK coffer_status coffer_value_float(coffer_document *document, double value,
                                                              coffer_value **out, coffer_error *error);
COFFER_API COFFER_MUST_CHECK coffer_status coffer_value_complex(coffer_document *document, double real,
                                                                double imaginary, coffer_value **out,
                                                                coffer_error *error);
/* `borrow` false copies; true keeps pointing at the given memory (see coffer_document_keep). A str must be
 * UTF-8 (lone surrogates allowed), else COFFER_MALFORMED. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_value_str(coffer_document *document, coffer_cursor text, bool borrow,
                                                            coffer_value **out, coffer_error *error);
COFFER_API COFFER_MUST_CHECK coffer_status coffer_value_bytes(coffer_document *document, coffer_cursor data,
                                                              bool borrow, coffer_value **out, coffer_error *error);
COFFER_API COFFER_MUST_CHECK coffer_status coffer_value_bytearray(coffer_document *document, coffer_cursor data,
                                                                  bool borrow, coffer_value **out, coffer_error *error);
/* Empty containers; fill with the functions below. A tuple or frozenset is filled in the same way while it is built;
 * once it is part of a key this is refused (COFFER_STATE) at the latest when the key has been compared with another. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_value_container(coffer_document *document, coffer_kind kind,
                                                                  coffer_value **out, coffer_error *error);
COFFER_API COFFER_MUST_CHECK coffer_status coffer_value_append(coffer_document *document, coffer_value *sequence,
                                                               const coffer_value *item, coffer_error *error);
/* An equal key (Python's equality: 1, 1.0 and True are one key) gets the new value and keeps its place. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_value_set_item(coffer_document *document, coffer_value *dict,
                                                                 const coffer_value *key, const coffer_value *value,
                                                                 coffer_error *error);
COFFER_API COFFER_MUST_CHECK coffer_status coffer_value_global(coffer_document *document, coffer_cursor module,
                                                               coffer_cursor qualname, coffer_value **out,
                                                               coffer_error *error);
/* `kwargs` only for COFFER_NEW_EX, else NULL. Attach state (once, else COFFER_STATE) and items afterwards. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_value_object(coffer_document *document,
                                                               coffer_construction construction,
                                                               const coffer_value *callable, const coffer_value *args,
                                                               const coffer_value *kwargs, coffer_value **out,
                                                               coffer_error *error);
COFFER_API COFFER_MUST_CHECK coffer_status coffer_value_object_set_state(coffer_document *document,
                                                                         coffer_value *object,
                                                                         const coffer_value *state,
                                                                         coffer_error *error);
COFFER_API COFFER_MUST_CHECK coffer_status coffer_value_object_append(coffer_document *document, coffer_value *object,
                                                                      const coffer_value *item, coffer_error *error);
COFFER_API COFFER_MUST_CHECK coffer_status coffer_value_object_set_item(coffer_document *document, coffer_value *object,
                                                                        const coffer_value *key,
                                                                        const coffer_value *value, coffer_error *error);
COFFER_API COFFER_MUST_CHECK coffer_status coffer_value_extension(coffer_document *document, uint32_t code,
                                                                  coffer_value **out, coffer_error *error);
/* An out-of-band buffer; the memory is borrowed (see coffer_document_keep). */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_value_buffer(coffer_document *document, coffer_cursor data,
                                                               bool read_only, coffer_value **out, coffer_error *error);
COFFER_API COFFER_MUST_CHECK coffer_status coffer_value_persistent(coffer_document *document, const coffer_value *id,
                                                                   coffer_value **out, coffer_error *error);
/* The descriptor is copied deeply, the data is borrowed (see coffer_document_keep). Checks that the strides stay
 * inside available_bytes in front of and behind `data` only when the tensor is C- or F-contiguous. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_value_tensor(coffer_document *document, const coffer_tensor *tensor,
                                                               coffer_value **out, coffer_error *error);

/* ---- reading values ---- */

COFFER_API coffer_kind coffer_value_kind(const coffer_value *value);
COFFER_API bool coffer_value_get_bool(const coffer_value *value); /* false unless a bool */
/* False when it is not an int or does not fit. */
COFFER_API bool coffer_value_get_int(const coffer_value *value, int64_t *out);
/* Two's complement bytes of an int of any size, shortest form; `scratch` (8 bytes) backs small ints. */
COFFER_API coffer_cursor coffer_value_int_digits(const coffer_value *value, uint8_t scratch[8]);
/* Decimal text; allocates, free with coffer_free. An int over `max_digits` (0: no limit) gives COFFER_LIMIT. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_value_int_format(const coffer_value *value, size_t max_digits,
                                                                   char **out, coffer_error *error);
COFFER_API double coffer_value_get_float(const coffer_value *value); /* real part of a complex */
COFFER_API double coffer_value_get_imaginary(const coffer_value *value);
/* Contents of str, bytes, bytearray or buffer. When the reader kept only the head (see
 * coffer_pickle_read_options.keep_bytes) this is the head, and coffer_value_full_size says the true size. */
COFFER_API coffer_cursor coffer_value_data(const coffer_value *value);
COFFER_API uint64_t coffer_value_full_size(const coffer_value *value);
COFFER_API bool coffer_value_buffer_is_read_only(const coffer_value *value);
/* Items of list, tuple, set, frozenset; pairs of a dict; appended items of an object. */
COFFER_API size_t coffer_value_count(const coffer_value *value);
COFFER_API const coffer_value *coffer_value_item(const coffer_value *value, size_t index);
COFFER_API const coffer_value *coffer_value_key(const coffer_value *value, size_t index);
/* dict[key] by text; NULL when absent. */
COFFER_API const coffer_value *coffer_value_lookup(const coffer_value *dict, const char *key);
/* Module and qualified name of a global. */
COFFER_API coffer_cursor coffer_value_module(const coffer_value *global);
COFFER_API coffer_cursor coffer_value_qualname(const coffer_value *global);
COFFER_API bool coffer_value_is_global(const coffer_value *value, const char *module, const char *qualname);
COFFER_API uint32_t coffer_value_extension_code(const coffer_value *value);
/* Parts of an object; NULL where it has none. The pairs set on an object are a dict value. */
COFFER_API coffer_construction coffer_value_construction(const coffer_value *object);
COFFER_API const coffer_value *coffer_value_callable(const coffer_value *object);
COFFER_API const coffer_value *coffer_value_args(const coffer_value *object);
COFFER_API const coffer_value *coffer_value_kwargs(const coffer_value *object);
COFFER_API const coffer_value *coffer_value_state(const coffer_value *object);
/* The function that would be called with the object and its state; NULL when the object takes its state itself. */
COFFER_API const coffer_value *coffer_value_state_setter(const coffer_value *object);
COFFER_API const coffer_value *coffer_value_object_pairs(const coffer_value *object);
COFFER_API const coffer_value *coffer_value_persistent_id(const coffer_value *value);

/* The type the value would have in Python, as module and qualified name: "builtins" "dict", "numpy" "ndarray",
 * for an object the class it would be an instance of as far as the pickle tells. Static or the document's. */
COFFER_API void coffer_value_type(const coffer_value *value, coffer_cursor *module, coffer_cursor *qualname);
/* str(type(x)) as Python prints it, for example "<class 'dict'>"; free with coffer_free. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_value_type_text(const coffer_value *value, char **out,
                                                                  coffer_error *error);

/* ---- recognised forms: objects read as what they are, nothing executed ---- */

/* True when the value is an n-dimensional array: a tensor node, a pickled numpy.ndarray (module paths of NumPy 1
 * and 2, protocol 5's _frombuffer, object arrays) or a NumPy scalar (dims 0). What the descriptor needs is
 * allocated in the document (keep the result rather than asking again); may be called from many threads at once. A
 * malformed array is COFFER_MALFORMED; a value that is none is COFFER_DECLINED. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_value_as_tensor(coffer_document *document, const coffer_value *value,
                                                                  coffer_tensor *out, coffer_error *error);

/* What the value is, in one line without control characters: "dict of 3 items", "numpy.ndarray of float64, shape (2,
 * 3)", "pandas.DataFrame of 4 columns". Free with coffer_free. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_value_summary(const coffer_value *value, char **out,
                                                                coffer_error *error);

/* ---- printing ---- */

typedef struct coffer_print_options {
        uint32_t version;
        uint32_t max_depth;      /* nested containers beyond it print as [...] */
        uint32_t max_items;      /* items of one container or elements of one array */
        uint32_t max_text_bytes; /* of one str or bytes */
        uint64_t max_output_bytes;
        uint32_t width; /* 0: everything on one line */
} coffer_print_options;
#define COFFER_PRINT_OPTIONS_INIT                                                                                      \
        {                                                                                                              \
                1, 6, 50, 400, 1u << 20, 80                                                                            \
        }

/* A readable, bounded printout, in Python's notation where there is one. Shared and cyclic references print
 * once, then as a reference. What was left out is always said (for example "... 999,950 more"). Text to free with
 * coffer_free. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_value_print(coffer_document *document, const coffer_value *value,
                                                              const coffer_print_options *options, char **out,
                                                              coffer_error *error);

/* The same as JSON text (docs/json-form.md says how each kind is written). `tagged` true: every kind with its tag,
 * bounded by `options`. False: plain JSON, whole; a value that JSON does not have gives COFFER_UNSUPPORTED and names
 * it, and of `options` (NULL: 2 GiB) only max_output_bytes counts: what is longer gives COFFER_LIMIT. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_value_to_json(coffer_document *document, const coffer_value *value,
                                                                bool tagged, const coffer_print_options *options,
                                                                char **out, coffer_error *error);

/* Canonical JSON: members in the order of their names' code points, no spaces, UTF-8 as it is, numbers in the shortest
 * form that reads back the same. Tuples are arrays. Free with coffer_free. COFFER_UNSUPPORTED for what JSON does not
 * have, COFFER_LIMIT for what is nested too deep (1000) or over 2 GiB. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_value_to_canonical_json(const coffer_value *value, char **out,
                                                                          coffer_error *error);

/* From JSON text. Integers of any size are kept; a number that a binary64 cannot hold exactly as written (its
 * shortest decimal form differs from the text's digits), a NaN or an infinity is COFFER_MALFORMED, never rounded.
 * Duplicate keys are refused. The root is set. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_document_from_json(coffer_cursor text, coffer_document **out,
                                                                     coffer_error *error);

/* From a text file: the root is a str of all its bytes, not copied. What is not UTF-8 is COFFER_MALFORMED, with the
 * offset. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_document_from_text(coffer_bytes *file, coffer_document **out,
                                                                     coffer_error *error);

/* From and to NumPy's .npy file format, versions 1 to 3
 * (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html). Reading borrows from `file`, which the
 * document keeps. Writing gives bytes that share the tensor's memory where it is contiguous; `owner` (may be NULL)
 * is kept alive by them. Object arrays are COFFER_UNSUPPORTED both ways. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_document_from_npy(coffer_bytes *file, coffer_document **out,
                                                                    coffer_error *error);
COFFER_API COFFER_MUST_CHECK coffer_status coffer_tensor_to_npy(const coffer_tensor *tensor, coffer_document *owner,
                                                                coffer_bytes **out, coffer_error *error);
/* Shape, strides and dtype (made in `document`) of the array in such a file, from its header alone; the elements begin
 * at `*data_offset`, and `out` has none of them. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_tensor_place_npy(coffer_ranges *file, coffer_document *document,
                                                                   coffer_tensor *out, uint64_t *data_offset,
                                                                   coffer_error *error);
/* The beginning of that file, up to the array's `data_bytes`, which follow as they are in memory; they need not be
 * there (see coffer_pickle_read_options.piece). COFFER_DECLINED when the elements are in another order. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_tensor_npy_header(const coffer_tensor *tensor, coffer_bytes **out,
                                                                    uint64_t *data_bytes, coffer_error *error);

COFFER_END_DECLS
#endif
