/* SPDX-License-Identifier: Apache-2.0 */
/*
 * folder.c - the folder of a job's state.
 */
#include "state/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "dstream state"

/* What an errno means here: full, read-only, forbidden; a sentence. */
static ds_rc fail_errno(const char *what, const char *path, ds_err *err)
{
    int e = errno;
    const char *hint = e == ENOSPC || e == EDQUOT ? ": free some space"
                       : e == EROFS               ? ": mount it writable"
                       : e == EACCES || e == EPERM
                           ? ": give this user the right to write there"
                           : "";

    return ds_fail(err, DS_E_DISK, "state directory %s: cannot %s: %s%s", path,
                   what, strerror(e), hint);
}

static char *path_of(const char *dir, const char *name)
{
    char *p = NULL;

    DS_BUG_ON(asprintf(&p, "%s/%s", dir, name) < 0);
    return p;
}

/* ---- identity ---- */

/* Reads "word rest of the line". */
static bool line_value(const char *text, const char *word, char *out,
                       size_t size)
{
    size_t n = strlen(word);

    for (const char *p = text; p && *p;) {
        const char *end = strchr(p, '\n');
        size_t len = end ? (size_t)(end - p) : strlen(p);

        if (len > n && strncmp(p, word, n) == 0 && p[n] == ' ') {
            snprintf(out, size, "%.*s", (int)(len - n - 1), p + n + 1);
            return true;
        }
        p = end ? end + 1 : NULL;
    }
    return false;
}

static ds_rc identity_check(const ds_db_spec *spec, const char *text,
                            ds_err *err)
{
    char format[32], job[256];

    if (!line_value(text, MAGIC, format, sizeof(format)) ||
        !line_value(text, "job", job, sizeof(job)))
        return ds_fail(err, DS_E_CONFIG,
                       "state directory %s: its identity cannot be read; give "
                       "another directory, or delete this one if it is only "
                       "state",
                       spec->dir);
    if (strtol(format, NULL, 10) > FOLDER_FORMAT)
        return ds_fail(err, DS_E_CONFIG,
                       "state directory %s was written by a newer dstream "
                       "(format %s, this one knows %d)",
                       spec->dir, format, FOLDER_FORMAT);
    if (strcmp(job, spec->job) != 0)
        return ds_fail(err, DS_E_CONFIG,
                       "state directory %s belongs to job %s, not to job %s",
                       spec->dir, job, spec->job);
    return DS_OK;
}

/* DS_NOTFOUND: there is none. */
static ds_rc identity_read(const ds_db_spec *spec, ds_err *err)
{
    char text[2048];
    char *path = path_of(spec->dir, "identity");
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n;

    if (fd < 0) {
        ds_rc rc = errno == ENOENT
                       ? DS_NOTFOUND
                       : fail_errno("read its identity", spec->dir, err);
        free(path);
        return rc;
    }
    free(path);
    n = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (n < 0)
        return fail_errno("read its identity", spec->dir, err);
    text[n] = 0;
    return identity_check(spec, text, err);
}

/* To a file of its own first: a crash leaves a whole one or none. */
static ds_rc identity_write(const ds_db_spec *spec, ds_err *err)
{
    char *tmp = path_of(spec->dir, "identity.tmp");
    char *path = path_of(spec->dir, "identity");
    int fd =
        open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = fd >= 0 &&
              dprintf(fd, MAGIC " %d\njob %s\ncluster %s\n", FOLDER_FORMAT,
                      spec->job, spec->cluster_id ? spec->cluster_id : "") > 0;

    ok = ok && fsync(fd) == 0;
    if (fd >= 0 && close(fd) != 0)
        ok = false;
    ok = ok && rename(tmp, path) == 0;
    free(tmp);
    free(path);
    return ok ? DS_OK : fail_errno("write its identity", spec->dir, err);
}

/* ---- the folder ---- */

/* Its own files only: what is left of a start that did not get further. */
static bool folder_is_empty(const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *e;
    bool empty = true;

    while (d && (e = readdir(d)) != NULL)
        empty = empty && (e->d_name[0] == '.' || !strcmp(e->d_name, "lock") ||
                          !strcmp(e->d_name, "identity.tmp"));
    if (d)
        closedir(d);
    return empty;
}

/* mkdir -p. The job's own folder must be a real one: a link could lead to the
 * state of another. */
static ds_rc folder_make(const char *dir, ds_err *err)
{
    char path[PATH_MAX];
    struct stat st;

    if (snprintf(path, sizeof(path), "%s", dir) >= (int)sizeof(path))
        return ds_fail(err, DS_E_DISK, "state directory: the path is too long");
    for (char *p = path + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = 0;
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return fail_errno("be made", dir, err);
        *p = '/';
    }
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return fail_errno("be made", dir, err);
    if (lstat(path, &st) != 0)
        return fail_errno("be read", dir, err);
    if (S_ISLNK(st.st_mode))
        return ds_fail(err, DS_E_DISK,
                       "state directory %s is a symbolic link; name the folder "
                       "itself",
                       dir);
    if (!S_ISDIR(st.st_mode))
        return ds_fail(err, DS_E_DISK, "state directory %s is no folder", dir);
    return DS_OK;
}

static ds_rc folder_lock(const ds_db_spec *spec, folder *f, ds_err *err)
{
    char *path = path_of(f->dir, "lock");
    char pid[32] = "";
    ssize_t n;

    f->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    free(path);
    if (f->lock < 0)
        return fail_errno("be written", spec->dir, err);
    if (flock(f->lock, LOCK_EX | LOCK_NB) != 0) {
        n = pread(f->lock, pid, sizeof(pid) - 1, 0);
        pid[n > 0 ? n : 0] = 0;
        return ds_fail(err, DS_E_DISK,
                       "state directory %s is locked by another process%s%s; "
                       "two must not share one",
                       spec->dir, n > 0 ? ", " : "", pid);
    }
    n = snprintf(pid, sizeof(pid), "pid %ld", (long)getpid());
    if (ftruncate(f->lock, 0) != 0 || pwrite(f->lock, pid, (size_t)n, 0) != n)
        return fail_errno("be written", spec->dir, err);
    return DS_OK;
}

ds_rc folder_open(const ds_db_spec *spec, folder *out, ds_err *err)
{
    ds_rc known, rc;

    *out = (folder){.lock = -1};
    DS_TRY(folder_make(spec->dir, err));
    known = identity_read(spec, err);
    if (known < 0)
        return known;
    if (known == DS_NOTFOUND && !folder_is_empty(spec->dir))
        return ds_fail(err, DS_E_CONFIG,
                       "directory %s holds files that are no state of dstream; "
                       "give another one",
                       spec->dir);
    out->dir = strdup(spec->dir);
    DS_BUG_ON(out->dir == NULL);
    rc = folder_lock(spec, out, err);
    if (rc == DS_OK && known == DS_NOTFOUND)
        rc = identity_write(spec, err);
    if (rc != DS_OK)
        folder_close(out);
    return rc;
}

void folder_close(folder *f)
{
    if (f->lock >= 0)
        close(f->lock);
    free(f->dir);
    *f = (folder){.lock = -1};
}

static int drop_one(const char *path, const struct stat *st, int type,
                    struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

ds_rc folder_drop_db(const folder *f, ds_err *err)
{
    char *path = path_of(f->dir, "db");
    int bad = nftw(path, drop_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);

    free(path);
    if (bad && errno != ENOENT)
        return fail_errno("be emptied", f->dir, err);
    return DS_OK;
}
