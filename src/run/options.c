/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gons/mntns.h>

#include "run.h"

static const char help[] =
	"usage: gons-run [OPTION...] [--] COMMAND [ARGUMENT...]\n"
	"Runs a command in new network and mount namespaces. Its network has a loopback link and no\n"
	"other link, /sys shows that network, and the command cannot reach the machine's network.\n"
	"\n"
	"Namespaces:\n"
	"  -p, --pid               also a new PID namespace, with its own /proc\n"
	"  -u, --uts[=NAME]        also a new UTS namespace, with this host name\n"
	"  -i, --ipc               also a new IPC namespace\n"
	"  -C, --cgroup            also a new cgroup namespace\n"
	"  -U, --user              also a new user namespace, for root too\n"
	"      --map-current-user  a new user namespace in which user and group keep their ids\n"
	"      --no-net            create no network namespace, and mount no /sys\n"
	"      --no-sys            mount no new /sys\n"
	"      --sys=ro|rw         mount a read-only (default) or writable /sys\n"
	"      --no-loopback       leave the loopback link down\n"
	"      --in=HOST           run in the network namespace of a host of the gons-run that has\n"
	"                          started this one\n"
	"Files and settings:\n"
	"      --private=LIST      private files: run (/run), tmp (/tmp and /var/tmp), names\n"
	"                          (/etc/hosts, /etc/resolv.conf and /etc/nsswitch.conf)\n"
	"      --sysctl NAME=VALUE set a sysctl of the network; may be given several times\n"
	"      --hermetic          all private files, and sysctls with the kernel's defaults\n"
	"Networks:\n"
	"      --plan=TEXT|@FILE   a network of several hosts: \"client -- router -- server\"\n"
	"      --host=NAME         run the command in this host of the plan\n"
	"      --draw              write the plan as a Graphviz drawing to standard output\n"
	"When the command fails or takes too long:\n"
	"      --timeout=SECONDS   end the command after that time, with status 124\n"
	"      --on-failure=LIST   report, shell, hold: what to do after a failure\n"
	"      --capture           record packets\n"
	"      --artifacts=DIR     write report and packets of a failure into files there\n"
	"      --require=WORDS     exit with status 125 instead of 77 when the machine cannot create\n"
	"                          the namespaces in this list (1, net, mnt, ...)\n"
	"\n"
	"      --help              write this\n"
	"      --version           write the version\n"
	"\n"
	"Exit status: that of the command; 77 when the machine cannot create the namespaces, 124\n"
	"after a timeout, 125 when gons-run itself fails, 126 when the command cannot be executed,\n"
	"127 when it is not found.\n";

enum {
	OPTION_MAP_CURRENT_USER = 256,
	OPTION_NO_NET,
	OPTION_NO_SYS,
	OPTION_SYS,
	OPTION_NO_LOOPBACK,
	OPTION_IN,
	OPTION_PRIVATE,
	OPTION_SYSCTL,
	OPTION_HERMETIC,
	OPTION_PLAN,
	OPTION_HOST,
	OPTION_DRAW,
	OPTION_TIMEOUT,
	OPTION_ON_FAILURE,
	OPTION_CAPTURE,
	OPTION_ARTIFACTS,
	OPTION_REQUIRE,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option long_options[] = {
	{ "pid", no_argument, NULL, 'p' },
	{ "uts", optional_argument, NULL, 'u' },
	{ "ipc", no_argument, NULL, 'i' },
	{ "cgroup", no_argument, NULL, 'C' },
	{ "user", no_argument, NULL, 'U' },
	{ "map-current-user", no_argument, NULL, OPTION_MAP_CURRENT_USER },
	{ "no-net", no_argument, NULL, OPTION_NO_NET },
	{ "no-sys", no_argument, NULL, OPTION_NO_SYS },
	{ "sys", required_argument, NULL, OPTION_SYS },
	{ "no-loopback", no_argument, NULL, OPTION_NO_LOOPBACK },
	{ "in", required_argument, NULL, OPTION_IN },
	{ "private", required_argument, NULL, OPTION_PRIVATE },
	{ "sysctl", required_argument, NULL, OPTION_SYSCTL },
	{ "hermetic", no_argument, NULL, OPTION_HERMETIC },
	{ "plan", required_argument, NULL, OPTION_PLAN },
	{ "host", required_argument, NULL, OPTION_HOST },
	{ "draw", no_argument, NULL, OPTION_DRAW },
	{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
	{ "on-failure", required_argument, NULL, OPTION_ON_FAILURE },
	{ "capture", no_argument, NULL, OPTION_CAPTURE },
	{ "artifacts", required_argument, NULL, OPTION_ARTIFACTS },
	{ "require", required_argument, NULL, OPTION_REQUIRE },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ NULL, 0, NULL, 0 },
};

int complain(int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)fputs("gons-run: ", stderr);
	(void)vfprintf(stderr, format, args);
	(void)fputc('\n', stderr);
	va_end(args);
	return status;
}

