/* SPDX-License-Identifier: Apache-2.0 */
#include "util/digest.h"

#include <openssl/evp.h>
#include <pthread.h>

#include "util/cursor.h"
#include "util/fs.h"

enum { PIECE_BYTES = 1 << 20 };

struct coffer_digest {
        EVP_MD_CTX *context;
        bool finished;
};

/* Looked up once: OpenSSL takes longer to find an algorithm by its name than to hash a small blob. */
static const struct {
        const char *name, *shown_as;
} algorithms[] = {[COFFER_SHA1] = {"SHA1", "SHA-1"}, [COFFER_SHA256] = {"SHA256", "SHA-256"}};

static EVP_MD *found[ARRAY_COUNT(algorithms)]; /* NULL: OpenSSL does not offer it */

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void find_algorithms(void)
{
        for (size_t i = 0; i < ARRAY_COUNT(algorithms); i++)
                found[i] = EVP_MD_fetch(NULL, algorithms[i].name, NULL);
}

coffer_status coffer_digest_new(coffer_digest_algorithm algorithm, coffer_digest **out, coffer_error *error)
{
        _cleanup_digest_ coffer_digest *digest = coffer_alloc_zeroed(1, sizeof(*digest));
        if (!digest || !(digest->context = EVP_MD_CTX_new()))
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a digest");
        pthread_once(&once, find_algorithms);
        if (!found[algorithm] || EVP_DigestInit_ex(digest->context, found[algorithm], NULL) != 1)
                return coffer_error_set(error, COFFER_UNSUPPORTED, "OpenSSL offers no %s here",
                                        algorithms[algorithm].shown_as);
        *out = TAKE_PTR(digest);
        return COFFER_OK;
}

coffer_status coffer_digest_update(coffer_digest *digest, coffer_cursor data, coffer_error *error)
{
        if (digest->finished)
                return coffer_error_set(error, COFFER_STATE, "a digest that was read takes no more data");
        if (EVP_DigestUpdate(digest->context, data.data, data.size_bytes) != 1)
                return coffer_error_set(error, COFFER_INTERNAL, "OpenSSL fails to digest %zu bytes", data.size_bytes);
        return COFFER_OK;
}

coffer_status coffer_digest_hex(coffer_digest *digest, char out[COFFER_DIGEST_MAX_HEX], coffer_error *error)
{
        static const char digits[] = "0123456789abcdef";
        if (digest->finished)
                return coffer_error_set(error, COFFER_STATE, "a digest can be read once only");
        unsigned char raw[EVP_MAX_MD_SIZE];
        unsigned int size_bytes = 0;
        if (EVP_DigestFinal_ex(digest->context, raw, &size_bytes) != 1 || size_bytes > COFFER_DIGEST_MAX_BYTES)
                return coffer_error_set(error, COFFER_INTERNAL, "OpenSSL fails to finish a digest");
        digest->finished = true;
        for (unsigned int i = 0; i < size_bytes; i++) {
                out[2 * i] = digits[raw[i] >> 4];
                out[2 * i + 1] = digits[raw[i] & 15];
        }
        out[2 * size_bytes] = '\0';
        return COFFER_OK;
}

void coffer_digest_free(coffer_digest *digest)
{
        if (!digest)
                return;
        EVP_MD_CTX_free(digest->context);
        coffer_free(digest);
}

/* Of a mapped file no more than a piece need be in memory. */
static coffer_status digest_segment(coffer_digest *digest, coffer_cursor segment, coffer_error *error)
{
        while (segment.size_bytes > 0) {
                coffer_cursor piece;
                size_t size_bytes = segment.size_bytes < PIECE_BYTES ? segment.size_bytes : PIECE_BYTES;
                if (!coffer_cursor_take(&segment, size_bytes, &piece))
                        return coffer_error_set(error, COFFER_INTERNAL, "bytes ended twice");
                COFFER_TRY(coffer_digest_update(digest, piece, error));
                if (size_bytes == PIECE_BYTES)
                        coffer_fs_passed(piece);
        }
        return COFFER_OK;
}

coffer_status coffer_digest_bytes(coffer_digest_algorithm algorithm, const coffer_bytes *bytes,
                                  char out[COFFER_DIGEST_MAX_HEX], coffer_error *error)
{
        _cleanup_digest_ coffer_digest *digest = NULL;
        COFFER_TRY(coffer_digest_new(algorithm, &digest, error));
        for (size_t i = 0; i < coffer_bytes_segment_count(bytes); i++)
                COFFER_TRY(digest_segment(digest, coffer_bytes_segment(bytes, i), error));
        return coffer_digest_hex(digest, out, error);
}
