/* SPDX-License-Identifier: Apache-2.0 */
/* Running a serializer's own set-up, for every host whose serializers are tables of C functions. */
#ifndef COFFER_SERIALIZER_SETUP_H
#define COFFER_SERIALIZER_SETUP_H

#include <coffer/sys/host.h>

coffer_step coffer_setup_run(const coffer_serializer *serializer, coffer_step_report *report);

#endif
