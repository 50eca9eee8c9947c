/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The maps of a new user namespace: which are refused, what is written for the kernel, and, if
 * the kernel refuses a map, the arguments and the answers of newuidmap(1). The input is lines,
 *
 *     u INSIDE OUTSIDE COUNT     of the map of users
 *     g INSIDE OUTSIDE COUNT     of that of groups
 *     anything else              what newuidmap says, and fails, until the end
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "fuzz.h"
#include "gons/base/error.h"
#include "gons/sets/idmap_helper.h"
#include "gons/sets/idmap.h"

enum { MOST = 400, KERNEL_LINES = 340, KERNEL_BYTES = 4096 };

/* Numbers of descriptors that are not open. */
enum { FILE_FD = 1000, END_FD = 1001, PROC_FD = 1002 };

/* The process in the new user namespace, for the caller and for procfs. */
enum { PID = 42, NUMBER = 77 };

static struct gons_idmap lines[2][MOST];
static size_t count[2]; /* of users, of groups */
static const char *said; /* or NULL: newuidmap does it */

static struct {
	bool is_played;
	bool is_open[END_FD - FILE_FD];
	int which; /* map is being written */
	bool is_setgroups;
	int asked; /* times that newuidmap was */
} kernel;

/* ---- in the place of the calls ---- */

int __wrap_openat(int dir_fd, const char *path, int flags, ...);
int __wrap_openat64(int dir_fd, const char *path, int flags, ...);
int __real_close(int fd);
int __wrap_close(int fd);
ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);
int __wrap_gons_i_helper_run(char *const argv[], char *line, size_t size);
bool __wrap_gons_i_is_mapped(const char *path, unsigned id);

static int open_fd(int fd)
{
	check(!kernel.is_open[fd - FILE_FD]);
	kernel.is_open[fd - FILE_FD] = true;
	return fd;
}

int __wrap_openat(int dir_fd, const char *path, int flags, ...)
{
	check(kernel.is_played && dir_fd == PROC_FD && (flags & O_CLOEXEC));
	kernel.is_setgroups = strcmp(path, "77/setgroups") == 0;
	if (!kernel.is_setgroups)
		kernel.which = strcmp(path, "77/gid_map") == 0;
	check(kernel.is_setgroups || kernel.which || strcmp(path, "77/uid_map") == 0);
	return open_fd(FILE_FD);
}

/* Its name where files may be large. */
int __wrap_openat64(int dir_fd, const char *path, int flags, ...)
{
	return __wrap_openat(dir_fd, path, flags);
}

int __wrap_close(int fd)
{
	if (!kernel.is_played || (fd >= 0 && fd < FILE_FD))
		return __real_close(fd);
	check(fd < END_FD && kernel.is_open[fd - FILE_FD]);
	kernel.is_open[fd - FILE_FD] = false;
	return 0;
}

/* Whether these are the decimal digits of the number, and what is behind them. */
static const char *skip_number(const char *text, unsigned number)
{
	char digits[16];
	const int length = snprintf(digits, sizeof(digits), "%u", number);

	check(strncmp(text, digits, (size_t)length) == 0);
	return text + length;
}

static void check_text(const char *text)
{
	for (size_t i = 0; i < count[kernel.which]; i++) {
		const struct gons_idmap *line = &lines[kernel.which][i];

		text = skip_number(text, line->inside);
		check(*text++ == ' ');
		text = skip_number(text, line->outside);
		check(*text++ == ' ');
		text = skip_number(text, line->count);
		check(*text++ == '\n');
	}
	check(*text == '\0');
}

ssize_t __wrap_write(int fd, const void *data, size_t size)
{
	if (!kernel.is_played)
		return __real_write(fd, data, size);
	check(fd == FILE_FD);
	if (kernel.is_setgroups) {
		check(size == 4 && memcmp(data, "deny", 4) == 0);
		return (ssize_t)size;
	}
	check(strlen(data) == size && size < KERNEL_BYTES);
	check_text(data);
	errno = EPERM;
	return -1;
}

int __wrap_gons_i_helper_run(char *const argv[], char *line, size_t size)
{
	const struct gons_idmap *map = lines[kernel.which];
	size_t n = 2;

	check(strcmp(argv[0], kernel.which ? "newgidmap" : "newuidmap") == 0);
	check(atoi(argv[1]) == PID);
	for (size_t i = 0; i < count[kernel.which]; i++) {
		check(*skip_number(argv[n++], map[i].inside) == '\0');
		check(*skip_number(argv[n++], map[i].outside) == '\0');
		check(*skip_number(argv[n++], map[i].count) == '\0');
	}
	check(!argv[n]);
	kernel.asked++;
	(void)snprintf(line, size, "%.*s", said ? (int)strcspn(said, "\n") : 0, said ? said : "");
	return said ? -1 : 0;
}

