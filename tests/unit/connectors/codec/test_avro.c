/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_avro.c - schemas, resolution and hostile bytes: a table of schema pairs,
 * bytes and the row as JSON; what is written is read back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <avro.h>
#include <cmocka.h>

#include "codec/avro_program.h"
#include "codec/avro_write.h"
#include "record/builder.h"
#include "record/show.h"
#include "record/value.h"

static ds_arena *a;

static int set_up(void **state)
{
    (void)state;
    a = ds_arena_new(1 << 16);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ds_arena_free(a);
    return 0;
}

/* Quotes are easier to read as ' in C. */
static ds_slice quoted(const char *s)
{
    char *copy = ds_str_copy(a, s);

    for (char *p = copy; *p; p++)
        if (*p == '\'')
            *p = '"';
    return ds_slice_of(copy);
}

static const avro_type *schema(const char *s)
{
    ds_slice text = quoted(s);
    const avro_type *t = NULL;
    ds_err err = {DS_OK, ""};

    if (avro_schema_parse(&text, 1, a, &t, &err) != DS_OK)
        fail_msg("%s: %s", s, err.msg);
    return t;
}

static ds_slice bytes_of(const char *hex)
{
    uint8_t *to = ds_arena_alloc(a, strlen(hex) + 1, 1);
    uint32_t n = 0;

    for (; *hex; hex++) {
        unsigned byte;

        if (*hex == ' ')
            continue;
        assert_int_equal(sscanf(hex, "%2x", &byte), 1);
        to[n++] = (uint8_t)byte;
        hex++;
    }
    return (ds_slice){to, n};
}

/* A record by a program; the row as JSON, or the error. */
static const char *row_of(const avro_program *p, const ds_schema *columns,
                          ds_slice bytes)
{
    avro_decoder *r = avro_decoder_new();
    void **values = ds_new(a, void *, columns->n);
    ds_col *cols = ds_new(a, ds_col, columns->n);
    avro_columns_out out = {
        values, ds_new(a, uint64_t *, columns->n), 1, 0, columns, a};
    const char *why, *result;
    ds_buf b;

    for (uint32_t i = 0; i < columns->n; i++)
        values[i] =
            ds_arena_alloc(a, ds_type_size(columns->fields[i].type), 16);
    if (!avro_decode_record(r, p, bytes, &out, &why)) {
        result = ds_str_copy(a, why);
    } else {
        for (uint32_t i = 0; i < columns->n; i++)
            cols[i] = (ds_col){out.valid[i], {values[i]}};
        ds_buf_init(&b, a, 64);
        ds_show_json_row(&b, columns, cols, 0);
        result = ds_strn_copy(a, b.s, b.len);
    }
    avro_decoder_free(r);
    return result;
}

/* `columns`: "name type, ..." or NULL: those of the reader's schema. */
static const char *decode(const char *w, const char *r, const char *hex)
{
    const avro_type *writer = schema(w), *reader = r ? schema(r) : writer;
    const ds_schema *columns;
    const avro_program *p;
    ds_err err = {DS_OK, ""};

    if (avro_columns(reader, a, &columns, &err) < 0)
        return ds_str_copy(a, err.msg);
    if (avro_compile(writer, reader, &(avro_target){columns, NULL}, a, &p,
                     &err) < 0)
        return ds_str_copy(a, err.msg);
    return row_of(p, columns, bytes_of(hex));
}

#define REC(fields) "{'type':'record','name':'R','fields':[" fields "]}"
#define F(name, type) "{'name':'" name "','type':" type "}"
#define FD(name, type, def)                                                    \
    "{'name':'" name "','type':" type ",'default':" def "}"
#define LOGICAL(type, name) "{'type':'" type "','logicalType':'" name "'}"
#define DEC(p, s)                                                              \
    "{'type':'bytes','logicalType':'decimal','precision':" #p ",'scale':" #s "}"

