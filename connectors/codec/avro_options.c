/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avro_options.c - where the schemas of a source or sink come from.
 */
#include <errno.h>
#include <stdio.h>

#include "codec/avro.h"
#include "codec/avro_program.h"
#include "codec/avro_write.h"
#include "registry/registry.h"

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

/* ---- the registry ---- */

static bool is_avro(const struct avro_options *o, const registry_schema *s,
                    const char *what, ds_arena *a, const char **why)
{
    if (!strcmp(s->type, "AVRO"))
        return true;
    *why = ds_str_printf(a,
                         "%s of the schema registry %s is of type %s: format "
                         "avro reads AVRO only",
                         what, registry_url(o->registry), s->type);
    return false;
}

ds_rc avro_schema_of_id(const struct avro_options *o, uint32_t id, ds_arena *a,
                        const avro_type **out, const char **why, ds_err *err)
{
    registry_schema s;
    ds_err wrong = {DS_OK, ""};
    ds_rc rc = registry_by_id(o->registry, id, a, &s, err);

    if (rc < 0) {
        ds_wrap(err, "waiting for the schema registry");
        return rc;
    }
    if (rc == DS_NOTFOUND) {
        *why = ds_str_printf(a, "the schema registry %s has no schema of id %u",
                             registry_url(o->registry), id);
        return rc;
    }
    if (!is_avro(o, &s, ds_str_printf(a, "schema %u", id), a, why))
        return DS_NOTFOUND;
    if (avro_schema_parse(s.texts, s.n, a, out, &wrong) == DS_OK)
        return DS_OK;
    *why = ds_str_printf(a, "schema %u is no Avro schema: %s", id, wrong.msg);
    return DS_NOTFOUND;
}

/* The latest version of the subject. */
static ds_rc latest(struct avro_options *o, const avro_type **out, ds_err *err)
{
    ds_arena *a = o->use.arena;
    registry_schema s;
    const char *why;
    ds_rc rc = registry_latest(o->registry, o->subject, a, &s, err);

    DS_TRY(rc);
    if (rc == DS_NOTFOUND)
        return ds_fail(err, DS_E_CONFIG,
                       "the schema registry %s has no subject %s%s",
                       registry_url(o->registry), o->subject,
                       o->use.decode ? ""
                                     : "; `schema: {register: true}` "
                                       "makes it");
    if (!is_avro(o, &s, ds_str_printf(a, "subject %s", o->subject), a, &why))
        return ds_fail(err, DS_E_CONFIG, "%s", why);
    rc = avro_schema_parse(s.texts, s.n, a, out, err);
    if (rc < 0) {
        ds_wrap(err, "the latest schema of subject %s", o->subject);
        return rc;
    }
    o->id = s.id;
    return DS_OK;
}

static bool subject_needed(const struct avro_options *o)
{
    return o->framed && !(o->use.decode && o->use.schema.file.s);
}

/* The subject by the strategy; `record`: NULL if it is not known. */
static ds_rc subject_name(struct avro_options *o, const char *record,
                          ds_err *err)
{
    const ds_codec_use *use = &o->use;

    if (!subject_needed(o))
        return DS_OK;
    if (use->schema.subject.s) {
        o->subject = use->schema.subject.s;
    } else if (use->schema.strategy == DS_SUBJECT_TOPIC || use->key) {
        if (!use->topic)
            return ds_fail(err, DS_E_CONFIG,
                           "several topics have several subjects: say which "
                           "one with `schema: {subject: …}`");
        o->subject = ds_str_printf(use->arena, "%s-%s", use->topic,
                                   use->key ? "key" : "value");
    } else if (!record) {
        return ds_fail(err, DS_E_CONFIG,
                       "the subject is named after the record: say "
                       "`schema: {record: full.Name}`");
    } else if (use->schema.strategy == DS_SUBJECT_RECORD) {
        o->subject = record;
    } else {
        o->subject = ds_str_printf(use->arena, "%s-%s", use->topic, record);
    }
    return DS_OK;
}

/* ---- decode ---- */

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

    if (!use->schema.file.s && !o->registry)
        return ds_fail(err, DS_E_CONFIG,
                       "`schema: {file: …}` says how, or the job's `registry`");
    DS_TRY(subject_name(o, NULL, err));
    if (use->schema.file.s)
        DS_TRY(file_parse(o, &o->reader, err));
    else if (use->online)
        DS_TRY(latest(o, &o->reader, err));
    *columns = use->columns;
    if (use->columns)
        return o->reader ? columns_check(o, use->columns, err) : DS_OK;
    if (!o->reader)
        return DS_NOTFOUND;
    return avro_columns(o->reader, use->arena, columns, err);
}

