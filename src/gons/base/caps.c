/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One capability of the calling thread.
 */
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <gons/privilege.h>

#include "gons/base/caps.h"
#include "gons/base/common.h"
#include "gons/base/error.h"

static const char *const names[] = {
	"CHOWN",
	"DAC_OVERRIDE",
	"DAC_READ_SEARCH",
	"FOWNER",
	"FSETID",
	"KILL",
	"SETGID",
	"SETUID",
	"SETPCAP",
	"LINUX_IMMUTABLE",
	"NET_BIND_SERVICE",
	"NET_BROADCAST",
	"NET_ADMIN",
	"NET_RAW",
	"IPC_LOCK",
	"IPC_OWNER",
	"SYS_MODULE",
	"SYS_RAWIO",
	"SYS_CHROOT",
	"SYS_PTRACE",
	"SYS_PACCT",
	"SYS_ADMIN",
	"SYS_BOOT",
	"SYS_NICE",
	"SYS_RESOURCE",
	"SYS_TIME",
	"SYS_TTY_CONFIG",
	"MKNOD",
	"LEASE",
	"AUDIT_WRITE",
	"AUDIT_CONTROL",
	"SETFCAP",
	"MAC_OVERRIDE",
	"MAC_ADMIN",
	"SYSLOG",
	"WAKE_ALARM",
	"BLOCK_SUSPEND",
	"AUDIT_READ",
	"PERFMON",
	"BPF",
	"CHECKPOINT_RESTORE",
};
enum { NAMES = sizeof(names) / sizeof(names[0]), MOST = 32 * _LINUX_CAPABILITY_U32S_3 };

/* 1, 0, or -1 with errno. By the bare system calls: libcap allocates, which a forked child of a
 * program with threads must not do. */
static int look(int cap)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (cap < 0 || cap >= MOST || syscall(SYS_capget, &header, data) < 0)
		return -1;
	return (int)(data[cap / 32].effective >> cap % 32 & 1);
}

bool gons_i_has_cap(int cap)
{
	const int saved = errno;
	const bool has = look(cap) == 1;

	errno = saved;
	return has;
}

bool gons_i_has_root_caps(void)
{
	return gons_i_has_cap(CAP_SYS_ADMIN) && gons_i_has_cap(CAP_SYS_CHROOT) &&
	       gons_i_has_cap(CAP_NET_ADMIN);
}

/* In the ambient set are only those that are inheritable, too. */
void gons_i_caps_keep_in_programs(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0)
		return;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		data[i].inheritable = data[i].permitted;
	if (syscall(SYS_capset, &header, data) < 0)
		return;
	for (int cap = 0; cap < MOST; cap++)
		if (data[cap / 32].permitted >> cap % 32 & 1)
			(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0);
}

GONS_EXPORT bool gons_has_cap(int cap)
{
	int has;

	if (cap < 0 || cap >= MOST || prctl(PR_CAPBSET_READ, cap) < 0) {
		(void)gons_i_fail(EINVAL, "cap is not a capability of this kernel (%d)", cap);
		return false;
	}
	has = look(cap);
	if (has < 0)
		(void)gons_i_fail(errno, "cannot read the capabilities of this thread");
	else if (has == 0 && cap < NAMES)
		(void)gons_i_fail(EPERM, "CAP_%s is missing", names[cap]);
	else if (has == 0)
		(void)gons_i_fail(EPERM, "capability %d is missing", cap);
	return has == 1;
}
