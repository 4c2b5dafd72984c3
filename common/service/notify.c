/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/service/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void
br_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    size_t n = path == NULL ? 0 : strlen(path);
    if (n < 2 || n >= sizeof(a.sun_path)) {
        return;
    }
    memcpy(a.sun_path, path, n);
    if (path[0] == '@') {
        a.sun_path[0] = '\0'; /* the abstract namespace */
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return;
    }
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    (void)sendto(
        fd, state, strlen(state), MSG_NOSIGNAL,
        (const struct sockaddr *)(const void *)&a, length);
    (void)close(fd);
}

uint64_t
br_notify_watchdog_ms(void)
{
    const char *usec = getenv("WATCHDOG_USEC");
    return usec == NULL ? 0 : strtoull(usec, NULL, 10) / 2000;
}
