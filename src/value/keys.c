/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of dicts and sets by Python's equality: numbers by value whatever their kind, strs, bytes, tuples and frozensets
 * by contents, classes by name, everything else by identity.
 *
 * Keys come from untrusted input: nothing here recurses, and the hashes of tuples and frozensets are kept in their
 * nodes, so that a key made of shared parts costs no more than its nodes. */
#include <math.h>

#include "value/value_internal.h"
#include "util/hash.h"

/* What a hash is about, so that equal bytes of different kinds differ. */
enum { TAG_BIG_INT = 1, TAG_FLOAT, TAG_COMPLEX, TAG_TUPLE, TAG_FROZENSET, TAG_GLOBAL, TAG_EXTENSION, TAG_IDENTITY };

static uint64_t hash_number(uint64_t number)
{
        return coffer_hash(coffer_cursor_of(&number, sizeof(number)));
}

static uint64_t mix(uint64_t hash, uint64_t more)
{
        return hash_number(hash ^ (more << 17 | more >> 47) ^ UINT64_C(0x9e3779b97f4a7c15));
}

static uint64_t hash_tagged(uint64_t tag, uint64_t content)
{
        return mix(hash_number(content), tag);
}

uint64_t coffer_key_hash_text(coffer_kind kind, coffer_cursor text)
{
        return coffer_hash(text) + (uint64_t)kind;
}

/* ---- numbers ---- */

enum { FLOAT_DIGITS_BYTES = 136 }; /* 1024 bits, a sign and room to round up */

/* Two's complement of an integral float. */
static coffer_cursor digits_of_float(double value, uint8_t digits[FLOAT_DIGITS_BYTES])
{
        int exponent;
        uint64_t mantissa = (uint64_t)ldexp(frexp(fabs(value), &exponent), 53);
        int shift = exponent - 53; /* over zero: smaller floats fit an int64 and don't come here */
        memset(digits, 0, FLOAT_DIGITS_BYTES);
        for (int bit = 0; bit < 53; bit++)
                if (mantissa >> bit & 1)
                        digits[(bit + shift) / 8] |= (uint8_t)(1 << (bit + shift) % 8);
        unsigned carry = value < 0;
        for (size_t i = 0; value < 0 && i < FLOAT_DIGITS_BYTES; i++) {
                unsigned byte = (uint8_t)~digits[i] + carry;
                digits[i] = (uint8_t)byte;
                carry = byte >> 8;
        }
        return coffer_int_shorten(coffer_cursor_of(digits, FLOAT_DIGITS_BYTES));
}

static bool is_real_number(const coffer_value *value)
{
        return value->kind == COFFER_KIND_BOOL || value->kind == COFFER_KIND_INT || value->kind == COFFER_KIND_FLOAT ||
               (value->kind == COFFER_KIND_COMPLEX && coffer_value_get_imaginary(value) == 0.0);
}

/* A number that is real as what it is in Python's eyes: an int64, a longer int by its digits, or a float. */
typedef struct real_number {
        enum { REAL_INT, REAL_BIG_INT, REAL_FLOAT } form;
        int64_t integer;
        coffer_cursor digits;
        double real;
        uint8_t scratch[FLOAT_DIGITS_BYTES];
} real_number;

static void real_of(const coffer_value *value, real_number *out)
{
        if (value->kind == COFFER_KIND_BOOL || value->kind == COFFER_KIND_INT) {
                out->form = value->flags & COFFER_NODE_BIG ? REAL_BIG_INT : REAL_INT;
                if (out->form == REAL_INT)
                        out->integer = value->kind == COFFER_KIND_BOOL ? value->boolean : value->integer;
                else
                        out->digits = coffer_cursor_of(value->data, value->count);
                return;
        }
        out->real = value->real;
        if (!isfinite(out->real) || floor(out->real) != out->real) {
                out->form = REAL_FLOAT;
        } else if (out->real >= -0x1p63 && out->real < 0x1p63) {
                out->form = REAL_INT;
                out->integer = (int64_t)out->real;
        } else {
                out->form = REAL_BIG_INT;
                out->digits = digits_of_float(out->real, out->scratch);
        }
}

static uint64_t hash_real(const coffer_value *value)
{
        real_number number;
        real_of(value, &number);
        if (number.form == REAL_INT)
                return hash_number((uint64_t)number.integer);
        if (number.form == REAL_BIG_INT)
                return hash_tagged(TAG_BIG_INT, coffer_hash(number.digits));
        if (isnan(number.real))
                return hash_tagged(TAG_IDENTITY, (uint64_t)(uintptr_t)value);
        uint64_t bits;
        memcpy(&bits, &number.real, sizeof(bits));
        return hash_tagged(TAG_FLOAT, bits);
}

