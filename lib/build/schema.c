/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema.c - the JSON schema of job files, from the tables that check them.
 *
 * A value may always be a text with a variable in it, since variables are
 * replaced before anything is checked. What only a later version has is left
 * out, so an editor marks it as lint does.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "build/build.h"
#include "build/json.h"

struct schema {
    struct json j;
    const ds_registry *reg;
};

static void put_type(struct schema *s, const char *name,
                     const ds_param *params);
static void put_value(struct schema *s, const ds_param *p);

static void put_ref(struct schema *s, const char *name, const char *def)
{
    char ref[64];

    snprintf(ref, sizeof(ref), "#/$defs/%s", def);
    if (name)
        json_open(&s->j, name, '{');
    json_str(&s->j, "$ref", ref);
    if (name)
        json_close(&s->j, '}');
}

static void put_int(struct schema *s, const char *name, int64_t v)
{
    char text[32];

    snprintf(text, sizeof(text), "%" PRId64, v);
    json_raw(&s->j, name, text);
}

/* ---- one value; the braces around it are the caller's ---- */

/* Between these two: one alternative; the other is a text with a variable. */
static void or_variable(struct schema *s)
{
    json_open(&s->j, "anyOf", '[');
    json_open(&s->j, NULL, '{');
}

static void or_variable_end(struct schema *s, const char *def)
{
    json_close(&s->j, '}');
    json_open(&s->j, NULL, '{');
    put_ref(s, NULL, def);
    json_close(&s->j, '}');
    json_close(&s->j, ']');
}

/* YAML reads the word null as no text. */
static void put_enum(struct schema *s, const char *choices)
{
    char word[64];

    or_variable(s);
    json_open(&s->j, "enum", '[');
    while (*choices) {
        size_t n = strcspn(choices, "|");

        snprintf(word, sizeof(word), "%.*s", (int)n, choices);
        json_str(&s->j, NULL, word);
        if (!strcmp(word, "null"))
            json_raw(&s->j, NULL, word);
        choices += n + (choices[n] == '|');
    }
    json_close(&s->j, ']');
    or_variable_end(s, "variable");
}

static void put_formats(struct schema *s)
{
    or_variable(s);
    json_open(&s->j, "enum", '[');
    for (uint32_t i = 0; ds_registry_codec_at(s->reg, i); i++)
        json_str(&s->j, NULL, ds_registry_codec_at(s->reg, i)->name);
    json_close(&s->j, ']');
    or_variable_end(s, "variable");
}

static void put_number(struct schema *s, const ds_param *p)
{
    or_variable(s);
    json_str(&s->j, "type", "integer");
    if (p->min || p->max) {
        put_int(s, "minimum", p->min);
        put_int(s, "maximum", p->max);
    }
    or_variable_end(s, p->type == DS_P_SIZE ? "size" : "number");
}

static void put_map_of(struct schema *s, const char *item)
{
    json_str(&s->j, "type", "object");
    json_raw(&s->j, "minProperties", "1");
    put_ref(s, "additionalProperties", item);
}

static void put_scalar_or(struct schema *s, bool list, bool map)
{
    json_open(&s->j, "anyOf", '[');
    json_open(&s->j, NULL, '{');
    put_ref(s, NULL, "scalar");
    json_close(&s->j, '}');
    json_open(&s->j, NULL, '{');
    if (map)
        put_map_of(s, "scalar");
    if (list) {
        json_str(&s->j, "type", "array");
        json_raw(&s->j, "minItems", "1");
        put_ref(s, "items", "scalar");
    }
    json_close(&s->j, '}');
    json_close(&s->j, ']');
}

/* An object, or what stands for its main parameter. */
static void put_object(struct schema *s, const ds_param *params)
{
    const ds_param *main_param = NULL;

    for (const ds_param *p = params; p && p->name; p++)
        if (p->main)
            main_param = p;
    if (main_param == NULL) {
        put_type(s, NULL, params);
        return;
    }
    json_open(&s->j, "anyOf", '[');
    json_open(&s->j, NULL, '{');
    put_value(s, main_param);
    json_close(&s->j, '}');
    json_open(&s->j, NULL, '{');
    put_type(s, NULL, params);
    json_close(&s->j, '}');
    json_close(&s->j, ']');
}

