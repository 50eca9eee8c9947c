/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a command under a seccomp filter, as container engines do and as older kernels look:
 *
 *     refuse CALL=ERRNO... -- COMMAND...
 *
 * CALL is one of the table's, where userns is unshare of a user namespace; ERRNO is EPERM or
 * ENOSYS. Like the engines' own filters this one is for programs of the machine's own kind.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The last one is any of these flags in the first argument; 0: whatever it is. */
#define CALL(name) #name "=", SYS_##name, 0

static const struct {
	const char *name;
	uint32_t number, flags;
} calls[] = {
	{ "userns=", SYS_unshare, CLONE_NEWUSER },
	{ CALL(unshare) },
	{ CALL(setns) },
	{ CALL(mount) },
	{ CALL(fsopen) },
	{ CALL(fsmount) },
	{ CALL(open_tree) },
	{ CALL(move_mount) },
	{ CALL(openat2) },
	{ CALL(clone3) },
	{ CALL(pidfd_open) },
};
enum { CALLS = sizeof(calls) / sizeof(calls[0]) };

/* Where the low half of an argument is. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
enum { LOW = 4 };
#else
enum { LOW = 0 };
#endif

static int refuse(const char *rule)
{
	const char *equals = strchr(rule, '=');
	uint32_t errnum = equals && strcmp(equals, "=ENOSYS") == 0 ? ENOSYS : EPERM;

	for (size_t i = 0; i < CALLS; i++) {
		struct sock_filter filter[] = {
			BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i].number, 0, 3),
			BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
				 offsetof(struct seccomp_data, args) + LOW),
			/* No flags wanted: jumps to the refusal in any case. */
			BPF_JUMP(BPF_JMP | (calls[i].flags ? BPF_JSET : BPF_JGE) | BPF_K,
				 calls[i].flags, 0, 1),
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | errnum),
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		};
		struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

		if (strncmp(rule, calls[i].name, strlen(calls[i].name)) == 0)
			return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
	}
	errno = EINVAL;
	return -1;
}

int main(int argc, char **argv)
{
	int i = 1;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
		perror("refuse: PR_SET_NO_NEW_PRIVS");
		return 1;
	}
	for (; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (refuse(argv[i]) < 0) {
			perror(argv[i]);
			return 1;
		}
	if (i + 1 < argc)
		(void)execvp(argv[i + 1], argv + i + 1);
	perror("refuse: nothing to execute");
	return 127;
}
