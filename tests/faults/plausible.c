/* SPDX-License-Identifier: Apache-2.0 */
#include "plausible.h"

#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "inject.h"

#define CALL(name, ...)                                                                            \
	{                                                                                          \
		SYS_##name, #name,                                                                 \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}

static const struct plausible table[] = {
	{ ALLOCATION, "allocation", { ENOMEM } },
	/* namespaces and mounts */
	CALL(setns, EPERM, EINVAL, ENOMEM, ENOSYS),
	CALL(unshare, EPERM, ENOMEM, ENOSPC, EINVAL, ENOSYS),
	CALL(chroot, EPERM, EACCES, ENOMEM),
	CALL(mount, EPERM, EACCES, ENOMEM, EBUSY),
	CALL(umount2, EPERM, EBUSY),
	CALL(fsopen, EPERM, ENOSYS, EMFILE, ENODEV),
	CALL(fsconfig, EPERM, ENOMEM, EINVAL),
	CALL(fsmount, EPERM, EMFILE, EBUSY),
	CALL(open_tree, EPERM, ENOSYS, EMFILE, ENOENT),
	CALL(move_mount, EPERM, ENOSYS, EBUSY, ENOENT),
	CALL(mount_setattr, EPERM, ENOSYS, EINVAL),
	/* files */
	CALL(openat, EMFILE, EACCES, ENOENT, ENOMEM, EINTR),
	CALL(openat2, EMFILE, EACCES, ENOSYS, EAGAIN, EINTR),
	CALL(close, EINTR, EIO),
	CALL(read, EINTR, EIO),
	CALL(pread64, EIO),
	CALL(write, EIO, EPERM, EACCES),
	CALL(pwrite64, EINTR, EPERM, EINVAL),
	CALL(flock, EWOULDBLOCK, ENOLCK),
	CALL(fchmod, EPERM, EROFS),
	CALL(getdents64, EIO, ENOENT),
	CALL(lseek, EIO),
	CALL(newfstatat, EACCES, ENOENT, ENOMEM),
	CALL(fstatfs, ENOSYS, EIO),
	CALL(statfs, ENOSYS, EIO),
	CALL(statx, ENOSYS, EACCES),
	CALL(faccessat2, EACCES, ENOENT),
	CALL(readlinkat, EACCES, ENOENT),
	CALL(getcwd, ENOENT, EACCES),
	CALL(chdir, EACCES, ENOENT),
	CALL(fchdir, EACCES, ENOENT),
	CALL(fcntl, EMFILE, EINVAL),
	CALL(ioctl, ENOTTY, EINVAL, EPERM),
	CALL(pipe2, EMFILE, ENFILE),
	CALL(close_range, ENOSYS, ENOMEM),
	CALL(setresuid, EPERM, EAGAIN),
	CALL(setresgid, EPERM),
	CALL(dup3, EMFILE, EINTR),
	CALL(ppoll, EINTR, ENOMEM),
#ifdef SYS_fork /* the architectures that have it have these, too */
	CALL(mkdir, EACCES, ENOSPC),
	CALL(chmod, EPERM, EROFS),
	CALL(symlink, EACCES, ENOSPC),
	CALL(access, EACCES, ENOENT),
	CALL(readlink, EACCES, ENOENT),
	CALL(poll, EINTR, ENOMEM),
	CALL(fork, EAGAIN, ENOMEM),
	CALL(vfork, EAGAIN, ENOMEM),
	CALL(alarm),
#endif
	/* sockets */
	CALL(socket, EMFILE, EACCES, EAFNOSUPPORT, ENOBUFS),
	CALL(socketpair, EMFILE, ENOMEM),
	CALL(bind, ENOMEM, EADDRINUSE),
	CALL(getsockname, ENOBUFS),
	CALL(setsockopt, ENOPROTOOPT, ENOMEM),
	CALL(sendto, ENOBUFS, EINTR, EPERM),
	CALL(sendmsg, ENOBUFS, EINTR),
	CALL(recvfrom, EINTR, ENOBUFS), /* then netlink allocates no memory */
	CALL(recvmsg, EINTR, ENOMEM, ENOBUFS),
	/* processes and threads */
	CALL(clone, EAGAIN, ENOMEM),
	CALL(clone3, EAGAIN, ENOSYS, EPERM),
	CALL(wait4, EINTR, ECHILD),
	CALL(waitid, EINTR, ECHILD),
	CALL(kill, EPERM, ESRCH),
	CALL(sethostname, EPERM),
	CALL(memfd_create, EMFILE, ENOMEM, EPERM),
	CALL(pidfd_open, EMFILE, ENOSYS, EPERM),
	CALL(prlimit64, EPERM),
	CALL(kcmp, ENOSYS, EPERM),
	CALL(pidfd_send_signal, EPERM),
	CALL(sched_getaffinity, EINVAL),
	CALL(sched_getscheduler, EINVAL),
	CALL(sched_getparam, EINVAL),
	CALL(sched_getattr, EINVAL, ENOSYS),
	CALL(prctl, EINVAL, EPERM),
	CALL(capget, EPERM),
	CALL(capset, EPERM),
	CALL(clock_nanosleep, EINTR),
	CALL(nanosleep, EINTR),
	CALL(mmap, ENOMEM),
	CALL(mprotect, ENOMEM),
	CALL(mremap, ENOMEM),
	CALL(getrandom, ENOSYS, EINTR),
	/* These cannot fail, or the C library copes with it, or it ends the process. */
	CALL(fstat),
	CALL(brk), /* returns the old end where it fails, and no errno */
	CALL(munmap),
	CALL(futex),
	CALL(madvise),
	CALL(rt_sigprocmask),
	CALL(rt_sigaction),
	CALL(rt_sigpending),
	CALL(rt_sigtimedwait, EINTR, EAGAIN),
	CALL(rt_sigreturn),
	CALL(set_robust_list),
	CALL(set_tid_address),
#ifdef SYS_rseq /* glibc 2.29 */
	CALL(rseq),
#endif
	CALL(restart_syscall),
	CALL(sched_yield),
	CALL(tgkill),
	CALL(clock_gettime),
	CALL(uname),
	CALL(getpid),
	CALL(gettid),
	CALL(getppid),
	CALL(getuid),
	CALL(geteuid),
	CALL(getgid),
	CALL(getegid),
	CALL(getresuid),
	CALL(getresgid),
	CALL(getpriority),
	CALL(getcpu),
	CALL(umask),
	CALL(exit),
	CALL(exit_group),
};

const struct plausible *find_plausible(int call)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].call == call)
			return &table[i];
	return NULL;
}
