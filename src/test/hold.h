/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_TEST_HOLD_H
#define GONS_I_TEST_HOLD_H

#include "test/report.h"

/* Whether failed tests wait (GONS_HOLD). */
bool gons_i_test_holds(void);

/* Prints the command lines that get into the namespaces, and waits. */
void gons_i_test_hold(const struct gons_i_report *report, const char *name);

#endif
