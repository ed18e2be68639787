/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed.c - files of rows for embedded runs: a line is a record's value, or an
 * envelope {"key": …, "value": …, "ts": …, "partition": …, "headers": {…}}.
 * Of a CSV source with a header the first line is that of all records.
 *
 * Files are read as they are needed. Only envelopes that come through a pipe
 * are kept in a temporary file, because their partitions must be known before
 * the first row.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/run.h"
#include "dstream/outbox.h"

struct feed {
    FILE *from;
    const char *path;
    bool envelope, header;
    ds_arena *kept; /* the first line with its end, of `header` */
    ds_slice names;
    char *line;
    size_t cap;
    uint64_t number; /* of the line */
};

/* ---- lines ---- */

static ds_rc line_grow(feed *f, ds_err *err)
{
    if (f->cap >= FEED_LINE_MAX)
        return ds_fail(err, DS_E_CONFIG,
                       "%s:%llu: the line is longer than 16 "
                       "MiB",
                       f->path, (unsigned long long)f->number);
    f->cap = f->cap ? f->cap * 2 : 1 << 16;
    f->line = realloc(f->line, f->cap + 1);
    DS_BUG_ON(!f->line);
    return DS_OK;
}

/* A line without its end; the last one may have none. */
static ds_rc line_read(feed *f, ds_slice *out, ds_err *err)
{
    size_t n = 0;
    int c = EOF;

    f->number++;
    while ((c = getc_unlocked(f->from)) != EOF && c != '\n') {
        if (n == f->cap)
            DS_TRY(line_grow(f, err));
        f->line[n++] = (char)c;
    }
    if (ferror(f->from))
        return ds_fail(err, DS_E_CONFIG, "%s cannot be read: %s", f->path,
                       strerror(errno));
    if (c == EOF && n == 0)
        return DS_END;
    *out = (ds_slice){(const uint8_t *)(f->line ? f->line : ""), (uint32_t)n};
    return DS_OK;
}

/* ---- JSON, as far as an envelope needs it ---- */

/* A value is passed on as it was written, so that its numbers stay exact. */
typedef struct scan {
    const char *at, *end;
} scan;

static void scan_blank(scan *s)
{
    while (s->at < s->end && strchr(" \t\r\n", *s->at))
        s->at++;
}

