// What stands between a process and its system in tests: a sync takes as long, and the wall clock is as far off, as a
// shared page says.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct page {
    int64_t sync_us;
    int64_t clock_us;
};

static const struct page all_is_well;
static const volatile struct page *page = &all_is_well;

__attribute__((constructor)) static void open_page(void) {
    const char *path = getenv("OC_TEST_SHIM");
    int fd = path ? open(path, O_RDONLY) : -1;
    void *mapped = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *page, PROT_READ, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) {
        perror("OC_TEST_SHIM");
        abort();
    }
    close(fd);
    page = mapped;
}

static int slow_sync(long number, int fd) {
    int64_t us = page->sync_us;
    struct timespec left = {us / 1000000, us % 1000000 * 1000};
    while (us > 0 && nanosleep(&left, &left) == -1 && errno == EINTR) {}
    return (int)syscall(number, fd);
}

int fsync(int fd) { return slow_sync(SYS_fsync, fd); }

int fdatasync(int fd) { return slow_sync(SYS_fdatasync, fd); }

int clock_gettime(clockid_t id, struct timespec *time) {
    int result = (int)syscall(SYS_clock_gettime, id, time);
    if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
        int64_t us = time->tv_sec * INT64_C(1000000) + time->tv_nsec / 1000 + page->clock_us;
        time->tv_nsec = us % 1000000 * 1000 + time->tv_nsec % 1000;
        time->tv_sec = us / 1000000;
    }
    return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    (void)zone;
    struct timespec now;
    int result = clock_gettime(CLOCK_REALTIME, &now);
    *time = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return result;
}

time_t time(time_t *into) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (into != NULL) *into = now.tv_sec;
    return now.tv_sec;
}
