#include <stdio.h>

#include "certs/dev.h"

int
main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr,
                      "usage: kontor-dev-ca DIR\n"
                      "Makes development CAs for two registries and a certificate for "
                      "every role in DIR.\n");
        return 2;
    }
    char error[512] = "";
    if (!dev_ca(argv[1], error, sizeof error)) {
        (void)fprintf(stderr, "kontor-dev-ca: %s\n", error);
        return 1;
    }
    (void)printf("%s\n", argv[1]);
    return 0;
}
