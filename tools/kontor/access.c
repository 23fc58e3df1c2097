/* Access details: whom an order has them sealed to, and opening them. */
#include <stdio.h>
#include <string.h>

#include "tools/kontor/own.h"
#include "tools/kontor/run.h"

/* ---- Whom they are sealed to ---- */

/* The first certificate of a PEM file: its chain is for who connects. NULL: printed. */
static char *
first_certificate(struct cli *cli, const char *path)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----";
    static const char end[] = "-----END CERTIFICATE-----";
    size_t size;
    const char *text = cli_read_file(cli, path, &size);
    if (text == NULL) {
        return NULL;
    }
    const char *from = strstr(text, begin);
    const char *to = from == NULL ? NULL : strstr(from, end);
    if (to == NULL) {
        cli_usage(cli, "%s: holds no certificate in PEM form", path);
        return NULL;
    }
    to += sizeof end - 1;
    return arena_print(cli->arena, "%.*s\n", (int)(to - from), from);
}

/* Those of --seal-to; where there is none, the caller's own. NULL: printed. */
static const char *
seal_to_path(struct cli *cli, size_t i)
{
    return cli_count(cli, "seal-to") > 0 ? cli_value(cli, "seal-to", i)
                                         : cli_setting(cli, "cert");
}

bool
own_seal_to(struct cli *cli, Kontor__V1__PlaceOrderRequest *request)
{
    size_t n = cli_count(cli, "seal-to");
    bool is_none = cli_count(cli, "no-seal") > 0;
    if (is_none && n > 0) {
        cli_usage(cli, "--no-seal and --seal-to do not go together");
        return false;
    }
    if (is_none || (n == 0 && request->n_seal_to > 0)) {
        request->n_seal_to = is_none ? 0 : request->n_seal_to;
        return true;
    }
    n = n == 0 ? 1 : n;
    request->seal_to = arena_alloc(cli->arena, n * sizeof *request->seal_to);
    request->n_seal_to = n;
    for (size_t i = 0; i < n; i++) {
        const char *path = seal_to_path(cli, i);
        request->seal_to[i] = path == NULL ? NULL : first_certificate(cli, path);
        if (request->seal_to[i] == NULL) {
            return false;
        }
    }
    return true;
}

/* ---- Opening ---- */

/* With which certificate and key. */
struct opener {
    char *cert;
    char *key;
    size_t n_key;
};

/* The PEM text of --with-<what>, else of --<what>; NULL: printed. */
static char *
read_pem(struct cli *cli, const char *what, size_t *size)
{
    const char *path = cli_option(cli, arena_print(cli->arena, "with-%s", what));
    path = path != NULL ? path : cli_setting(cli, what);
    return path == NULL ? NULL : cli_read_file(cli, path, size);
}

static int
open_with(struct cli *cli, const struct opener *opener,
          const Kontor__V1__OpenAccessResponse *reply)
{
    struct kontor_bytes sealed = {reply->sealed.data, reply->sealed.len};
    struct kontor_bytes plain = {0};
    if (kontor_unseal(sealed, opener->cert, opener->key, &plain, &cli->error) !=
        KONTOR_OK) {
        return cli_failed(cli);
    }
    bool is_written =
        fwrite(plain.data, 1, plain.size, stdout) == plain.size && fflush(stdout) == 0;
    kontor_bytes_free(&plain);
    return is_written ? EXIT_DONE
                      : cli_fail(KONTOR_UNKNOWN, "standard output cannot be written");
}

static int
ask_and_open(struct cli *cli, const struct opener *opener)
{
    ProtobufCMessage *request = run_request(cli);
    if (request == NULL) {
        return EXIT_USAGE;
    }
    int code = cli_connect(cli);
    Kontor__V1__OpenAccessResponse *reply = NULL;
    if (code != EXIT_DONE) {
        return code;
    }
    if (cli_call(cli, cli->command->method, request, &reply) != KONTOR_OK) {
        return cli_failed(cli);
    }
    code = open_with(cli, opener, reply);
    kontor_reply_free(reply);
    return code;
}

/*
 * What is needed to open them is read before they are asked for: each time leaves a
 * receipt.
 */
int
own_open(struct cli *cli)
{
    struct opener opener = {0};
    size_t size;
    opener.cert = read_pem(cli, "cert", &size);
    opener.key = opener.cert == NULL ? NULL : read_pem(cli, "key", &opener.n_key);
    if (opener.key == NULL) {
        return EXIT_USAGE;
    }
    int code = ask_and_open(cli, &opener);
    explicit_bzero(opener.key, opener.n_key);
    return code;
}
