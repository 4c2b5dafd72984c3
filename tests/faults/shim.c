/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/faults/shim.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* What happens before main() belongs to the loader. */
static struct shim_control *control;

static const void *program;

const void *
shim_program(void)
{
    return program;
}

struct shim_control *
shim_control(void)
{
    return control;
}

static void
attach(void)
{
    const char *name = getenv("BROLETTO_FAULTS");
    int fd = name == NULL ? -1 : open(name, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        return;
    }
    void *p = mmap(
        NULL, sizeof(struct shim_control), PROT_READ | PROT_WRITE, MAP_SHARED,
        fd, 0);
    (void)close(fd);
    control = p == MAP_FAILED ? NULL : (struct shim_control *)p;
}

/* With BROLETTO_CLOCK_S=N the clock is N seconds away from the machine's. */
int
clock_gettime(clockid_t id, struct timespec *ret)
{
    static int (*next)(clockid_t, struct timespec *);
    if (next == NULL) {
        next = (int (*)(clockid_t, struct timespec *))(uintptr_t)dlsym(
            RTLD_NEXT, "clock_gettime");
    }
    int rc = next(id, ret);
    const char *away = getenv("BROLETTO_CLOCK_S");
    if (rc == 0 && id == CLOCK_REALTIME && away != NULL) {
        ret->tv_sec += strtol(away, NULL, 10);
    }
    return rc;
}

typedef int main_fn(int, char **, char **);
typedef int start_fn(
    main_fn *,
    int,
    char **,
    void (*)(void),
    void (*)(void),
    void (*)(void),
    void *);

start_fn __libc_start_main;

int
__libc_start_main(
    main_fn *run,
    int argc,
    char **argv,
    void (*init)(void),
    void (*fini)(void),
    void (*rtld_fini)(void),
    void *stack_end)
{
    start_fn *next =
        (start_fn *)(uintptr_t)dlsym(RTLD_NEXT, "__libc_start_main");
    Dl_info file = {0};
    (void)dladdr((void *)(uintptr_t)run, &file);
    program = file.dli_fbase;
    attach();
    return next(run, argc, argv, init, fini, rtld_fini, stack_end);
}