static const struct {
    const char *writer, *reader, *hex, *row;
} cases[] = {
    /* plain types */
    {REC(F("a", "'boolean'")), NULL, "01", "{'a':true}"},
    {REC(F("a", "'int'") "," F("b", "'long'")), NULL, "03 80 01",
     "{'a':-2,'b':64}"},
    {REC(F("a", "'long'")), NULL, "ff ff ff ff ff ff ff ff ff 01",
     "{'a':-9223372036854775808}"},
    {REC(F("a", "'float'") "," F("b", "'double'")), NULL,
     "00 00 c0 3f  00 00 00 00 00 00 04 c0", "{'a':1.5,'b':-2.5}"},
    {REC(F("a", "'string'") "," F("b", "'bytes'")), NULL,
     "06 c3 a9 78  04 00 ff", "{'a':'\303\251x','b':'\\\\x00ff'}"},
    {REC(F("a", "'null'") "," F("b", "'int'")), NULL, "02", "{'a':null,'b':1}"},
    {REC(F("a", "{'type':'fixed','name':'X','size':3}")), NULL, "01 02 03",
     "{'a':'\\\\x010203'}"},
    {REC(F("a", "{'type':'enum','name':'E','symbols':['A','B']}")), NULL, "02",
     "{'a':'B'}"},
    /* unions */
    {REC(F("a", "['null','int']")), NULL, "00", "{'a':null}"},
    {REC(F("a", "['int','null']")), NULL, "00 04", "{'a':2}"},
    {REC(F("a", "['null','int','string']")), NULL, "04 02 78", "{'a':\"x\"}"},
    {REC(F("a", "['null','int','string']")), NULL, "02 0a", "{'a':5}"},
    {REC(F("a", "['null','int','string']")), NULL, "00", "{'a':null}"},
    /* arrays, rows, maps */
    {REC(F("a", "{'type':'array','items':'int'}")), NULL, "04 02 04 00",
     "{'a':[1,2]}"},
    {REC(F("a", "{'type':'array','items':'int'}")), NULL,
     "03 04 02 04 02 06 00", "{'a':[1,2,3]}"},
    {REC(F("a", "{'type':'array','items':'int'}")), NULL, "00", "{'a':[]}"},
    {REC(F("a", "{'type':'array','items':['null','string']}")), NULL,
     "04 00 02 02 78 00", "{'a':[null,'x']}"},
    {REC(F("a", "{'type':'record','name':'S','fields':[" F("x", "'int'") "," F(
                    "y", "['null','string']") "]}")),
     NULL, "02 02 02 7a", "{'a':{'x':1,'y':'z'}}"},
    {REC(F("a", "{'type':'map','values':'int'}")), NULL, "02 02 6b 06 00",
     "{'a':{\"k\": 3}}"},
    {REC(F("a", "{'type':'array','items':{'type':'array','items':'int'}}")),
     NULL, "02 04 02 04 00 00", "{'a':[[1, 2]]}"},
    {"{'type':'record','name':'L','fields':[" F("v", "'int'") "," F(
         "next", "['null','L']") "]}",
     NULL, "02 02 04 00", "{'v':1,'next':{\"v\": 2, \"next\": null}}"},
    {"'string'", NULL, "02 78", "{'value':'x'}"},
    {"['null','long']", NULL, "00", "{'value':null}"},
    /* logical types */
    {REC(F("a", DEC(10, 2))), NULL, "04 30 39", "{'a':123.45}"},
    {REC(F("a", DEC(10, 2))), NULL, "02 ff", "{'a':-0.01}"},
    {REC(F("a", DEC(4, 2))), NULL, "06 01 e2 40",
     "column \"a\": numeric field overflow"},
    {REC(F("a", "{'type':'fixed','name':'X','size':4,'logicalType':'decimal',"
                "'precision':6,'scale':3}")),
     NULL, "ff ff ff 85", "{'a':-0.123}"},
    {REC(F("a", LOGICAL("int", "date"))), NULL, "02", "{'a':'1970-01-02'}"},
    {REC(F("a", LOGICAL("int", "time-millis"))), NULL, "80 dd db 01",
     "{'a':'00:30:00'}"},
    {REC(F("a", LOGICAL("long", "time-micros"))), NULL, "02",
     "{'a':'00:00:00.000001'}"},
    {REC(F("a", LOGICAL("long", "timestamp-millis"))), NULL, "d0 0f",
     "{'a':'1970-01-01T00:00:01Z'}"},
    {REC(F("a", LOGICAL("long", "timestamp-micros"))), NULL, "03",
     "{'a':'1969-12-31T23:59:59.999998Z'}"},
    {REC(F("a", LOGICAL("long", "local-timestamp-millis"))), NULL, "d0 0f",
     "{'a':'1970-01-01T00:00:01'}"},
    {REC(F("a", LOGICAL("string", "uuid"))), NULL,
     "48 "
     "30303030303030302d303030302d303030302d303030302d303030303030303030306131",
     "{'a':'00000000-0000-0000-0000-0000000000a1'}"},
    {REC(F("a", "{'type':'fixed','name':'D','size':12,'logicalType':"
                "'duration'}")),
     NULL, "0e000000 03000000 e8030000",
     "{'a':'1 year 2 mons 3 days 00:00:01'}"},
    {REC(F("a", LOGICAL("long", "time-micros"))), NULL, "01",
     "column \"a\": a time is not within a day"},
    {REC(F("a", LOGICAL("string", "date"))), NULL, "02 78", "{'a':'x'}"},
    {REC(F("a", LOGICAL("int", "date"))), NULL, "fe ff ff ff 0f",
     "column \"a\": date out of range"},
    {REC(F("a", LOGICAL("long", "timestamp-micros"))), NULL,
     "fe ff ff ff ff ff ff ff ff 01", "column \"a\": timestamp out of range"},
    {REC(F("a", LOGICAL("long", "local-timestamp-micros"))), NULL,
     "ff ff ff ff ff ff ff ff ff 01", "column \"a\": timestamp out of range"},
    {REC(F("a", LOGICAL("long", "timestamp-millis"))), NULL,
     "ff ff ff ff ff ff ff 01", "column \"a\": timestamp out of range"},
    /* evolution */
    {REC(F("a", "'int'")), REC(F("a", "'int'") "," FD("b", "'string'", "'d'")),
     "02", "{'a':1,'b':'d'}"},
    {REC(F("a", "'int'")),
     REC(F("a", "'int'") "," FD("b", "['null','string']", "null")), "02",
     "{'a':1,'b':null}"},
    {REC(F("a", "'int'")),
     REC(FD("b", "{'type':'array','items':'int'}", "[1,2]") "," F("a",
                                                                  "'int'")),
     "02", "{'b':[1,2],'a':1}"},
    {REC(F("a", "'int'") "," F("x", "{'type':'map','values':'bytes'}") "," F(
         "b", "'int'")),
     REC(F("b", "'int'")), "02 02 02 6b 02 ff 00 04", "{'b':2}"},
    {REC(F("a", "'int'")), REC(F("a", "'long'")), "02", "{'a':1}"},
    {REC(F("a", "'int'")), REC(F("a", "'double'")), "02", "{'a':1}"},
    {REC(F("a", "'float'")), REC(F("a", "'double'")), "00 00 c0 3f",
     "{'a':1.5}"},
    {REC(F("a", "'string'")), REC(F("a", "'bytes'")), "02 78",
     "{'a':'\\\\x78'}"},
    {REC(F("a", "'bytes'")), REC(F("a", "'string'")), "02 78", "{'a':'x'}"},
    {REC(F("a", "'int'")), REC(F("a", "['null','long']")), "02", "{'a':1}"},
    {REC(F("a", "['null','int']")), REC(F("a", "'int'")), "02 02", "{'a':1}"},
    {REC(F("a", "['null','int']")), REC(F("a", "'int'")), "00",
     "column \"a\": field a: null cannot be read as int"},
    {REC(F("a", "'int'")), REC("{'name':'b','type':'int','aliases':['a']}"),
     "02", "{'b':1}"},
    {REC(F("a", "{'type':'enum','name':'E','symbols':['A','B','C']}")),
     REC(F("a", "{'type':'enum','name':'E','symbols':['A'],'default':'A'}")),
     "04", "{'a':'A'}"},
    {REC(F("a", "{'type':'enum','name':'E','symbols':['A','B']}")),
     REC(F("a", "{'type':'enum','name':'E','symbols':['A']}")), "02",
     "column \"a\": a symbol that the reader's schema has not"},
    {REC(F("a", LOGICAL("long", "timestamp-millis"))),
     REC(F("a", LOGICAL("long", "timestamp-micros"))), "d0 0f",
     "{'a':'1970-01-01T00:00:01Z'}"},
    {REC(F("a", DEC(4, 1))), REC(F("a", DEC(10, 2))), "02 0f", "{'a':1.50}"},
    /* what does not go together */
    {REC(F("a", "'string'")), REC(F("a", "'int'")), "",
     "field a: string cannot be read as int"},
    {REC(F("a", "'long'")), REC(F("a", "'int'")), "",
     "field a: long cannot be read as int"},
    {REC(F("a", DEC(10, 2))), REC(F("a", DEC(10, 1))), "",
     "field a: bytes (decimal(10,2)) cannot be read as bytes (decimal(10,1))"},
    {REC(F("a", "'int'")), REC(F("a", "'int'") "," F("b", "'int'")), "",
     "field b: the record was written without it, and it has no default"},
    /* hostile bytes */
    {REC(F("a", "'int'")), NULL, "", "column \"a\": the record is truncated"},
    {REC(F("a", "'int'")), NULL, "80", "column \"a\": the record is truncated"},
    {REC(F("a", "'int'")), NULL, "02 00", "1 bytes follow the record"},
    {REC(F("a", "'int'")), NULL, "80 80 80 80 10",
     "column \"a\": an int has more than 32 bits"},
    {REC(F("a", "'long'")), NULL, "ff ff ff ff ff ff ff ff ff 02",
     "column \"a\": an integer has more than 64 bits"},
    {REC(F("a", "'long'")), NULL, "80 80 80 80 80 80 80 80 80 80 01",
     "column \"a\": an integer has more than 64 bits"},
    {REC(F("a", "'string'")), NULL, "01", "column \"a\": a length is negative"},
    {REC(F("a", "'string'")), NULL, "06 78 78",
     "column \"a\": the record is truncated"},
    {REC(F("a", "'string'")), NULL, "fe ff ff ff ff ff ff ff ff 01",
     "column \"a\": the record is truncated"},
    {REC(F("a", "'string'")), NULL, "02 ff",
     "column \"a\": a string is not valid UTF-8"},
    {REC(F("a", "'string'")), NULL, "02 00",
     "column \"a\": a string has a NUL character"},
    {REC(F("a", "'boolean'")), NULL, "02",
     "column \"a\": a boolean is neither 0 nor 1"},
    {REC(F("a", "['null','int']")), NULL, "04",
     "column \"a\": a union has no branch of that number"},
    {REC(F("a", "['null','int']")), NULL, "01",
     "column \"a\": a union has no branch of that number"},
    {REC(F("a", "{'type':'enum','name':'E','symbols':['A']}")), NULL, "02",
     "column \"a\": an enum has no symbol of that number"},
    {REC(F("a", "{'type':'array','items':'int'}")), NULL,
     "fe ff ff ff ff ff ff ff ff 01",
     "column \"a\": a block counts more items than the record can hold"},
    {REC(F("a", "{'type':'array','items':'null'}")), NULL,
     "fe ff ff ff ff ff ff ff ff 01",
     "column \"a\": too many items without bytes"},
    {REC(F("a", "{'type':'array','items':'int'}")), NULL,
     "ff ff ff ff ff ff ff ff ff 01 00",
     "column \"a\": a block has a wrong count"},
    {REC(F("a", "{'type':'array','items':'int'}")), NULL, "01 06 02 00 00",
     "column \"a\": a block is not as long as it says"},
    {REC(F("a", "{'type':'map','values':'int'}")), NULL, "02 7f 00",
     "column \"a\": a length is negative"},
    {"{'type':'record','name':'L','fields':[" F("next", "['null','L']") "]}",
     NULL,
     "0202020202020202020202020202020202020202020202020202020202020202020202020"
     "2"
     "0202020202020202020202020202020202020202020202020202020202020202020202020"
     "2"
     "0200",
     "column \"next\": values are nested too deeply"},
};

