/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters, raw sockets and sysctls of a network namespace. The thread must be in the namespace to
 * read them from procfs.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gons/base/error.h"
#include "gons/base/signal_safe_read.h"
#include "test/state.h"

/* ---- counters ---- */

static void add_counter(struct gons_i_state *state, const char *group, const char *name,
			uint64_t value)
{
	struct gons_i_state_counter *counter;

	if (value == 0)
		return;
	counter = GONS_I_ADD(state, counters);
	if (!counter)
		return;
	(void)snprintf(counter->name, sizeof(counter->name), "%s%s", group, name);
	counter->value = value;
}

/* A line of names and a line of values, each beginning with the group: "Udp: NoPorts". */
static void read_table(struct gons_i_state *state, char *names, char *values)
{
	char *next_name, *next_value;
	const char *group = strtok_r(names, ":", &next_name);
	const char *name, *value;

	(void)strtok_r(values, ":", &next_value);
	while ((name = strtok_r(NULL, " \n", &next_name)) &&
	       (value = strtok_r(NULL, " \n", &next_value)))
		if (value[0] != '-') /* "MaxConn -1": there is no limit */
			add_counter(state, group, name, strtoull(value, NULL, 10));
}

/* A missing file is no error: the kernel may be built without this protocol. */
static FILE *open_file(struct gons_i_state *state, const char *path)
{
	FILE *file = fopen(path, "re");

	if (!file && errno != ENOENT)
		gons_i_state_incomplete(state, "cannot read %s: %s", path,
					gons_i_errno_text(errno));
	return file;
}

/* Closes a file that was read. If its end was not reached, the state is incomplete. */
static void close_file(struct gons_i_state *state, const char *path, FILE *file)
{
	if (!file)
		return;
	if (!feof(file))
		gons_i_state_incomplete(state, "cannot read all of %s", path);
	(void)fclose(file);
}

static void read_tables(struct gons_i_state *state, const char *path)
{
	FILE *file = open_file(state, path);
	char *names = NULL, *values = NULL;
	size_t names_room = 0, values_room = 0;

	while (file && getline(&names, &names_room, file) > 0 &&
	       getline(&values, &values_room, file) > 0)
		read_table(state, names, values);
	close_file(state, path, file);
	free(names);
	free(values);
}

/* Lines such as "Udp6NoPorts 7". */
static void read_pairs(struct gons_i_state *state, const char *path)
{
	FILE *file = open_file(state, path);
	unsigned long long value;
	char name[48];

	while (file && fscanf(file, "%47s %llu", name, &value) == 2)
		add_counter(state, "", name, value);
	close_file(state, path, file);
}

/* ---- raw sockets ---- */

/* An address as eight hexadecimal digits for each 32 bits, in the byte order of the machine. */
static bool read_address(const char *text, uint8_t family, struct gons_i_ip *ip)
{
	const size_t words = family == AF_INET ? 1 : 4;

	if (strlen(text) != 8 * words)
		return false;
	ip->family = family;
	for (size_t i = 0; i < words; i++) {
		char digits[9] = "";
		uint32_t word;

		memcpy(digits, text + 8 * i, 8);
		word = (uint32_t)strtoul(digits, NULL, 16);
		memcpy(ip->bytes + 4 * i, &word, sizeof(word));
	}
	return true;
}

/* In these files the port of a socket is its protocol. */
static void read_raw_sockets(struct gons_i_state *state, const char *path, uint8_t family)
{
	FILE *file = open_file(state, path);
	struct gons_i_state_socket read = { .protocol = IPPROTO_RAW };
	char *line = NULL;
	size_t room = 0;

	while (file && getline(&line, &room, file) > 0) {
		struct gons_i_state_socket *socket;
		char local[33], remote[33];
		unsigned protocol;

		if (sscanf(line,
			   " %*u: %32[0-9A-F]:%x %32[0-9A-F]:%*x %*x %*x:%*x %*x:%*x %*x %u %*d %u",
			   local, &protocol, remote, &read.uid, &read.inode) != 5 ||
		    !read_address(local, family, &read.local) ||
		    !read_address(remote, family, &read.remote))
			continue;
		read.local_port = (uint16_t)protocol;
		socket = GONS_I_ADD(state, sockets);
		if (socket)
			*socket = read;
	}
	close_file(state, path, file);
	free(line);
}

/* ---- sysctls ---- */

enum { DEPTH = 5 };

/* Whether to leave out a sysctl: its value changes all the time, is random, or takes long to
 * read. */
static bool is_left_out(const char *name)
{
	static const char *const parts[] = { "stable_secret", "nf_conntrack", "netdev_rss_key",
					     "flush",	      "nf_log",	      "tcp_mem",
					     "udp_mem",	      "_hash_entries" };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strstr(name, parts[i]))
			return true;
	return false;
}

static void read_sysctl(struct gons_i_state *state, int dir_fd, const char *file, const char *name)
{
	cleanup_fd int fd = openat(dir_fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct gons_i_state_sysctl *sysctl;
	char value[64];
	ssize_t length = fd < 0 ? -1 : gons_i_read(fd, value, sizeof(value) - 1);

	if (length < 0)
		return;
	value[length] = '\0';
	value[strcspn(value, "\n")] = '\0';
	for (char *c = value; *c; c++)
		if (*c == '\t')
			*c = ' ';
	sysctl = GONS_I_ADD(state, sysctls);
	if (!sysctl)
		return;
	(void)snprintf(sysctl->name, sizeof(sysctl->name), "%s", name);
	(void)snprintf(sysctl->value, sizeof(sysctl->value), "%s", value);
}

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than DEPTH */
static void read_sysctls(struct gons_i_state *state, int parent_fd, const char *name,
			 const char *full_name, int depth)
{
	int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir) {
		gons_i_state_incomplete(state, "cannot list the sysctls below %s: %s", full_name,
					gons_i_errno_text(errno));
		gons_i_close_fd(&fd);
		return;
	}
	while (errno = 0, (entry = readdir(dir))) {
		char below[96];
		struct stat st;

		if (entry->d_name[0] == '.' ||
		    (size_t)snprintf(below, sizeof(below), "%s.%s", full_name, entry->d_name) >=
			    sizeof(below) ||
		    is_left_out(below) || fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISDIR(st.st_mode) && depth < DEPTH)
			read_sysctls(state, fd, entry->d_name, below, depth + 1);
		else if (S_ISREG(st.st_mode) && (st.st_mode & 0444))
			read_sysctl(state, fd, entry->d_name, below);
	}
	if (errno != 0)
		gons_i_state_incomplete(state, "cannot list the sysctls below %s: %s", full_name,
					gons_i_errno_text(errno));
	(void)closedir(dir);
}

/* ---- in the namespace ---- */

static void read_here(void *arg)
{
	struct gons_i_state *state = arg;

	read_tables(state, "/proc/thread-self/net/snmp");
	read_tables(state, "/proc/thread-self/net/netstat");
	read_pairs(state, "/proc/thread-self/net/snmp6");
	read_raw_sockets(state, "/proc/thread-self/net/raw", AF_INET);
	read_raw_sockets(state, "/proc/thread-self/net/raw6", AF_INET6);
	read_sysctls(state, AT_FDCWD, "/proc/sys/net", "net", 0);
}

void gons_i_state_read_procfs(int nsfd, struct gons_i_state *state)
{
	if (nsfd <= 0)
		read_here(state);
	else if (gons_execute(nsfd, read_here, state) < 0)
		gons_i_state_incomplete(state, "%s", gons_error());
}
