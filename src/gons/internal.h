/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_INTERNAL_H
#define GONS_INTERNAL_H

/*
 * What the files of the library share. Names are gons_i_*, because they are global
 * in libgons.a; the symbol map keeps them out of libgons.so.
 */

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <gons/gons.h>

/* Marks a definition that gons.map exports. */
#define GONS_EXPORT __attribute__((visibility("default")))

/* ---- descriptors ---- */

/* Closes *fd unless it is negative, and keeps errno. Never retried: Linux has freed
 * the descriptor even when close(2) says EINTR. */
static inline void gons_i_close_fd(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	errno = saved;
}

#define cleanup_fd __attribute__((cleanup(gons_i_close_fd)))

/* Hands a cleanup_fd over, on the line that succeeds. */
static inline int gons_i_take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* ---- cancellation ---- */

/* No thread is cancelled (pthread_cancel(3)) inside gons, where it would lose what is not
 * recorded yet; but it may be in functions of the caller's that gons calls:
 *
 *     uncancelled int cancel = gons_i_forbid_cancel();
 */
static inline int gons_i_forbid_cancel(void)
{
	int old;

	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old); /* cannot fail */
	return old;
}

static inline void gons_i_allow_cancel(const int *old)
{
	(void)pthread_setcancelstate(*old, NULL);
}

#define uncancelled __attribute__((cleanup(gons_i_allow_cancel), unused))

/* ---- error.c: the sentence ---- */

/* Sets the sentence "<formatted>: <text of errnum>" and errno; for EMFILE it also says which
 * limit that is. Returns -1. */