/* Whichever user namespace this runs in. */
bool __wrap_gons_i_is_mapped(const char *path, unsigned id)
{
	(void)path;
	(void)id;
	return true;
}

/* ---- what must come of it ---- */

static bool meet(uint64_t a, uint64_t n_a, uint64_t b, uint64_t n_b)
{
	return a < b + n_b && b < a + n_a;
}

static bool is_good(const struct gons_idmap *map, size_t n)
{
	const uint64_t end = 0xffffffff;
	size_t bytes = 0;

	for (size_t i = 0; i < n; i++) {
		if (map[i].count == 0 || (uint64_t)map[i].inside + map[i].count > end ||
		    (uint64_t)map[i].outside + map[i].count > end)
			return false;
		for (size_t j = i + 1; j < n; j++)
			if (meet(map[i].inside, map[i].count, map[j].inside, map[j].count) ||
			    meet(map[i].outside, map[i].count, map[j].outside, map[j].count))
				return false;
		bytes += (size_t)snprintf(NULL, 0, "%u %u %u\n", map[i].inside, map[i].outside,
					  map[i].count);
	}
	return n <= KERNEL_LINES && bytes < KERNEL_BYTES;
}

/* A map of just this process's own id: nobody else may do more. */
static bool is_own(int which)
{
	return count[which] == 1 && lines[which][0].count == 1 &&
	       lines[which][0].outside == (which ? getegid() : geteuid());
}

/* newuidmap is asked unless there is no map, or just its own id; what follows a failure is not. */
static void check_outcome(int result)
{
	int asked = 0;
	bool fails = false;

	for (int which = 0; which < 2 && !fails; which++) {
		if (count[which] == 0)
			continue;
		asked += !is_own(which);
		fails = is_own(which) || said;
	}
	check(kernel.asked == asked);
	check(result == (fails ? -1 : 0));
	check(!fails || errno == EPERM);
}

/* The first line that it says is in the message, cut where it is long. A cause may follow, as where
 * no_new_privs is set. */
static void check_sentence(void)
{
	char words[300];
	size_t length = strcspn(said, "\n");

	if (length > 255)
		length = 255;
	(void)snprintf(words, sizeof(words), ": %.*s", (int)length, said);
	check(strstr(gons_error(), words));
}

static void write_them(const struct gons_idmaps *maps)
{
	int result;

	memset(&kernel, 0, sizeof(kernel));
	kernel.is_played = true;
	result = gons_i_idmaps_write(
		&(struct gons_i_idmaps_target){ .pid = PID, .number = NUMBER, .proc_fd = PROC_FD },
		maps);
	kernel.is_played = false;
	check_outcome(result);
	if (kernel.asked > 0 && result < 0 && !is_own(kernel.which))
		check_sentence();
	for (int fd = FILE_FD; fd < END_FD; fd++)
		check(!kernel.is_open[fd - FILE_FD]);
}

/* ---- the input ---- */

static bool add(char *line)
{
	const int which = line[0] == 'g';
	struct gons_idmap *map = &lines[which][count[which]];

	if ((line[0] != 'u' && line[0] != 'g') || line[1] != ' ' || count[which] == MOST)
		return false;
	map->inside = (unsigned)strtoul(line + 1, &line, 10);
	map->outside = (unsigned)strtoul(line, &line, 10);
	map->count = (unsigned)strtoul(line, &line, 10);
	count[which]++;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gons_idmaps maps;
	char *text = strndup((const char *)data, size), *line = text, *end;

	/* gons does not run newuidmap where it could not gain the capability. */
	if (prctl(PR_CAPBSET_READ, CAP_SETUID) == 0 || prctl(PR_CAPBSET_READ, CAP_SETGID) == 0) {
		(void)fprintf(stderr, "gons: skipped: fuzz-idmap: the bounding set lacks "
				      "CAP_SETUID or CAP_SETGID\n");
		exit(77);
	}
	check(text);
	count[0] = count[1] = 0;
	for (; *line != '\0' && add(line); line = end ? end + 1 : strchr(line, '\0'))
		end = strchr(line, '\n');
	said = *line == '\0' ? NULL : line;
	maps = (struct gons_idmaps){ lines[0], count[0], lines[1], count[1] };
	gons_i_failure_clear(0);
	if (gons_i_idmaps_check(&maps) == 0) {
		check(is_good(lines[0], count[0]) && is_good(lines[1], count[1]));
		write_them(&maps);
	} else {
		check(!is_good(lines[0], count[0]) || !is_good(lines[1], count[1]));
		check(errno == EINVAL && gons_error()[0] != '\0');
	}
	free(text);
	return 0;
}
