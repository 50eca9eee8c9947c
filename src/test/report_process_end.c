/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports of tests that end their process: by a signal, or by exit(3).
 *
 * A signal handler cannot write a report itself: the program may have been interrupted anywhere,
 * for example while it held the lock of the allocator. So the handler forks a child, which has the
 * scope, the descriptors and the namespaces of the test, and writes the report as for any other
 * failure. This is the only child of gons that makes calls which are not async-signal-safe. If a
 * lock is held or the heap is damaged, the child hangs or crashes. An alarm ends it when it makes no
 * progress, and after a minute, and the process then ends by its signal in any case. Tests that
 * pass fork no such child.
 *
 * The first test installs the handlers, for signals that have their default action. A program or a
 * framework may replace them later. While no test is open, they do what the default action does.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gons/base/child.h"
#include "gons/base/forks.h"
#include "test/hold.h"
#include "test/report_process_end.h"
#include "test/test.h"

/* A report takes some milliseconds, but much longer on an emulated or busy machine. A child that
 * waits for a lock uses no processor time. */
enum {
	STALL_S = 10, /* the child is ended when it has used less than LEAST_MS in this time */
	LEAST_MS = 100,
	REPORT_MAX_S = 60,
	OTHER_THREAD_MAX_S = REPORT_MAX_S + 2,
};

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
static volatile sig_atomic_t has_report; /* of the open test */
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

/* Sends the signal again. It is blocked until the handler returns; then it ends the process at the
 * place that was interrupted. Not by pthread_kill(3), which in a bare child sends it to the parent's
 * thread, with glibc before 2.34. */
static void end_by_signal(int number)
{
	use_default(number);
	(void)syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), number);
}

/* Processor time of this process. */
static int64_t used_ms(void)
{
	struct timespec used;

	return clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) < 0
		       ? 0
		       : (int64_t)used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

/* In the child, whenever STALL_S have passed. */
static void end_if_stalled(int number)
{
	static int64_t used_before;
	static int passed_s;
	const int saved = errno;
	const int64_t used = used_ms();

	passed_s += STALL_S;
	if (used - used_before < LEAST_MS || passed_s >= REPORT_MAX_S)
		end_by_signal(number);
	else
		(void)alarm(STALL_S);
	used_before = used;
	errno = saved;
}

/* Runs in the child. */
__attribute__((noreturn)) static void report_and_exit(void)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	const struct sigaction watch = { .sa_handler = end_if_stalled, .sa_flags = SA_RESTART };
	const struct rlimit no_core = { 0, 0 }; /* developers want the core of the parent */
	sigset_t all;

	gons_i_child_tie();
	(void)setrlimit(RLIMIT_CORE, &no_core);
	for (size_t i = 0; i < SIGNALS; i++)
		use_default(signals[i].number);
	(void)sigaction(SIGTERM, &ignore, NULL); /* a second SIGTERM is for the parent */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_UNBLOCK, &all, NULL);
	(void)sigaction(SIGALRM, &watch, NULL);
	if (!gons_i_test_holds())
		(void)alarm(STALL_S);
	gons_i_test_write_notes();
	if (!has_report)
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
	write_text(has_report ? " after it had failed\n" : "\n");
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

/* Whether the signal was sent to the process by kill(2) or a timer, and not caused by this
 * thread. */
static bool is_sent_to_process(const siginfo_t *info)
{
	return info->si_code == SI_USER || info->si_signo == SIGALRM || info->si_signo == SIGXCPU;
}

/* Passes the signal to the thread of the test, which has the scope: it reports and ends the
 * process. */
static void pass_to_test_thread(int number, const siginfo_t *info)
{
	const struct timespec pause = { .tv_nsec = 100000000 };

	if (pthread_kill(test_thread, number) != 0 || is_sent_to_process(info))
		return;
	for (int i = 0; i < 10 * OTHER_THREAD_MAX_S; i++)
		(void)nanosleep(&pause, NULL);
}

static void handle(int number, siginfo_t *info, void *context)
{
	const int saved = errno;

	(void)context;
	if (!is_open || getpid() != test_pid) {
		end_by_signal(number);
	} else if (!pthread_equal(pthread_self(), test_thread)) {
		pass_to_test_thread(number, info);
		if (!is_sent_to_process(info))
			end_by_signal(number);
	} else {
		is_open = false; /* another signal ends the process at once */
		report(number);
		end_by_signal(number);
	}
	errno = saved;
}

/* ---- exit(3) ---- */

/* Runs before the exit handler that ends the scope, because it was registered later. */
static void report_exit(void)
{
	if (!is_open || getpid() != test_pid || !pthread_equal(pthread_self(), test_thread))
		return;
	is_open = false;
	gons_i_test_write_notes();
	/* In a run of cmocka tests, exit_status.c writes that exit(3) was called. */
	if (!gons_i_exit_status_is_running())
		gons_i_test_note("gons: %s called exit(3)\n", gons_i_test_name());
	if (!has_report)
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

void gons_i_process_end_report_enable(bool is_reported)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, install);
	if (test_pid == 0 || test_forks != gons_i_forks()) {
		test_forks = gons_i_forks();
		test_pid = getpid();
	}
	test_thread = pthread_self();
	has_report = is_reported;
	is_open = true;
}

void gons_i_process_end_report_disable(void)
{
	is_open = false;
}
