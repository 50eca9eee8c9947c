/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_REEXEC_JSON_H
#define GONS_REEXEC_JSON_H

/*
 * Re-execution with JSON values as parameter and result, by the library jansson, version 2.11 or
 * later. The function is inline, so that libgons does not need jansson: link your program with
 * -ljansson. The action calls jansson to read and write:
 *
 *     GONS_ACTION(double_it)
 *     {
 *             json_t *param = json_loadf(stdin, JSON_DECODE_ANY, NULL);
 *             json_t *answer = json_integer(2 * json_integer_value(param));
 *
 *             return json_dumpf(answer, stdout, JSON_ENCODE_ANY);
 *     }
 */

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include <gons/reexec.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Sets the message of gons_reexec_run_json(). Not for programs. Returns -1. */
int gons_reexec_json_failed(int errnum, const char *action, const char *reason,
			    const char *printed);

/* Returns the document that the action printed, or NULL with the message. */
static inline json_t *gons_reexec_json_load_(const char *action,
					     const struct gons_reexec_result *ran)
{
	char reason[JSON_ERROR_TEXT_LENGTH + 64];
	json_error_t error;
	json_t *document =
		json_loadb(ran->output, ran->output_size, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);

	if (document != NULL)
		return document;
	(void)snprintf(reason, sizeof(reason), "line %d, column %d: %s", error.line, error.column,
		       error.text);
	(void)gons_reexec_json_failed(json_error_code(&error) == json_error_out_of_memory ? ENOMEM
											  : EBADMSG,
				      action, reason, ran->output);
	return NULL;
}

/*
 * gons_reexec_run_json - run an action whose parameter and result are JSON documents.
 *
 * @job: as for gons_reexec_run(). All members have their meaning.
 * @param: any JSON value; the action reads it from its standard input. NULL: the action reads
 *         job->param. The call takes no reference to it.
 * @result: receives the value that the action printed, as a new reference: call json_decref().
 *          NULL: the action may print anything.
 *
 * A value of many megabytes may take longer than the default timeout of 10 s: set job->timeout_ms.
 * Needs Linux 5.3.
 *
 * Returns 0. -1, with *result unchanged: EINVAL when both param and job->param are given, or when
 * param cannot be written as JSON, for example because it contains itself; EBADMSG when the action
 * has not printed exactly one JSON value (the message says where the mistake is, and quotes the
 * beginning); ENOMEM; otherwise the errno of gons_reexec_run().
 */
static inline int gons_reexec_run_json(const struct gons_reexec *job, const json_t *param,
				       json_t **result)
{
	struct gons_reexec with_param;
	struct gons_reexec_result ran;
	json_t *document = NULL;
	char *text = NULL;
	json_free_t free_text;
	int done;

	if (job != NULL && param != NULL) {
		if (job->param != NULL)
			return gons_reexec_json_failed(EINVAL, job->action, NULL, "");
		text = json_dumps(param, JSON_COMPACT | JSON_ENCODE_ANY);
		if (text == NULL)
			return gons_reexec_json_failed(EINVAL, job->action, NULL, NULL);
		with_param = *job;
		with_param.param = text;
		with_param.param_size = strlen(text);
		job = &with_param;
	}
	done = gons_reexec_run(job, &ran);
	if (done == 0 && result != NULL) {
		document = gons_reexec_json_load_(job->action, &ran);
		if (document == NULL)
			done = -1;
		else
			*result = document;
	}
	gons_reexec_result_free(&ran);
	if (text != NULL) {
		int saved = errno;

		json_get_alloc_funcs(NULL, &free_text);
		free_text(text);
		errno = saved;
	}
	return done;
}

#ifdef __cplusplus
}
#endif

#endif
