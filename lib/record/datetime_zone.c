/* SPDX-License-Identifier: Apache-2.0 */
/*
 * datetime_zone.c - time zones: what a clock shows at a place.
 *
 * The names of the database are listed once; a zone's file is read when it is
 * asked for first. Both are then read without a lock by any thread. Names come
 * with rows too, so nothing is kept for a name that is not in the database.
 */
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/calendar.h"
#include "record/datetime_words.h"

/* ---- the names of the database ---- */

typedef struct zone_entry {
    const char *name;                      /* as the file's */
    _Atomic(const datetime_zone *) loaded; /* NULL: not asked for yet */
} zone_entry;

static struct {
    pthread_once_t once;
    pthread_mutex_t lock; /* while a file is read */
    ds_arena *arena;      /* all of it, until the process ends */
    char root[256];
    zone_entry *list; /* sorted without regard to case */
    size_t n, cap;
} database = {.once = PTHREAD_ONCE_INIT, .lock = PTHREAD_MUTEX_INITIALIZER};

/* The file of a name is no zone. */
static const datetime_zone no_zone;

static void add_name(const char *name)
{
    if (database.n == database.cap) {
        size_t cap = database.cap ? 2 * database.cap : 1024;
        zone_entry *list = ds_new(database.arena, zone_entry, cap);
        if (database.n)
            memcpy(list, database.list, database.n * sizeof *list);
        database.list = list;
        database.cap = cap;
    }
    zone_entry *e = &database.list[database.n++];
    e->name = ds_str_copy(database.arena, name);
    atomic_init(&e->loaded, NULL);
}

/* Zones in right/ count leap seconds. */
static bool is_listed(const char *below, const char *file)
{
    return file[0] != '.' && !strchr(file, '.') &&
           !(below[0] == '\0' && strcmp(file, "right") == 0);
}

static void list_names(const char *below, int depth)
{
    char path[600], name[300];
    snprintf(path, sizeof path, "%s/%s", database.root, below);
    DIR *dir = depth < 4 ? opendir(path) : NULL;
    if (dir == NULL)
        return;
    for (struct dirent *d; (d = readdir(dir)) != NULL;) {
        struct stat st;
        int n = snprintf(name, sizeof name, "%s%s%s", below, *below ? "/" : "",
                         d->d_name);
        if (n >= (int)sizeof name || !is_listed(below, d->d_name))
            continue;
        snprintf(path, sizeof path, "%s/%s", database.root, name);
        if (stat(path, &st) != 0)
            continue;
        if (S_ISDIR(st.st_mode))
            list_names(name, depth + 1);
        else if (S_ISREG(st.st_mode))
            add_name(name);
    }
    closedir(dir);
}

static int entry_cmp(const void *a, const void *b)
{
    const zone_entry *x = a, *y = b;
    return strcasecmp(x->name, y->name);
}

static void list_all(void)
{
    const char *root = getenv("TZDIR");
    if (root == NULL || *root == '\0' || strlen(root) >= sizeof database.root)
        root = "/usr/share/zoneinfo";
    snprintf(database.root, sizeof database.root, "%s", root);
    database.arena = ds_arena_new(1 << 16);
    list_names("", 0);
    if (database.n)
        qsort(database.list, database.n, sizeof *database.list, entry_cmp);
}

static zone_entry *find_entry(const char *name)
{
    pthread_once(&database.once, list_all);
    size_t low = 0, high = database.n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        int order = strcasecmp(name, database.list[mid].name);
        if (order == 0)
            return &database.list[mid];
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return NULL;
}

static const datetime_zone *load(zone_entry *e)
{
    const datetime_zone *z =
        atomic_load_explicit(&e->loaded, memory_order_acquire);
    if (z)
        return z;
    char path[600];
    snprintf(path, sizeof path, "%s/%s", database.root, e->name);
    pthread_mutex_lock(&database.lock);
    z = atomic_load_explicit(&e->loaded, memory_order_acquire);
    if (z == NULL) {
        datetime_zone *made = ds_new(database.arena, datetime_zone, 1);
        z = zone_read_file(path, database.arena, made) ? made : &no_zone;
        atomic_store_explicit(&e->loaded, z, memory_order_release);
    }
    pthread_mutex_unlock(&database.lock);
    return z;
}

/* ---- finding a zone ---- */

enum { NAME_MOST = 255 };

