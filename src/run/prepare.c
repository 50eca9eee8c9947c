/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Creates the namespaces of the command. This process enters them itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <gons/mntns.h>
#include <gons/net.h>
#include <gons/netns.h>
#include <gons/privilege.h>
#include <gons/set.h>

#include "gons/diagnosis/container.h"
#include "run.h"

/* ---- what the machine cannot do ---- */

static bool lists_word(const char *list, const char *word)
{
	const size_t length = strlen(word);

	while (list && *list) {
		const size_t here = strcspn(list, ", \t\n");

		if (here == length && strncmp(list, word, length) == 0)
			return true;
		list += here + (list[here] != '\0');
	}
	return false;
}

static bool requires_word(const struct options *options, const char *word)
{
	return lists_word(options->require, word) || lists_word(getenv("GONS_REQUIRE"), word);
}

/* Whether --require or GONS_REQUIRE lists one of these types, and a listed one is the refused
 * one. */
static bool requires_any(const struct options *options, int types)
{
	int named = 0;

	if (requires_word(options, "1"))
		return true;
	for (unsigned bit = 0; bit < 31; bit++) {
		const int type = types & (int)(1U << bit);

		if (type != 0 && gons_type_name(type) &&
		    requires_word(options, gons_type_name(type)))
			named |= type;
	}
	if (named == 0 || named == types)
		return named != 0;
	return !gons_can(named) || gons_can(types & ~named);
}

/* Whether one of the kinds of links that a plan needs is listed. */
static bool requires_links(const struct options *options)
{
	return options->plan &&
	       (requires_word(options, "veth") || requires_word(options, "bridge"));
}

/* Complains about a failed call of gons. Returns STATUS_IMPOSSIBLE if the machine cannot create
 * namespaces of these types and need not, or else STATUS_FAILURE. */
static int complain_refused(const struct options *options, int types)
{
	char *why;
	bool is_required;

	switch (errno) {
	case EPERM:
	case EACCES:
	case ENOSPC:
	case ENOSYS:
	case EINVAL:
	case ENOENT:
	case EROFS:
	case EOPNOTSUPP: /* no such kind of link */
		break;
	default:
		return complain(STATUS_FAILURE, "%s", gons_error());
	}
	is_required = errno == EOPNOTSUPP && requires_links(options);
	why = strdup(gons_error());
	is_required |= requires_any(options, types);
	(void)complain(0, "%s", why ? why : "out of memory");
	free(why);
	return is_required ? STATUS_FAILURE : STATUS_IMPOSSIBLE;
}

/* Complains about a failed call of gons. */
static int complain_failed(void)
{
	return complain(STATUS_FAILURE, "%s", gons_error());
}

/* ---- the steps ---- */

/* Whether to enter the namespaces without gons_become_root(), which tries out more than the command
 * needs. If entering fails, enter_new() calls it. */
static bool may_try_at_once(const struct options *options)
{
	return !(options->types & CLONE_NEWUSER) && !options->in && !options->no_net &&
	       !options_need_supervisor(options) && gons_has_cap(CAP_SYS_ADMIN) &&
	       gons_has_cap(CAP_SYS_CHROOT) && gons_has_cap(CAP_NET_ADMIN);
}

static bool write_once(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool is_written = fd >= 0 && write(fd, text, strlen(text)) >= 0;
	int errnum = errno;

	if (fd >= 0)
		(void)close(fd);
	errno = errnum;
	return is_written;
}

/* In place of gons_become_root() and gons_enter_user_namespace(), which leave the network, too. */
static int leave_all_but_network(const struct options *options)
{
	const unsigned uid = geteuid(), gid = getegid();
	const bool is_kept = options->map_current_user;
	char uid_map[64], gid_map[64];

	if (!gons_can(CLONE_NEWUSER | CLONE_NEWNS))
		return complain_refused(options, CLONE_NEWUSER | CLONE_NEWNS);
	(void)snprintf(uid_map, sizeof(uid_map), "%u %u 1", is_kept ? uid : 0, uid);
	(void)snprintf(gid_map, sizeof(gid_map), "%u %u 1", is_kept ? gid : 0, gid);
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP) <
		    0 ||
	    !write_once("/proc/self/uid_map", uid_map) ||
	    !write_once("/proc/self/setgroups", "deny") ||
	    !write_once("/proc/self/gid_map", gid_map))
		return complain(STATUS_FAILURE, "cannot enter a new user namespace: %s",
				strerror(errno));
	return -1;
}

int get_capabilities(const struct options *options)
{
	const struct gons_idmap uid = { .inside = geteuid(), .outside = geteuid(), .count = 1 };
	const struct gons_idmap gid = { .inside = getegid(), .outside = getegid(), .count = 1 };
	const struct gons_idmaps maps = { .uid = &uid, .n_uid = 1, .gid = &gid, .n_gid = 1 };
	int result;

	if (may_try_at_once(options))
		return -1;
	if (options->no_net)
		return !(options->types & CLONE_NEWUSER) && gons_can(CLONE_NEWNS)
			       ? -1
			       : leave_all_but_network(options);
	if (options->types & CLONE_NEWUSER)
		result = gons_enter_user_namespace(options->map_current_user ? &maps : NULL);
	else
		result = gons_become_root();
	return result == 0 ? -1
			   : complain_refused(options, CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS);
}

