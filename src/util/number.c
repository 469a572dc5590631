/* SPDX-License-Identifier: Apache-2.0 */
/* The C library rounds exactly but writes and reads the point of the current locale. So numbers go through it as whole
 * digits and a power of ten ("15e-1"), which has no point. */
#include "util/number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cursor.h"

enum {
        DOUBLE_MAX_DIGITS = 17,   /* always enough to tell two doubles apart */
        DOUBLE_SAFE_DIGITS = 15,  /* a decimal of no more digits survives the way through a double */
        LONGEST_HALFWAY = 800,    /* more digits than any double or midpoint of two has (767) */
        LARGEST_EXPONENT = 99999, /* far beyond what a double and LONGEST_HALFWAY digits can need */
};

/* 0.DIGITS times ten to the power of `point`. */
struct decimal {
        char digits[DOUBLE_MAX_DIGITS + 1];
        int count;
        int point;
};

static double decimal_value(const struct decimal *decimal)
{
        char text[DOUBLE_MAX_DIGITS + 16];
        snprintf(text, sizeof(text), "%se%d", decimal->digits, decimal->point - decimal->count);
        return strtod(text, NULL);
}

/* The decimal of `count` digits that is nearest to a positive, finite value. */
static struct decimal decimal_round(double value, int count)
{
        char text[64];
        snprintf(text, sizeof(text), "%.*e", count - 1, value);
        struct decimal decimal = {.count = 0};
        const char *at = text;
        for (; *at != 'e'; at++)
                if (*at >= '0' && *at <= '9' && decimal.count < count)
                        decimal.digits[decimal.count++] = *at;
        decimal.digits[decimal.count] = '\0';
        decimal.point = atoi(at + 1) + 1;
        return decimal;
}

/* The next larger decimal with as many digits. */
static struct decimal decimal_next(struct decimal decimal)
{
        for (int i = decimal.count - 1; i >= 0; i--) {
                if (decimal.digits[i] != '9') {
                        decimal.digits[i]++;
                        return decimal;
                }
                decimal.digits[i] = '0';
        }
        decimal.digits[0] = '1';
        decimal.point++;
        return decimal;
}

/* The nearest decimal may miss a power of two, whose neighbour below is nearer than the one above, while the next
 * larger decimal hits it. */
static bool decimal_reads_back(struct decimal *decimal, double value)
{
        if (decimal_value(decimal) == value)
                return true;
        int exponent;
        if (frexp(value, &exponent) != 0.5)
                return false;
        struct decimal next = decimal_next(*decimal);
        if (decimal_value(&next) != value)
                return false;
        *decimal = next;
        return true;
}

static struct decimal decimal_shortest(double value)
{
        struct decimal decimal;
        /* Below DBL_MIN a double holds less than 15 digits. */
        int count = value < DBL_MIN ? 1 : DOUBLE_SAFE_DIGITS;
        do
                decimal = decimal_round(value, count);
        while (!decimal_reads_back(&decimal, value) && ++count <= DOUBLE_MAX_DIGITS);
        while (decimal.count > 1 && decimal.digits[decimal.count - 1] == '0')
                decimal.digits[--decimal.count] = '\0';
        return decimal;
}

static void format_decimal(struct decimal decimal, char *out, size_t size_bytes)
{
        const char *digits = decimal.digits;
        int point = decimal.point;
        if (point <= -4 || point > 16) {
                snprintf(out, size_bytes, "%c%s%se%+03d", digits[0], decimal.count > 1 ? "." : "", digits + 1,
                         point - 1);
        } else if (point <= 0) {
                snprintf(out, size_bytes, "0.%.*s%s", -point, "000", digits);
        } else if (point < decimal.count) {
                snprintf(out, size_bytes, "%.*s.%s", point, digits, digits + point);
        } else {
                while (decimal.count < point)
                        decimal.digits[decimal.count++] = '0';
                decimal.digits[decimal.count] = '\0';
                snprintf(out, size_bytes, "%s.0", digits);
        }
}

void coffer_double_format(double value, char out[COFFER_DOUBLE_TEXT_BYTES])
{
        char text[2 * COFFER_DOUBLE_TEXT_BYTES] = "";
        char *at = text;
        if (signbit(value) && !isnan(value))
                *at++ = '-';
        size_t room_bytes = sizeof(text) - 1;
        if (isnan(value)) {
                snprintf(at, room_bytes, "nan");
        } else if (isinf(value)) {
                snprintf(at, room_bytes, "inf");
        } else if (value == 0) {
                snprintf(at, room_bytes, "0.0");
        } else {
                struct decimal decimal = decimal_shortest(fabs(value));
                format_decimal(decimal, at, room_bytes);
        }
        memcpy(out, text, COFFER_DOUBLE_TEXT_BYTES);
}