static const datetime_zone *posix_zone(const char *name, datetime_zone *room)
{
    *room = (datetime_zone){.kind = ZONE_FIXED};
    if (!zone_parse_posix(name, strlen(name), &room->tail))
        return NULL;
    room->fixed = room->tail.standard;
    if (room->tail.has_summer) {
        room->kind = ZONE_RULES;
        room->has_tail = true;
        room->types = &room->tail.standard;
        room->n_types = 1;
    }
    return room;
}

const datetime_zone *zone_named(ds_slice name, datetime_zone *room)
{
    char text[NAME_MOST + 1];
    if (name.len == 0 || name.len > NAME_MOST)
        return NULL;
    memcpy(text, name.ptr, name.len);
    text[name.len] = '\0';
    zone_entry *e = find_entry(text);
    if (e) {
        const datetime_zone *z = load(e);
        if (z != &no_zone)
            return z;
    }
    return posix_zone(text, room);
}

const datetime_zone *zone_of_abbrev(const zone_abbrev *abbrev,
                                    datetime_zone *room)
{
    *room = (datetime_zone){.kind = ZONE_ABBREV};
    zone_entry *e = find_entry(abbrev->zone);
    room->of = e ? load(e) : NULL;
    if (room->of == NULL || room->of == &no_zone)
        return NULL;
    for (size_t i = 0; abbrev->name[i]; i++) {
        char c = abbrev->name[i];
        room->fixed.abbrev[i] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
    }
    return room;
}

static const datetime_zone *find_zone(ds_slice name, datetime_zone *room)
{
    const zone_abbrev *abbrev =
        zone_abbrev_find((const char *)name.ptr, name.len);
    if (abbrev == NULL)
        return zone_named(name, room);
    if (abbrev->zone)
        return zone_of_abbrev(abbrev, room);
    *room = (datetime_zone){.kind = ZONE_FIXED};
    room->fixed.east = abbrev->east;
    room->fixed.dst = abbrev->dst;
    for (size_t i = 0; i < name.len; i++) {
        char c = (char)name.ptr[i];
        room->fixed.abbrev[i] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
    }
    return room;
}

/* What was made in `room` goes to `to`. */
static const datetime_zone *keep(const datetime_zone *z,
                                 const datetime_zone *room, datetime_zone *to)
{
    if (z != room)
        return z;
    *to = *room;
    if (to->types == &room->tail.standard)
        to->types = &to->tail.standard;
    return to;
}

const datetime_zone *datetime_zone_find(ds_slice name, ds_arena *a)
{
    datetime_zone room;
    const datetime_zone *z = find_zone(name, &room);
    return z == &room ? keep(z, &room, ds_new(a, datetime_zone, 1)) : z;
}

bool zone_is_fixed(const datetime_zone *z)
{
    if (z->kind == ZONE_FIXED)
        return true;
    if (z->kind == ZONE_ABBREV)
        return false;
    for (uint32_t i = 1; i < z->n_types; i++)
        if (z->types[i].east != z->types[0].east)
            return false;
    return !(z->has_tail && z->tail.has_summer &&
             z->tail.summer.east != z->tail.standard.east);
}

/* ---- what the clock shows ---- */

static int64_t floor_seconds(ds_time t)
{
    return t / DS_SECOND - (t % DS_SECOND < 0);
}

static int64_t year_of(int64_t seconds)
{
    calendar_time c;
    int64_t era = seconds / (146097LL * 86400);
    calendar_split((seconds - era * 146097LL * 86400) * DS_SECOND, &c);
    return c.year + era * 400;
}

static bool in_tail(const datetime_zone *z, int64_t seconds)
{
    return z->has_tail && (z->n == 0 || seconds >= z->at[z->n - 1]);
}

