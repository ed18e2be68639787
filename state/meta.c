/* SPDX-License-Identifier: Apache-2.0 */
/*
 * meta.c - the record that stands beside the data: whose it is, what it
 * reflects.
 *
 *     u32 format   u64 signature   i64 position   i64 written   i32 partition
 *     4 x (u32 length, bytes): job, topic, cluster, engine record
 *     u64 hash of all that
 *
 * In host order: a state directory does not move between machines of different
 * kinds, and if it does, the hash does not fit.
 */
#include "state/state.h"

#define FIXED (4 + 8 + 8 + 8 + 4)

static ds_slice text_slice(const char *s)
{
    return ds_slice_of(s ? s : "");
}

static void put(uint8_t **at, const void *p, size_t n)
{
    if (n)
        memcpy(*at, p, n);
    *at += n;
}

static void put_slice(uint8_t **at, ds_slice s)
{
    put(at, &s.len, sizeof(s.len));
    put(at, s.ptr, s.len);
}

size_t meta_size(const struct store *s)
{
    return FIXED + (size_t)4 * 4 + text_slice(s->job).len +
           text_slice(s->topic).len + text_slice(s->db->cluster).len +
           s->meta.engine.len + 8;
}

ds_slice meta_encode(const struct store *s, uint8_t *to)
{
    uint32_t format = STATE_FORMAT;
    uint8_t *at = to;
    uint64_t hash;

    put(&at, &format, 4);
    put(&at, &s->meta.signature, 8);
    put(&at, &s->meta.pos, 8);
    put(&at, &s->meta.written, 8);
    put(&at, &s->partition, 4);
    put_slice(&at, text_slice(s->job));
    put_slice(&at, text_slice(s->topic));
    put_slice(&at, text_slice(s->db->cluster));
    put_slice(&at, s->meta.engine);
    hash = ds_hash(to, (size_t)(at - to));
    put(&at, &hash, 8);
    return (ds_slice){to, (uint32_t)(at - to)};
}

static bool take(ds_slice *from, void *p, size_t n)
{
    if (from->len < n)
        return false;
    memcpy(p, from->ptr, n);
    from->ptr += n;
    from->len -= (uint32_t)n;
    return true;
}

static bool take_slice(ds_slice *from, ds_slice *out)
{
    if (!take(from, &out->len, 4) || from->len < out->len)
        return false;
    out->ptr = from->ptr;
    from->ptr += out->len;
    from->len -= out->len;
    return true;
}

struct record {
    uint32_t format;
    uint64_t signature;
    int64_t pos;
    ds_time written;
    int32_t partition;
    ds_slice job, topic, cluster, engine;
};

static bool record_take(ds_slice bytes, struct record *r)
{
    uint64_t hash;

    if (bytes.len < FIXED + 8)
        return false;
    memcpy(&hash, bytes.ptr + bytes.len - 8, 8);
    bytes.len -= 8;
    return ds_hash(bytes.ptr, bytes.len) == hash &&
           take(&bytes, &r->format, 4) && take(&bytes, &r->signature, 8) &&
           take(&bytes, &r->pos, 8) && take(&bytes, &r->written, 8) &&
           take(&bytes, &r->partition, 4) && take_slice(&bytes, &r->job) &&
           take_slice(&bytes, &r->topic) && take_slice(&bytes, &r->cluster) &&
           take_slice(&bytes, &r->engine);
}

static ds_rc record_check(const struct store *s, uint64_t signature,
                          const struct record *r, ds_err *err)
{
    ds_slice cluster = text_slice(s->db->cluster);

    if (!ds_slice_eq(r->job, text_slice(s->job)) ||
        !ds_slice_eq(r->topic, text_slice(s->topic)) ||
        r->partition != s->partition)
        return ds_fail(err, DS_E_STATE,
                       "store %s partition %d: the local data "
                       "is of another store",
                       s->name, s->partition);
    if (cluster.len && r->cluster.len && !ds_slice_eq(cluster, r->cluster))
        return ds_fail(err, DS_E_STATE,
                       "store %s partition %d: the local data "
                       "is of another cluster",
                       s->name, s->partition);
    if (signature && r->signature && signature != r->signature)
        return ds_fail(err, DS_E_DECISION,
                       "the state of store %s was made by another operator or "
                       "for other columns; take the old job file, rename the "
                       "store with id:, or forget it with --reset-state",
                       s->name);
    return DS_OK;
}

ds_rc meta_decode(struct store *s, uint64_t signature, ds_slice bytes,
                  ds_err *err)
{
    struct record r = {0};

    if (bytes.len >= 4)
        memcpy(&r.format, bytes.ptr, 4);
    if (r.format > STATE_FORMAT && r.format < 1000)
        return ds_fail(err, DS_E_CONFIG,
                       "the state of store %s was written by a newer dstream "
                       "(format %u, this one knows %d)",
                       s->name, r.format, STATE_FORMAT);
    if (!record_take(bytes, &r))
        return ds_fail(err, DS_E_STATE,
                       "store %s partition %d: the record "
                       "beside the data is damaged",
                       s->name, s->partition);
    DS_TRY(record_check(s, signature, &r, err));
    s->meta.pos = r.pos;
    s->meta.written = r.written;
    store_set_engine(s, r.engine.len ? r.engine : DS_NULL_SLICE);
    return DS_OK;
}