int gons_i_fail(int errnum, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends "; <formatted>" to the sentence: the cause, or what would help. Keeps errno. */
void gons_i_hint(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The calling thread's last failure, kept while something else may fail, or handed to
 * another thread or process. */
enum { GONS_I_SENTENCE_SIZE = 1024 };
struct gons_i_failure {
	int errnum;
	char sentence[GONS_I_SENTENCE_SIZE];
};
void gons_i_failure_save(struct gons_i_failure *failure);
int gons_i_failure_restore(const struct gons_i_failure *failure); /* returns -1 */

/* Whether the sentence is about the present errno, and not about an earlier failure. */
bool gons_i_is_explained(void);

/* There was none yet; errno becomes errnum. */
void gons_i_failure_forget(int errnum);

/* ---- types.c ---- */

/* The first GONS_I_SWITCHABLE rows of the table are those that a thread can go into
 * and come back from. */
enum { GONS_I_TYPES = 8, GONS_I_SWITCHABLE = 5, GONS_I_MNT = 1, GONS_I_USER = 5 };
#define GONS_I_SWITCHABLE_FLAGS                                                                    \
	(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP)

struct gons_i_type {
	int flag;
	const char *name; /* in /proc/PID/ns */
	const char *noun; /* in sentences */
	const char *limit; /* in /proc/sys/user */
};
extern const struct gons_i_type gons_i_types[GONS_I_TYPES];

/* The row of exactly this type, or NULL. */
const struct gons_i_type *gons_i_type_row(int type);

/* The same with EINVAL and a sentence, for calls that take one type only. */
const struct gons_i_type *gons_i_one_type(int type);

/* What stands before it in a sentence. */
static inline const char *gons_i_article(const char *noun)
{
	return noun[0] == 'I' ? "an" : "a";
}

/* "network and mount" for a set of types; buf is filled and returned. */
#define GONS_I_NOUNS_SIZE 96
const char *gons_i_nouns(int types, char buf[GONS_I_NOUNS_SIZE]);

/* Whether types is one or several of the eight. 0, or -1 with EINVAL. */
int gons_i_check_types(int types);

/* Whether the calling thread is in this namespace. Keeps errno. */
bool gons_i_is_own(int nsfd, const struct gons_i_type *row);

/* Opens the calling thread's namespace; the descriptor is the caller's. */
int gons_i_open_own(const struct gons_i_type *row);

/* Opens the namespace at path and checks its type (0: any); the descriptor is the caller's. */
int gons_i_open_checked(const char *path, int type);

/* The switchable types that this kernel has. */
int gons_i_present_types(void);

/* The type that nsfd must have; the sentence says what it is instead. Returns 0 or -1. */
int gons_i_check_type(int nsfd, int type);

/* ---- forks.c ---- */

/* Counts forks from the first call on, which the scope and what is kept make. 0, or an error
 * number. */
int gons_i_forks_prepare(void);

/* Another number means that what it was taken for is the parent's: a thread, a record. */
unsigned gons_i_forks(void);

/* ---- scope.c: the undo stack ---- */

/* What a record does when its scope ends, and in a child that inherited it by fork. */
struct gons_i_undo {
	int (*undo)(void *data); /* 0, or -1 with errno and sentence */
	void (*drop)(void *data); /* frees what is this process's, touches nothing else */
};

enum { GONS_I_RECORD_SIZE = 32 };

/* Makes room for n records, so that as many gons_i_scope_push() cannot fail. -1 with ENOMEM. */
int gons_i_scope_reserve(size_t n);

/* Records data (of at most GONS_I_RECORD_SIZE bytes); there must be room. Returns the
 * record's number, for gons_i_scope_return(). */
unsigned gons_i_scope_push(const struct gons_i_undo *undo, const void *data, size_t size);

/* Without standard input a namespace may get descriptor 0, which means none in a structure of
 * zeros. Returns fd or, for 0, another one; -1 when there is none, and 0 is closed. */
int gons_i_move_from_0(int fd);

/* Records a descriptor to be closed; there must be room. Returns it, or what it was moved to as
 * above; -1 when it could not be, and is closed. */
int gons_i_scope_push_fd(int fd);

/* Undoes the record with this number and, before it, those above it that are switches of
 * namespaces; leaves the others. No error when the record is gone. */
int gons_i_scope_return(unsigned number);

/* ---- thread.c ---- */

/* The caller's functions need a stack of the usual size, gons's own do not. */
enum gons_i_stack { GONS_I_STACK_USUAL, GONS_I_STACK_SMALL };

/* pthread_create(3) of a thread with all signals blocked. Returns an error number. */
int gons_i_thread_create(pthread_t *ret_thread, enum gons_i_stack stack, void *(*fn)(void *),
			 void *arg);

/* Says "<what>: <reason>" of such an error number, and what limit that is. Returns -1. */
int gons_i_fail_thread(int errnum, const char *what);

/* The same for fork(2), whose child is one more thread for those limits. */
int gons_i_fail_fork(int errnum, const char *what);

/* ---- refusal.c ---- */

/* What was refused, and so what the cause may be. */
enum gons_i_refused {
	GONS_I_REFUSED_NEW, /* unshare */
	GONS_I_REFUSED_PROOF, /* setns to where the thread is, before anything is switched */
	GONS_I_REFUSED_TARGET, /* setns to an existing namespace */
	GONS_I_REFUSED_STARTUP, /* the same before main, when no user namespace can be made first */
	GONS_I_REFUSED_RETURN, /* setns on the way back */
	GONS_I_REFUSED_MOUNT, /* mount */
};

/* Says that namespaces of these types cannot be created (nsfd is -1), entered or come back to:
 * errno's text, and the likely cause. Returns -1. */
int gons_i_fail_switch(enum gons_i_refused refused, int types, int nsfd);

/* The same of a proof, before these are entered. */
int gons_i_fail_proof(int types, const int *nsfds, size_t n);

/* Adds to the sentence why errno may have been the answer; nsfd is what was to be entered, or
 * -1. */
void gons_i_hint_refusal(enum gons_i_refused refused, int types, int nsfd);

/* The same for a start-up switch to nsfd, of any of the eight types. */
void gons_i_hint_join(int nsfd, int type);

/* Adds why a system call, which filters may know and kernels before this one not, was refused.
 * Whether there was anything to add. */
bool gons_i_hint_call(const char *call, const char *since);

/* Whether one of the thread's namespaces of these types belongs to a user namespace further up. */
bool gons_i_is_foreign(int types);

/* Whether user.max_*_namespaces of this user namespace forbids one of these types for good. */
bool gons_i_limit_is_zero(int types);

/* ---- startup.c ---- */

/* The errno that belongs to gons_status(). */
int gons_i_status_errno(void);

/* ---- statx.c ---- */

/* Whether a mount begins at path: 1, also where that cannot be told (before Linux 5.8, or where a
 * filter refuses statx(2)), or 0; -1 with errno alone. flags are those of statx(2). */
int gons_i_mount_root(const char *path, int flags);

/* The number of the mount that path is on; 0 where it cannot be told, as before Linux 5.8. */
uint64_t gons_i_mount_id(const char *path);

/* ---- procfs.c ---- */

/* "/proc/thread-self/ns/net": "/proc/self" would be the main thread's. Returns path. */
enum { GONS_I_OWN_PATH_SIZE = 32 };
const char *gons_i_own_path(const struct gons_i_type *row, char path[GONS_I_OWN_PATH_SIZE]);

/* The number that this /proc knows the calling thread by, or -1. */
int gons_i_tid(void);
/* That nothing is mounted over that link or above it, below /proc: the way back would lead to
 * somebody else's namespace. Looked at once a thread and type. 0, or -1. */
int gons_i_check_procfs(const struct gons_i_type *row);

/* A number in /proc/thread-self/status, such as "Umask" in base 8; 0 where there is none. */
uint64_t gons_i_status_number(const char *name, int base);

/* The threads of the process that do not end just now, or -1. */
int gons_i_running_threads(void);

#endif