/* What stands under the names of a section of the job. */
static const char *section_item(const ds_param *params)
{
    return params == ds_source_params   ? "source"
           : params == ds_table_params  ? "table"
           : params == ds_stream_params ? "stream"
           : params == ds_sink_params   ? "sink"
                                        : NULL;
}

/* Arguments that whoever takes them checks. */
static void put_arg(struct schema *s, const ds_param *p)
{
    if (section_item(p->sub)) {
        json_str(&s->j, "type", "object");
        if (p->sub == ds_source_params || p->sub == ds_sink_params)
            json_raw(&s->j, "minProperties", "1");
        put_ref(s, "propertyNames", "name");
        put_ref(s, "additionalProperties", section_item(p->sub));
    } else if (p->sub) {
        put_object(s, p->sub);
    } else if (strcmp(p->name, "do") == 0) {
        json_str(&s->j, "type", "array");
        json_raw(&s->j, "minItems", "1");
        put_ref(s, "items", "step");
    } else { /* kafka: of the job */
        put_scalar_or(s, false, true);
    }
}

static void put_value(struct schema *s, const ds_param *p)
{
    switch (p->type) {
    case DS_P_NAME:
    case DS_P_STREAM:
        put_ref(s, NULL, "name");
        break;
    case DS_P_DURATION:
        put_ref(s, NULL, "duration");
        break;
    case DS_P_INT:
    case DS_P_SIZE:
        put_number(s, p);
        break;
    case DS_P_BOOL:
        or_variable(s);
        json_str(&s->j, "type", "boolean");
        or_variable_end(s, "truth");
        break;
    case DS_P_ENUM:
        put_enum(s, p->choices);
        break;
    case DS_P_SELECT:
        put_scalar_or(s, false, true);
        break;
    case DS_P_EXPRS:
    case DS_P_STREAMS:
        put_scalar_or(s, true, false);
        break;
    case DS_P_COLUMNS:
        put_map_of(s, "column");
        break;
    case DS_P_EXPR_MAP:
    case DS_P_PROPS:
        put_map_of(s, "scalar");
        break;
    case DS_P_STRS:
        json_str(&s->j, "type", "array");
        json_raw(&s->j, "minItems", "1");
        put_ref(s, "items", "scalar");
        break;
    case DS_P_OBJECT:
        put_object(s, p->sub);
        break;
    case DS_P_ARG:
        put_arg(s, p);
        break;
    case DS_P_STR:
    case DS_P_EXPR:
    case DS_P_QUERY:
        if (strcmp(p->name, "format") == 0 ||
            strcmp(p->name, "key_format") == 0)
            put_formats(s);
        else
            put_ref(s, NULL, "scalar");
        break;
    }
}

/* The type of a column: a text, the fields of a row, or a list of one type. */
static void put_column(struct schema *s)
{
    json_open(&s->j, "column", '{');
    json_open(&s->j, "anyOf", '[');
    json_open(&s->j, NULL, '{');
    put_ref(s, NULL, "scalar");
    json_close(&s->j, '}');
    json_open(&s->j, NULL, '{');
    put_map_of(s, "column");
    json_close(&s->j, '}');
    json_open(&s->j, NULL, '{');
    json_str(&s->j, "type", "array");
    json_raw(&s->j, "minItems", "1");
    json_raw(&s->j, "maxItems", "1");
    put_ref(s, "items", "column");
    json_close(&s->j, '}');
    json_close(&s->j, ']');
    json_close(&s->j, '}');
}

