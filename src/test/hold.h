/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_TEST_HOLD_H
#define GONS_I_TEST_HOLD_H

/* GONS_HOLD: a failed test waits. */

#include "test/report.h"

/* Whether failed tests wait (GONS_HOLD). */
bool gons_i_test_holds(void);

/* Sets a line to print when a test of the calling thread waits; NULL: none. It is not copied. */
void gons_i_test_hold_set_hint(const char *new_hint);

/* Prints the command lines that get into the namespaces of the test, and waits for the user. */
void gons_i_test_hold(const struct gons_i_report *report, const char *name);

#endif
