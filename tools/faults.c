/* Loaded before a process's libraries, lets its calls on some files fail as a bad disk does. `faults.py` says which:
   FAULT_PATH   the files whose path begins so; "tcp": connections to other machines
   FAULT_FIRST  the first of these calls that fails, counted from 0
   FAULT_COUNT  how many fail from there on
   FAULT_ERROR  the number that errno is set to; 0: the other side has closed the connection
   FAULT_TOLD   a file for these calls, a line each: what is called, and the path */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static long calls, first, count;
static int number;
static const char *beginning;
static FILE *told;

__attribute__((constructor)) static void begin(void) {
    beginning = getenv("FAULT_PATH");
    const char *name = getenv("FAULT_TOLD");
    told = name ? fopen(name, "a") : NULL;
    if (told)
        setvbuf(told, NULL, _IOLBF, 0);
    first = atol(getenv("FAULT_FIRST") ?: "0");
    count = atol(getenv("FAULT_COUNT") ?: "0");
    number = atoi(getenv("FAULT_ERROR") ?: "0");
}

__attribute__((destructor)) static void end(void) {
    if (told)
        fclose(told);
}

static int fails_at(const char *call, const char *path) {
    if (!beginning || strncmp(path, beginning, strlen(beginning)))
        return 0;
    if (told)
        fprintf(told, "%s %s\n", call, path);
    long place = __atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
    if (place < first || place >= first + count)
        return 0;
    errno = number;
    return 1;
}

static int fails(const char *call, int file) {
    char link[40], path[4096];
    int family;
    socklen_t length = sizeof family;
    if (!getsockopt(file, SOL_SOCKET, SO_DOMAIN, &family, &length)) {
        if ((family != AF_INET && family != AF_INET6) || !fails_at(call, "tcp"))
            return 0;
        shutdown(file, SHUT_RDWR); /* the other side hears of it too, and nothing more comes */
        errno = number;
        return 1;
    }
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t size = beginning ? readlink(link, path, sizeof path - 1) : -1;
    if (size < 0)
        return 0;
    path[size] = 0;
    return fails_at(call, path);
}

#define REAL(kind, name, ...) ((kind(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name))
#define ENDED (number ? -1 : 0)

ssize_t read(int file, void *to, size_t size) {
    return fails("read", file) ? ENDED : REAL(ssize_t, read, int, void *, size_t)(file, to, size);
}
ssize_t write(int file, const void *from, size_t size) {
    return fails("write", file) ? -1 : REAL(ssize_t, write, int, const void *, size_t)(file, from, size);
}
ssize_t pread64(int file, void *to, size_t size, off64_t at) {
    return fails("pread64", file) ? -1 : REAL(ssize_t, pread64, int, void *, size_t, off64_t)(file, to, size, at);
}
ssize_t pwrite64(int file, const void *from, size_t size, off64_t at) {
    return fails("pwrite64", file) ? -1 : REAL(ssize_t, pwrite64, int, const void *, size_t, off64_t)(file, from, size, at);
}
int fsync(int file) {
    return fails("fsync", file) ? -1 : REAL(int, fsync, int)(file);
}
int fdatasync(int file) {
    return fails("fdatasync", file) ? -1 : REAL(int, fdatasync, int)(file);
}
int ftruncate64(int file, off64_t size) {
    return fails("ftruncate64", file) ? -1 : REAL(int, ftruncate64, int, off64_t)(file, size);
}
int rename(const char *from, const char *to) {
    return fails_at("rename", to) ? -1 : REAL(int, rename, const char *, const char *)(from, to);
}
int unlink(const char *path) {
    return fails_at("unlink", path) ? -1 : REAL(int, unlink, const char *)(path);
}
int mkdir(const char *path, mode_t mode) {
    return fails_at("mkdir", path) ? -1 : REAL(int, mkdir, const char *, mode_t)(path, mode);
}
int open64(const char *path, int how, ...) {
    va_list more;
    va_start(more, how);
    mode_t mode = va_arg(more, mode_t);
    va_end(more);
    return fails_at("open64", path) ? -1 : REAL(int, open64, const char *, int, ...)(path, how, mode);
}
int connect(int file, const struct sockaddr *to, socklen_t length) {
    return fails("connect", file) ? -1 : REAL(int, connect, int, const struct sockaddr *, socklen_t)(file, to, length);
}
ssize_t send(int file, const void *from, size_t size, int how) {
    return fails("send", file) ? -1 : REAL(ssize_t, send, int, const void *, size_t, int)(file, from, size, how);
}
ssize_t recv(int file, void *to, size_t size, int how) {
    return fails("recv", file) ? ENDED : REAL(ssize_t, recv, int, void *, size_t, int)(file, to, size, how);
}