static void put_param(struct schema *s, const ds_param *p)
{
    json_open(&s->j, p->name, '{');
    if (p->help)
        json_str(&s->j, "description", p->help);
    put_value(s, p);
    if (p->def && (p->type == DS_P_BOOL || p->type == DS_P_INT))
        json_raw(&s->j, "default", p->def);
    else if (p->def)
        json_str(&s->j, "default", p->def);
    json_close(&s->j, '}');
}

/* ---- objects ---- */

static void put_required(struct schema *s, const char *const *names)
{
    json_open(&s->j, "required", '[');
    for (; *names; names++)
        json_str(&s->j, NULL, *names);
    json_close(&s->j, ']');
}

/* Exactly one of these. */
static void put_one_of(struct schema *s, const char *const *names)
{
    json_open(&s->j, "oneOf", '[');
    for (; *names; names++) {
        json_open(&s->j, NULL, '{');
        put_required(s, DS_OPTS(*names));
        json_close(&s->j, '}');
    }
    json_close(&s->j, ']');
}

static void put_source_kinds(struct schema *s)
{
    const char *names[64] = {"kafka"};

    for (uint32_t i = 0; i < 62 && ds_registry_receiver_at(s->reg, i); i++)
        names[i + 1] = ds_registry_receiver_at(s->reg, i)->name;
    put_one_of(s, names);
}

static void put_receivers(struct schema *s)
{
    for (uint32_t i = 0; ds_registry_receiver_at(s->reg, i); i++) {
        const ds_receiver_type *type = ds_registry_receiver_at(s->reg, i);

        json_open(&s->j, type->name, '{');
        json_str(&s->j, "description", type->help);
        put_object(s, type->params);
        json_close(&s->j, '}');
    }
}

static void put_needs(struct schema *s, const ds_param *params)
{
    const char *names[64];
    uint32_t n = 0;

    for (const ds_param *p = params; p && p->name && n < 63; p++)
        if (p->required)
            names[n++] = p->name;
    names[n] = NULL;
    if (params == ds_job_params) /* from C they are said by calls */
        put_required(s, DS_OPTS("dstream", "job", "sources", "sinks"));
    else if (params == ds_source_params)
        put_source_kinds(s);
    else if (n)
        put_required(s, names);
    if (params == ds_source_kafka_params)
        put_one_of(s, DS_OPTS("topic", "topics", "pattern"));
    if (params == ds_sink_params)
        put_one_of(s, DS_OPTS("kafka", "console"));
    if (params == ds_table_params)
        put_one_of(s, DS_OPTS("kafka", "file"));
}

static void put_type(struct schema *s, const char *name, const ds_param *params)
{
    if (name)
        json_open(&s->j, name, '{');
    if (params == ds_sink_console_params) {
        json_open(&s->j, "type", '[');
        json_str(&s->j, NULL, "object");
        json_str(&s->j, NULL, "null");
        json_close(&s->j, ']');
    } else {
        json_str(&s->j, "type", "object");
    }
    put_needs(s, params);
    json_raw(&s->j, "additionalProperties", "false");
    json_open(&s->j, "properties", '{');
    for (const ds_param *p = params; p && p->name; p++)
        if (!p->later)
            put_param(s, p);
    if (params == ds_source_params)
        put_receivers(s);
    json_close(&s->j, '}');
    if (name)
        json_close(&s->j, '}');
}

/* ---- steps ---- */

static bool is_bare(const ds_op_type *type)
{
    for (const ds_param *p = type->params; p && p->name; p++)
        if (p->required)
            return false;
    return true;
}

/* A map is the only parameter itself, or names of several. */
static void put_op(struct schema *s, const ds_op_type *type)
{
    const ds_param *p = type->params;

    json_open(&s->j, type->name, '{');
    json_str(&s->j, "description", type->help);
    if (p && p->name && p->main && !p[1].name)
        put_value(s, p);
    else if (p && p->name)
        put_object(s, p);
    json_close(&s->j, '}');
}

typedef void op_fn(struct schema *s, const ds_op_type *type);

