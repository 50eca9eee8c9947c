/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_TEST_H
#define GONS_TEST_H

/*
 * What gons does around a test, for programs without a test framework and for adapters to one:
 * <gons/cmocka.h> is such an adapter.
 *
 *     static bool run(const char *name, void (*test)(void))
 *     {
 *         int result = gons_test_begin(name, CLONE_NEWNET | CLONE_NEWNS);
 *
 *         if (result == 0)
 *             test();
 *         return gons_test_end(result < 0 || test_has_failed) == 0 && result >= 0;
 *     }
 *
 * These calls write notes for the reader of the test's output to standard error. Each note begins
 * with "gons: " and has the name of the test.
 */

#include <stdbool.h>
#include <stdio.h>

#include <gons/gons.h>
#include <gons/leak.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * gons_test_begin - begin a test on the calling thread.
 *
 * @name: for notes and messages. Copied.
 * @types: what the test needs for itself: 0, or namespaces as gons_enter_transient() takes them.
 *
 * Takes a snapshot for the leak check (gons_leaks_begin()), begins a scope and enters new
 * namespaces of these types. With CLONE_NEWNET the loopback link is up; with CLONE_NEWNET and
 * CLONE_NEWNS there is the read-only sysfs of gons_mntns_mount_sysfs_ro().
 *
 * Returns 0: go on. 1: skip the test, because this machine cannot create the namespaces; the
 * reason is in gons_error(), and was written to standard error after "gons: skipped: NAME: ".
 * -1: the test has failed, with the reason in gons_error(): EINVAL when name is NULL or for types
 * that a thread cannot enter and leave; as for a skip when the environment variable GONS_REQUIRE
 * names the types (the note is "gons: required: NAME: " then); EMFILE, ENOMEM.
 *
 * GONS_REQUIRE is a list of types and kinds of links such as "net,mnt,veth". "1" stands for all
 * types.
 *
 * In each case gons_test_end() follows, on the same thread. A test that is still open (a
 * framework that left it by longjmp(3), for example) is ended first, as one that failed.
 */
int gons_test_begin(const char *name, int types);

/*
 * gons_test_end - end the test that gons_test_begin() began on this thread.
 *
 * @failed: whether the test has failed already.
 *
 * Reports on the namespaces of a test that failed, ends its scope, and compares what the process
 * and the thread have now with the snapshot. What was left behind is written to standard error,
 * after "gons: left behind: NAME: ", and what the end of the scope could not undo after "gons: not
 * undone: NAME: ". The thread is returned to its namespaces.
 *
 * Returns 0 when the result of the test stays as it is, which is always so for a test that has
 * failed or was skipped. -1 when the test fails because of this: EBUSY when something was left
 * behind (all of it is in gons_error()); the errno of gons_scope_end(); EINVAL when no test has
 * begun on this thread; ECHILD in a child that was forked in the test, which has nothing to
 * compare with.
 *
 * When the thread cannot return to its namespaces, every later test would run in the wrong ones:
 * the process ends with status 1, after the note "gons: the run ends here: NAME: ".
 */
int gons_test_end(bool failed);

/*
 * gons_test_require(types), gons_test_require_link(kind) - skip the test unless the machine can
 * create namespaces of these types (gons_can()), or links of this kind (gons_can_link()).
 *
 * Returns 0 when it can. 1: skip the test. -1: the test has failed, because GONS_REQUIRE names
 * what is missing, with EINVAL for something that is no type or no kind of link, or, when it could
 * not be tried, with EMFILE, ENFILE, ENOMEM, EAGAIN, ETIMEDOUT or ECHILD (the child process that
 * tried it did not end, or was killed). The reason is in gons_error(), and notes are written as by
 * gons_test_begin().
 */
int gons_test_require(int types);
int gons_test_require_link(const char *kind);

/*
 * gons_report - write the state of the network namespaces that the calling thread's scope entered
 * or holds.
 *
 * First come up to five findings: sentences about what looks wrong, with the most likely cause of a
 * failure first. Then, for each namespace, links, addresses, routes, neighbours, sockets with their
 * processes, counters of errors, chains of nftables, and sysctls that differ from a new
 * namespace's; at most 100 lines each. The namespace that the thread came from, usually the
 * machine's, is left out.
 *
 * A failed test is reported like this by gons_test_end(), on standard error, unless the environment
 * has GONS_REPORT=0. Other variables: gons(7), "The failure report".
 *
 * The call changes nothing, and takes some milliseconds. The report says what could not be read.
 * Returns 0. -1 with EINVAL when stream is NULL; ENOMEM; the errno of the stream; or, when the kernel
 * does not let the thread return from a namespace that it has read, the errno of that.
 */
int gons_report(FILE *stream);

/*
 * gons_exit_status - the exit status of all groups of tests that have run in this program.
 *
 * The number of failures, at most 76; if there is none, 77 when every test was skipped, else 0.
 * A test is counted by gons_test_end(), unless an adapter counts the tests of its framework.
 */
int gons_exit_status(void);

/*
 * What the macros of adapters are made of.
 *
 * GONS_MUST_ gives the value of a call. When the call failed (int: negative, bool: false, pointer:
 * NULL, uint64_t: 0), it calls failed(TEXT, FILE, LINE), which must not return.
 */
#define GONS_MUST_(call, text, value, failed)                                                      \
	__extension__({                                                                            \
		__typeof__(call) value = (call);                                                   \
		if (GONS_FAILED_(value))                                                           \
			failed(text, __FILE__, __LINE__);                                          \
		value;                                                                             \
	})

/* The block of GONS_MUST_IN(). */
#define GONS_MUST_IN_(block, nsfd, text, failed)                                                   \
	for (struct gons_in_block block                                                            \
	     __attribute__((__cleanup__(gons_in_block_end))) = gons_in_block_begin(nsfd);          \
	     block.once || (block.number < 0 && (failed(text, __FILE__, __LINE__), 0));            \
	     block.once = 0)

#ifdef __cplusplus
}
inline bool gons_failed_(bool value)
{
	return !value;
}
inline bool gons_failed_(int value)
{
	return value < 0;
}
inline bool gons_failed_(unsigned long value)
{
	return value == 0;
}
inline bool gons_failed_(unsigned long long value)
{
	return value == 0;
}
inline bool gons_failed_(const volatile void *value)
{
	return value == NULL;
}
#define GONS_FAILED_(value) gons_failed_(value)
#else
static inline bool gons_failed_bool_(bool value)
{
	return !value;
}
static inline bool gons_failed_int_(int value)
{
	return value < 0;
}
static inline bool gons_failed_number_(uint64_t value)
{
	return value == 0;
}
static inline bool gons_failed_pointer_(const volatile void *value)
{
	return value == NULL;
}
/* clang-format off */
#define GONS_FAILED_(value)                                                                        \
	_Generic((value),                                                                          \
		bool: gons_failed_bool_,                                                           \
		int: gons_failed_int_,                                                             \
		unsigned long: gons_failed_number_,                                                \
		unsigned long long: gons_failed_number_,                                           \
		default: gons_failed_pointer_)(value)
/* clang-format on */
#endif

#endif
