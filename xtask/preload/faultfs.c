/*
 * A preload library that shows what a disk may do to a program, on the real binary.
 *
 * `kill -9` never tests a sync, because the page cache survives the process. This library sits
 * between a program and the kernel and, for files under one directory,
 *
 *   - delays every sync,
 *   - lets chosen writes or syncs fail,
 *   - records every change and every sync, so that the directory can be rebuilt as it would be
 *     after a power cut at any moment.
 *
 * Tests and benches only. Everything is set by the environment:
 *
 *   RINGBACK_FAULT_DIR            the directory (canonical path, no slash at the end); without it nothing happens
 *   RINGBACK_FAULT_LOG            append records to this file (format below)
 *   RINGBACK_FAULT_SYNC_DELAY_US  sleep so long in every fsync and fdatasync
 *   RINGBACK_FAULT_WRITE_ERROR    ENOSPC or EIO: what a failing write answers
 *   RINGBACK_FAULT_WRITE_AT       the first write that fails, counted from 1 (default 1)
 *   RINGBACK_FAULT_WRITE_COUNT    how many fail from there on; 0 for all (default 1)
 *   RINGBACK_FAULT_SYNC_ERROR, RINGBACK_FAULT_SYNC_AT, RINGBACK_FAULT_SYNC_COUNT
 *                                 the same for syncs; a failing sync does not sync
 *   RINGBACK_FAULT_SWITCH         with this set, errors happen exactly while that file exists, and
 *                                 AT and COUNT are not looked at
 *
 * Not seen: changes through mmap, fallocate, copy_file_range, sendfile and io_uring. SQLite uses mmap for its
 * `-shm` file alone, which means nothing after a power cut and is left out by name.
 *
 * A record is this header in the machine's byte order, then `path_length` bytes of path (a rename
 * has two, a NUL between them; a mark has its text), then `length` bytes of data:
 *
 *   u8 kind, u8 is_directory, u16 path_length, u32 error, u64 file, u64 offset, u64 length
 *
 * A truncation has the new length in `offset`. `file` is the inode. Records stand in the order in which the kernel saw the changes, because the
 * lock is held over a change and its record. A sync has two records, since what is written while it
 * runs need not be covered by it: SYNC_END carries in `offset` where in the log its SYNC_BEGIN ended.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum kind { OPEN = 1, CREATE, WRITE, TRUNCATE, SYNC_BEGIN, SYNC_END, UNLINK, RENAME, MARK };

struct header {
    uint8_t kind;
    uint8_t is_directory;
    uint16_t path_length;
    uint32_t error;
    uint64_t file;
    uint64_t offset;
    uint64_t length;
};

/* A kind of call that may be told to fail. */
struct fault {
    int error;
    uint64_t first;
    uint64_t count;
    uint64_t seen;
};

struct file {
    dev_t device;
    ino_t inode;
};

#define MOST_FILES 4096
#define MOST_PARTS 64

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *directory;
static size_t directory_length;
static const char *switch_path;
static int log_fd = -1;
static uint64_t delay_us;
static struct fault write_fault, sync_fault;
static struct file files[MOST_FILES];
static size_t file_count;

/* Raw calls: the names below are ours. */
static int raw_open(int at, const char *path, int flags, mode_t mode) {
    return (int)syscall(SYS_openat, at, path, flags, mode);
}

static uint64_t number(const char *name, uint64_t fallback) {
    const char *text = getenv(name);
    return text && *text ? strtoull(text, NULL, 10) : fallback;
}

static int error_named(const char *name) {
    const char *text = getenv(name);
    if (!text || !*text) return 0;
    return strcmp(text, "ENOSPC") == 0 ? ENOSPC : EIO;
}

