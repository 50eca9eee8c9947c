/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_TEST_REPORT_H
#define GONS_I_TEST_REPORT_H

/*
 * The failure report: the network namespaces of a scope, findings about them, and their state,
 * as text and as JSON.
 */

#include "test/capture.h"
#include "test/state.h"

struct gons_i_report_namespace {
	int fd; /* a copy, which belongs to the report */
	uint64_t ino;
	char name[48]; /* "client", "the test's namespace", "namespace 2" */
	struct gons_i_state state;
	bool has_findings;
};

struct gons_i_report_mount {
	char text[256];
};

struct gons_i_report_mount_list {
	struct gons_i_report_mount *list;
	size_t n;
};

/* The mounts of a mount namespace, compared with those of the mount namespace before the test: all;
 * those that are only here; and those that are missing here. A text is "/sys sysfs (ro,nosuid)". */
struct gons_i_report_mounts {
	uint64_t ino;
	char name[48];
	struct gons_i_report_mount_list all, added, missing;
	char message[256]; /* why they could not be read, or "" */
};

enum { GONS_I_FINDINGS_SHOWN = 5, GONS_I_FINDINGS_MOST = 64 };

struct gons_i_finding {
	int rank; /* the smaller, the more likely this is the cause of the failure */
	size_t number; /* in the order in which they were found */
	char text[320];
};

struct gons_i_report {
	struct gons_i_report_namespace *namespaces;
	size_t n;
	size_t n_unreadable; /* further namespaces, whose descriptors could not be copied */
	int unreadable_errnum;
	struct gons_i_report_mounts *mounts;
	size_t n_mounts;
	struct gons_i_finding findings[GONS_I_FINDINGS_MOST];
	size_t n_findings;
	struct gons_i_capture capture; /* empty where nothing was recorded */
	struct gons_i_state fresh; /* of a new namespace, to compare sysctls with */
};

/* Collects everything about the calling thread's scope. The report is freed by
 * gons_i_report_free(), also after -1 (ENOMEM). */
int gons_i_report_collect(struct gons_i_report *ret_report);
void gons_i_report_free(struct gons_i_report *report);

/* report_mounts.c. The first adds the mount namespace of a descriptor, unless it was added before;
 * name may be NULL; returns false if memory is short. The second compares all of them with that of
 * outside_fd. */
bool gons_i_report_add_mounts(struct gons_i_report *report, int fd, const char *name);
void gons_i_report_compare_mounts(struct gons_i_report *report, int outside_fd);
void gons_i_report_write_mounts(const struct gons_i_report *report, FILE *stream);
void gons_i_report_free_mounts(struct gons_i_report *report);

/* Fills in the findings, the most likely cause first. */
void gons_i_report_find(struct gons_i_report *report);

/* Both return 0, or -1 with the errno of the stream. */
int gons_i_report_write_text(const struct gons_i_report *report, FILE *stream);
int gons_i_report_write_json(const struct gons_i_report *report, FILE *stream);

/* Writes the programs of gons_process_start() that still run, or that ended with a status
 * other than 0. */
void gons_i_report_write_processes(FILE *stream);

/* Runs a command by sh(1) in each of the namespaces, and writes what it prints. */
void gons_i_report_run_command(const struct gons_i_report *report, const char *command,
			       FILE *stream);

/* The link at the other end of a veth, with its namespace in *ret_namespace; or NULL. */
const struct gons_i_state_link *gons_i_report_peer(
	const struct gons_i_report *report, const struct gons_i_report_namespace *namespace,
	const struct gons_i_state_link *link, const struct gons_i_report_namespace **ret_namespace);

#endif
