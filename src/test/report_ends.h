/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_TEST_REPORT_ENDS_H
#define GONS_I_TEST_REPORT_ENDS_H

#include <stdbool.h>

/* Between these, a test is reported that ends the process by a signal or by exit(3). There must
 * have been a scope before the first of them. */
void gons_i_report_ends_begin(void);
void gons_i_report_ends_end(void);

/* Whether anything is written when a test fails (GONS_REPORT and the other variables). */
bool gons_i_report_is_wanted(void);

#endif
