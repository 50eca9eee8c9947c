/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_CMOCKA_GLUE_H
#define GONS_CMOCKA_GLUE_H

/* Part of <gons/cmocka.h>: include that. Names that end in "_" are for its macros only. */

#include <stddef.h>

#include <gons/test.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * gons_cmocka_pool - create namespaces before the tests need them. Call it before running tests.
 *
 * @types: tests defined by gons_unit_test_in() with exactly these types use the pool.
 * @n: how many to create in advance; 0: use no pool in the groups that run later.
 *
 * Each of these tests gets unused namespaces from a pool (see gons_pool_new()), which creates more
 * while tests run; if it cannot, the tests create their own. Applies to all groups that run later.
 * The pool begins after the group set-up and ends after the group teardown. The leak check ignores
 * its thread and descriptors. While it exists, gons_become_root() fails: call that in the set-up.
 *
 * Returns 0. -1 with EINVAL for types that gons_enter_transient() does not accept.
 */
int gons_cmocka_pool(int types, unsigned n);

/*
 * gons_group_setup_root - a group set-up that lets unprivileged users run tests.
 *
 * Calls gons_become_root(). If that fails, it writes the reason to standard error, and tests whose
 * namespaces cannot be created are skipped. Returns 0 in any case.
 */
int gons_group_setup_root(void **state);

typedef int (*gons_cmocka_fixture_)(void **state);

struct gons_cmocka_functions_ {
	void (*fail)(const char *message, const char *file, int line); /* does not return */
	void (*skip)(const char *file, int line); /* does not return */
	void (*stop)(void); /* does not return; NULL before cmocka 2 */
	int (*run)(const char *name, const void *tests, size_t n, gons_cmocka_fixture_ setup,
		   gons_cmocka_fixture_ teardown);
};

/* tests is an array of struct CMUnitTest. Returns what cmocka returns. */
int gons_cmocka_run_(const struct gons_cmocka_functions_ *functions, const char *name,
		     const void *tests, size_t n, gons_cmocka_fixture_ setup,
		     gons_cmocka_fixture_ teardown, const char *file, int line);
int gons_cmocka_status_(int result);
void gons_cmocka_require_(const struct gons_cmocka_functions_ *functions, int result,
			  const char *file, int line);
__attribute__((noreturn)) void gons_cmocka_must_(const struct gons_cmocka_functions_ *functions,
						 const char *call, const char *file, int line);
__attribute__((noreturn)) void gons_cmocka_skip_(const struct gons_cmocka_functions_ *functions,
						 const char *file, int line);
__attribute__((noreturn)) void gons_cmocka_stop_(const struct gons_cmocka_functions_ *functions,
						 const char *file, int line);

#ifdef __cplusplus
}
#endif

#endif