/* ---- values ---- */

/* Returns the flags of the words in a list that is separated by commas. */
static int read_list(const char *option, const char *list, const char *accepted,
		     const char *const names[], const int flags[], int *ret_flags)
{
	*ret_flags = 0;
	do {
		size_t length = strcspn(list, ",");
		size_t i = 0;

		while (names[i] &&
		       (strlen(names[i]) != length || strncmp(names[i], list, length) != 0))
			i++;
		if (!names[i])
			return complain(STATUS_FAILURE,
					"%s is a list of %s, separated by commas; \"%.*s\" is "
					"none of them",
					option, accepted, (int)length, list);
		*ret_flags |= flags[i];
		list += length + (list[length] == ',');
	} while (*list);
	return -1;
}

static int read_private(const char *list, struct options *options)
{
	static const char *const names[] = { "run", "tmp", "names", NULL };
	static const int flags[] = { GONS_PRIVATE_RUN, GONS_PRIVATE_TMP, GONS_PRIVATE_NAMES };

	return read_list("--private", list, "run, tmp and names", names, flags,
			 &options->private_dirs);
}

static int read_on_failure(const char *list, struct options *options)
{
	static const char *const names[] = { "report", "shell", "hold", NULL };
	static const int flags[] = { ON_FAILURE_REPORT, ON_FAILURE_SHELL, ON_FAILURE_HOLD };

	return read_list("--on-failure", list, "report, shell and hold", names, flags,
			 &options->on_failure);
}

static int read_sys(const char *value, struct options *options)
{
	if (strcmp(value, "ro") == 0)
		options->sysfs = SYSFS_RO;
	else if (strcmp(value, "rw") == 0)
		options->sysfs = SYSFS_RW;
	else
		return complain(STATUS_FAILURE, "--sys must be ro or rw; it is \"%s\"", value);
	return -1;
}

static int read_timeout(const char *value, struct options *options)
{
	char *end;
	double seconds;

	errno = 0;
	seconds = strtod(value, &end);
	if (end == value || *end != '\0' || errno != 0 || !isfinite(seconds) || seconds < 0.001 ||
	    seconds > 1e9)
		return complain(STATUS_FAILURE,
				"--timeout must be a number of seconds from 0.001 to 1e9, such as "
				"30 or 0.5; it is \"%s\"",
				value);
	options->timeout = seconds;
	return -1;
}

static int read_sysctl(const char *value, struct options *options)
{
	const char **sysctls;

	if (value[0] == '=' || !strchr(value, '='))
		return complain(STATUS_FAILURE,
				"--sysctl must be NAME=VALUE, such as net.ipv4.ip_forward=1; it is "
				"\"%s\"",
				value);
	sysctls = realloc(options->sysctls, (options->n_sysctls + 1) * sizeof(*sysctls));
	if (!sysctls)
		return complain(STATUS_FAILURE, "out of memory");
	options->sysctls = sysctls;
	options->sysctls[options->n_sysctls++] = value;
	return -1;
}

