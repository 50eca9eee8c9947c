/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that gons starts for itself.
 */
#include <link.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "gons/base/clock.h"
#include "gons/base/error.h"
#include "gons/base/forks.h"
#include "gons/core/thread.h"
#include "gons/diagnosis/refusal.h"

enum { STACK_SIZE = 64 * 1024 };

static int add_tls(struct dl_phdr_info *info, size_t size, void *total)
{
	(void)size;
	for (size_t i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_TLS)
			*(size_t *)total += info->dlpi_phdr[i].p_memsz + info->dlpi_phdr[i].p_align;
	return 0;
}

/* A small stack, with room for the program's thread-local data, which is on it, too. */
static size_t stack_size(void)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t size = STACK_SIZE;

	/* If another thread forked now, its child would find the lock of the dynamic linker held
	 * forever, since glibc does not free that lock in children. So forks wait meanwhile. */
	(void)gons_i_forks_prepare(); /* without memory, forks do not wait */
	gons_i_forks_forbid();
	(void)dl_iterate_phdr(add_tls, &size);
	gons_i_forks_allow();
	return (size + page - 1) / page * page;
}

static int create_small(pthread_t *ret_thread, void *(*fn)(void *), void *arg)
{
	pthread_attr_t attr;
	int errnum = pthread_attr_init(&attr);

	if (errnum != 0)
		return errnum;
	(void)pthread_attr_setstacksize(
		&attr, stack_size()); /* refused if too small: then the default applies */
	errnum = pthread_create(ret_thread, &attr, fn, arg);
	if (errnum == EINVAL)
		errnum = pthread_create(ret_thread, NULL, fn, arg);
	(void)pthread_attr_destroy(&attr);
	return errnum;
}

int gons_i_thread_create(pthread_t *ret_thread, enum gons_i_stack stack, void *(*fn)(void *),
			 void *arg)
{
	sigset_t all, old;
	int errnum;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	errnum = stack == GONS_I_STACK_SMALL ? create_small(ret_thread, fn, arg)
					     : pthread_create(ret_thread, NULL, fn, arg);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return errnum;
}

void gons_i_thread_join(pthread_t thread, const pid_t *tid)
{
	enum { SPINS = 100, PATIENCE_MS = 10000 };
	const int64_t end = gons_i_nanoseconds() + PATIENCE_MS * (int64_t)GONS_I_NS_OF_MS;
	const struct timespec pause = { .tv_nsec = 50000 };
	const int saved = errno;

	(void)pthread_join(thread, NULL); /* no other function joins it */
	/* The rest takes microseconds if a processor is free. The thread may have to wait for a lock of
	 * the kernel, which took more than a second on a busy machine. */
	for (int i = 0; syscall(SYS_tgkill, getpid(), *tid, 0) == 0 && gons_i_nanoseconds() < end;
	     i++)
		if (i < SPINS)
			(void)sched_yield();
		else
			(void)nanosleep(&pause, NULL); /* a signal only makes it shorter */
	errno = saved;
}

int gons_i_fail_thread(int errnum, const char *what)
{
#ifndef __GLIBC__ /* musl reports each failure as EAGAIN */
	if (errnum == EAGAIN && gons_i_children_have_other_pidns(true))
		errnum = EINVAL;
#endif
	(void)gons_i_fail_fork(errnum, what);
	if (errnum == EINVAL)
		gons_i_add_cause(
			"the children of this process are created in another PID "
			"namespace, as with gons_pid, and threads cannot be created there");
	else if (errnum == EPERM) /* the C library takes clone(2) for ENOSYS only */
		(void)gons_i_diagnose_call("clone3(2)", "5.3");
	return -1;
}