static bool equal_reals(const coffer_value *left, const coffer_value *right)
{
        real_number a, b;
        real_of(left, &a);
        real_of(right, &b);
        if (a.form != b.form)
                return false;
        if (a.form == REAL_INT)
                return a.integer == b.integer;
        return a.form == REAL_BIG_INT ? coffer_cursor_equal(a.digits, b.digits) : a.real == b.real;
}

static uint64_t hash_complex(const coffer_value *value)
{
        double parts[2] = {value->real + 0.0, coffer_value_get_imaginary(value)}; /* + 0.0: -0.0 equals 0.0 */
        if (isnan(parts[0]) || isnan(parts[1]))
                return hash_tagged(TAG_IDENTITY, (uint64_t)(uintptr_t)value);
        return hash_tagged(TAG_COMPLEX, coffer_hash(coffer_cursor_of(parts, sizeof(parts))));
}

/* ---- hashing ---- */

static bool has_parts(const coffer_value *value)
{
        return value->kind == COFFER_KIND_TUPLE || value->kind == COFFER_KIND_FROZENSET;
}

static uint64_t *kept_hash(const coffer_value *value)
{
        return value->kind == COFFER_KIND_TUPLE ? &((coffer_tuple_node *)value)->hash
                                                : &((coffer_frozenset_node *)value)->hash;
}

/* Of anything without parts. */
static uint64_t hash_leaf(const coffer_value *value)
{
        if (value->kind == COFFER_KIND_STR || value->kind == COFFER_KIND_BYTES)
                return coffer_key_hash_text((coffer_kind)value->kind, coffer_value_data(value));
        if (is_real_number(value))
                return hash_real(value);
        switch (value->kind) {
        case COFFER_KIND_NONE:
                return hash_tagged(TAG_IDENTITY, 0);
        case COFFER_KIND_COMPLEX:
                return hash_complex(value);
        case COFFER_KIND_GLOBAL:
                return hash_tagged(TAG_GLOBAL, coffer_hash(coffer_value_module(value)) * 3 +
                                                       coffer_hash(coffer_value_qualname(value)));
        case COFFER_KIND_EXTENSION:
                return hash_tagged(TAG_EXTENSION, value->count);
        default:
                return hash_tagged(TAG_IDENTITY, (uint64_t)(uintptr_t)value);
        }
}

/* Of a tuple or frozenset whose parts have been worked out. A part that contains the whole counts as nothing. */
static uint64_t hash_parts(const coffer_value *value)
{
        uint64_t hash = value->kind == COFFER_KIND_TUPLE ? TAG_TUPLE : TAG_FROZENSET;
        for (uint32_t i = 0; i < value->count; i++) {
                const coffer_value *part = value->items[i];
                uint64_t one = has_parts(part) ? *kept_hash(part) : hash_leaf(part);
                if (value->kind == COFFER_KIND_TUPLE)
                        hash = mix(hash, one);
                else
                        hash += hash_number(one); /* in no order */
        }
        hash = hash_tagged(hash, value->count);
        return hash ? hash : 1;
}

typedef struct stack {
        const coffer_value **values;
        size_t count;
        size_t capacity;
} stack;

static void stack_done(stack *pending)
{
        coffer_free(pending->values);
}

static coffer_status push(stack *pending, const coffer_value *value, coffer_error *error)
{
        if (pending->count == pending->capacity) {
                size_t capacity = pending->capacity ? pending->capacity * 2 : 32;
                const coffer_value **values = (const coffer_value **)coffer_realloc_array(
                        (void *)pending->values, capacity, sizeof(const coffer_value *));
                if (!values)
                        return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory");
                pending->values = values;
                pending->capacity = capacity;
        }
        pending->values[pending->count++] = value;
        return COFFER_OK;
}

static coffer_status push_parts(stack *pending, const coffer_value *value, coffer_error *error)
{
        for (uint32_t i = 0; i < value->count; i++) {
                const coffer_value *part = value->items[i];
                if (has_parts(part) && *kept_hash(part) == 0 && !(part->flags & COFFER_NODE_HASHING))
                        COFFER_TRY(push(pending, part, error));
        }
        return COFFER_OK;
}