static const char *plain(const char *s)
{
    return (const char *)quoted(s).ptr;
}

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const char *got =
            decode(cases[i].writer, cases[i].reader, cases[i].hex);
        const char *want =
            cases[i].row[0] == '{' ? plain(cases[i].row) : cases[i].row;

        if (strcmp(got, want) != 0)
            print_error("case %zu, %s:\n  got  %s\n  want %s\n", i,
                        cases[i].writer, got, want);
        assert_string_equal(got, want);
    }
}

/* Every prefix of a good record, and every byte of it changed, ends well. */
static void test_damaged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        ds_slice good = bytes_of(cases[i].hex);

        for (uint32_t n = 0; n < good.len; n++) {
            char hex[1000] = "";

            for (uint32_t k = 0; k < good.len && k < 300; k++)
                sprintf(hex + 2 * k, "%02x",
                        good.ptr[k] ^ (k == n ? 0xa5u : 0));
            (void)decode(cases[i].writer, cases[i].reader, hex);
            hex[2 * n] = 0;
            (void)decode(cases[i].writer, cases[i].reader, hex);
        }
    }
}

static const struct {
    const char *text;
    bool avro_c; /* whether avro-c takes it too */
    const char *error;
} bad_schemas[] = {
    {"{", false, "the schema is no JSON"},
    {"'nothing'", false, "type \"nothing\" is not defined"},
    {"{'type':'record','name':'R'}", false, "record R has no list of fields"},
    {"{'type':'record','name':'R-','fields':[]}", false,
     "is no name of a type"},
    {REC(F("a", "'int'") "," F("a", "'int'")), true,
     "field \"a\" stands twice"},
    {REC(F("1", "'int'")), true, "is no name of a field"},
    {REC("{'name':'a'}"), false, "field \"a\" has no type"},
    {REC(FD("a", "'int'", "'x'")), true,
     "the default of field \"a\" of R: it is no int"},
    {"['int','int']", true, "a union has int twice"},
    {"['int',['null']]", true, "a union stands in a union"},
    {"[]", true, "a union has no branches"},
    {"{'type':'enum','name':'E','symbols':['A','A']}", true, "stands twice"},
    {"{'type':'enum','name':'E','symbols':['A'],'default':'B'}", true,
     "is none of its symbols"},
    {"{'type':'fixed','name':'X','size':-1}", true, "has no size"},
    {REC(F("a", "{'type':'record','name':'R','fields':[]}")), false,
     "is defined twice"},
};

