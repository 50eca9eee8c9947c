/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_REEXEC_JSON_H
#define GONS_REEXEC_JSON_H

/*
 * Re-execution with JSON documents, by jansson. Inline functions only, so that libgons does not
 * need it: link with -ljansson. The action reads and writes by jansson itself:
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

/* What gons_reexec_run_json() says its own failures by; not to be used otherwise. Returns -1. */
int gons_reexec_json_failed(int errnum, const char *action, const char *reason,
			    const char *printed);

/* The document that the action has printed, or NULL with the message. */
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
 * gons_reexec_run_json - run an action with a JSON document for its parameter and its result.
 *
 * @namespaces, @n: as in struct gons_reexec; NULL and 0 for none.
 * @param: any JSON value; NULL for an empty standard input. Stays the caller's.
 * @result: gets a new reference, for json_decref(); may be NULL, when nothing printed matters.
 *
 * The timeout is 10 s. Returns 0. -1, with *result as it was: EBADMSG when what the action has
 * printed is not one JSON value (the message says where and shows the beginning); EINVAL when
 * param cannot be written, as one that contains itself; ENOMEM; and otherwise as gons_reexec_run()
 * does.
 */
static inline int gons_reexec_run_json(const char *action, const struct gons_nsref *namespaces,
				       size_t n, const json_t *param, json_t **result)
{
	struct gons_reexec job;
	struct gons_reexec_result ran;
	json_t *document = NULL;
	char *text = NULL;
	json_free_t free_text;
	int done;

	memset(&job, 0, sizeof(job));
	job.action = action;
	job.namespaces = namespaces;
	job.n_namespaces = n;
	if (param != NULL) {
		text = json_dumps(param, JSON_COMPACT | JSON_ENCODE_ANY);
		if (text == NULL)
			return gons_reexec_json_failed(EINVAL, action, NULL, NULL);
		job.param = text;
		job.param_size = strlen(text);
	}
	done = gons_reexec_run(&job, &ran);
	if (done == 0 && result != NULL) {
		document = gons_reexec_json_load_(action, &ran);
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
