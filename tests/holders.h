/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDERS_H
#define HOLDERS_H

/* Who can still enter a network namespace after the scope that created it, for the tests about the
 * links in it. */

/* hold() holds nsfd, and get_in() returns a descriptor of the namespace after the scope has
 * ended. */
struct holder {
	int (*hold)(int nsfd);
	int (*get_in)(int held);
	void (*let_go)(int held);
};

extern const struct holder by_dup, by_socket, by_child, by_socket_of_daemon;

/* Parts of other holders. */
int same(int held); /* a duplicate */
int namespace_of(int socket_fd);
int open_of_process(int pid);
void close_it(int fd);
void kill_it(int pid); /* a child */
void kill_daemon(int pid);

/* For a test of by_socket_of_daemon. */
void require_getfd(const char *test);

/* Waits longer than a tick of the kernel's clock. */
void get_older(void);

#endif
