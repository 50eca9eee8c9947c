/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The causes of refusals, in the exact wording of the messages. Each cause is real, in a forked
 * child that is root of a user namespace of its own.
 */
#include "check.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <gons/mntns.h>
#include <gons/privilege.h>

/* Whether the last call was refused with this message. */
#define want_said(refused, message) want((refused) && check_said(message))
static bool check_said(const char *message)
{
	return strcmp(gons_error(), message) == 0;
}

/* The same of a message that names security modules: "such as ..." where the kernel does not tell
 * which it runs, and else their names. */
static bool check_said_of_modules(const char *before, const char *examples, const char *after)
{
	const char *said = gons_error();
	const size_t length = strlen(before), tail = strlen(after);
	char middle[96];

	if (strncmp(said, before, length) != 0 || strlen(said) < length + tail)
		return false;
	(void)snprintf(middle, sizeof(middle), "%.*s", (int)(strlen(said) - length - tail),
		       said + length);
	if (strcmp(said + strlen(said) - tail, after) != 0)
		return false;
	return strncmp(middle, " (", 2) == 0 ? middle[strlen(middle) - 1] == ')'
					     : strcmp(middle, examples) == 0;
}

/* ---- the user namespaces of the children ---- */

/* Root of a new user namespace that owns namespaces of these types. */
static bool own(int types)
{
	return unshare(CLONE_NEWUSER | types) == 0 &&
	       put_text("/proc/thread-self/setgroups", "deny") &&
	       put_text("/proc/thread-self/uid_map", "0 0 1") &&
	       put_text("/proc/thread-self/gid_map", "0 0 1");
}

static bool set_limit(const char *name, const char *limit)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/sys/user/%s", name);
	return put_text(path, limit);
}

static void run_as_root(int (*fn)(void *), void *arg)
{
	gons_require(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS);
	assert_int_equal(in_child(fn, arg), 0);
}

/* ---- seccomp filters ---- */

struct filtered {
	long number;
	int errnum;
	int types;
	const char *message;
};

static int be_filtered(void *arg)
{
	const struct filtered *filtered = arg;

	want(own(CLONE_NEWNET | CLONE_NEWNS));
	want(refuse_call(filtered->number, filtered->errnum));
	want_said(!gons_can(filtered->types), filtered->message);
	return 0;
}

#define NO_FILTER    "; run without the filter (docker, podman: --security-opt seccomp=unconfined)"
#define FILTER(call) "a seccomp filter refuses " call NO_FILTER