/* Returns the text of a file and a '\0', to be freed by the caller; or NULL with errno. */
static char *read_file(const char *path)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	size_t size = 0, room = 0;
	char *text = NULL;

	while (file && !ferror(file) && !feof(file)) {
		if (size + 1 >= room) {
			char *larger = realloc(text, room = 2 * room + 4096);

			if (!larger)
				break;
			text = larger;
		}
		size += fread(text + size, 1, room - size - 1, file);
	}
	if (!file || ferror(file) || !feof(file)) {
		free(text);
		text = NULL;
	} else if (text) {
		text[size] = '\0';
	}
	if (file && file != stdin)
		(void)fclose(file);
	return text;
}

static int read_plan(const char *value, struct options *options)
{
	free(options->plan);
	options->plan = value[0] == '@' ? read_file(value + 1) : strdup(value);
	if (options->plan)
		return -1;
	return complain(STATUS_FAILURE, "cannot read the plan %s: %s", value, strerror(errno));
}

static int read_uts(const char *value, struct options *options)
{
	options->types |= CLONE_NEWUTS;
	options->uts_name = value;
	if (!value || (value[0] != '\0' && strlen(value) <= 64)) /* __NEW_UTS_LEN */
		return -1;
	return complain(STATUS_FAILURE, "--uts must be a host name of 1 to 64 bytes; it is \"%s\"",
			value);
}

/* Any word is accepted: a list like GONS_REQUIRE may also have kinds of links. */
static int read_require(const char *list, struct options *options)
{
	options->require = list;
	if (list[strspn(list, ", \t\n")] != '\0')
		return -1;
	return complain(STATUS_FAILURE,
			"--require must be words such as net,mnt,veth, or 1 for all types; it is "
			"\"%s\"",
			list);
}

/* ---- the whole command line ---- */

static int read_flag(int option, struct options *options)
{
	switch (option) {
	case 'p':
		options->types |= CLONE_NEWPID;
		break;
	case 'i':
		options->types |= CLONE_NEWIPC;
		break;
	case 'C':
		options->types |= CLONE_NEWCGROUP;
		break;
	case 'U':
		options->types |= CLONE_NEWUSER;
		break;
	case OPTION_MAP_CURRENT_USER:
		options->types |= CLONE_NEWUSER;
		options->map_current_user = true;
		break;
	case OPTION_NO_NET:
		options->no_net = true;
		break;
	case OPTION_NO_SYS:
		options->sysfs = SYSFS_NONE;
		break;
	case OPTION_NO_LOOPBACK:
		options->no_loopback = true;
		break;
	case OPTION_HERMETIC:
		options->hermetic = true;
		break;
	case OPTION_DRAW:
		options->draw = true;
		break;
	case OPTION_CAPTURE:
		options->capture = true;
		break;
	default:
		return complain(STATUS_FAILURE, "internal error: option %d is unknown", option);
	}
	return -1;
}

static int read_option(int option, struct options *options)
{
	switch (option) {
	case 'u':
		return read_uts(optarg, options);
	case OPTION_SYS:
		return read_sys(optarg, options);
	case OPTION_IN:
		options->in = optarg;
		return -1;
	case OPTION_PRIVATE:
		return read_private(optarg, options);
	case OPTION_SYSCTL:
		return read_sysctl(optarg, options);
	case OPTION_PLAN:
		return read_plan(optarg, options);
	case OPTION_HOST:
		options->host = optarg;
		return -1;
	case OPTION_TIMEOUT:
		return read_timeout(optarg, options);
	case OPTION_ON_FAILURE:
		return read_on_failure(optarg, options);
	case OPTION_ARTIFACTS:
		options->artifacts = optarg;
		return -1;
	case OPTION_REQUIRE:
		return read_require(optarg, options);
	default:
		return read_flag(option, options);
	}
}

