/* SPDX-License-Identifier: Apache-2.0 */
/* Ints beyond 64 bits: two's complement bytes, and decimal text through OpenSSL's BIGNUM. */
#include <openssl/bn.h>
#include <openssl/crypto.h>

#include "value/value_internal.h"
#include "util/number.h"

/* Decimal conversion takes quadratic time: this many digits take some milliseconds. */
enum { MAX_TEXT_DIGITS = 100000 };

static void bn_free(BIGNUM **number)
{
        BN_free(*number);
}
#define _cleanup_bn_ _cleanup_(bn_free)

coffer_cursor coffer_int_shorten(coffer_cursor digits)
{
        while (digits.size_bytes > 0) {
                uint8_t last = digits.data[digits.size_bytes - 1];
                bool sign_before = digits.size_bytes > 1 && (digits.data[digits.size_bytes - 2] & 0x80);
                if (last != (sign_before ? 0xff : 0x00))
                        break;
                digits.size_bytes--;
        }
        return digits;
}

static int64_t small_from_digits(coffer_cursor digits)
{
        uint64_t value = digits.size_bytes > 0 && (digits.data[digits.size_bytes - 1] & 0x80) ? UINT64_MAX : 0;
        for (size_t i = digits.size_bytes; i-- > 0;)
                value = value << 8 | digits.data[i];
        return (int64_t)value;
}

coffer_status coffer_value_int_bytes(coffer_document *document, coffer_cursor digits, coffer_value **out,
                                     coffer_error *error)
{
        digits = coffer_int_shorten(digits);
        if (digits.size_bytes <= sizeof(int64_t))
                return coffer_value_int(document, small_from_digits(digits), out, error);
        if (digits.size_bytes > UINT32_MAX)
                return coffer_error_set(error, COFFER_LIMIT, "an int is over 4 GiB");
        coffer_value *node = coffer_node_text_copy(document, COFFER_KIND_INT, digits);
        if (!node)
                return coffer_document_failure(document, error);
        node->flags |= COFFER_NODE_BIG;
        *out = node;
        return COFFER_OK;
}

/* The two's complement of a BIGNUM. */
static coffer_status value_from_bn(coffer_document *document, const BIGNUM *number, coffer_value **out,
                                   coffer_error *error)
{
        int size = BN_num_bytes(number) + 1; /* room for the sign */
        uint8_t *digits _cleanup_free_ = (uint8_t *)coffer_alloc((size_t)size);
        if (!digits || BN_bn2lebinpad(number, digits, size) != size)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory");
        unsigned carry = 1;
        for (int i = 0; BN_is_negative(number) && i < size; i++) {
                carry += (uint8_t)~digits[i];
                digits[i] = (uint8_t)carry;
                carry >>= 8;
        }
        return coffer_value_int_bytes(document, coffer_cursor_of(digits, (size_t)size), out, error);
}

static bool is_decimal(coffer_cursor text)
{
        for (size_t i = 0; i < text.size_bytes; i++)
                if (text.data[i] < '0' || text.data[i] > '9')
                        return false;
        return text.size_bytes > 0;
}

coffer_status coffer_value_int_text(coffer_document *document, coffer_cursor text, coffer_value **out,
                                    coffer_error *error)
{
        bool negative = text.size_bytes > 0 && text.data[0] == '-';
        coffer_cursor sign;
        if ((negative || (text.size_bytes > 0 && text.data[0] == '+')) && !coffer_cursor_take(&text, 1, &sign))
                return coffer_error_set(error, COFFER_INTERNAL, "a sign has gone");
        if (!is_decimal(text))
                return coffer_error_set(error, COFFER_MALFORMED, "not a decimal integer");
        uint64_t small = 0;
        for (size_t i = 0; i < text.size_bytes && text.size_bytes <= 18; i++)
                small = small * 10 + (text.data[i] - '0');
        if (text.size_bytes <= 18)
                return coffer_value_int(document, negative ? -(int64_t)small : (int64_t)small, out, error);
        if (text.size_bytes > MAX_TEXT_DIGITS)
                return coffer_error_set(error, COFFER_LIMIT, "an integer has more than %d digits", MAX_TEXT_DIGITS);
        char *copy _cleanup_free_ = coffer_strndup((const char *)text.data, text.size_bytes);
        BIGNUM *number _cleanup_bn_ = NULL;
        if (!copy || BN_dec2bn(&number, copy) == 0)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory");
        BN_set_negative(number, negative);
        return value_from_bn(document, number, out, error);
}

coffer_cursor coffer_value_int_digits(const coffer_value *value, uint8_t scratch[8])
{
        int64_t small;
        if (value->kind != COFFER_KIND_INT)
                return coffer_cursor_of(NULL, 0);
        if (!coffer_value_get_int(value, &small))
                return coffer_cursor_of(value->data, value->count);
        for (size_t i = 0; i < 8; i++)
                scratch[i] = (uint8_t)((uint64_t)small >> 8 * i);
        return coffer_int_shorten(coffer_cursor_of(scratch, 8));
}

static BIGNUM *bn_from_digits(coffer_cursor digits)
{
        bool negative = digits.data[digits.size_bytes - 1] & 0x80;
        BIGNUM *number = BN_lebin2bn(digits.data, (int)digits.size_bytes, NULL);
        BIGNUM *power = negative ? BN_new() : NULL; /* 2 ** bits, which a negative number's digits have on top */
        bool ok = number && (!negative || (power && BN_set_bit(power, (int)(8 * digits.size_bytes)) &&
                                           BN_sub(number, number, power)));
        BN_free(power);
        if (ok)
                return number;
        BN_free(number);
        return NULL;
}

static coffer_status format_big(coffer_cursor digits, size_t max_digits, char **out, coffer_error *error)
{
        /* A byte is worth more than 2.4 digits; the BIGNUM counts bits in an int. */
        if (digits.size_bytes > INT32_MAX / 16 || (max_digits > 0 && (digits.size_bytes - 1) * 12 / 5 > max_digits))
                return coffer_error_set(error, COFFER_LIMIT, "an int of %zu bytes is too long to be written in decimal",
                                        digits.size_bytes);
        BIGNUM *number _cleanup_bn_ = bn_from_digits(digits);
        char *text = number ? BN_bn2dec(number) : NULL;
        char *copy = text ? coffer_strdup(text) : NULL;
        OPENSSL_free(text);
        if (!copy)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory");
        if (max_digits > 0 && strlen(copy + (copy[0] == '-')) > max_digits) {
                coffer_free(copy);
                return coffer_error_set(error, COFFER_LIMIT, "an int has more than %zu digits", max_digits);
        }
        *out = copy;
        return COFFER_OK;
}

coffer_status coffer_value_int_format(const coffer_value *value, size_t max_digits, char **out, coffer_error *error)
{
        int64_t small;
        if (value->kind != COFFER_KIND_INT)
                return coffer_error_set(error, COFFER_INVALID, "not an int");
        if (!coffer_value_get_int(value, &small))
                return format_big(coffer_cursor_of(value->data, value->count), max_digits, out, error);
        char text[24];
        snprintf(text, sizeof(text), "%lld", (long long)small);
        char *copy = coffer_strdup(text);
        if (!copy)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory");
        *out = copy;
        return COFFER_OK;
}