/* ---- encode ---- */

/* A schema is made of the columns unless a file or the registry has one. */
static bool is_made(const struct avro_options *o)
{
    return !o->use.schema.file.s && o->use.schema.reg;
}

static ds_rc plan_encode(struct avro_options *o, ds_err *err)
{
    const ds_codec_use *use = &o->use;
    const char *record = use->schema.record.s;

    if (!use->schema.file.s && !o->framed)
        return ds_fail(err, DS_E_CONFIG,
                       "`schema: {file: …}` says how, or the job's `registry`");
    if (use->schema.reg && !o->framed)
        return ds_fail(err, DS_E_CONFIG,
                       "`register: true` needs the job's `registry`");
    if (is_made(o) && !use->key && !record)
        return ds_fail(err, DS_E_CONFIG,
                       "`register: true` needs `record`, the full name of what "
                       "is made of the columns");
    if (use->schema.file.s) {
        DS_TRY(file_parse(o, &o->writer, err));
        if (!record)
            record = o->writer->name;
    }
    return subject_name(o, record, err);
}

ds_rc avro_plan(const ds_codec_use *use, void **options,
                const ds_schema **columns, ds_err *err)
{
    struct avro_options *o = ds_new(use->arena, struct avro_options, 1);
    ds_schema_framing framing = (ds_schema_framing)use->schema.framing;

    o->use = *use;
    *options = o;
    if (use->registry)
        DS_TRY(
            registry_open(use->registry, use->n_registry, &o->registry, err));
    o->framed = framing == DS_FRAMING_CONFLUENT ||
                (framing == DS_FRAMING_AUTO && o->registry);
    if (o->framed && !o->registry)
        return ds_fail(err, DS_E_CONFIG,
                       "`framing: confluent` needs the job's `registry`");
    return use->decode ? plan_decode(o, columns, err) : plan_encode(o, err);
}

/* The name of a key's record, of several columns. */
static const char *record_name(const struct avro_options *o)
{
    const char *record = o->use.schema.record.s;

    if (!o->use.key)
        return record;
    return record ? ds_str_printf(o->use.arena, "%s_key", record) : "Key";
}

ds_rc avro_fits(void *options, const ds_schema *columns, ds_err *err)
{
    struct avro_options *o = options;
    avro_encoder *ignored;

    if (!o->writer && is_made(o)) {
        DS_TRY(avro_schema_make(columns, record_name(o), o->use.key,
                                o->use.arena, &o->text, err));
        DS_TRY(avro_schema_parse(&o->text, 1, o->use.arena, &o->writer, err));
    }
    if (!o->writer)
        return DS_OK; /* the registry says at the start */
    return avro_encoder_new(o->writer, columns, o->use.arena, &ignored, err);
}

/* ---- start ---- */

/* What is compatible may be registered; the registry checks it again. */
static ds_rc start_register(struct avro_options *o, ds_err *err)
{
    ds_rc rc = registry_register(o->registry, o->subject, o->text, &o->id, err);

    if (rc == DS_NOTFOUND)
        return ds_fail(err, DS_E_UNREACHABLE,
                       "the schema registry %s does not take subject %s",
                       registry_url(o->registry), o->subject);
    if (rc < 0)
        ds_wrap(err, "subject %s", o->subject);
    return rc;
}

static ds_rc start_encode(struct avro_options *o, const ds_schema *columns,
                          ds_err *err)
{
    avro_encoder *ignored;
    ds_rc rc;

    if (!o->framed)
        return DS_OK;
    if (o->use.schema.reg)
        return start_register(o, err);
    if (o->use.schema.file.s) {
        rc = registry_lookup(o->registry, o->subject, o->text, &o->id, err);
        if (rc == DS_NOTFOUND)
            return ds_fail(err, DS_E_CONFIG,
                           "the schema of %s is not registered under subject "
                           "%s; `register: true` does it",
                           o->use.schema.file.s, o->subject);
        return rc;
    }
    DS_TRY(latest(o, &o->writer, err));
    rc = avro_encoder_new(o->writer, columns, o->use.arena, &ignored, err);
    if (rc < 0)
        ds_wrap(err, "the latest schema of subject %s", o->subject);
    return rc;
}

ds_rc avro_start(void *options, const ds_schema *columns, ds_err *err)
{
    struct avro_options *o = options;
    ds_rc rc;

    if (!o->use.decode)
        return start_encode(o, columns, err);
    if (o->reader)
        return DS_OK;
    DS_TRY(latest(o, &o->reader, err));
    rc = columns_check(o, columns, err);
    if (rc < 0)
        ds_wrap(err, "the latest schema of subject %s", o->subject);
    return rc;
}