static void test_bad_schemas(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad_schemas) / sizeof(*bad_schemas); i++) {
        ds_slice text = quoted(bad_schemas[i].text);
        const avro_type *t;
        ds_err err = {DS_OK, ""};

        assert_int_equal(avro_schema_parse(&text, 1, a, &t, &err), DS_E_CONFIG);
        if (!strstr(err.msg, bad_schemas[i].error))
            fail_msg("%s: %s", bad_schemas[i].text, err.msg);
    }
}

/* avro-c takes what we take, and refuses nothing else of the table above than
 * what is said there. */
static void test_as_avro_c(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        ds_slice text = quoted(cases[i].writer);
        avro_schema_t s;

        if (text.ptr[0] == '"')
            continue; /* avro-c wants an object or a list there */
        assert_int_equal(
            avro_schema_from_json_length((const char *)text.ptr, text.len, &s),
            0);
        avro_schema_decref(s);
    }
    for (size_t i = 0; i < sizeof(bad_schemas) / sizeof(*bad_schemas); i++) {
        ds_slice text = quoted(bad_schemas[i].text);
        avro_schema_t s = NULL;
        bool took = avro_schema_from_json_length((const char *)text.ptr,
                                                 text.len, &s) == 0;

        if (took)
            avro_schema_decref(s);
        if (took && !bad_schemas[i].avro_c)
            fail_msg("avro-c takes %s", bad_schemas[i].text);
    }
}

