/* SPDX-License-Identifier: Apache-2.0 */
/* The table of frame versions. */
#include "cas/frame.h"

#include "cas/frame_v1.h"
#include "util/cleanup.h"

static const coffer_frame_class *const frames[] = {&coffer_frame_v1};

const coffer_frame_class *coffer_frame_for(int64_t version)
{
        for (size_t i = 0; i < ARRAY_COUNT(frames); i++) {
                if (frames[i]->version == version)
                        return frames[i];
        }
        return NULL;
}

const coffer_frame_class *coffer_frame_current(void)
{
        return &coffer_frame_v1;
}

const coffer_frame_class *coffer_frame_legacy(void)
{
        return &coffer_frame_v1;
}
