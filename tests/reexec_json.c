/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Re-execution with JSON documents.
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gons/reexec_json.h>

static json_t *result;

static int run(const char *action, const json_t *param)
{
	const struct gons_reexec job = { .action = action, .timeout_ms = -1 };

	return gons_reexec_run_json(&job, param, &result);
}

GONS_ACTION(pass_on)
{
	json_t *param = json_loadf(stdin, JSON_DECODE_ANY, NULL);
	int done = param ? json_dumpf(param, stdout, JSON_ENCODE_ANY) : 1;

	json_decref(param);
	return done;
}

GONS_ACTION(count_input)
{
	int n = 0;

	while (getchar() != EOF)
		n++;
	return printf("{\"bytes\": %d}\n", n) > 0 ? 0 : 1;
}

GONS_ACTION(malformed)
{
	return printf("{\"a\": 1,\n \"b\" 2}") > 0 ? 0 : 1;
}

GONS_ACTION(two_documents)
{
	return printf("[1] [2]\n") > 0 ? 0 : 1;
}

GONS_ACTION(prints_nothing)
{
	return 0;
}

GONS_ACTION(prints_at_length)
{
	for (int i = 0; i < 10000; i++)
		(void)printf("nonsense ");
	return 0;
}

GONS_ACTION(print_variable)
{
	return printf("%s", getenv("ANSWER")) == 2 ? 0 : 1;
}

GONS_ACTION(sleeps)
{
	return pause();
}

GONS_ACTION(fails)
{
	return printf("[]") == 2 ? 3 : 1;
}

static void a_json_document_is_passed_to_an_action_and_back(void **state)
{
	json_t *param =
		json_pack("{s: [i, f, b, n], s: s}", "list", 1, 2.5, 1, "text", "\xc3\xa4\n");

	(void)state;
	assert_non_null(param);
	gons_must(run("pass_on", param));
	assert_true(json_equal(param, result));
	json_decref(result);
	json_decref(param);
}

static void a_json_document_may_be_any_value(void **state)
{
	json_t *values[] = { json_integer(42), json_string(""), json_null(), json_array() };

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		gons_must(run("pass_on", values[i]));
		assert_true(json_equal(values[i], result));
		json_decref(result);
		json_decref(values[i]);
	}
}

/* Without a time limit. */
static void a_document_may_have_many_megabytes(void **state)
{
	enum { LONG = 1 << 20, N = 8 };
	char *text = malloc(LONG + 1);
	json_t *param = json_array();

	(void)state;
	assert_non_null(text);
	memset(text, 'x', LONG);
	text[LONG] = '\0';
	for (int i = 0; i < N; i++)
		assert_int_equal(json_array_append_new(param, json_string(text)), 0);
	free(text);
	for (int i = 0; i < 200000; i++)
		assert_int_equal(json_array_append_new(param, json_integer(i)), 0);
	gons_must(run("pass_on", param));
	assert_true(json_equal(param, result));
	json_decref(result);
	json_decref(param);
}

static void without_a_parameter_the_input_is_empty(void **state)
{
	(void)state;
	gons_must(run("count_input", NULL));
	assert_int_equal(json_integer_value(json_object_get(result, "bytes")), 0);
	json_decref(result);
}

static void the_json_result_is_optional(void **state)
{
	const struct gons_reexec job = { .action = "malformed" };

	(void)state;
	gons_must(gons_reexec_run_json(&job, NULL, NULL));
}

