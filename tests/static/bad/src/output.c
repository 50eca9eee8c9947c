/* SPDX-License-Identifier: Apache-2.0 */
/* For forbidden.py, never compiled: what is marked must be found, and nothing else. */
static void prints(int error)
{
	printf("%s\n", text); /* bad: printf */
	vprintf("%s\n", args); /* bad: vprintf */
	puts(text); /* bad: puts */
	putchar('"'); /* bad: putchar */
	perror("open"); /* bad: perror */
	psignal(1, text); /* bad: psignal */
	psiginfo(&info, text); /* bad: psiginfo */
	dprintf(fd, "%s", text); /* bad: dprintf */
	vdprintf(fd, "%s", args); /* bad: vdprintf */
	(void)fputs("printf(3)", stdout); /* bad: stdout */
	(void)fprintf(stderr, "%s", text); /* bad: stderr */
	(void)write(STDOUT_FILENO, text, size); /* bad: STDOUT_FILENO */
	(void)write(STDERR_FILENO, text, size); /* bad: STDERR_FILENO */
	(void)write(2, text, size); /* bad: write */
	(void)write(fd, text, size);
	err(1, "%s", text); /* bad: err */
	errx(1, "%s", text); /* bad: errx */
	verr(1, "%s", args); /* bad: verr */
	verrx(1, "%s", args); /* bad: verrx */
	warn("%s", text); /* bad: warn */
	warnx("%s", text); /* bad: warnx */
	vwarn("%s", args); /* bad: vwarn */
	vwarnx("%s", args); /* bad: vwarnx */
	error(0, errno, "%s", text); /* bad: error */
	syslog(LOG_ERR, "%s", text); /* bad: syslog */
	vsyslog(LOG_ERR, "%s", args); /* bad: vsyslog */
	(void)snprintf(text, size, "%d", error);
	(void)fprintf(file, "%d", error);
}
