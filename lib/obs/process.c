/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.c - the metrics that every process has, read when they are asked for.
 */
#include <dirent.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "obs/text.h"

static void render_one(text *t, const char *name, const char *type,
                       const char *help, double value)
{
    text_head(t, name, help, type);
    text_printf(t, "%s ", name);
    text_number(t, value);
    text_str(t, "\n");
}

static double cpu_seconds(void)
{
    struct rusage u;
    if (getrusage(RUSAGE_SELF, &u) != 0)
        return 0;
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void memory_bytes(double *all, double *resident)
{
    unsigned long pages = 0, resident_pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f) {
        if (fscanf(f, "%lu %lu", &pages, &resident_pages) != 2)
            pages = resident_pages = 0;
        fclose(f);
    }
    double size = (double)sysconf(_SC_PAGESIZE);
    *all = (double)pages * size;
    *resident = (double)resident_pages * size;
}

static double open_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    if (!dir)
        return 0;
    int n = -3; /* ".", "..", and the one that lists them */
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

static double max_fds(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    return (double)limit.rlim_cur;
}

/* Field 22 of the process's stat line counts ticks since boot. */
static double start_time(void)
{
    char line[1024];
    FILE *f = fopen("/proc/self/stat", "re");
    if (!f)
        return 0;
    size_t n = fread(line, 1, sizeof(line) - 1, f);
    fclose(f);
    line[n] = '\0';
    /* The second field, the name, may hold blanks and parentheses. */
    const char *p = strrchr(line, ')');
    for (int field = 2; p && field < 22; field++) {
        p = strchr(p + 1, ' ');
    }
    unsigned long long ticks;
    if (!p || sscanf(p, "%llu", &ticks) != 1)
        return 0;
    struct timespec wall, boot;
    clock_gettime(CLOCK_REALTIME, &wall);
    clock_gettime(CLOCK_BOOTTIME, &boot);
    double up = (double)boot.tv_sec + (double)boot.tv_nsec / 1e9;
    double now = (double)wall.tv_sec + (double)wall.tv_nsec / 1e9;
    return now - up + (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

void process_render(text *t)
{
    double all, resident;
    memory_bytes(&all, &resident);
    render_one(t, "process_cpu_seconds_total", "counter",
               "CPU time used, user and system.", cpu_seconds());
    render_one(t, "process_resident_memory_bytes", "gauge", "Resident memory.",
               resident);
    render_one(t, "process_virtual_memory_bytes", "gauge", "Virtual memory.",
               all);
    render_one(t, "process_open_fds", "gauge", "Open file descriptors.",
               open_fds());
    render_one(t, "process_max_fds", "gauge",
               "How many file descriptors may be open.", max_fds());
    render_one(t, "process_start_time_seconds", "gauge",
               "When the process started, in seconds since 1970.",
               start_time());
}