static void invalid_json_output_is_an_error_with_position_and_text(void **state)
{
	json_t *untouched = json_true();

	(void)state;
	result = untouched;
	assert_refused(run("malformed", NULL), EBADMSG, "");
	assert_string_equal(
		gons_error(),
		"the action \"malformed\" has not printed a JSON value: line 2, column 6: "
		"':' expected near '2'; it printed: {\"a\": 1,\n \"b\" 2}");
	assert_refused(run("two_documents", NULL), EBADMSG,
		       "line 1, column 5: end of file expected near '['; it printed: [1] [2]");
	assert_refused(
		run("prints_nothing", NULL), EBADMSG,
		"the action \"prints_nothing\" has not printed a JSON value: line 1, column 0: ");
	assert_refused(run("prints_at_length", NULL), EBADMSG,
		       "invalid token near 'nonsense'; it "
		       "printed: nonsense nonsense ");
	assert_true(strlen(gons_error()) < 300);
	assert_string_equal(gons_error() + strlen(gons_error()) - 3, "...");
	assert_ptr_equal(result, untouched);
}

static void a_failing_json_action_is_the_error_of_the_call(void **state)
{
	json_t *untouched = json_true();

	(void)state;
	result = untouched;
	assert_refused(run("fails", NULL), EREMOTEIO, "the action \"fails\" exited with status 3");
	assert_refused(run("unknown", NULL), EINVAL, "no action \"unknown\" is registered");
	assert_refused(run(NULL, NULL), EINVAL, "the name of an action is NULL");
	assert_ptr_equal(result, untouched);
}

static void a_parameter_that_contains_itself_is_refused(void **state)
{
	json_t *outer = json_array();
	json_t *inner = json_array();

	(void)state;
	assert_int_equal(json_array_append(outer, inner), 0);
	assert_int_equal(json_array_append(inner, outer), 0);
	assert_refused(run("pass_on", outer), EINVAL,
		       "cannot write the parameter of the action \"pass_on\" as JSON");
	assert_int_equal(json_array_clear(inner), 0);
	json_decref(inner);
	json_decref(outer);
}

static void a_json_action_runs_in_the_namespaces_of_its_options(void **state)
{
	const struct gons_nsref missing = { "net", "/not/there" };
	const struct gons_reexec job = { .action = "pass_on",
					 .namespaces = &missing,
					 .n_namespaces = 1 };

	(void)state;
	assert_refused(gons_reexec_run_json(&job, NULL, &result), ENOENT, "gons_net: ");
}

static void a_json_parameter_together_with_a_raw_one_is_refused(void **state)
{
	const struct gons_reexec job = { .action = "pass_on", .param = "1", .param_size = 1 };
	json_t *param = json_true();

	(void)state;
	assert_refused(gons_reexec_run_json(&job, param, &result), EINVAL,
		       "both param and job->param are given");
	assert_refused(gons_reexec_run_json(NULL, param, &result), EINVAL, "job is NULL");
	gons_must(gons_reexec_run_json(&job, NULL, &result));
	assert_int_equal(json_integer_value(result), 1);
	json_decref(result);
}

static void a_json_action_uses_all_options(void **state)
{
	static const char *const environment[] = { "ANSWER=42", NULL };
	const struct gons_reexec job = { .action = "print_variable", .environment = environment };
	const struct gons_reexec hasty = { .action = "sleeps", .timeout_ms = 10 };

	(void)state;
	gons_must(gons_reexec_run_json(&job, NULL, &result));
	assert_int_equal(json_integer_value(result), 42);
	json_decref(result);
	assert_refused(gons_reexec_run_json(&hasty, NULL, &result), ETIMEDOUT, "10 ms");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(a_json_document_is_passed_to_an_action_and_back),
		check_test(a_json_document_may_be_any_value),
		check_test(a_document_may_have_many_megabytes),
		check_test(without_a_parameter_the_input_is_empty),
		check_test(the_json_result_is_optional),
		check_test(invalid_json_output_is_an_error_with_position_and_text),
		check_test(a_failing_json_action_is_the_error_of_the_call),
		check_test(a_parameter_that_contains_itself_is_refused),
		check_test(a_json_action_runs_in_the_namespaces_of_its_options),
		check_test(a_json_parameter_together_with_a_raw_one_is_refused),
		check_test(a_json_action_uses_all_options),
	};

	gons_reexec_check();
	return gons_run_group_tests(tests, NULL, NULL);
}