static void test_deep_schema(void **state)
{
    ds_buf b;
    ds_slice text;
    const avro_type *t;
    ds_err err = {DS_OK, ""};

    (void)state;
    ds_buf_init(&b, a, 1 << 16);
    for (int i = 0; i < 1000; i++)
        ds_buf_str(&b, "{\"type\":\"array\",\"items\":");
    ds_buf_str(&b, "\"int\"");
    for (int i = 0; i < 1000; i++)
        ds_buf_str(&b, "}");
    text = (ds_slice){(const uint8_t *)b.s, b.len};
    assert_int_equal(avro_schema_parse(&text, 1, a, &t, &err), DS_E_CONFIG);
    assert_non_null(strstr(err.msg, "more than 64 types inside each other"));
}

/* ---- columns that a job declares ---- */

static const struct {
    const char *schema, *column, *error; /* NULL: it fits */
    ds_type type;
    int32_t mod;
} fits[] = {
    {"'int'", "a", NULL, DS_I32, 0},
    {"'int'", "a", NULL, DS_I64, 0},
    {"'int'", "a", NULL, DS_NUM, 0},
    {"'int'", "a", NULL, DS_F64, 0},
    {"'float'", "a", NULL, DS_F64, 0},
    {"'long'", "a", NULL, DS_NUM, 0},
    {"'string'", "a", NULL, DS_UUID, 0},
    {"'string'", "a", NULL, DS_JSON, 0},
    {"{'type':'map','values':'int'}", "a", NULL, DS_JSON, 0},
    {"['null','int']", "a", NULL, DS_I64, 0},
    {DEC(10, 2), "a", NULL, DS_NUM, 0},
    {"'long'", "a", "field a: long does not fit a column of type integer",
     DS_I32, 0},
    {"['null','string']", "a",
     "field a: string does not fit a column of type bigint", DS_I64, 0},
    {"'long'", "a",
     "field a: long does not fit a column of type timestamp with time zone",
     DS_TS, 0},
    {"{'type':'map','values':'int'}", "a",
     "field a: map of int does not fit a column of type text", DS_STR, 0},
    {"'int'", "b", "the schema has no field \"b\"", DS_I32, 0},
};

