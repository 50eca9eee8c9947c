/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the snippets in the documentation are compiled with: every header, and the variables that the
 * text around them speaks of. They are compiled only, never called.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_ether.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gons/cmocka.h>
#include <gons/ip.h>
#include <gons/leak.h>
#include <gons/link.h>
#include <gons/mntns.h>
#include <gons/net.h>
#include <gons/netns.h>
#include <gons/privilege.h>
#include <gons/process.h>
#include <gons/reexec.h>
#include <gons/set.h>
#include <gons/test.h>

#pragma GCC diagnostic ignored "-Wshadow"
#if !defined(__clang__) || __clang_major__ >= 13
#pragma GCC diagnostic ignored "-Wunused-but-set-variable"
#endif
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-variable"

extern int nsfd, client, server, router, fd;
extern struct gons_link cable;
extern gons_set *set;
void the_test(void **state);