/* The name of the variable with the path of a host's network namespace: GONS_HOST_, and the name of
 * the host with _ for - and . in it. */
enum { HOST_VARIABLE_SIZE = 64 };
static void host_variable(const char *host, char variable[HOST_VARIABLE_SIZE])
{
	int length = snprintf(variable, HOST_VARIABLE_SIZE, "GONS_HOST_%.40s", host);

	for (int i = 0; i < length; i++)
		if (variable[i] == '-' || variable[i] == '.')
			variable[i] = '_';
}

static int enter_host(const struct options *options)
{
	char variable[HOST_VARIABLE_SIZE];
	const char *path;
	int nsfd;

	host_variable(options->in, variable);
	path = getenv(variable);
	if (!path)
		return complain(STATUS_FAILURE,
				"cannot find the host \"%s\": the variable %s is not set; use --in "
				"in a command of gons-run --plan with this host",
				options->in, variable);
	nsfd = gons_open(path, CLONE_NEWNET);
	/* Not a skip: the machine can create namespaces, as the other gons-run has done. */
	return nsfd >= 0 && gons_enter(nsfd) == 0 ? -1 : complain_failed();
}

int set_host_variables(const struct gons_net *net, pid_t owner)
{
	const char *name;

	for (size_t i = 0; net && (name = gons_net_host_name(net, i)); i++) {
		char variable[HOST_VARIABLE_SIZE], path[64];

		host_variable(name, variable);
		(void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", owner,
			       gons_net_nsfd(net, name));
		if (setenv(variable, path, 1) < 0)
			return complain(STATUS_FAILURE, "out of memory");
	}
	return -1;
}

static int draw(const struct options *options, const struct gons_net *net)
{
	if (!options->draw)
		return -1;
	if (gons_net_draw(net, stdout) < 0)
		return complain_failed();
	if (fflush(stdout) != 0)
		return complain(STATUS_FAILURE, "cannot write the drawing: %s", strerror(errno));
	return options->command ? -1 : 0;
}

static int create_plan(const struct options *options, struct gons_net **ret_net)
{
	const int types = options->sysfs == SYSFS_NONE ? 0 : CLONE_NEWNS | CLONE_NEWUTS;
	const gons_set *host;
	int status;

	*ret_net = gons_net_new(options->plan, types);
	if (!*ret_net)
		return errno == EINVAL ? complain_failed()
				       : complain_refused(options, CLONE_NEWNET | types);
	status = draw(options, *ret_net);
	if (status >= 0 || !options->host)
		return status;
	host = gons_net_host(*ret_net, options->host);
	if (!host)
		return complain_failed();
	return gons_set_enter(host) == 0 ? -1 : complain_refused(options, gons_set_types(host));
}

/* The first attempt fails in a process that is root only in its user namespace: it could not return
 * to the namespaces outside. */
static int enter_new(const struct options *options, int types)
{
	if (gons_enter_transient(types) == 0)
		return 0;
	if ((errno != EPERM && errno != EACCES) || !may_try_at_once(options) ||
	    gons_become_root() < 0)
		return -1;
	return gons_enter_transient(types);
}

static int mount_sysfs(const struct options *options)
{
	const int types = CLONE_NEWNET | CLONE_NEWNS;
	int result = 0;

	if (options->no_net)
		return -1;
	if (options->sysfs == SYSFS_RO)
		result = gons_mntns_mount_sysfs_ro();
	else if (options->sysfs == SYSFS_RW)
		result = gons_mntns_mount_sysfs_rw();
	return result == 0 ? -1 : complain_refused(options, types);
}

static int set_host_name(const struct options *options)
{
	if (!options->uts_name || sethostname(options->uts_name, strlen(options->uts_name)) == 0)
		return -1;
	return complain(STATUS_FAILURE, "cannot set the host name to %s: %s", options->uts_name,
			strerror(errno));
}

/* The kernel's defaults of sysctls that a new network namespace may inherit from the machine, or
 * that differ between kernels. */
static const struct {
	const char *name, *value;
} hermetic_sysctls[] = {
	{ "net.ipv4.conf.all.forwarding", "0" },
	{ "net.ipv4.conf.default.forwarding", "0" },
	{ "net.ipv4.conf.all.rp_filter", "0" },
	{ "net.ipv4.conf.default.rp_filter", "0" },
	{ "net.ipv4.ip_nonlocal_bind", "0" },
	{ "net.ipv4.ip_unprivileged_port_start", "1024" },
	{ "net.ipv4.ping_group_range", "0 4294967294" },
	{ "net.ipv6.conf.all.disable_ipv6", "0" },
	{ "net.ipv6.conf.default.disable_ipv6", "0" },
	{ "net.ipv6.conf.all.forwarding", "0" },
	{ "net.ipv6.conf.default.forwarding", "0" },
};