/* The significant digits of a text, and the power of ten of the last one. */
struct digits {
        char text[LONGEST_HALFWAY + 32];
        size_t count;
        bool seen;    /* any digit at all, zeros too */
        bool dropped; /* a digit other than zero did not fit */
        int64_t exponent;
};

static void add_digit(struct digits *digits, char digit, bool fraction)
{
        digits->seen = true;
        bool kept = digits->count < LONGEST_HALFWAY;
        if (kept && (digit != '0' || digits->count > 0))
                digits->text[digits->count++] = digit;
        if (!kept && digit != '0')
                digits->dropped = true;
        digits->exponent += (kept ? 0 : 1) - (fraction ? 1 : 0);
}

static bool take_sign(coffer_cursor *text)
{
        bool negative = text->size_bytes > 0 && text->data[0] == '-';
        uint8_t sign;
        if (negative || (text->size_bytes > 0 && text->data[0] == '+'))
                (void)coffer_cursor_u8(text, &sign);
        return negative;
}

static bool take_digit(coffer_cursor *text, char *digit)
{
        uint8_t byte;
        if (text->size_bytes == 0 || text->data[0] < '0' || text->data[0] > '9' || !coffer_cursor_u8(text, &byte))
                return false;
        *digit = (char)byte;
        return true;
}

static bool take_letter(coffer_cursor *text, char letter)
{
        uint8_t byte;
        return text->size_bytes > 0 && (text->data[0] | 0x20) == (letter | 0x20) && coffer_cursor_u8(text, &byte);
}

/* True when there is no exponent, or a whole one. */
static bool take_exponent(coffer_cursor *text, int64_t *exponent)
{
        if (!take_letter(text, 'e'))
                return true;
        bool negative = take_sign(text);
        int64_t value = 0;
        char digit;
        if (!take_digit(text, &digit))
                return false;
        do
                value = value < INT64_MAX / 100 ? value * 10 + (digit - '0') : value;
        while (take_digit(text, &digit));
        *exponent += negative ? -value : value;
        return true;
}

static double digits_value(struct digits *digits)
{
        if (digits->count == 0)
                return 0;
        /* Digits that were dropped only say on which side of a midpoint the number lies; one digit says the same. */
        if (digits->dropped)
                digits->text[digits->count - 1] = (char)(digits->text[digits->count - 1] | 1);
        int64_t exponent = digits->exponent;
        if (exponent > LARGEST_EXPONENT)
                exponent = LARGEST_EXPONENT;
        if (exponent < -LARGEST_EXPONENT)
                exponent = -LARGEST_EXPONENT;
        snprintf(digits->text + digits->count, sizeof(digits->text) - digits->count, "e%d", (int)exponent);
        return strtod(digits->text, NULL);
}

static bool take_finite(coffer_cursor *text, double *out)
{
        struct digits digits = {.count = 0};
        char digit;
        while (take_digit(text, &digit))
                add_digit(&digits, digit, false);
        if (text->size_bytes > 0 && text->data[0] == '.') {
                uint8_t point;
                (void)coffer_cursor_u8(text, &point);
                while (take_digit(text, &digit))
                        add_digit(&digits, digit, true);
        }
        if (!digits.seen || !take_exponent(text, &digits.exponent))
                return false;
        *out = digits_value(&digits);
        return true;
}

static bool take_word(coffer_cursor *text, const char *word)
{
        coffer_cursor rest = *text;
        for (; *word; word++)
                if (!take_letter(&rest, *word))
                        return false;
        *text = rest;
        return true;
}

bool coffer_double_parse(coffer_cursor text, double *out)
{
        bool negative = take_sign(&text);
        double value;
        if (take_word(&text, "nan"))
                value = NAN;
        else if (take_word(&text, "infinity") || take_word(&text, "inf"))
                value = INFINITY;
        else if (!take_finite(&text, &value))
                return false;
        if (text.size_bytes > 0)
                return false;
        *out = negative ? -value : value;
        return true;
}

bool coffer_int_parse(coffer_cursor text, int64_t *out)
{
        bool negative = take_sign(&text);
        if (text.size_bytes == 0)
                return false;
        int64_t value = 0;
        char digit;
        /* Built downwards: the smallest number has no positive counterpart. */
        while (take_digit(&text, &digit))
                if (__builtin_mul_overflow(value, 10, &value) || __builtin_sub_overflow(value, digit - '0', &value))
                        return false;
        if (text.size_bytes > 0 || (!negative && value == INT64_MIN))
                return false;
        *out = negative ? value : -value;
        return true;
}