static void the_message_names_the_call_that_a_seccomp_filter_refuses(void **state)
{
	struct filtered all[] = {
		{ SYS_unshare, EPERM, CLONE_NEWNET,
		  "cannot create a network namespace: Operation not permitted: " FILTER(
			  "unshare(2)") },
		{ SYS_unshare, EACCES, CLONE_NEWNET,
		  "cannot create a network namespace: Permission denied: " FILTER("unshare(2)") },
		{ SYS_unshare, ENOSYS, CLONE_NEWNET,
		  "cannot create a network namespace: Function not implemented: " FILTER(
			  "unshare(2)") },
		{ SYS_unshare, EPERM, CLONE_NEWUSER,
		  "cannot create a user namespace: Operation not permitted: " FILTER(
			  "unshare(2)") },
		{ SYS_setns, EPERM, CLONE_NEWNET,
		  "cannot create a network namespace: Operation not permitted: " FILTER(
			  "setns(2)") },
		{ SYS_chroot, EPERM, CLONE_NEWNS,
		  "cannot create a mount namespace: Operation not permitted: " FILTER(
			  "chroot(2)") },
		{ SYS_mount, EPERM, CLONE_NEWNS,
		  "cannot make this mount namespace private: Operation not permitted: " FILTER(
			  "mount(2)") },
		{ SYS_fsopen, EPERM, CLONE_NEWNET | CLONE_NEWNS,
		  "cannot create a sysfs of this network namespace: Operation not permitted: " FILTER(
			  "fsopen(2)") },
		{ SYS_fsconfig, EPERM, CLONE_NEWNET | CLONE_NEWNS,
		  "cannot create a sysfs of this network namespace: Operation not permitted: " FILTER(
			  "fsconfig(2)") },
		{ SYS_fsmount, EPERM, CLONE_NEWNET | CLONE_NEWNS,
		  "cannot mount a sysfs of this network namespace: Operation not permitted: " FILTER(
			  "fsmount(2)") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		run_as_root(be_filtered, &all[i]);
}

/* The low half of an argument. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
enum { LOW = 4 };
#else
enum { LOW = 0 };
#endif

/* unshare(2) with any of these flags (BPF_JSET), or exactly with these (BPF_JEQ). */
static bool filter_unshare(unsigned compare, unsigned flags, unsigned action)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + LOW),
		BPF_JUMP(BPF_JMP | compare | BPF_K, flags, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

#define REFUSE (SECCOMP_RET_ERRNO | EPERM)

static int be_filtered_for_types(void *arg)
{
	(void)arg;
	want(own(CLONE_NEWNET) && filter_unshare(BPF_JSET, CLONE_NEWUSER | CLONE_NEWNET, REFUSE));
	want_said(!gons_can(CLONE_NEWUSER),
		  "cannot create a user namespace: Operation not permitted: " FILTER(
			  "unshare(2) for user namespaces"));
	want_said(!gons_can(CLONE_NEWNET),
		  "cannot create a network namespace: Operation not permitted: " FILTER(
			  "unshare(2) for network namespaces"));
	want(lose_capabilities(UINT64_MAX));
	want_said(
		!gons_can(CLONE_NEWNET),
		"cannot create a network namespace: Operation not permitted: CAP_SYS_ADMIN is missing and " FILTER(
			"unshare(2) for user namespaces"));
	return 0;
}

static void the_message_names_the_types_that_a_seccomp_filter_refuses(void **state)
{
	(void)state;
	run_as_root(be_filtered_for_types, NULL);
}

/* gons cannot test this filter without creating a namespace. */
static int be_filtered_exactly(void *arg)
{
	(void)arg;
	want(own(CLONE_NEWNET) && filter_unshare(BPF_JEQ, CLONE_NEWNET, REFUSE));
	want_said(
		!gons_can(CLONE_NEWNET),
		"cannot create a network namespace: Operation not permitted: possibly a seccomp filter, which is active here, refuses it" NO_FILTER);
	return 0;
}

static void a_seccomp_filter_that_cannot_be_tested_is_named_as_possible(void **state)
{
	(void)state;
	run_as_root(be_filtered_exactly, NULL);
}

static int be_killed(void *arg)
{
	(void)arg;
	want(own(CLONE_NEWNET));
	want(filter_unshare(BPF_JSET, CLONE_NEWNET, SECCOMP_RET_KILL_PROCESS));
	want_said(
		!gons_can(CLONE_NEWNET),
		"the child process of this call ended early: Operation not permitted: a seccomp filter killed it (SIGSYS)");
	return 0;
}

static void the_message_names_a_seccomp_filter_that_kills(void **state)
{
	(void)state;
	if (SIGSYS != 31) {
		skip_for(__func__, "SIGSYS has another number here");
	}
	run_as_root(be_killed, NULL);
}

static int be_filtered_otherwise(void *arg)
{
	(void)arg;
	want(own(CLONE_NEWNET) && refuse_call(SYS_swapon, EPERM));
	want(lose_capabilities(UINT64_MAX));
	want_said(
		!gons_can(CLONE_NEWNET),
		"cannot create a network namespace: Operation not permitted: CAP_SYS_ADMIN is missing; " ADD_CAP(
			"SYS_ADMIN") ", or call gons_become_root() first");
	return 0;
}

static void an_unrelated_seccomp_filter_is_not_named(void **state)
{
	(void)state;
	run_as_root(be_filtered_otherwise, NULL);
}

/* ---- sysctls ---- */

static int be_limited_to_none(void *arg)
{
	(void)arg;
	want(own(CLONE_NEWNET | CLONE_NEWUTS) && set_limit("max_net_namespaces", "0"));
	want_said(
		!gons_can(CLONE_NEWNET),
		"cannot create a network namespace: No space left on device: the limit is reached (user.max_net_namespaces = 0); raise it");
	/* The other one of the two is the cause. */
	want_said(
		!gons_can(CLONE_NEWNET | CLONE_NEWUTS),
		"cannot create a network and UTS namespace: No space left on device: the limit is reached (user.max_net_namespaces = 0); raise it");
	want(set_limit("max_user_namespaces", "0"));
	want_said(
		!gons_can(CLONE_NEWUSER),
		"cannot create a user namespace: No space left on device: the limit is reached (user.max_user_namespaces = 0); raise it");
	want(lose_capabilities(UINT64_MAX));
	want_said(
		!gons_can(CLONE_NEWUTS),
		"cannot create a UTS namespace: Operation not permitted: CAP_SYS_ADMIN is missing and unprivileged user namespaces are disabled (user.max_user_namespaces = 0); " ADD_CAP(
			"SYS_ADMIN") " or raise the limit");
	return 0;
}

static void the_message_names_a_limit_of_0_with_its_sysctl(void **state)
{
	(void)state;
	require_writable_limits(__func__);
	gons_require(CLONE_NEWUTS);
	run_as_root(be_limited_to_none, NULL);
}

/* An ancestor's limit is reached, not the child's own. Takes as long as gons waits for the
 * kernel to destroy namespaces. */
static int be_limited_from_above(void *arg)
{
	(void)arg;
	want(own(0) && set_limit("max_uts_namespaces", "1"));
	want(own(CLONE_NEWUTS | CLONE_NEWNS) && set_limit("max_uts_namespaces", "77"));
	want_said(
		gons_enter_transient(CLONE_NEWUTS) < 0,
		"cannot create a UTS namespace: No space left on device: the limit is reached in this user namespace (user.max_uts_namespaces = 77) or in an ancestor; raise it there");
	want(mount("gons", "/proc/sys", "tmpfs", 0, NULL) == 0);
	want_said(
		gons_enter_transient(CLONE_NEWUTS) < 0,
		"cannot create a UTS namespace: No space left on device: the limit is reached in this user namespace (user.max_uts_namespaces, which cannot be read: No such file or directory) or in an ancestor; raise it there");
	return 0;
}

static void the_message_names_a_possible_limit_of_an_ancestor(void **state)
{
	(void)state;
	require_writable_limits(__func__);
	gons_require(CLONE_NEWUTS);
	run_as_root(be_limited_from_above, NULL);
}

/* ---- capabilities ---- */

static int lack_capabilities(void *arg)
{
	(void)arg;
	want(own(CLONE_NEWNS) && lose_capabilities(1ULL << CAP_SYS_CHROOT));
	want_said(
		!gons_can(CLONE_NEWNS),
		"cannot create a mount namespace: Operation not permitted: CAP_SYS_CHROOT is missing (needed to join a mount namespace); " ADD_CAP(
			"SYS_CHROOT") ", or call gons_become_root() first");
	want(lose_capabilities(1ULL << CAP_SYS_ADMIN));
	want_said(
		!gons_can(CLONE_NEWNS),
		"cannot create a mount namespace: Operation not permitted: CAP_SYS_ADMIN is missing; " ADD_CAP(
			"SYS_ADMIN") ", or call gons_become_root() first");
	return 0;
}

static void the_message_names_a_missing_capability(void **state)
{
	(void)state;
	run_as_root(lack_capabilities, NULL);
}

/* ---- root directory and procfs ---- */

static bool enter_chroot(void)
{
	return mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("gons", "/tmp", "tmpfs", 0, NULL) == 0 && mkdir("/tmp/root", 0755) == 0 &&
	       mkdir("/tmp/root/proc", 0755) == 0 &&
	       mount("/proc", "/tmp/root/proc", NULL, MS_BIND | MS_REC, NULL) == 0 &&
	       chroot("/tmp/root") == 0 && chdir("/") == 0;
}

#define NO_CHROOT                                                                                  \
	"enter the root from outside by pivot_root(2), as bwrap(1) does, and not by chroot(2)"

static int be_below_chroot(void *arg)
{
	(void)arg;
	want(own(CLONE_NEWNS | CLONE_NEWUTS) && enter_chroot());
	want_said(
		!gons_can(CLONE_NEWUSER),
		"cannot create a user namespace: Operation not permitted: the kernel refuses user namespaces to chrooted processes; " NO_CHROOT);
	want(lose_capabilities(UINT64_MAX));
	want_said(
		!gons_can(CLONE_NEWUTS),
		"cannot create a UTS namespace: Operation not permitted: CAP_SYS_ADMIN is missing and the kernel refuses user namespaces to chrooted processes; " ADD_CAP(
			"SYS_ADMIN") " or " NO_CHROOT);
	return 0;
}

static void the_message_names_a_chroot_that_prevents_user_namespaces(void **state)
{
	(void)state;
	gons_require(CLONE_NEWUTS);
	run_as_root(be_below_chroot, NULL);
}

static int be_unmapped(void *arg)
{
	char overflow[400];

	(void)arg;
	(void)snprintf(
		overflow, sizeof(overflow),
		"cannot create the directory /run/netns: %s: the user is not mapped in this user namespace, and can own no files; map it, which for user 0 takes CAP_SETFCAP (docker, podman: --cap-add SETFCAP; bwrap: --cap-add ALL, or leave out --uid 0)",
		strerror(EOVERFLOW)); /* differs between C libraries */
	want(unshare(CLONE_NEWUSER) == 0);
	want_said(
		!gons_can(CLONE_NEWUSER),
		"cannot create a user namespace: Operation not permitted: the kernel refuses user namespaces to a user or group that is not mapped in the present one; map it, which for user 0 takes CAP_SETFCAP (docker, podman: --cap-add SETFCAP; bwrap: --cap-add ALL, or leave out --uid 0)");
	want(unshare(CLONE_NEWNS) == 0 && mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	want_said(gons_mntns_private(GONS_PRIVATE_RUN) < 0, overflow);
	return 0;
}

static void the_message_names_an_unmapped_user(void **state)
{
	(void)state;
	run_as_root(be_unmapped, NULL);
}

#define ROPROC "/proc is mounted read-only; mount it writable (bwrap: --proc /proc)"

/* Id maps are written to procfs. */
static int have_a_read_only_procfs(void *arg)
{
	(void)arg;
	want(own(CLONE_NEWNS | CLONE_NEWUTS));
	want(make_read_only("/proc"));
	want_said(
		!gons_set_unshare(NULL, CLONE_NEWUSER, NULL),
		"cannot write the uid_map of a new user namespace: Read-only file system: " ROPROC);
	want_said(
		!gons_can(CLONE_NEWUSER),
		"cannot write \"deny\" to /proc/thread-self/setgroups: Read-only file system: " ROPROC);
	want(lose_capabilities(UINT64_MAX));
	want_said(
		!gons_can(CLONE_NEWUTS),
		"cannot create a UTS namespace: Operation not permitted: CAP_SYS_ADMIN is missing and no ids can be mapped in a new user namespace, since /proc is mounted read-only; " ADD_CAP(
			"SYS_ADMIN") " or mount it writable (bwrap: --proc /proc)");
	return 0;
}

static void the_message_names_a_read_only_procfs(void **state)
{
	(void)state;
	gons_require(CLONE_NEWUTS);
	run_as_root(have_a_read_only_procfs, NULL);
}

/* ---- security modules ---- */

/* All users can restrict themselves by Landlock. It forbids all changes of mounts. */
static int enter_landlock(void)
{
	const struct landlock_ruleset_attr rules = {
		.handled_access_fs = LANDLOCK_ACCESS_FS_MAKE_SOCK,
	};
	int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0);

	if (fd < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_landlock_restrict_self, fd, 0);
}

static int be_confined(void *arg)
{
	(void)arg;
	want(own(CLONE_NEWNS) && enter_landlock() == 0);
	want(!gons_can(CLONE_NEWNS));
	want(check_said_of_modules(
		"cannot make this mount namespace private: Operation not permitted: a security module",
		", such as AppArmor or Landlock,", " possibly refuses it"));
	return 0;
}

static void the_message_names_security_modules_as_possible_where_nothing_else_is_found(void **state)
{
	(void)state;
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < 0) {
		skip_for(__func__, "this kernel has no Landlock");
	}
	run_as_root(be_confined, NULL);
}

/* ---- causes that can only be read ---- */

/* Kernels, settings and modules of other machines: their files in procfs are mounted over
 * those of this one. The refusals come from the kernel, or from a filter that returns the same
 * errno. */
static bool lay_over(const char *directory)
{
	return mount("gons", directory, "tmpfs", 0, NULL) == 0;
}

static bool show(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	return fd >= 0 && close(fd) == 0 && put_text(path, text);
}

#define NO_UTS	"cannot create a UTS namespace: Operation not permitted: "
#define NO_USER "cannot create a user namespace: Operation not permitted: "
#define NO_PID	"cannot create a PID namespace: Operation not permitted: "
#define MISSING "CAP_SYS_ADMIN is missing"

struct setting {
	const char *path, *value, *cause, *remedy;
};

/* A caller without the capability gets this message, and so does one to whom a user namespace
 * is refused, here by a filter that gons cannot test. */
static int be_set(void *arg)
{
	const struct setting *setting = arg;
	char message[512];

	want(own(CLONE_NEWNS | CLONE_NEWUTS) && lay_over("/proc/sys/kernel"));
	want(lose_capabilities(UINT64_MAX) && show(setting->path, setting->value));
	(void)snprintf(message, sizeof(message), NO_UTS MISSING " and %s; %s or %s", setting->cause,
		       ADD_CAP("SYS_ADMIN"), setting->remedy);
	want_said(!gons_can(CLONE_NEWUTS), message);
	want(filter_unshare(BPF_JEQ, CLONE_NEWUSER, REFUSE));
	(void)snprintf(message, sizeof(message), NO_USER "%s; %s", setting->cause, setting->remedy);
	want_said(!gons_can(CLONE_NEWUSER), message);
	return 0;
}

static int be_set_otherwise(void *arg)
{
	const struct setting *setting = arg;

	want(own(CLONE_NEWNS | CLONE_NEWUTS) && lay_over("/proc/sys/kernel"));
	want(lose_capabilities(UINT64_MAX) && show(setting->path, setting->value));
	want_said(!gons_can(CLONE_NEWUTS),
		  NO_UTS MISSING "; " ADD_CAP("SYS_ADMIN") ", or call gons_become_root() first");
	return 0;
}

static void the_message_names_sysctls_that_restrict_user_namespaces(void **state)
{
	static const char debian[] = "/proc/sys/kernel/unprivileged_userns_clone";
	static const char ubuntu[] = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns";
	struct setting all[] = {
		{ debian, "0",
		  "unprivileged user namespaces are disabled (kernel.unprivileged_userns_clone = 0)",
		  "set that to 1" },
		{ ubuntu, "1",
		  "AppArmor leaves unprivileged user namespaces without capabilities (kernel.apparmor_restrict_unprivileged_userns = 1)",
		  "set that to 0, or give this program a profile that allows userns" },
	};
	struct setting others[] = { { debian, "1", NULL, NULL }, { ubuntu, "0", NULL, NULL } };

	(void)state;
	gons_require(CLONE_NEWUTS);
	for (int i = 0; i < 2; i++) {
		run_as_root(be_set, &all[i]);
		run_as_root(be_set_otherwise, &others[i]);
	}
}

static bool lay_over_procfs(void)
{
	return lay_over("/proc") && mkdir("/proc/thread-self", 0755) == 0 &&
	       mkdir("/proc/thread-self/ns", 0755) == 0 &&
	       mkdir("/proc/thread-self/attr", 0755) == 0 &&
	       mkdir("/proc/thread-self/attr/apparmor", 0755) == 0;
}

/* Such a kernel does not know the flags. */
static int lack_options(void *arg)
{
	(void)arg;
	want(own(CLONE_NEWNS) && lay_over_procfs() && refuse_call(SYS_unshare, EINVAL));
	want_said(
		!gons_can(CLONE_NEWPID),
		"cannot create a PID namespace: Invalid argument: this kernel was built without PID namespaces (CONFIG_PID_NS)");
	want_said(
		!gons_can(CLONE_NEWTIME),
		"cannot create a time namespace: Invalid argument: this kernel was built without time namespaces (CONFIG_TIME_NS)");
	want_said(
		!gons_can(CLONE_NEWUSER),
		"cannot create a user namespace: Invalid argument: this kernel was built without user namespaces (CONFIG_USER_NS)");
	return 0;
}

static int lack_user_namespaces(void *arg)
{
	(void)arg;
	want(own(CLONE_NEWNS) && lay_over_procfs() && lose_capabilities(UINT64_MAX));
	want_said(!gons_can(CLONE_NEWPID), NO_PID MISSING
		  " and this kernel was built without user namespaces (CONFIG_USER_NS); " ADD_CAP(
			  "SYS_ADMIN"));
	return 0;
}

static void the_message_names_a_missing_kernel_option(void **state)
{
	(void)state;
	gons_require(CLONE_NEWPID);
	run_as_root(lack_options, NULL);
	run_as_root(lack_user_namespaces, NULL);
}

static int be_labelled(void *arg)
{
	static const struct {
		const char *path, *label, *message;
	} all[] = {
		{ "/proc/thread-self/attr/current", "system_u:system_r:container_t:s0:c1,c2",
		  NO_PID
		  "a security module, for which this process is \"system_u:system_r:container_t:s0:c1,c2\", possibly refuses it" },
		{ "/proc/thread-self/attr/current", "docker-default (enforce)\n",
		  NO_PID
		  "the AppArmor profile docker-default (enforce) possibly refuses it; run without the profile (docker, podman: --security-opt apparmor=unconfined; Kubernetes: appArmorProfile.type: Unconfined)" },
		{ "/proc/thread-self/attr/apparmor/current", "unprivileged_userns (enforce)\n",
		  NO_PID
		  "the AppArmor profile unprivileged_userns (enforce) possibly refuses it; set kernel.apparmor_restrict_unprivileged_userns to 0, or give this program a profile that allows userns" },
	};

	(void)arg;
	want(own(CLONE_NEWNS) && lay_over_procfs());
	want(filter_unshare(BPF_JEQ, CLONE_NEWPID, REFUSE));
	want(show("/proc/thread-self/attr/current", "unconfined\n") && !gons_can(CLONE_NEWPID));
	want(check_said_of_modules(NO_PID "a security module", ", such as AppArmor or SELinux,",
				   " possibly refuses it"));
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		want(show(all[i].path, all[i].label) && !gons_can(CLONE_NEWPID) &&
		     check_said(all[i].message));
	return 0;
}

static void the_message_names_a_security_module_and_its_label_of_the_process(void **state)
{
	(void)state;
	gons_require(CLONE_NEWPID);
	run_as_root(be_labelled, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(the_message_names_the_call_that_a_seccomp_filter_refuses),
		check_test(the_message_names_the_types_that_a_seccomp_filter_refuses),
		check_test(a_seccomp_filter_that_cannot_be_tested_is_named_as_possible),
		check_test(the_message_names_a_seccomp_filter_that_kills),
		check_test(an_unrelated_seccomp_filter_is_not_named),
		check_test(the_message_names_a_limit_of_0_with_its_sysctl),
		check_test(the_message_names_a_possible_limit_of_an_ancestor),
		check_test(the_message_names_a_missing_capability),
		check_test(the_message_names_a_chroot_that_prevents_user_namespaces),
		check_test(the_message_names_an_unmapped_user),
		check_test(the_message_names_a_read_only_procfs),
		check_test(
			the_message_names_security_modules_as_possible_where_nothing_else_is_found),
		check_test(the_message_names_sysctls_that_restrict_user_namespaces),
		check_test(the_message_names_a_missing_kernel_option),
		check_test(the_message_names_a_security_module_and_its_label_of_the_process),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}
