/* SPDX-License-Identifier: Apache-2.0 */
/* Any file: what the extension hdf5 finds in an image lies inside of it. */
#include <stdlib.h>

#include "image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require_inside(coffer_cursor file, coffer_cursor part)
{
        if (part.size_bytes == 0)
                return;
        if (part.data < file.data || part.size_bytes > file.size_bytes ||
            part.data - file.data > (ptrdiff_t)(file.size_bytes - part.size_bytes))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        coffer_error error = COFFER_ERROR_INIT;
        coffer_cursor file = {data, size};
        hdf5_image image;
        coffer_status status = hdf5_image_read(file, &image, &error);
        if (status != COFFER_OK && status != COFFER_MALFORMED && status != COFFER_UNSUPPORTED)
                abort();
        if (status == COFFER_OK) {
                require_inside(file, image.datatype);
                require_inside(file, image.data);
                if (image.dims > HDF5_MAX_DIMS)
                        abort();
        }
        return 0;
}
