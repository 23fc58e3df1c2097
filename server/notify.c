#include "server/notify.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

void
notify_state(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    if (path == NULL || (path[0] != '/' && path[0] != '@') ||
        strlen(path) >= sizeof where.sun_path) {
        return;
    }
    memcpy(where.sun_path, path, strlen(path));
    /* An @ stands for the zero byte that begins an abstract name. */
    if (path[0] == '@') {
        where.sun_path[0] = '\0';
    }
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    int file = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (file < 0) {
        return;
    }
    /* Nobody there to listen is no reason to fail. */
    ssize_t sent = sendto(file, state, strlen(state), MSG_NOSIGNAL,
                          (const struct sockaddr *)&where, size);
    (void)sent;
    (void)close(file);
}

bool
notify_port_file(const char *path, int port)
{
    char draft[PATH_MAX];
    int size = snprintf(draft, sizeof draft, "%s.new", path);
    if (size < 0 || (size_t)size >= sizeof draft) {
        return false;
    }
    FILE *file = fopen(draft, "we");
    if (file == NULL) {
        return false;
    }
    /* Whoever wants to call may read it, whatever the mask. */
    bool is_written =
        fchmod(fileno(file), 0644) == 0 && fprintf(file, "%d\n", port) > 0;
    is_written = fclose(file) == 0 && is_written;
    return is_written && rename(draft, path) == 0;
}
