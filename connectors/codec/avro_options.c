/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avro_options.c - where the schemas of a source or sink come from.
 */
#include <errno.h>
#include <stdio.h>

#include "codec/avro.h"
#include "codec/avro_program.h"
#include "codec/avro_write.h"

/* ---- files ---- */

static const char *path_of(const ds_codec_use *use)
{
    const char *path = use->schema.file.s;
    const char *slash = use->job_file ? strrchr(use->job_file, '/') : NULL;

    if (path[0] == '/' || !slash)
        return path;
    return ds_str_printf(use->arena, "%.*s/%s", (int)(slash - use->job_file),
                         use->job_file, path);
}

static ds_rc file_read(const ds_codec_use *use, ds_slice *out, ds_err *err)
{
    const char *path = path_of(use);
    FILE *f = fopen(path, "re");
    uint8_t *bytes;
    size_t n;

    if (!f)
        return ds_fail(err, DS_E_CONFIG, "the schema %s cannot be read: %s",
                       path, strerror(errno));
    bytes = ds_arena_alloc(use->arena, AVRO_TEXT_MAX + 1, 1);
    n = fread(bytes, 1, AVRO_TEXT_MAX + 1, f);
    if (ferror(f)) {
        fclose(f);
        return ds_fail(err, DS_E_CONFIG, "the schema %s cannot be read: %s",
                       path, strerror(errno));
    }
    fclose(f);
    *out = (ds_slice){bytes, (uint32_t)n};
    return DS_OK;
}

static ds_rc file_parse(struct avro_options *o, const avro_type **out,
                        ds_err *err)
{
    ds_rc rc = file_read(&o->use, &o->text, err);

    if (rc == DS_OK)
        rc = avro_schema_parse(&o->text, 1, o->use.arena, out, err);
    if (rc < 0 && err && !strstr(err->msg, "cannot be read"))
        ds_wrap(err, "the schema %s", o->use.schema.file.s);
    return rc;
}

/* ---- columns ---- */

/* A record that is a key has one column, its field of that name. */
static ds_rc columns_check(const struct avro_options *o,
                           const ds_schema *columns, ds_err *err)
{
    const avro_program *ignored;
    ds_arena *a = ds_arena_new(4096);
    avro_target t = {columns, NULL};
    ds_rc rc = avro_compile(o->reader, o->reader, &t, a, &ignored, err);

    ds_arena_free(a);
    return rc;
}

static ds_rc plan_decode(struct avro_options *o, const ds_schema **columns,
                         ds_err *err)
{
    const ds_codec_use *use = &o->use;

    if (use->schema.file.s)
        DS_TRY(file_parse(o, &o->reader, err));
    else
        return ds_fail(err, DS_E_CONFIG,
                       "format avro needs `schema: {file: …}`, or the job a "
                       "`registry`");
    *columns = use->columns;
    if (use->columns)
        return columns_check(o, use->columns, err);
    return avro_columns(o->reader, use->arena, columns, err);
}

ds_rc avro_plan(const ds_codec_use *use, void **options,
                const ds_schema **columns, ds_err *err)
{
    struct avro_options *o = ds_new(use->arena, struct avro_options, 1);

    o->use = *use;
    *options = o;
    if (use->decode)
        return plan_decode(o, columns, err);
    if (use->schema.file.s)
        return file_parse(o, &o->writer, err);
    return DS_OK;
}

ds_rc avro_fits(void *options, const ds_schema *columns, ds_err *err)
{
    struct avro_options *o = options;
    avro_encoder *ignored;
    const char *record = o->use.schema.record.s;

    if (!o->writer) {
        DS_TRY(avro_schema_make(columns, record ? record : "Row", o->use.key,
                                o->use.arena, &o->text, err));
        DS_TRY(avro_schema_parse(&o->text, 1, o->use.arena, &o->writer, err));
    }
    return avro_encoder_new(o->writer, columns, o->use.arena, &ignored, err);
}

ds_rc avro_start(void *options, const ds_schema *columns, ds_err *err)
{
    (void)options;
    (void)columns;
    (void)err;
    return DS_OK;
}

ds_rc avro_schema_of_id(const struct avro_options *o, uint32_t id, ds_arena *a,
                        const avro_type **out, const char **why, ds_err *err)
{
    (void)o;
    (void)id;
    (void)a;
    (void)out;
    (void)why;
    return ds_fail(err, DS_E_IO, "no registry");
}
