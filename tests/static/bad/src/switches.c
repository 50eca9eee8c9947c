/* SPDX-License-Identifier: Apache-2.0 */
/* For forbidden.py, never compiled: what is marked must be found, and nothing else. */
#define go setns /* bad: setns */

static int (*leave)(int) = unshare; /* bad: unshare */

static const char text[] = "setns(2) and unshare(2), \"clone\" too; /* chroot(\".\") */";

/* setns(fd, 0), and chroot(2) with it. */
static void switches(void)
{
	(void)setns(fd, CLONE_NEWNET); /* bad: setns */
	pid = clone(fn, stack, 0, NULL); /* bad: clone */
	pid = __clone(fn, stack, 0, NULL); /* bad: __clone */
	pid = (int)syscall(SYS_clone3, &args, sizeof(args)); /* bad: clone3 */
	(void)syscall(__NR_setns, fd, 0); /* bad: setns */
	(void)syscall(308, fd, 0); /* bad: syscall */
	(void)syscall(number, fd, 0); /* bad: syscall */
	if (chroot /* to here */ ("/srv") < 0) /* bad: chroot */
		return;
	(void)syscall(SYS_pivot_root, ".", "."); /* bad: pivot_root */
	(void)gons_i_submounts_clone(dir, &submounts); // chroot(".")
	(void)syscall(SYS_getcwd, path, PATH_MAX);
}
