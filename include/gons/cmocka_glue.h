/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_CMOCKA_GLUE_H
#define GONS_CMOCKA_GLUE_H

/*
 * What <gons/cmocka.h> is made of. Names that end in "_" are not for programs.
 */

#include <stddef.h>

#include <gons/test.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef int (*gons_cmocka_fixture_)(void **state);

struct gons_cmocka_functions_ {
	void (*fail)(const char *message, const char *file, int line); /* do not return */
	void (*skip)(const char *file, int line);
	void (*stop)(void); /* or NULL */
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

/*
 * gons_cmocka_pool(types, n) - create namespaces ahead of the tests. Called before them.
 *
 * Tests defined by gons_unit_test_in() with exactly these types enter namespaces of a pool (see
 * gons_pool_new()) instead of creating their own. n are created ahead, from the group set-up on,
 * and more while tests run; no namespace is entered twice. Where the pool cannot create them, the
 * tests create their own. The pool ends after the group teardown. It has a thread and descriptors,
 * which are no leaks of any test. While it exists, gons_become_root() is refused.
 *
 * It is for all groups that follow, until called again; n = 0 ends that. Returns 0; -1 with EINVAL
 * for types that gons_enter_transient() refuses.
 */
int gons_cmocka_pool(int types, unsigned n);

/*
 * gons_group_setup_root - a group set-up that lets unprivileged users run tests.
 *
 * Calls gons_become_root(). Where that is refused, the reason is written to standard error; the
 * tests still run, and those that require namespaces skip by themselves. Returns 0.
 */
int gons_group_setup_root(void **state);

#ifdef __cplusplus
}
#endif

#endif