/* Works out the hashes of a value's parts, depth first, and then its own. */
static coffer_status work_out(stack *pending, const coffer_value *value, coffer_error *error)
{
        COFFER_TRY(push(pending, value, error));
        while (pending->count > 0) {
                const coffer_value *top = pending->values[pending->count - 1];
                if (top->flags & COFFER_NODE_HASHING || *kept_hash(top) != 0) {
                        if (*kept_hash(top) == 0)
                                *kept_hash(top) = hash_parts(top);
                        ((coffer_value *)top)->flags &= (uint8_t)~COFFER_NODE_HASHING;
                        pending->count--;
                        continue;
                }
                ((coffer_value *)top)->flags |= COFFER_NODE_HASHING;
                COFFER_TRY(push_parts(pending, top, error));
        }
        return COFFER_OK;
}

coffer_status coffer_key_hash(const coffer_value *key, uint64_t *out, coffer_error *error)
{
        if (!has_parts(key)) {
                *out = hash_leaf(key);
                return COFFER_OK;
        }
        if (*kept_hash(key) == 0) {
                stack pending _cleanup_(stack_done) = {0};
                coffer_status status = work_out(&pending, key, error);
                for (size_t i = 0; i < pending.count; i++) /* after a failure: leave no mark behind */
                        ((coffer_value *)pending.values[i])->flags &= (uint8_t)~COFFER_NODE_HASHING;
                COFFER_TRY(status);
        }
        *out = *kept_hash(key);
        return COFFER_OK;
}

/* ---- equality ---- */

enum {
        /* Pairs of parts compared one by one. Parts shared many times over could make this endless; beyond the budget
         * equal 64-bit hashes under a secret key count as equality. */
        EQUALITY_BUDGET = 1 << 16
};

/* Text of which only the head was kept equals nothing but itself. */
static bool is_whole(const coffer_value *text)
{
        return coffer_value_full_size(text) == coffer_value_data(text).size_bytes;
}

static bool equal_leaves(const coffer_value *left, const coffer_value *right)
{
        if (left == right)
                return true;
        if (is_real_number(left))
                return is_real_number(right) && equal_reals(left, right);
        if (left->kind != right->kind)
                return false;
        switch (left->kind) {
        case COFFER_KIND_NONE:
                return true;
        case COFFER_KIND_COMPLEX:
                return left->real == right->real &&
                       coffer_value_get_imaginary(left) == coffer_value_get_imaginary(right);
        case COFFER_KIND_STR:
        case COFFER_KIND_BYTES:
                return coffer_cursor_equal(coffer_value_data(left), coffer_value_data(right)) && is_whole(left) &&
                       is_whole(right);
        case COFFER_KIND_GLOBAL:
                return coffer_cursor_equal(coffer_value_module(left), coffer_value_module(right)) &&
                       coffer_cursor_equal(coffer_value_qualname(left), coffer_value_qualname(right));
        case COFFER_KIND_EXTENSION:
                return left->count == right->count;
        default:
                return false;
        }
}

/* Pushes what must also be equal: the items of two tuples. False when they differ already. */
static coffer_status compare_parts(stack *pending, const coffer_value *left, const coffer_value *right, bool *equal,
                                   coffer_error *error)
{
        uint64_t left_hash, right_hash;
        COFFER_TRY(coffer_key_hash(left, &left_hash, error));
        COFFER_TRY(coffer_key_hash(right, &right_hash, error));
        *equal = left->kind == right->kind && left->count == right->count && left_hash == right_hash;
        if (!*equal || left->kind == COFFER_KIND_FROZENSET)
                return COFFER_OK; /* the members of a frozenset lie in any order: its hash decides */
        for (uint32_t i = left->count; i-- > 0;) {
                if (left->items[i] == right->items[i])
                        continue;
                COFFER_TRY(push(pending, left->items[i], error));
                COFFER_TRY(push(pending, right->items[i], error));
        }
        return COFFER_OK;
}

coffer_status coffer_key_equal(const coffer_value *left, const coffer_value *right, bool *out, coffer_error *error)
{
        if (!has_parts(left) || !has_parts(right)) {
                *out = equal_leaves(left, right);
                return COFFER_OK;
        }
        stack pending _cleanup_(stack_done) = {0};
        bool equal = true;
        COFFER_TRY(push(&pending, left, error));
        COFFER_TRY(push(&pending, right, error));
        for (size_t budget = EQUALITY_BUDGET; equal && pending.count > 0 && budget > 0; budget--) {
                const coffer_value *b = pending.values[--pending.count];
                const coffer_value *a = pending.values[--pending.count];
                if (a != b && has_parts(a) && has_parts(b))
                        COFFER_TRY(compare_parts(&pending, a, b, &equal, error));
                else
                        equal = equal_leaves(a, b);
        }
        *out = equal;
        return COFFER_OK;
}
