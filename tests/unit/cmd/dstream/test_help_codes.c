/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_help_codes.c - what `dstream help CODE` calls wrong gives that code and
 * no other, and what it calls right gives none.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cmd/help_codes.h"
#include "verb.h"

static size_t word_len(const char *line)
{
    return strcspn(line, ":");
}

/* Whether a line of the fragment begins with the same word. */
static bool replaces(const char *fragment, const char *line)
{
    for (const char *p = fragment; p; p = strchr(p, '\n')) {
        p += *p == '\n';
        if (word_len(p) == word_len(line) && strncmp(p, line, word_len(p)) == 0)
            return true;
    }
    return false;
}

static const char *job_with(const char *fragment)
{
    static char text[8192];
    size_t n = 0;

    for (const char *p = help_job; *p;) {
        size_t len = strcspn(p, "\n") + 1;
        if (!replaces(fragment, p)) {
            memcpy(text + n, p, len);
            n += len;
        }
        p += len;
    }
    snprintf(text + n, sizeof text - n, "%s\n", fragment);
    return text;
}

/* The codes in what was written, the code once if it stands more often. */
static const char *codes_in(const ran *r)
{
    static char codes[256];
    const char *texts[] = {r->out, r->err};

    codes[0] = '\0';
    for (int k = 0; k < 2; k++)
        for (const char *p = texts[k]; *p; p++) {
            bool code = (*p == 'E' || *p == 'W') && p[1] == '0' &&
                        strspn(p + 1, "0123456789") == 4;
            char one[6];
            snprintf(one, sizeof one, "%.5s", p);
            if (code && !strstr(codes, one) && strlen(codes) < 200)
                strcat(codes, one);
        }
    return codes;
}

static const char *answer(const help_example *e, const char *text)
{
    if (e->kind == HELP_JOB)
        return codes_in(VERB(verb_lint, verb_file("job.yaml", job_with(text))));
    return codes_in(VERB(verb_eval, text, "--in",
                         verb_file("rows.jsonl", help_row), "--columns",
                         help_columns));
}

static uint32_t differs(const help_example *e, const char *text,
                        const char *want)
{
    const char *got = answer(e, text);

    if (strcmp(got, want) == 0)
        return 0;
    fprintf(stderr, "%s: `%s` gives `%s`\n", e->code, text, got);
    return 1;
}

static void wrong_is_wrong_and_right_is_right(void **state)
{
    uint32_t n = 0, failed = 0;

    (void)state;
    for (const help_example *e = help_examples; e->code; e++, n++) {
        assert_non_null(help_code_text(e->code));
        failed += differs(e, e->wrong, e->code);
        failed += differs(e, e->right, "");
    }
    assert_int_equal(failed, 0);
    assert_true(n >= 25);
    assert_null(help_code_text("E0000"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_is_wrong_and_right_is_right)};
    return cmocka_run_group_tests(tests, NULL, verb_clean);
}
