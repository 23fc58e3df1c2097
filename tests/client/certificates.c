#include "tests/client/certificates.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/client/demand.h"

void
certificates_make(char *directory, size_t size)
{
    snprintf(directory, size, "/tmp/kontor-fake-XXXXXX");
    DEMAND(mkdtemp(directory) != NULL, "no temporary directory");
    char command[2048];
    snprintf(
        command, sizeof command,
        "cd %s && exec 2>/dev/null && key='-newkey ec -pkeyopt ec_paramgen_curve:P-256 "
        "-nodes' && "
        "openssl req -x509 $key -keyout ca.key -out ca.pem -subj /CN=ca -days 2 && "
        "for who in server client; do "
        "openssl req $key -keyout $who.key -out $who.csr -subj /CN=$who && "
        "echo subjectAltName=DNS:localhost,URI:spiffe://test.example/portal/$who > "
        "$who.ext && "
        "openssl x509 -req -in $who.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days "
        "2 "
        "-extfile $who.ext -out $who.pem || exit 1; done",
        directory);
    DEMAND(system(command) == 0, "openssl made no certificates");
}

char *
certificates_read(const char *directory, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *stream = fopen(path, "r");
    DEMAND(stream != NULL, path);
    char *text = calloc(1, 1 << 16);
    DEMAND(fread(text, 1, (1 << 16) - 1, stream) > 0, path);
    fclose(stream);
    return text;
}
