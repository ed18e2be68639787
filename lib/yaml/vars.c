/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vars.c - variables in scalars: ${X}, ${X:-default}, ${X:?message},
 * ${file:name}; $$ is a dollar sign.
 *
 * One pass over values that are parsed already: what a variable holds is never
 * parsed as YAML and never expanded again. A file is read only below the
 * secrets directory, without following links, if others cannot read it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "yaml/tree_internal.h"

#define FILE_MAX (64 * 1024)

typedef struct replacer {
    const ds_text *t;
    const yaml_vars *vars;
    ds_arena *a;
    ds_diags *d;
    char *out;
    uint32_t n, cap;
    ds_text_seg *segs;
    uint32_t n_segs;
} replacer;

static void out_add(replacer *r, const char *s, size_t n)
{
    if (r->n + n + 1 > r->cap) {
        uint32_t cap = (r->n + (uint32_t)n + 1) * 2;
        char *s2 = ds_arena_alloc(r->a, cap, 1);
        memcpy(s2, r->out, r->n);
        r->out = s2;
        r->cap = cap;
    }
    memcpy(r->out + r->n, s, n);
    r->n += (uint32_t)n;
    r->out[r->n] = 0;
}

/* From here on the output stands at byte `at` of the text. */
static void out_mark(replacer *r, uint32_t at)
{
    ds_where w = ds_text_where(r->t, at, 0);

    r->segs[r->n_segs++] = (ds_text_seg){r->n, w.line, w.col};
}

static void var_fail(replacer *r, uint32_t at, uint32_t len, const char *hint,
                     const char *msg)
{
    ds_where where = ds_text_where(r->t, at, len);

    ds_diag_add(r->d, DS_ERROR, "E0520", where, hint, "%s", msg);
    ds_diags_unknown(r->d, where);
}

static int secret_open(const char *dir, const char *name)
{
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
                                      RESOLVE_NO_MAGICLINKS};
    int top = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd = -1;

    if (top >= 0) {
        fd = (int)syscall(SYS_openat2, top, name, &how, sizeof(how));
        close(top);
    }
    return fd;
}

/* The whole file without the line end at its end, or why not. */
static const char *secret_read(replacer *r, const char *name, char **out)
{
    const char *dir = r->vars->secrets_dir;
    struct stat st;
    ssize_t n = -1;
    int fd;

    if (!dir)
        return "there is no secrets directory: CREDENTIALS_DIRECTORY is not "
               "set";
    fd = secret_open(dir, name);
    if (fd < 0)
        return "it cannot be opened below the secrets directory";
    *out = ds_arena_alloc(r->a, FILE_MAX + 2, 1);
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && !(st.st_mode & 027))
        n = read(fd, *out, FILE_MAX + 1);
    close(fd);
    if (n < 0)
        return "it is no regular file with mode 0640 or stricter";
    if (n > FILE_MAX)
        return "it is larger than 64 KiB";
    if (memchr(*out, 0, (size_t)n))
        return "it holds a NUL byte";
    if (n && (*out)[n - 1] == '\n')
        n--;
    (*out)[n] = 0;
    return NULL;
}

static void file_put(replacer *r, uint32_t at, uint32_t len, const char *name)
{
    char *value = NULL;
    const char *why = secret_read(r, name, &value);

    if (why)
        var_fail(r, at, len, NULL,
                 ds_str_printf(r->a, "${file:%s}: %s", name, why));
    else
        out_add(r, value, strlen(value));
}

static bool name_valid(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(s[i] == '_' || (s[i] >= 'A' && s[i] <= 'Z') ||
              (s[i] >= 'a' && s[i] <= 'z') ||
              (i && s[i] >= '0' && s[i] <= '9')))
            return false;
    return n > 0;
}

static void env_put(replacer *r, uint32_t at, uint32_t len, char *body)
{
    char *colon = strchr(body, ':');
    char op = colon ? colon[1] : 0;
    const char *rest = op ? colon + 2 : "";
    const char *value;

    if (colon)
        *colon = 0;
    if (!name_valid(body, strlen(body)) || (colon && op != '-' && op != '?')) {
        var_fail(r, at, len,
                 "${NAME}, ${NAME:-default}, ${NAME:?message}, "
                 "${file:name}; $$ is a dollar sign",
                 "this is no variable");
        return;
    }
    value = r->vars->get ? r->vars->get(r->vars->arg, body) : getenv(body);
    if (value && (*value || op == 0))
        out_add(r, value, strlen(value));
    else if (op == '-')
        out_add(r, rest, strlen(rest));
    else if (op == '?' && *rest)
        var_fail(r, at, len, NULL,
                 ds_str_printf(r->a, "${%s}: %s", body, rest));
    else
        var_fail(r, at, len,
                 ds_str_printf(r->a, "give a default: ${%s:-...}", body),
                 ds_str_printf(r->a, "${%s} is not set", body));
}

/* A variable that begins at byte i; returns what follows it. */
static uint32_t var_put(replacer *r, uint32_t i)
{
    const char *s = r->t->s;
    const char *end = strchr(s + i, '}');
    uint32_t len;
    char *body;

    if (!end) {
        var_fail(r, i, 2, "write $$ for a dollar sign", "} is missing");
        return r->t->len;
    }
    len = (uint32_t)(end - (s + i)) + 1;
    body = ds_strn_copy(r->a, s + i + 2, len - 3);
    out_mark(r, i);
    if (!strncmp(body, "file:", 5))
        file_put(r, i, len, body + 5);
    else
        env_put(r, i, len, body);
    out_mark(r, i + len);
    return i + len;
}

ds_text vars_replace(const ds_text *t, const yaml_vars *vars, ds_arena *a,
                     ds_diags *d)
{
    replacer r = {
        .t = t, .vars = vars, .a = a, .d = d, .out = ds_str_copy(a, "")};
    uint32_t dollars = 0;

    for (uint32_t i = 0; i < t->len; i++)
        dollars += t->s[i] == '$';
    if (dollars == 0)
        return *t;
    r.segs = ds_new(a, ds_text_seg, t->n_segs + 2 * (size_t)dollars + 2);
    for (uint32_t i = 0, seg = 0; i < t->len;) {
        for (; seg < t->n_segs && t->segs[seg].at <= i; seg++)
            out_mark(&r, i);
        if (t->s[i] == '$' && t->s[i + 1] == '{') {
            i = var_put(&r, i);
        } else if (t->s[i] == '$' && t->s[i + 1] == '$') {
            out_add(&r, "$", 1);
            i += 2;
            out_mark(&r, i);
        } else {
            out_add(&r, t->s + i++, 1);
        }
    }
    return (ds_text){r.out, r.n, t->file, r.n_segs, r.segs};
}