static void each_op(struct schema *s, op_fn *fn)
{
    for (uint32_t i = 0; ds_registry_op_at(s->reg, i); i++)
        if (!(ds_registry_op_at(s->reg, i)->flags & DS_OP_INTERNAL))
            fn(s, ds_registry_op_at(s->reg, i));
}

static void put_bare(struct schema *s, const ds_op_type *type)
{
    if (is_bare(type))
        json_str(&s->j, NULL, type->name);
}

static void put_choice(struct schema *s, const ds_op_type *type)
{
    json_open(&s->j, NULL, '{');
    put_required(s, DS_OPTS(type->name));
    json_close(&s->j, '}');
}

static void put_step(struct schema *s)
{
    json_open(&s->j, "step", '{');
    json_open(&s->j, "anyOf", '[');
    json_open(&s->j, NULL, '{');
    json_open(&s->j, "enum", '[');
    each_op(s, put_bare);
    json_raw(&s->j, NULL, "false"); /* never empty, never this */
    json_close(&s->j, ']');
    json_str(&s->j, "type", "string");
    json_close(&s->j, '}');
    json_open(&s->j, NULL, '{');
    json_str(&s->j, "type", "object");
    json_raw(&s->j, "additionalProperties", "false");
    json_open(&s->j, "properties", '{');
    each_op(s, put_op);
    for (const ds_param *p = ds_step_params; p->name; p++)
        put_param(s, p);
    json_close(&s->j, '}');
    json_open(&s->j, "oneOf", '[');
    each_op(s, put_choice);
    json_close(&s->j, ']');
    json_close(&s->j, '}');
    json_close(&s->j, ']');
    json_close(&s->j, '}');
}

/* ---- all of it ---- */

static void put_pattern(struct schema *s, const char *name, const char *pattern)
{
    json_open(&s->j, name, '{');
    json_str(&s->j, "type", "string");
    json_str(&s->j, "pattern", pattern);
    json_close(&s->j, '}');
}

static void put_defs(struct schema *s)
{
    json_open(&s->j, "$defs", '{');
    put_pattern(s, "name", "^[a-z_][a-z0-9_]{0,62}$|\\$\\{");
    put_pattern(s, "variable", "\\$\\{");
    put_pattern(s, "number", "^[0-9]+$|\\$\\{");
    put_pattern(s, "truth", "^(true|false)$|\\$\\{");
    put_pattern(s, "duration",
                "^([0-9]+(\\.[0-9]+)?(us|ms|s|m|h|d|w))+$|^P|\\$\\{");
    put_pattern(s, "size", "^[0-9]+(\\.[0-9]+)? *([kKMGT]i?)?[bB]?$|\\$\\{");
    json_open(&s->j, "scalar", '{');
    json_open(&s->j, "type", '[');
    json_str(&s->j, NULL, "string");
    json_str(&s->j, NULL, "number");
    json_str(&s->j, NULL, "boolean");
    json_close(&s->j, ']');
    json_close(&s->j, '}');
    put_column(s);
    put_type(s, "source", ds_source_params);
    put_type(s, "table", ds_table_params);
    put_type(s, "stream", ds_stream_params);
    put_type(s, "sink", ds_sink_params);
    put_step(s);
    json_close(&s->j, '}');
}

char *ds_job_schema(const ds_registry *reg, ds_arena *a)
{
    char *text = NULL, *copy;
    size_t len = 0;
    struct schema s = {.reg = reg};

    s.j.to = open_memstream(&text, &len);
    DS_BUG_ON(s.j.to == NULL);
    json_open(&s.j, NULL, '{');
    json_str(&s.j, "$schema", "https://json-schema.org/draft/2020-12/schema");
    json_str(&s.j, "title", "dstream job");
    put_type(&s, NULL, ds_job_params);
    put_defs(&s);
    json_close(&s.j, '}');
    fputc('\n', s.j.to);
    DS_BUG_ON(fclose(s.j.to) != 0);
    copy = ds_strn_copy(a, text, len);
    free(text);
    return copy;
}