static void test_columns(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(fits) / sizeof(*fits); i++) {
        const avro_type *t = schema(
            ds_str_printf(a, REC("{'name':'a','type':%s}"), fits[i].schema));
        ds_field f = {fits[i].column, fits[i].type, fits[i].mod, false};
        ds_schema columns = {1, &f};
        const avro_program *p;
        ds_err err = {DS_OK, ""};
        ds_rc rc =
            avro_compile(t, t, &(avro_target){&columns, NULL}, a, &p, &err);

        assert_string_equal(err.msg, fits[i].error ? fits[i].error : "");
        assert_int_equal(rc, fits[i].error ? DS_E_CONFIG : DS_OK);
    }
}

/* ---- writing ---- */

static const struct {
    ds_type type;
    int32_t mod;
    const char *text; /* of the value; NULL: NULL */
} written[] = {
    {DS_BOOL, 0, "true"},
    {DS_I16, 0, "-32768"},
    {DS_I32, 0, "2147483647"},
    {DS_I64, 0, "-9223372036854775808"},
    {DS_F32, 0, "1.5"},
    {DS_F64, 0, "0.1"},
    {DS_STR, 0, "h\303\251"},
    {DS_STR, 0, ""},
    {DS_BYTES, 0, "\\x00ff"},
    {DS_DATE, 0, "1969-12-31"},
    {DS_TIME, 0, "23:59:59.999999"},
    {DS_TIMESTAMP, 0, "2026-01-02 03:04:05.000006"},
    {DS_TS, 0, "1900-01-02 03:04:05.000006+00"},
    {DS_UUID, 0, "00000000-0000-0000-0000-0000000000a1"},
    {DS_IV, 0, "1 year 2 mons 3 days 00:00:01.5"},
    {DS_NUM, 0x000a0002 + 5, "-12345678.91"},
    {DS_NUM, 0, "99999999999999999999999999999.123456789"},
    {DS_NUM, 0, "0.000000000"},
    {DS_I64, 0, NULL},
};

static ds_col column_of(const ds_field *f, const char *text)
{
    const char *code;
    ds_value v;

    if (!text)
        return ds_col_const(f->type, NULL, 1, a);
    assert_null(ds_value_parse(f->type, f->mod, ds_slice_of(text), DS_TIME_NONE,
                               a, &v, &code));
    return ds_col_const(f->type, &v, 1, a);
}