static void configure(void) {
    directory = getenv("RINGBACK_FAULT_DIR");
    if (!directory || !*directory) {
        directory = NULL;
        return;
    }
    directory_length = strlen(directory);
    switch_path = getenv("RINGBACK_FAULT_SWITCH");
    if (switch_path && !*switch_path) switch_path = NULL;
    delay_us = number("RINGBACK_FAULT_SYNC_DELAY_US", 0);
    write_fault.error = error_named("RINGBACK_FAULT_WRITE_ERROR");
    write_fault.first = number("RINGBACK_FAULT_WRITE_AT", 1);
    write_fault.count = number("RINGBACK_FAULT_WRITE_COUNT", 1);
    sync_fault.error = error_named("RINGBACK_FAULT_SYNC_ERROR");
    sync_fault.first = number("RINGBACK_FAULT_SYNC_AT", 1);
    sync_fault.count = number("RINGBACK_FAULT_SYNC_COUNT", 1);
    const char *log = getenv("RINGBACK_FAULT_LOG");
    if (log && *log) {
        log_fd = raw_open(AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (log_fd < 0) abort(); /* a run without its record would prove nothing */
    }
}

static int active(void) {
    pthread_once(&once, configure);
    return directory != NULL;
}

static int inside(const char *path) {
    if (strncmp(path, directory, directory_length) != 0) return 0;
    if (path[directory_length] != '\0' && path[directory_length] != '/') return 0;
    size_t length = strlen(path);
    return length < 4 || strcmp(path + length - 4, "-shm") != 0;
}

/* The path of the directory behind a descriptor, or of the working directory. */
static int path_of(int at, char *out) {
    /* snprintf would do; this keeps the library free of stdio inside other people's calls. */
    char link[64] = "/proc/self/cwd", digits[12];
    if (at != AT_FDCWD) {
        int index = sizeof digits - 1;
        digits[index] = '\0';
        for (unsigned rest = (unsigned)at;; rest /= 10) {
            digits[--index] = (char)('0' + rest % 10);
            if (rest < 10) break;
        }
        strcpy(link, "/proc/self/fd/");
        strcat(link, digits + index);
    }
    ssize_t got = readlink(link, out, PATH_MAX - 1);
    if (got < 0) return -1;
    out[got] = '\0';
    return 0;
}

/* The absolute path of `path` at `at`: no `..`, no links but perhaps the last component. */
static int absolute(int at, const char *path, char *out) {
    char given[2 * PATH_MAX] = "";
    if (strlen(path) >= PATH_MAX) return -1;
    if (path[0] != '/') {
        if (path_of(at, given) != 0) return -1;
        strcat(given, "/");
    }
    strcat(given, path);
    char *name = strrchr(given, '/') + 1;
    if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return realpath(given, out) ? 0 : -1;
    name[-1] = '\0';
    if (!realpath(*given ? given : "/", out)) return -1;
    size_t length = strlen(out);
    if (length + 1 + strlen(name) >= PATH_MAX) return -1;
    if (length > 1) out[length++] = '/';
    strcpy(out + length, name);
    return 0;
}

static struct file *tracked(int fd, struct stat *status) {
    if (fstat(fd, status) != 0) return NULL;
    for (size_t index = 0; index < file_count; index++) {
        if (files[index].inode == status->st_ino && files[index].device == status->st_dev) return &files[index];
    }
    return NULL;
}

static void forget(const struct stat *status) {
    for (size_t index = 0; index < file_count; index++) {
        if (files[index].inode == status->st_ino && files[index].device == status->st_dev) {
            files[index] = files[--file_count];
            return;
        }
    }
}

/*
 * One record; the lock is held. Returns where in the log it ends. It is one call, so that another
 * process may append records of its own to the same file without cutting one of ours in two.
 */
static uint64_t record(enum kind kind, int is_directory, uint64_t file, uint64_t offset, const char *path,
                       size_t path_length, const struct iovec *parts, int part_count, uint64_t length, int error) {
    if (log_fd < 0) return 0;
    struct header header = {kind, (uint8_t)is_directory, (uint16_t)path_length, (uint32_t)error, file, offset, length};
    struct iovec all[MOST_PARTS + 2] = {{&header, sizeof header}, {(void *)path, path_length}};
    size_t total = sizeof header + path_length, left = length;
    if (part_count > MOST_PARTS) abort();
    for (int index = 0; index < part_count; index++) {
        size_t take = parts[index].iov_len < left ? parts[index].iov_len : left;
        all[index + 2] = (struct iovec){parts[index].iov_base, take};
        total += take;
        left -= take;
    }
    if (syscall(SYS_writev, log_fd, all, part_count + 2) != (long)total) abort();
    return (uint64_t)syscall(SYS_lseek, log_fd, 0L, SEEK_CUR);
}

/* Whether this call is one that must fail; the lock is held. */
static int strikes(struct fault *fault) {
    if (!fault->error) return 0;
    fault->seen++;
    if (switch_path) return syscall(SYS_faccessat, AT_FDCWD, switch_path, F_OK) == 0;
    if (fault->seen < fault->first) return 0;
    return fault->count == 0 || fault->seen < fault->first + fault->count;
}

static int opened(int at, const char *path, int flags, mode_t mode) {
    /* A file without a name is gone after a power cut whatever happens to it. */
    if (!active() || (flags & O_TMPFILE) == O_TMPFILE) return raw_open(at, path, flags, mode);
    pthread_mutex_lock(&lock);
    int existed = !(flags & O_CREAT) || syscall(SYS_faccessat, at, path, F_OK) == 0;
    int fd = raw_open(at, path, flags, mode);
    int saved = errno;
    char full[PATH_MAX];
    struct stat status;
    if (fd >= 0 && absolute(at, path, full) == 0 && inside(full)) {
        int known = tracked(fd, &status) != NULL;
        if (!known && file_count < MOST_FILES) files[file_count++] = (struct file){status.st_dev, status.st_ino};
        record(existed ? OPEN : CREATE, S_ISDIR(status.st_mode), status.st_ino, 0, full, strlen(full), NULL, 0, 0, 0);
        if (existed && (flags & O_TRUNC)) record(TRUNCATE, 0, status.st_ino, 0, NULL, 0, NULL, 0, 0, 0);
    }
    pthread_mutex_unlock(&lock);
    errno = saved;
    return fd;
}

static mode_t mode_of(int flags, va_list arguments) {
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

#define OPENS(name)                              \
    int name(const char *path, int flags, ...) { \
        va_list arguments;                       \
        va_start(arguments, flags);              \
        mode_t mode = mode_of(flags, arguments); \
        va_end(arguments);                       \
        return opened(AT_FDCWD, path, flags, mode); \
    }
OPENS(open)
OPENS(open64)

#define OPENS_AT(name)                                   \
    int name(int at, const char *path, int flags, ...) { \
        va_list arguments;                               \
        va_start(arguments, flags);                      \
        mode_t mode = mode_of(flags, arguments);         \
        va_end(arguments);                               \
        return opened(at, path, flags, mode);            \
    }
OPENS_AT(openat)
OPENS_AT(openat64)

int creat(const char *path, mode_t mode) { return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

static ssize_t raw_write(int fd, const struct iovec *parts, int count, off_t offset) {
    if (offset < 0) return syscall(SYS_writev, fd, parts, count);
    return syscall(SYS_pwritev, fd, parts, count, (long)offset, 0L);
}

/* Every write ends here; `offset` is -1 where the file's own position counts. */
static ssize_t written(int fd, const struct iovec *parts, int count, off_t offset) {
    if (!active() || (log_fd < 0 && !write_fault.error)) return raw_write(fd, parts, count, offset);
    pthread_mutex_lock(&lock);
    struct stat status;
    if (!tracked(fd, &status) || !S_ISREG(status.st_mode)) {
        /* Sockets and pipes may block, so the lock is not held over them. */
        pthread_mutex_unlock(&lock);
        return raw_write(fd, parts, count, offset);
    }
    ssize_t wrote = -1;
    int saved;
    if (strikes(&write_fault)) {
        saved = write_fault.error;
    } else {
        off_t position = offset;
        if (offset < 0) {
            int appends = (int)syscall(SYS_fcntl, fd, F_GETFL) & O_APPEND;
            position = appends ? status.st_size : (off_t)syscall(SYS_lseek, fd, 0L, SEEK_CUR);
        }
        wrote = raw_write(fd, parts, count, offset);
        saved = errno;
        if (wrote > 0)
            record(WRITE, 0, status.st_ino, (uint64_t)position, NULL, 0, parts, count, (uint64_t)wrote, 0);
    }
    pthread_mutex_unlock(&lock);
    errno = saved;
    return wrote;
}

ssize_t write(int fd, const void *data, size_t length) {
    struct iovec part = {(void *)data, length};
    return written(fd, &part, 1, -1);
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) {
    struct iovec part = {(void *)data, length};
    return written(fd, &part, 1, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) { return pwrite(fd, data, length, offset); }
ssize_t writev(int fd, const struct iovec *parts, int count) { return written(fd, parts, count, -1); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) { return written(fd, parts, count, offset); }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) { return written(fd, parts, count, offset); }

int ftruncate(int fd, off_t length) {
    if (!active()) return (int)syscall(SYS_ftruncate, fd, length);
    pthread_mutex_lock(&lock);
    struct stat status;
    struct file *file = tracked(fd, &status);
    int result = (int)syscall(SYS_ftruncate, fd, length);
    int saved = errno;
    if (file && result == 0) record(TRUNCATE, 0, status.st_ino, (uint64_t)length, NULL, 0, NULL, 0, 0, 0);
    pthread_mutex_unlock(&lock);
    errno = saved;
    return result;
}

int ftruncate64(int fd, off64_t length) { return ftruncate(fd, length); }

static int synced(int fd, long call) {
    struct stat status;
    if (!active()) return (int)syscall(call, fd);
    pthread_mutex_lock(&lock);
    struct file *file = tracked(fd, &status);
    int is_directory = file && S_ISDIR(status.st_mode);
    int fails = file && strikes(&sync_fault);
    uint64_t begin = file ? record(SYNC_BEGIN, is_directory, status.st_ino, 0, NULL, 0, NULL, 0, 0, 0) : 0;
    pthread_mutex_unlock(&lock);
    if (!file) return (int)syscall(call, fd);

    if (delay_us) {
        struct timespec pause = {(time_t)(delay_us / 1000000), (long)(delay_us % 1000000) * 1000};
        while (nanosleep(&pause, &pause) != 0 && errno == EINTR) {
        }
    }
    int result = fails ? -1 : (int)syscall(call, fd);
    int saved = fails ? sync_fault.error : errno;
    pthread_mutex_lock(&lock);
    record(SYNC_END, is_directory, status.st_ino, begin, NULL, 0, NULL, 0, 0, result == 0 ? 0 : saved);
    pthread_mutex_unlock(&lock);
    errno = saved;
    return result;
}

int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

int unlinkat(int at, const char *path, int flags) {
    if (!active()) return (int)syscall(SYS_unlinkat, at, path, flags);
    pthread_mutex_lock(&lock);
    char full[PATH_MAX];
    struct stat status;
    int ours = absolute(at, path, full) == 0 && inside(full) && fstatat(at, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
    int result = (int)syscall(SYS_unlinkat, at, path, flags);
    int saved = errno;
    if (ours && result == 0) {
        forget(&status);
        record(UNLINK, S_ISDIR(status.st_mode), status.st_ino, 0, full, strlen(full), NULL, 0, 0, 0);
    }
    pthread_mutex_unlock(&lock);
    errno = saved;
    return result;
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }

static int renamed(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
    if (!active()) return (int)syscall(SYS_renameat2, from_at, from, to_at, to, flags);
    pthread_mutex_lock(&lock);
    char both[2 * PATH_MAX];
    struct stat moved, replaced;
    int ours = absolute(from_at, from, both) == 0;
    size_t first = ours ? strlen(both) : 0;
    ours = ours && absolute(to_at, to, both + first + 1) == 0 && (inside(both) || inside(both + first + 1));
    ours = ours && fstatat(from_at, from, &moved, AT_SYMLINK_NOFOLLOW) == 0;
    int replaces = ours && fstatat(to_at, to, &replaced, AT_SYMLINK_NOFOLLOW) == 0;
    int result = (int)syscall(SYS_renameat2, from_at, from, to_at, to, flags);
    int saved = errno;
    if (ours && result == 0) {
        if (replaces) forget(&replaced);
        size_t length = first + 1 + strlen(both + first + 1);
        record(RENAME, S_ISDIR(moved.st_mode), moved.st_ino, 0, both, length, NULL, 0, 0, 0);
    }
    pthread_mutex_unlock(&lock);
    errno = saved;
    return result;
}

int rename(const char *from, const char *to) { return renamed(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int from_at, const char *from, int to_at, const char *to) { return renamed(from_at, from, to_at, to, 0); }
int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
    return renamed(from_at, from, to_at, to, flags);
}