/* How many of the table's changes lie at or before an instant. */
static uint32_t changes_until(const datetime_zone *z, int64_t seconds)
{
    uint32_t low = 0, high = z->n;
    while (low < high) {
        uint32_t mid = (low + high) / 2;
        if (z->at[mid] <= seconds)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* By the rules alone; *next: when it changes next. */
static const zone_type *tail_at(const zone_posix *p, int64_t seconds,
                                int64_t *next, const zone_type **then)
{
    const zone_type *now = &p->standard;
    int64_t year = year_of(seconds), at[2];
    const zone_type *to[2];
    *next = INT64_MAX;
    *then = now;
    if (!p->has_summer)
        return now;
    for (int64_t y = year - 2; y <= year + 2; y++) {
        zone_posix_year(p, y, at, to);
        for (int i = 0; i < 2; i++) {
            if (at[i] <= seconds) {
                now = to[i];
            } else if (*next == INT64_MAX) {
                *next = at[i];
                *then = to[i];
            }
        }
    }
    return now;
}

static const zone_type *table_at(const datetime_zone *z, uint32_t changes)
{
    return &z->types[changes ? z->type[changes - 1] : 0];
}

/* What holds at an instant, when that changes next, and to what. */
static const zone_type *rules_at(const datetime_zone *z, int64_t seconds,
                                 int64_t *next, const zone_type **then)
{
    if (in_tail(z, seconds) && z->n) {
        /* The last change of the table rules until the next of the tail. */
        int64_t last = z->at[z->n - 1], first;
        const zone_type *now = tail_at(&z->tail, seconds, next, then), *other;
        tail_at(&z->tail, last, &first, &other);
        return seconds < first ? table_at(z, z->n) : now;
    }
    if (in_tail(z, seconds))
        return tail_at(&z->tail, seconds, next, then);
    uint32_t n = changes_until(z, seconds);
    *next = n < z->n ? z->at[n] : INT64_MAX;
    *then = n < z->n ? table_at(z, n + 1) : table_at(z, n);
    return table_at(z, n);
}

/* What an abbreviation meant last, or else will mean first; NULL: the zone does
 * not use it. */
static const zone_type *abbrev_at(const datetime_zone *z, int64_t seconds)
{
    const datetime_zone *of = z->of;
    uint32_t n = changes_until(of, seconds);
    for (uint32_t i = n; i > 0; i--)
        if (strcmp(table_at(of, i)->abbrev, z->fixed.abbrev) == 0)
            return table_at(of, i);
    for (uint32_t i = n + 1; i <= of->n; i++)
        if (strcmp(table_at(of, i)->abbrev, z->fixed.abbrev) == 0)
            return table_at(of, i);
    return NULL;
}

static const zone_type *type_at(const datetime_zone *z, int64_t seconds)
{
    int64_t next;
    const zone_type *then, *meant;
    switch (z->kind) {
    case ZONE_FIXED:
        return &z->fixed;
    case ZONE_ABBREV:
        meant = abbrev_at(z, seconds);
        return meant ? meant : rules_at(z->of, seconds, &next, &then);
    case ZONE_RULES:
        break;
    }
    return rules_at(z, seconds, &next, &then);
}

int32_t datetime_zone_at(const datetime_zone *z, ds_time utc,
                         const char **abbrev, bool *dst)
{
    const zone_type *t = type_at(z, floor_seconds(utc));
    if (abbrev)
        *abbrev = t->abbrev;
    if (dst)
        *dst = t->dst;
    return t->east;
}

/* ---- from a clock to UTC ---- */

/* The zone's next change is looked for from a day before. If it falls between
 * what the clock was and what it becomes: a time that does not exist counts by
 * the old offset, one that comes twice by the new one. */
static int32_t east_of_local(const datetime_zone *z, int64_t local)
{
    int64_t next;
    const zone_type *then;
    const zone_type *now = rules_at(z, local - 86400, &next, &then);
    if (next == INT64_MAX)
        return now->east;
    int64_t before = local - now->east, after = local - then->east;
    if (before < next && after < next)
        return now->east;
    if (before > next && after >= next)
        return then->east;
    return before > after ? now->east : then->east;
}

ds_time datetime_zone_utc(const datetime_zone *z, ds_time local)
{
    int32_t east = z->fixed.east;
    int64_t seconds = floor_seconds(local);
    if (!datetime_finite(local))
        return local;
    if (z->kind == ZONE_RULES) {
        east = east_of_local(z, seconds);
    } else if (z->kind == ZONE_ABBREV) {
        east = east_of_local(z->of, seconds);
        const zone_type *meant = abbrev_at(z, seconds - east);
        if (meant)
            east = meant->east;
    }
    ds_time utc;
    if (__builtin_sub_overflow(local, east * DS_SECOND, &utc))
        return east < 0 ? DS_TIME_INF : DS_TIME_NINF;
    return datetime_valid(DS_TS, utc) ? utc : DS_TIME_NINF;
}
