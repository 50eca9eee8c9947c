/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHECK_H
#define CHECK_H

/*
 * What the test programs share. They compare the process before and after each test without
 * gons's own leak report, so that the tests do not rely on the library that they test.
 */

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include <gons/cmocka.h>
#include <gons/set.h>

/* cmocka 2 deprecates this one, and 1.1 has no other. */
#ifdef assert_int_in_range
#undef assert_in_range
#define assert_in_range assert_int_in_range
#endif

/*
 * A test in a scope of its own, after which the process must have as many descriptors,
 * threads, children and mounts as before, and the thread must be in the same namespaces,
 * root, working directory and umask.
 */
#define check_test(f) cmocka_unit_test_setup_teardown(f, check_begin, check_end)
int check_begin(void **state);
int check_end(void **state);

/* For a test that goes to the root of its mount namespace: skips it where the process is below a
 * chroot(2). */
void require_no_chroot(const char *test);

/* The call (int, pointer, uint64_t) failed with this errno, and gons_error() contains the
 * words. %m in them stands for the text of errnum, which differs between C libraries. */
#define assert_refused(call, errnum, words)                                                        \
	do {                                                                                       \
		__typeof__(call) refused_ = (call);                                                \
		int refused_errno_ = errno;                                                        \
		check_refused(GONS_FAILED_(refused_), #call, refused_errno_, errnum, words,        \
			      __FILE__, __LINE__);                                                 \
	} while (0)
void check_refused(bool failed, const char *call, int actual_errno, int wanted_errno,
		   const char *words, const char *file, int line);

/* The text contains the words. */
#define assert_contains(text, words) check_contains(text, words, __FILE__, __LINE__)
void check_contains(const char *text, const char *words, const char *file, int line);

/* Makes a mount read-only. False if the kernel refuses that. */
bool make_read_only(const char *path);

/* Enters a transient mount namespace in which /proc/sys is read-only. False if the kernel refuses
 * that. */
bool enter_read_only_proc_sys(void);

/* Skips the test, and prints the reason. */
void skip_for(const char *test, const char *reason);

/* The types of namespaces that a thread can enter and return from. */
enum { SWITCHABLE = 5 };
struct switchable {
	int type;
	const char *name;
};
extern const struct switchable switchable[SWITCHABLE];

/* Inode numbers of the calling thread's namespaces of these types. */
void take_inodes(uint64_t ino[SWITCHABLE]);
void assert_inodes(const uint64_t ino[SWITCHABLE]);

/* Inode number of the calling thread's namespace "net", by stat(2) and not by gons;
 * 0 where there is none. */
uint64_t own_ino(const char *name);

/* Inode number of the set's namespace of this type. */
uint64_t ino_in(const gons_set *set, int type);

/* For a test that makes files on mounts of its own, or takes user 0: skips it where the user is not
 * mapped, or cannot be. */
void require_mapped_user(const char *test);

/* For tests of what containers refuse: sysctls that gons can set, limits of namespaces that a test can
 * set below /proc/sys/user, a writable /sys, sethostname(2), kcmp(2), without which no set thread is
 * used again, and setns(2), whose refusal hides that a capability is missing. */
void require_writable_sysctls(const char *test);
void require_writable_limits(const char *test);
void require_writable_sys(const char *test);
void require_sethostname(const char *test);
void require_kcmp(const char *test);
void require_setns(const char *test);

/* For a test that needs a capability which root of a container may lack. */
void require_cap(const char *test, int cap, const char *name);

/* What a message advises where a capability is missing: to user 0, who is root, and to anybody. */
#define ADD_CAP(cap)                                                                               \
	"add it to the capabilities of this process (docker, podman: --cap-add " cap ")"
#define TO_GET(cap) (geteuid() == 0 ? ADD_CAP(cap) : "run as root")

/* For a test that puts a set-user-ID program into /tmp: skips it where none can be executed there, or
 * not as another user. */
void require_setuid_in_tmp(const char *test);

/* Entries of a directory, without "." and ".."; -1 when it cannot be listed. */
int count_entries(const char *path);
int count_entries_at(int dir_fd, const char *path);

/* The number of links in a directory class/net of a sysfs, without the file bonding_masters of
 * the module bonding. -1 if the directory cannot be listed. */
int count_class_net(int dir_fd, const char *path);

/* The file's text (static buffer), or "" if the file cannot be read. */
const char *read_text(const char *path);

/* The number of threads of the process. The kernel may still list a joined thread for a
 * moment: while there are more than expected, this waits. */
int count_threads(int expected);

/* The number of lines of /proc/thread-self/mountinfo. */
int count_mounts(void);

/* Runs fn(arg) in a forked child; its return value is the exit status, which is returned (128
 * + N for signal N). fn checks by its return value: cmocka cannot be used in the child. */
int in_child(int (*fn)(void *), void *arg);

/* Forks a child that waits in new namespaces of these types, to be killed. */
pid_t hold_in_child(int types);

/* Whether the thread can return to its own namespace "pid" from another one. It cannot if an ancestor
 * user namespace owns that. */
bool can_return_to(const char *name);

/* Whether a child can become the user 65534: this takes root, and a mapping of that user. */
bool can_become_nobody(void);

/* In a function that in_child() runs: if the condition is false, prints its line and returns 1. */
#define want(condition)                                                                            \
	do {                                                                                       \
		if (!check_wanted(condition, #condition, __FILE__, __LINE__))                      \
			return 1;                                                                  \
	} while (0)
bool check_wanted(bool condition, const char *text, const char *file, int line);

/* Likewise: requires that the call failed with this errno, and that gons_error() contains the
 * words. */
bool failed_with(int result, int errnum, const char *words);

/* Installs a seccomp filter by which this system call (SYS_mount) fails with this errno. For a
 * forked child. */
bool refuse_call(long number, int errnum);

/* Drops these capabilities (1ULL << CAP_NET_ADMIN) of this thread. For a forked child. */
bool lose_capabilities(uint64_t which);

/* Writes the text into an existing file. */
bool put_text(const char *path, const char *text);

/* Moves a forked process into a user namespace of its own, in which this many namespaces of a
 * type ("net") may exist, and into new base namespaces that it owns. Returns 0, or an exit
 * status. limit_namespaces() changes the number. */
int enter_limited(const char *type, const char *most);
int limit_namespaces(const char *type, const char *most);

/* Whether this is built with a sanitizer, which needs memory and stack of its own. */
bool is_sanitized(void);

/* Runs fn(arg) on another thread and waits for it. */
void on_thread(void (*fn)(void *), void *arg);

#endif