/* Refuses options that contradict each other. */
static int check_combination(const struct options *options, bool has_sys, bool has_no_sys)
{
	const char *network_option = options->no_loopback     ? "--no-loopback"
				     : has_sys		      ? "--sys"
				     : options->n_sysctls > 0 ? "--sysctl"
				     : options->hermetic      ? "--hermetic"
				     : options->plan	      ? "--plan"
				     : options->capture	      ? "--capture"
							      : NULL;

	if (options->host && !options->plan)
		return complain(STATUS_FAILURE, "--host can be used only with --plan");
	if (options->draw && !options->plan)
		return complain(STATUS_FAILURE, "--draw can be used only with --plan");
	if (has_sys && has_no_sys)
		return complain(STATUS_FAILURE, "--sys cannot be used with --no-sys");
	if (options->no_net && network_option)
		return complain(STATUS_FAILURE,
				"--no-net cannot be used with %s, which needs a new network "
				"namespace",
				network_option);
	if (options->in && (options->plan || options->no_net))
		return complain(STATUS_FAILURE, "--in cannot be used with %s",
				options->plan ? "--plan" : "--no-net");
	if (!options->command && !options->draw)
		return complain(STATUS_FAILURE, "the command is missing; usage: gons-run "
						"[OPTION...] [--] COMMAND");
	return -1;
}

/* Creates and removes a file: modes do not tell it, since root may write into a directory of procfs
 * by its mode. 0, or -1 with errno. */
static int try_to_create(const char *dir)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/.gons-run.%d", dir, getpid()) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	(void)close(fd);
	return unlink(path);
}

/* The directory must be writable before the command runs, not only when it has failed. It stays
 * open, because the command may get private files in its place. */
static int open_artifacts(struct options *options)
{
	const char *dir = options->artifacts;

	options->artifacts_fd = -1;
	if (!dir)
		return -1;
	options->artifacts_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (options->artifacts_fd >= 0 && try_to_create(dir) == 0)
		return -1;
	/* ENOENT: the directory is there, but of a file system such as procfs. */
	return complain(
		STATUS_FAILURE,
		"cannot write into \"%s\": %s; --artifacts must be an existing directory in "
		"which you may create files",
		dir,
		options->artifacts_fd >= 0 && errno == ENOENT ? "no files can be created there"
							      : strerror(errno));
}

/* Explains why getopt_long(3) has refused an option. */
static int refuse_option(int option, char **argv)
{
	static const char see[] = "see gons-run --help";
	const struct option *known = long_options;

	while (known->name && known->val != optopt)
		known++;
	if (option == ':')
		return complain(STATUS_FAILURE, "--%s needs a value; %s", known->name, see);
	if (known->name)
		return complain(STATUS_FAILURE, "--%s takes no value; %s", known->name, see);
	if (optopt != 0)
		return complain(STATUS_FAILURE, "unknown option -%c; %s", optopt, see);
	return complain(STATUS_FAILURE, "unknown or ambiguous option %s; %s", argv[optind - 1],
			see);
}

int options_read(int argc, char **argv, struct options *options)
{
	bool has_sys = false, has_no_sys = false;
	int option, status = -1;

	*options = (struct options){ 0 };
	opterr = 0;
	/* "+": the command begins at the first word that is not an option. ":": getopt_long()
	 * returns ':' when a value is missing. */
	while (status < 0 &&
	       (option = getopt_long(argc, argv, "+:pu::iCU", long_options, NULL)) != -1) {
		if (option == OPTION_HELP || option == OPTION_VERSION) {
			(void)fputs(option == OPTION_HELP ? help : "gons-run " VERSION "\n",
				    stdout);
			return fflush(stdout) == 0 ? 0
						   : complain(STATUS_FAILURE, "cannot write: %s",
							      strerror(errno));
		}
		has_sys |= option == OPTION_SYS;
		has_no_sys |= option == OPTION_NO_SYS;
		status = option == '?' || option == ':' ? refuse_option(option, argv)
							: read_option(option, options);
	}
	if (status < 0) {
		options->command = argv[optind] ? argv + optind : NULL;
		status = check_combination(options, has_sys, has_no_sys);
	}
	if (status < 0)
		status = open_artifacts(options);
	if (options->hermetic)
		options->private_dirs = GONS_PRIVATE_RUN | GONS_PRIVATE_TMP | GONS_PRIVATE_NAMES;
	return status;
}

bool options_need_supervisor(const struct options *options)
{
	return (options->types & CLONE_NEWPID) || options->timeout > 0 || options->plan ||
	       options->on_failure || options->capture || options->artifacts;
}
