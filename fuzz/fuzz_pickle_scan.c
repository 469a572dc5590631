/* SPDX-License-Identifier: Apache-2.0 */
/* The scanner reports on any bytes, and its verdict is that of its worst finding. */
#include <stdlib.h>

#include <coffer/pickle.h>
#include "util/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        coffer_bytes *bytes _cleanup_bytes_ = NULL;
        coffer_pickle_report *report = NULL;
        coffer_verdict worst = COFFER_ONLY_ALLOWLISTED;

        if (coffer_bytes_new(&bytes, NULL) != COFFER_OK ||
            coffer_bytes_append_copy(bytes, (coffer_cursor){data, size}, NULL) != COFFER_OK ||
            coffer_pickle_scan(bytes, &report, NULL) != COFFER_OK)
                abort();
        for (size_t i = 0; i < coffer_pickle_report_count(report); i++) {
                const coffer_pickle_finding *finding = coffer_pickle_report_finding(report, i);
                if (!finding->module || !finding->qualname || !finding->reason || finding->offset > size)
                        abort();
                if (finding->verdict > worst)
                        worst = finding->verdict;
        }
        if (coffer_pickle_report_verdict(report) != worst)
                abort();
        coffer_pickle_report_free(report);
        return 0;
}
