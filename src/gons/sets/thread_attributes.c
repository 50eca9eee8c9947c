/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attributes by which two threads of a process differ, read by as few system calls as possible:
 * an idle set thread is compared each time before it is used instead of a new one.
 */
#include <linux/capability.h>
#include <linux/kcmp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "gons/sets/thread_attributes.h"

/* struct sched_attr, whose header clashes with <sched.h>. */
struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

void gons_i_thread_attributes_read(struct gons_i_thread_attributes *ret_attributes)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3] = { { 0, 0, 0 } };
	struct attr attr = { .size = sizeof(attr) };
	struct gons_i_thread_attributes attributes;

	_Static_assert(sizeof(caps) == sizeof(attributes.caps), "two words of three sets each");
	memset(&attributes, 0, sizeof(attributes));
	(void)syscall(SYS_getresuid, &attributes.uids[0], &attributes.uids[1], &attributes.uids[2]);
	(void)syscall(SYS_getresgid, &attributes.gids[0], &attributes.gids[1], &attributes.gids[2]);
	(void)syscall(SYS_capget, &header, caps);
	memcpy(attributes.caps, caps, sizeof(caps));
	attributes.no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	attributes.seccomp = prctl(PR_GET_SECCOMP);
	attributes.securebits = prctl(PR_GET_SECUREBITS);
	(void)syscall(SYS_sched_getattr, 0, &attr, sizeof(attr), 0);
	attributes.policy = attr.policy;
	attributes.nice = attr.nice;
	attributes.priority = (int32_t)attr.priority;
	(void)syscall(SYS_sched_getaffinity, 0, sizeof(attributes.affinity), attributes.affinity);
	*ret_attributes = attributes;
}

bool gons_i_namespace_ids_read(uint64_t ret_inos[GONS_I_NAMESPACE_IDS])
{
	static const struct {
		const char *path;
		bool optional; /* older kernels lack it */
	} links[GONS_I_NAMESPACE_IDS] = {
		{ "/proc/thread-self/ns/net", false },
		{ "/proc/thread-self/ns/uts", false },
		{ "/proc/thread-self/ns/ipc", false },
		{ "/proc/thread-self/ns/cgroup", false },
		{ "/proc/thread-self/ns/pid_for_children", false },
		{ "/proc/thread-self/ns/time_for_children", true },
	};
	struct stat st;

	/* Without opening descriptors, which other threads could notice. */
	for (size_t i = 0; i < GONS_I_NAMESPACE_IDS; i++) {
		if (stat(links[i].path, &st) == 0)
			ret_inos[i] = st.st_ino;
		else if (links[i].optional && errno == ENOENT)
			ret_inos[i] = 0;
		else
			return false;
	}
	return true;
}

bool gons_i_shares_all(pid_t tid)
{
	const pid_t own = gettid();

	return syscall(SYS_kcmp, own, tid, KCMP_FS, 0, 0) == 0 &&
	       syscall(SYS_kcmp, own, tid, KCMP_FILES, 0, 0) == 0;
}