static bool scan_char(scan *s, char c)
{
    scan_blank(s);
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

static bool scan_string(scan *s)
{
    if (!scan_char(s, '"'))
        return false;
    while (s->at < s->end && *s->at != '"')
        s->at += *s->at == '\\' && s->at + 1 < s->end ? 2 : 1;
    if (s->at >= s->end)
        return false;
    s->at++;
    return true;
}

/* Past one value; what is inside is not checked. */
static bool scan_value(scan *s, ds_slice *out)
{
    const char *from;
    unsigned depth = 0;

    scan_blank(s);
    from = s->at;
    do {
        scan_blank(s);
        if (s->at == s->end)
            return false;
        if (*s->at == '"') {
            if (!scan_string(s))
                return false;
        } else if (strchr("[{", *s->at)) {
            depth++;
            s->at++;
        } else if (strchr("]}", *s->at)) {
            if (depth == 0)
                return false;
            depth--;
            s->at++;
        } else if (strchr(",:", *s->at)) {
            if (depth == 0)
                return false;
            s->at++;
        } else {
            while (s->at < s->end && !strchr(" \t\r\n,:[]{}\"", *s->at))
                s->at++;
        }
    } while (depth > 0);
    *out = (ds_slice){(const uint8_t *)from, (uint32_t)(s->at - from)};
    return s->at > from;
}

static bool is_null(ds_slice v)
{
    return v.len == 4 && !memcmp(v.ptr, "null", 4);
}

/* A string's bytes; anything else as it is written; null: a null slice. */
static bool json_bytes(ds_slice v, ds_arena *a, ds_slice *out)
{
    json_t *str;

    if (is_null(v)) {
        *out = DS_NULL_SLICE;
        return true;
    }
    if (v.ptr[0] != '"') {
        *out = ds_slice_copy(a, v);
        return true;
    }
    str = json_loadb((const char *)v.ptr, v.len,
                     JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    if (!json_is_string(str)) {
        json_decref(str);
        return false;
    }
    *out = ds_slice_copy(a, (ds_slice){(const uint8_t *)json_string_value(str),
                                       (uint32_t)json_string_length(str)});
    if (!out->ptr)
        out->ptr = (const uint8_t *)"";
    json_decref(str);
    return true;
}

/* ---- envelopes ---- */

typedef ds_rc member_fn(feed *f, ds_slice name, ds_slice value, void *arg,
                        ds_arena *a, ds_err *err);

static ds_rc envelope_fail(const feed *f, const char *what, ds_err *err)
{
    return ds_fail(err, DS_E_CONFIG,
                   "%s:%llu: %s; a line is {\"key\": …, \"value\": …, \"ts\": "
                   "…, \"partition\": …, \"headers\": {…}}",
                   f->path, (unsigned long long)f->number, what);
}

static ds_rc members(feed *f, scan *s, member_fn *fn, void *arg, ds_arena *a,
                     ds_err *err)
{
    if (!scan_char(s, '{'))
        return envelope_fail(f, "this is no JSON object", err);
    if (scan_char(s, '}'))
        return DS_OK;
    do {
        ds_slice name, value;

        scan_blank(s);
        if (s->at == s->end || *s->at != '"' || !scan_value(s, &name) ||
            !json_bytes(name, a, &name) || !scan_char(s, ':') ||
            !scan_value(s, &value))
            return envelope_fail(f, "this is not valid JSON", err);
        DS_TRY(fn(f, name, value, arg, a, err));
    } while (scan_char(s, ','));
    if (!scan_char(s, '}'))
        return envelope_fail(f, "this is not valid JSON", err);
    return DS_OK;
}

typedef struct headers {
    uint32_t n;
    ds_header list[256];
} headers;

static ds_rc header_member(feed *f, ds_slice name, ds_slice value, void *arg,
                           ds_arena *a, ds_err *err)
{
    headers *h = arg;
    scan s = {(const char *)value.ptr, (const char *)value.ptr + value.len};
    bool list = scan_char(&s, '[');

    if (list && scan_char(&s, ']'))
        return DS_OK;
    do {
        ds_slice bytes;

        if (h->n == 256)
            return envelope_fail(f, "there are more than 256 headers", err);
        if (!scan_value(&s, &bytes) || !json_bytes(bytes, a, &bytes))
            return envelope_fail(f, "this is not valid JSON", err);
        h->list[h->n++] = (ds_header){name, bytes};
    } while (list && scan_char(&s, ','));
    return DS_OK;
}

static bool number_of(ds_slice v, int64_t *out)
{
    char buf[32], *end;

    if (v.len == 0 || v.len >= sizeof(buf))
        return false;
    memcpy(buf, v.ptr, v.len);
    buf[v.len] = 0;
    errno = 0;
    *out = strtoll(buf, &end, 10);
    return errno == 0 && *end == 0;
}

/* RFC 3339, or milliseconds since 1970 as Kafka counts. */
static bool ts_of(ds_slice v, ds_arena *a, ds_time *out)
{
    int64_t ms;
    ds_slice text;

    if (is_null(v))
        return true;
    if (number_of(v, &ms)) {
        *out = ms * DS_MS;
        return ms >= 0 && ms < INT64_MAX / DS_MS;
    }
    return v.ptr[0] == '"' && json_bytes(v, a, &text) &&
           ds_time_parse(text, out);
}

static bool slice_is(ds_slice s, const char *name)
{
    return s.len == strlen(name) && !memcmp(s.ptr, name, s.len);
}

static ds_rc envelope_member(feed *f, ds_slice name, ds_slice value, void *arg,
                             ds_arena *a, ds_err *err)
{
    feed_row *row = arg;
    int64_t n = 0;

    if (slice_is(name, "key") || slice_is(name, "value"))
        return json_bytes(value, a,
                          slice_is(name, "key") ? &row->key : &row->val)
                   ? DS_OK
                   : envelope_fail(f, "a string is not valid JSON", err);
    if (slice_is(name, "ts"))
        return ts_of(value, a, &row->ts)
                   ? DS_OK
                   : envelope_fail(f,
                                   "ts is no RFC 3339 time and no number "
                                   "of milliseconds",
                                   err);
    if (slice_is(name, "partition")) {
        if (!is_null(value) &&
            (!number_of(value, &n) || n < 0 || n >= FEED_PARTITIONS_MAX))
            return envelope_fail(f, "partition is not within 0 and 1023", err);
        row->partition = (int32_t)n;
        return DS_OK;
    }
    if (slice_is(name, "headers") && is_null(value))
        return DS_OK;
    if (slice_is(name, "headers")) {
        headers *h = ds_new(a, headers, 1);
        scan s = {(const char *)value.ptr, (const char *)value.ptr + value.len};

        DS_TRY(members(f, &s, header_member, h, a, err));
        row->hdr = h->n ? ds_headers_encode(a, DS_NULL_SLICE, h->list, h->n)
                        : DS_NULL_SLICE;
        return DS_OK;
    }
    return envelope_fail(f, "it has a member that no envelope has", err);
}

static ds_slice joined(ds_arena *a, ds_slice x, ds_slice y)
{
    uint8_t *to = ds_arena_alloc(a, (size_t)x.len + y.len, 1);

    memcpy(to, x.ptr, x.len);
    memcpy(to + x.len, y.ptr, y.len);
    return (ds_slice){to, x.len + y.len};
}

/* The first line, which stands before each of the others. */
static ds_rc names_read(feed *f, ds_err *err)
{
    ds_slice line = {(const uint8_t *)"", 0};
    ds_rc rc = line_read(f, &line, err);

    if (rc != DS_OK)
        return rc;
    f->kept = ds_arena_new(line.len + 1);
    f->names = joined(f->kept, line, ds_slice_of("\n"));
    return DS_OK;
}

ds_rc feed_next(feed *f, ds_arena *a, feed_row *out, ds_err *err)
{
    ds_slice line = DS_NULL_SLICE;
    scan s;
    ds_rc rc = DS_OK;

    if (f->header && !f->names.ptr)
        rc = names_read(f, err);
    if (rc == DS_OK)
        rc = line_read(f, &line, err);
    if (rc != DS_OK)
        return rc;
    *out = (feed_row){.ts = DS_TIME_NONE};
    if (!f->envelope) {
        out->val = f->header ? joined(a, f->names, line) : line;
        return DS_OK;
    }
    s = (scan){(const char *)line.ptr, (const char *)line.ptr + line.len};
    DS_TRY(members(f, &s, envelope_member, out, a, err));
    scan_blank(&s);
    return s.at == s.end ? DS_OK
                         : envelope_fail(f, "something follows it", err);
}

/* ---- files ---- */

/* What comes through a pipe, in a file that can be read twice. */
static ds_rc feed_spool(feed *f, ds_err *err)
{
    FILE *tmp;
    char buf[1 << 16];
    size_t n;

    if (fseeko(f->from, 0, SEEK_SET) == 0)
        return DS_OK;
    tmp = tmpfile();
    if (!tmp)
        return ds_fail(err, DS_E_DISK, "no temporary file can be made: %s",
                       strerror(errno));
    while ((n = fread(buf, 1, sizeof(buf), f->from)) > 0)
        if (fwrite(buf, 1, n, tmp) != n) {
            fclose(tmp);
            return ds_fail(err, DS_E_DISK,
                           "%s cannot be kept in a temporary "
                           "file: %s",
                           f->path, strerror(errno));
        }
    if (f->from != stdin)
        fclose(f->from);
    f->from = tmp;
    rewind(tmp);
    return DS_OK;
}

ds_rc feed_partitions(feed *f, int32_t *out, ds_err *err)
{
    ds_arena *a;
    feed_row row;
    ds_rc rc;

    *out = 1;
    if (!f->envelope)
        return DS_OK;
    DS_TRY(feed_spool(f, err));
    a = ds_arena_new(1 << 16);
    while ((rc = feed_next(f, a, &row, err)) == DS_OK) {
        if (row.partition >= *out)
            *out = row.partition + 1;
        ds_arena_reset(a);
    }
    ds_arena_free(a);
    rewind(f->from);
    f->number = 0;
    return rc < 0 ? rc : DS_OK;
}

ds_rc feed_open(const run_file *file, feed **out, ds_err *err)
{
    bool is_stdin = !strcmp(file->path, "-");
    FILE *from = is_stdin ? stdin : fopen(file->path, "re");
    feed *f;
    int c;

    if (!from)
        return ds_fail(err, DS_E_CONFIG, "%s cannot be read: %s", file->path,
                       strerror(errno));
    errno = 0;
    c = getc(from); /* a folder opens, and does not read */
    if (c == EOF && ferror(from)) {
        ds_rc rc = ds_fail(err, DS_E_CONFIG, "%s cannot be read: %s",
                           file->path, strerror(errno));
        if (!is_stdin)
            fclose(from);
        return rc;
    }
    ungetc(c, from);
    f = calloc(1, sizeof(*f));
    DS_BUG_ON(!f);
    *f = (feed){.from = from,
                .path = is_stdin ? "standard input" : file->path,
                .envelope = file->envelope,
                .header = file->header && !file->envelope};
    *out = f;
    return DS_OK;
}

void feed_close(feed *f)
{
    if (!f)
        return;
    if (f->from != stdin)
        fclose(f->from);
    if (f->kept)
        ds_arena_free(f->kept);
    free(f->line);
    free(f);
}
