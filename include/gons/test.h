/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_TEST_H
#define GONS_TEST_H

/*
 * What gons does before and after a test. Programs without a test framework call these functions
 * themselves. The headers for test frameworks, such as <gons/cmocka.h>, call them for each test.
 *
 *     // test() returns whether it has passed; run() whether the test has passed or was skipped.
 *     static bool run(const char *name, bool (*test)(void))
 *     {
 *         int result = gons_test_begin(name, CLONE_NEWNET | CLONE_NEWNS);
 *         bool failed = result < 0 || (result == 0 && !test());
 *
 *         return gons_test_end(failed) == 0 && !failed;
 *     }
 *
 * These calls write notes to standard error, for people who read the output of the tests. Each note
 * begins with "gons: " and contains the name of the test. All calls need Linux 4.11.
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
 * @name: the name of the test in notes and messages. It is copied.
 * @types: the types of the new namespaces that the test runs in, as for gons_enter_transient();
 *         0: the test stays in the caller's namespaces.
 *
 * Takes a snapshot for the leak check (gons_leaks_begin()), begins a scope and enters new
 * namespaces of these types. With CLONE_NEWNET the loopback link is up; with CLONE_NEWNET and
 * CLONE_NEWNS there is the read-only sysfs of gons_mntns_mount_sysfs_ro(). gons_test_end() undoes
 * all of this: call it on the same thread, whatever gons_test_begin() returned.
 *
 * Returns 0 when the test can run.
 *
 * Returns 1 when the test must be skipped, because this machine cannot create the namespaces. The
 * reason is in gons_error(), and in a note that begins with "gons: skipped: NAME: ". The
 * environment variable GONS_REQUIRE turns such skips into failures: it lists types and kinds of
 * links, such as "net,mnt,veth"; "1" stands for all types.
 *
 * Returns -1 when the test has failed, with the reason in gons_error(): EINVAL when name is NULL,
 * or when types has a type that gons_enter_transient() does not accept; when GONS_REQUIRE lists the
 * types, the errno of gons_enter_transient() (the note begins with "gons: required: NAME: ");
 * EMFILE, ENFILE, ENOMEM (see <gons/gons.h>).
 *
 * When the previous test of this thread has not been ended, because a framework left it by
 * longjmp(3), for example, it is first ended as a failed one.
 */
int gons_test_begin(const char *name, int types);

/*
 * gons_test_end - end the test that gons_test_begin() began on this thread.
 *
 * @failed: whether the test has failed already.
 *
 * When the test has failed, writes the report of gons_report() first. Then ends the scope, which
 * returns the thread to its namespaces, and compares the process and the thread with the snapshot.
 * What the test left behind is in notes that begin with "gons: left behind: NAME: ", and what the
 * end of the scope could not undo in notes that begin with "gons: not undone: NAME: ".
 *
 * Returns 0 when a test that had passed is still a pass, and for every test that had failed or was
 * skipped. Otherwise the test fails now: -1 with EBUSY when it left something behind (gons_error()
 * names all of it: close, join, wait for or restore that), or with the errno of gons_scope_end().
 * -1 also with EINVAL when no test has begun on this thread, and with ECHILD in a child that was
 * forked in the test: leave the comparison to the parent, and end the child by _exit(2).
 *
 * When the thread cannot return to its namespaces, every later test would run in the wrong ones.
 * So the process ends with status 1, after a note that begins with "gons: the run ends here: ".
 */
int gons_test_end(bool failed);

/*
 * gons_test_require - ask whether the machine can create namespaces of these types (gons_can()).
 * gons_test_require_link - ask whether it can create links of this kind (gons_can_link()).
 *
 * For use within a test, which returns when the answer is not 0. Nothing is created that lasts.
 *
 * Returns 0 when the machine can. Returns 1 when it cannot and the test must be skipped. Returns -1
 * when the test has failed: with the errno of gons_can() or gons_can_link() when GONS_REQUIRE lists
 * what is missing; with EINVAL when types is 0 or has unknown bits, or kind cannot be the name of a
 * kind of link; and when it could not be tried: EMFILE, ENFILE, ENOMEM or EAGAIN (too few
 * descriptors, memory or processes: raise the limit), ETIMEDOUT or ECHILD (the child process that
 * tried it took too long or was killed: try again). The reason is in gons_error(). Notes are
 * written as by gons_test_begin().
 */
int gons_test_require(int types);
int gons_test_require_link(const char *kind);

/*
 * gons_report - write the state of the network namespaces of a test.
 *
 * These are the namespaces that the calling thread's scope has entered or has descriptors of, and
 * others that the process has descriptors of, such as those of sets. The namespace that the thread
 * was in before its scope entered another one (usually the machine's) is left out.
 *
 * The report begins with at most five findings: sentences about what looks wrong, the most likely
 * cause of a failure first. Then it lists for each namespace, on at most 100 lines: links,
 * addresses, routes, neighbours, sockets with their processes, counters of errors, nftables chains,
 * and sysctls that differ from those of a new namespace. It ends with mounts that differ from those
 * outside of the test, and with the programs of gons_process_start().
 *
 * When a test has failed, gons_test_end() writes this report to standard error, unless the
 * environment has GONS_REPORT=0. Other variables: gons(7), "The failure report".
 *
 * The call changes nothing, and takes some milliseconds. The report names what it could not read.
 * Returns 0. -1 with EINVAL when stream is NULL; ENOMEM; the errno of writing to the stream, such
 * as ENOSPC; and, usually as EPERM, when the thread cannot return from a namespace that it has
 * read: it has lost the capability to return, and should do nothing more.
 */
int gons_report(FILE *stream);

/*
 * gons_exit_status - the exit status of all groups of tests that have run in this program.
 *
 * Returns the number of failed tests, at most 76, since 77 means skipped. If none has failed: 77
 * when every test was skipped, otherwise 0. Counts the tests that gons_test_end() has ended in this
 * process, and the groups of <gons/cmocka.h>; not the tests that Check and Criterion run in forked
 * children.
 */
int gons_exit_status(void);

/*
 * Parts of the macros in the headers for test frameworks. Do not use them directly.
 *
 * GONS_MUST_ evaluates a call and returns its value. When the call has failed (int: negative, bool:
 * false, pointer: NULL, uint64_t: 0), it calls failed(TEXT, FILE, LINE), which must not return.
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