static ds_slice write_row(const ds_schema *columns, const avro_type *t,
                          const ds_col *cols, const char **why)
{
    avro_encoder *w;
    ds_err err = {DS_OK, ""};
    ds_buf b;

    if (avro_encoder_new(t, columns, a, &w, &err) < 0) {
        *why = ds_str_copy(a, err.msg);
        return DS_NULL_SLICE;
    }
    ds_buf_init(&b, a, 64);
    if (!avro_encode_record(w, cols, 0, &b, why))
        return DS_NULL_SLICE;
    return (ds_slice){(const uint8_t *)b.s, b.len};
}

/* Schema made of the columns, written, read by it: the same values. */
static void test_written_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(written) / sizeof(*written); i++)
        for (int not_null = 0; not_null < 2; not_null++) {
            ds_field f = {"a", written[i].type, written[i].mod, not_null};
            ds_schema columns = {1, &f};
            const ds_schema *back;
            ds_col col = column_of(&f, written[i].text);
            ds_slice text, bytes;
            const avro_type *t;
            const avro_program *p;
            const char *why = "";
            ds_err err = {DS_OK, ""};
            ds_buf b;

            assert_int_equal(
                avro_schema_make(&columns, "com.acme.R", false, a, &text, &err),
                DS_OK);
            assert_int_equal(avro_schema_parse(&text, 1, a, &t, &err), DS_OK);
            bytes = write_row(&columns, t, &col, &why);
            if (not_null && !written[i].text) {
                assert_string_equal(
                    why, "column \"a\": the schema does not allow NULL");
                continue;
            }
            assert_non_null(bytes.ptr);
            assert_int_equal(avro_columns(t, a, &back, &err), DS_OK);
            assert_int_equal(back->fields[0].not_null, not_null);
            assert_int_equal(
                avro_compile(t, t, &(avro_target){back, NULL}, a, &p, &err),
                DS_OK);
            ds_buf_init(&b, a, 64);
            ds_show_json_row(&b, &columns, &col, 0);
            assert_string_equal(row_of(p, back, bytes),
                                ds_strn_copy(a, b.s, b.len));
        }
}

/* jsonb to types without a SQL type; %s: the field's schema. */
static const struct {
    const char *schema, *json;
    const char *error; /* NULL: what is read back is the same */
} json_cases[] = {
    {"{'type':'map','values':'long'}", "{\"a\": 1, \"\\\"\": -5}", NULL},
    {"{'type':'map','values':'long'}", "{}", NULL},
    {"{'type':'array','items':{'type':'array','items':'double'}}",
     "[[1.5, 2], []]", NULL},
    {"['null','string','long']", "5", NULL},
    {"['null','string','long']", "\"5\"", NULL},
    {"['double','long']", "5", NULL},
    {"['double','long']", "0.5", NULL},
    {"['bytes','string','boolean']", "\"x\"", NULL},
    {"['bytes','string','boolean']", "\"\\\\x00ff\"", NULL},
    {"['bytes','string','boolean']", "true", NULL},
    {"{'type':'map','values':['null'," DEC(10, 2) ",{'type':'enum','name':'E',"
                                                  "'symbols':['A']}," LOGICAL(
                                                      "int", "date") "]}",
     "{\"a\": null, \"b\": 1.25, \"c\": \"A\", \"d\": \"2026-01-31\"}", NULL},
    {"['null',{'type':'record','name':'T','fields':[{'name':'v','type':'int'},"
     "{'name':'next','type':['null','T']}]}]",
     "{\"v\": 1, \"next\": {\"v\": 2, \"next\": null}}", NULL},
    {"{'type':'map','values':'long'}", "{\"a\": 1.5}",
     "column \"a\": invalid input syntax for type bigint: \"1.5\""},
    {"{'type':'map','values':'long'}", "[1]",
     "column \"a\": [1] does not fit map of long"},
    {"['string','long']", "true",
     "column \"a\": true does not fit [string, long]"},
    {NULL, NULL, NULL},
};