/* The kernel accepts only groups that the user namespace maps: often this is group 0 alone. */
static int set_ping_group_range(const char *name)
{
	return gons_netns_sysctl_set(-1, name, "0 4294967294") == 0 ||
			       gons_netns_sysctl_set(-1, name, "0 0") == 0
		       ? 0
		       : -1;
}

/* in_host: the command is in a host of a plan, and the plan sets which hosts forward. */
static int set_hermetic_sysctls(bool in_host)
{
	for (size_t i = 0; i < sizeof(hermetic_sysctls) / sizeof(hermetic_sysctls[0]); i++) {
		const char *name = hermetic_sysctls[i].name;
		int result;

		if (in_host && strstr(name, "forwarding"))
			continue;
		result = strstr(name, "ping_group_range")
				 ? set_ping_group_range(name)
				 : gons_netns_sysctl_set(-1, name, hermetic_sysctls[i].value);

		if (result < 0 && errno != ENOENT) /* ENOENT: this kernel does not have it */
			return complain_failed();
	}
	return -1;
}

static int set_sysctls(const struct options *options)
{
	int status = options->hermetic ? set_hermetic_sysctls(options->host) : -1;

	for (size_t i = 0; i < options->n_sysctls && status < 0; i++) {
		const char *value =
			strchr(options->sysctls[i], '=') + 1; /* options.c has checked it */
		char name[256];

		(void)snprintf(name, sizeof(name), "%.*s", (int)(value - options->sysctls[i] - 1),
			       options->sysctls[i]);
		if (gons_netns_sysctl_set(-1, name, value) < 0)
			status = complain_failed();
	}
	return status;
}

/* The first process of the new PID namespace is one of gons: it waits for orphans. When gons-run
 * ends, it ends, and so do all processes in the namespace. */
static gons_set *pid_set; /* is never closed: the namespace ends with it */

static int create_pid_namespace(const struct options *options)
{
	if (!(options->types & CLONE_NEWPID))
		return -1;
	pid_set = gons_set_unshare(NULL, CLONE_NEWPID, NULL);
	return pid_set ? -1 : complain_refused(options, CLONE_NEWPID);
}

int enter_pid_namespace(void)
{
	/* gons_enter() would fail if the thread could not return, as in a user namespace. */
	if (!pid_set || setns(gons_set_fd(pid_set, CLONE_NEWPID), CLONE_NEWPID) == 0)
		return -1;
	return complain(STATUS_FAILURE, "cannot enter the new PID namespace: %s", strerror(errno));
}

int prepare_procfs(const struct options *options)
{
	int errnum;

	if (gons_enter_transient(CLONE_NEWNS) < 0)
		return complain_refused(options, CLONE_NEWNS);
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0)
		return -1;
	errnum = errno;
	return complain(requires_any(options, CLONE_NEWPID) ? STATUS_FAILURE : STATUS_IMPOSSIBLE,
			"cannot mount /proc of the new PID namespace: %s: possibly parts of /proc "
			"are masked, as in a container; " GONS_I_UNMASK_CONTAINER,
			strerror(errnum));
}

int prepare(const struct options *options, struct gons_net **ret_net)
{
	const int transient = options->types & (CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP);
	const bool in_host = options->plan && options->host;
	const bool has_names = in_host && options->sysfs != SYSFS_NONE;
	/* A host has an /etc/hosts with the names of all hosts, which must not be replaced. */
	const int private_dirs = options->private_dirs & ~(has_names ? GONS_PRIVATE_NAMES : 0);
	int types = transient | CLONE_NEWNS;
	int status;

	*ret_net = NULL;
	if (!options->no_net && !options->in && !in_host)
		types |= CLONE_NEWNET;
	if (has_names)
		types &= ~(CLONE_NEWNS | CLONE_NEWUTS); /* the host has these namespaces */
	if ((options->plan && (status = create_plan(options, ret_net)) >= 0) ||
	    (options->in && (status = enter_host(options)) >= 0))
		return status;
	if (types != 0 && enter_new(options, types) < 0)
		return complain_refused(options, types);
	/* A host has a read-only /sys already. */
	if (((!in_host || options->sysfs == SYSFS_RW) && (status = mount_sysfs(options)) >= 0) ||
	    (status = set_host_name(options)) >= 0)
		return status;
	if ((types & CLONE_NEWNET) && !options->no_loopback && gons_netns_loopback_up() < 0)
		return complain_refused(options, CLONE_NEWNET);
	if (private_dirs && gons_mntns_private(private_dirs) < 0)
		return complain_refused(options, CLONE_NEWNS);
	if ((status = set_sysctls(options)) >= 0)
		return status;
	return create_pid_namespace(options);
}
