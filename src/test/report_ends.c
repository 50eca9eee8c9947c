/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports of tests that end their process: by a signal, or by exit(3).
 *
 * A handler cannot write a report itself: the program may have been interrupted anywhere, with the
 * lock of the allocator held. So it forks a child, which has the scope, the descriptors and the
 * namespaces of the test, and writes the report as for any other failure; it is the one child of
 * gons that is not restricted to async-signal-safe calls. If the child finds a lock held or the heap
 * destroyed, it is the child that hangs or crashes: an alarm ends it, and the process then ends by
 * its signal in any case. Nothing is forked for tests that pass.
 *
 * The handlers are installed once, by the first test, for signals whose action is the default one;
 * what a program or a framework installs later replaces them. Where no test is open, they do what
 * the default action does.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gons/base/child.h"
#include "gons/base/forks.h"
#include "test/hold.h"
#include "test/report_ends.h"
#include "test/test.h"

enum { REPORTER_S = 10, OTHER_THREAD_S = REPORTER_S + 2 };

static const struct {
	int number;
	const char *name;
} signals[] = {
	{ SIGABRT, "SIGABRT" }, { SIGSEGV, "SIGSEGV" }, { SIGBUS, "SIGBUS" },
	{ SIGFPE, "SIGFPE" },	{ SIGILL, "SIGILL" },	{ SIGSYS, "SIGSYS" },
	{ SIGTRAP, "SIGTRAP" }, { SIGTERM, "SIGTERM" }, { SIGALRM, "SIGALRM" },
	{ SIGXCPU, "SIGXCPU" },
};
enum { SIGNALS = sizeof(signals) / sizeof(signals[0]) };

/* The test that is open in this process. */
static pthread_t test_thread;
static volatile sig_atomic_t is_open;
static unsigned test_forks;
static pid_t test_pid;

/* ---- in a handler: async-signal-safe ---- */

static void write_text(const char *text)
{
	(void)!write(STDERR_FILENO, text, strlen(text));
}

static const char *signal_name(int number)
{
	for (size_t i = 0; i < SIGNALS; i++)
		if (signals[i].number == number)
			return signals[i].name;
	return "a signal";
}

static void use_default(int number)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	(void)sigaction(number, &action, NULL);
}

/* It is blocked until the handler returns, and then ends the process, where it was. */
static void end_by(int number)
{
	use_default(number);
	(void)pthread_kill(pthread_self(), number);
}

/* In the child. */
__attribute__((noreturn)) static void report_and_exit(void)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	const struct rlimit no_core = { 0, 0 }; /* the core of interest is the parent's */
	sigset_t all;

	gons_i_child_tie();
	(void)setrlimit(RLIMIT_CORE, &no_core);
	for (size_t i = 0; i < SIGNALS; i++)
		use_default(signals[i].number);
	(void)sigaction(SIGTERM, &ignore, NULL); /* a second one is for the parent */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_UNBLOCK, &all, NULL);
	if (!gons_i_test_holds())
		(void)alarm(REPORTER_S);
	gons_i_test_write_notes();
	gons_i_test_report(gons_i_test_name(), gons_i_test_stream());
	gons_i_child_exit(EXIT_SUCCESS);
}

static void report(int number)
{
	int status = 0;
	pid_t pid;

	write_text("gons: ");
	write_text(gons_i_test_name());
	write_text(" was ended by ");
	write_text(signal_name(number));
	write_text("\n");
	pid = gons_i_fork();
	if (pid == 0)
		report_and_exit();
	if (pid < 0 || gons_i_wait(pid, &status) < 0)
		write_text("gons: no report: cannot create the child process that writes it\n");
	else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		write_text("gons: the report is not complete: it took too long\n");
	else if (status != 0)
		write_text("gons: the report is not complete: the child process that writes it has "
			   "crashed\n");
}

/* By kill(2) or a timer, and not raised by what this thread does. */
static bool is_sent_to_process(const siginfo_t *info)
{
	return info->si_code == SI_USER || info->si_signo == SIGALRM || info->si_signo == SIGXCPU;
}

/* The scope is the other thread's, which reports and ends the process. */
static void leave_to_test_thread(int number, const siginfo_t *info)
{
	const struct timespec pause = { .tv_nsec = 100000000 };

	if (pthread_kill(test_thread, number) != 0 || is_sent_to_process(info))
		return;
	for (int i = 0; i < 10 * OTHER_THREAD_S; i++)
		(void)nanosleep(&pause, NULL);
}

static void handle(int number, siginfo_t *info, void *context)
{
	const int saved = errno;

	(void)context;
	if (!is_open || getpid() != test_pid) {
		end_by(number);
	} else if (!pthread_equal(pthread_self(), test_thread)) {
		leave_to_test_thread(number, info);
		if (!is_sent_to_process(info))
			end_by(number);
	} else {
		is_open = false; /* a signal that comes meanwhile ends the process */
		report(number);
		end_by(number);
	}
	errno = saved;
}

/* ---- exit(3) ---- */

/* Called before the scope ends, because it was registered later. */
static void report_exit(void)
{
	if (!is_open || getpid() != test_pid || !pthread_equal(pthread_self(), test_thread))
		return;
	is_open = false;
	gons_i_test_write_notes();
	/* Among tests that do not run now, the end of the process says so. */
	if (!gons_i_exit_status_is_running())
		gons_i_test_note("gons: %s called exit(3)\n", gons_i_test_name());
	gons_i_test_report(gons_i_test_name(), gons_i_test_stream());
}

/* ---- the test ---- */

static void install(void)
{
	struct sigaction action = { .sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_RESTART };
	struct sigaction before;

	if (!gons_i_report_is_wanted())
		return;
	(void)sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < SIGNALS; i++)
		if (sigaction(signals[i].number, NULL, &before) == 0 &&
		    !(before.sa_flags & SA_SIGINFO) && before.sa_handler == SIG_DFL)
			(void)sigaction(signals[i].number, &action, NULL);
	(void)atexit(report_exit);
}

void gons_i_report_ends_begin(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, install);
	if (test_pid == 0 || test_forks != gons_i_forks()) {
		test_forks = gons_i_forks();
		test_pid = getpid();
	}
	test_thread = pthread_self();
	is_open = true;
}

void gons_i_report_ends_end(void)
{
	is_open = false;
}