static void test_jsonb(void **state)
{
    ds_field f = {"a", DS_JSON, 0, false};
    ds_schema columns = {1, &f};

    (void)state;
    for (size_t i = 0; json_cases[i].json; i++) {
        const avro_type *t = schema(ds_str_printf(
            a, REC("{'name':'a','type':%s}"), json_cases[i].schema));
        ds_col col = column_of(&f, json_cases[i].json);
        const avro_program *p;
        const char *why = "";
        ds_err err = {DS_OK, ""};
        ds_slice bytes = write_row(&columns, t, &col, &why);
        ds_buf b;

        assert_int_equal(bytes.ptr == NULL, json_cases[i].error != NULL);
        if (!bytes.ptr)
            assert_string_equal(why, json_cases[i].error);
        if (json_cases[i].error)
            continue;
        assert_int_equal(
            avro_compile(t, t, &(avro_target){&columns, NULL}, a, &p, &err),
            DS_OK);
        ds_buf_init(&b, a, 64);
        ds_show_json_row(&b, &columns, &col, 0);
        assert_string_equal(row_of(p, &columns, bytes),
                            ds_strn_copy(a, b.s, b.len));
    }
}

static const struct {
    const char *schema;
    ds_type type;
    const char *text, *error;
} refused[] = {
    {"'int'", DS_I64, "2147483648",
     "column \"a\": the value is out of range of int"},
    {"'float'", DS_F64, "1e300",
     "column \"a\": the value is out of range of float"},
    {DEC(4, 2), DS_NUM, "100",
     "column \"a\": the value is out of range of bytes (decimal(4,2))"},
    {DEC(4, 2), DS_NUM, "NaN",
     "column \"a\": a decimal cannot hold NaN or infinity"},
    {LOGICAL("long", "timestamp-micros"), DS_TS, "infinity",
     "column \"a\": a timestamp of Avro cannot be infinite"},
    {"{'type':'enum','name':'E','symbols':['A']}", DS_STR, "B",
     "column \"a\": the value is none of the enum's symbols"},
    {"{'type':'fixed','name':'X','size':2}", DS_BYTES, "\\x010203",
     "column \"a\": the value is out of range of fixed X"},
    {"'string'", DS_I64, "1",
     "column \"a\" of type bigint does not fit the schema's string"},
    {"['null','string']", DS_I64, "1",
     "column \"a\" of type bigint does not fit the schema's string"},
    {"{'type':'fixed','name':'D','size':12,'logicalType':'duration'}", DS_IV,
     "-1 day",
     "column \"a\": a duration of Avro holds whole milliseconds below 2^32, "
     "and nothing negative"},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
        ds_field f = {"a", refused[i].type, 0, false};
        ds_schema columns = {1, &f};
        ds_col col = column_of(&f, refused[i].text);
        const char *why = "";

        assert_null(
            write_row(&columns,
                      schema(ds_str_printf(a, REC("{'name':'a','type':%s}"),
                                           refused[i].schema)),
                      &col, &why)
                .ptr);
        assert_string_equal(why, refused[i].error);
    }
}

static void test_write_fields(void **state)
{
    ds_field f[] = {{"a", DS_I32, 0, false}, {"c", DS_I32, 0, false}};
    const char *why = "";
    int64_t one = 1;
    ds_col cols[] = {ds_col_const(DS_I32, &one, 1, a),
                     ds_col_const(DS_I32, &one, 1, a)};
    ds_slice got;

    (void)state;
    /* A field without a column takes its default. */
    got = write_row(&(ds_schema){1, f},
                    schema(REC(FD("b", "'int'", "7") "," F("a", "'int'"))),
                    cols, &why);
    assert_true(ds_slice_eq(got, bytes_of("0e 02")));
    got =
        write_row(&(ds_schema){1, f},
                  schema(REC(F("b", "'int'") "," F("a", "'int'"))), cols, &why);
    assert_string_equal(
        why, "the schema's field \"b\" has no column and no default");
    got =
        write_row(&(ds_schema){2, f}, schema(REC(F("a", "'int'"))), cols, &why);
    assert_string_equal(why,
                        "column \"c\" is no field of the schema's record R");
    assert_null(got.ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_bad_schemas),
        cmocka_unit_test(test_as_avro_c),
        cmocka_unit_test(test_deep_schema),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_written_is_read),
        cmocka_unit_test(test_jsonb),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_write_fields),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
