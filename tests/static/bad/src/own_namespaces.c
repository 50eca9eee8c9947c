/* SPDX-License-Identifier: Apache-2.0 */
/* For forbidden.py, never compiled: what is marked must be found, and nothing else. */
/* "/proc/self/ns" is the main thread's. */
static const char path[] = "/proc/self/ns/net"; /* bad: /proc/self/ns */
static const char format[] = "/proc/self/%s"; /* bad: /proc/self/ns */
static const char halves[] = "/proc/self" /* bad: /proc/self/ns */
			     "/ns/mnt";
static const char good[] = "/proc/thread-self/ns/net";
static const char tasks[] = "/proc/self/task";
