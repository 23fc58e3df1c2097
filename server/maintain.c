#include "server/maintain.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/expiry.h"
#include "server/order/lease.h"
#include "server/registry/home.h"
#include "server/rpc/identity_pair.h"

enum { ERROR_SIZE = 1024, BUNDLE_MAX = 1 << 20, DAY_MS = 24 * 3600 * 1000 };

static int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int
fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fprintf(stderr, "kontord: ");
    (void)vfprintf(stderr, format, args);
    (void)fprintf(stderr, "\n");
    va_end(args);
    return EXIT_FAILURE;
}

/* ---- Checking ---- */

/* 48211 as 48,211, so that people can read it. */
static const char *
grouped(int64_t number, char text[32])
{
    char digits[24];
    int size = snprintf(digits, sizeof digits, "%" PRId64, number);
    char *out = text;
    for (int i = 0; i < size; i++) {
        bool begins_group = i > 0 && (size - i) % 3 == 0;
        if (begins_group) {
            *out++ = ',';
        }
        *out++ = digits[i];
    }
    *out = '\0';
    return text;
}

/* Positions of a log that was restored have gaps: each history ends where the next one
 * left it. */
static int64_t
count_commits(Kontor__V1__History *const *histories, size_t n_histories, int64_t oldest,
              int64_t applied)
{
    int64_t n_commits = 0;
    for (size_t i = 0; i < n_histories; i++) {
        bool is_last = i + 1 == n_histories;
        int64_t end = is_last ? applied : histories[i + 1]->last_common_seq;
        int64_t first = histories[i]->first_seq;
        first = first <= oldest ? oldest + 1 : first;
        n_commits += end >= first ? end - first + 1 : 0;
    }
    return n_commits;
}

static int64_t
store_commits(struct store *store)
{
    struct store_reader *reader = NULL;
    struct arena *arena = arena_new();
    Kontor__V1__History **histories = NULL;
    size_t n_histories = 0;
    int64_t n_commits = -1;
    bool is_read =
        arena != NULL && store_reader_open(store, &reader) == STATUS_OK &&
        store_histories(reader, arena, &histories, &n_histories) == STATUS_OK;
    if (is_read) {
        n_commits = count_commits(histories, n_histories, store_oldest(store),
                                  store_applied(store));
    }
    store_reader_close(reader);
    arena_free(arena);
    return n_commits;
}

static bool
check_store(struct base *base, struct store *store)
{
    char error[ERROR_SIZE] = "";
    char commits[32];
    char position[32];
    int64_t verified = 0;
    /* The hash chain is walked from the first entry: a check that trusted what it had
     * verified before would miss damage to old pages. */
    if (store_verify(store, &verified, error, sizeof error) != STATUS_OK) {
        (void)printf("store  %s %s  chain good up to %s only: %s\n",
                     store_backend(store), base->settings->store,
                     grouped(verified, position), error);
        return false;
    }
    (void)printf("store  %s %s  %s commits", store_backend(store),
                 base->settings->store, grouped(store_commits(store), commits));
    if (store_oldest(store) > 0) {
        (void)printf(" after a base at %s", grouped(store_oldest(store), position));
    }
    (void)printf(", chain verified to %s\n", grouped(verified, position));
    return true;
}

static bool
check_tls(struct base *base)
{
    char error[ERROR_SIZE] = "";
    struct identity_pair pair = {0};
    int64_t now_ms = clock_wall_ms(&base->clock);
    enum status status =
        identity_pair_read(base->settings->tls_cert, base->settings->tls_key, now_ms,
                           &pair, error, sizeof error);
    if (status != STATUS_OK) {
        (void)printf("tls    %s\n", error);
        return false;
    }
    (void)printf("tls    server certificate expires in %" PRId64
                 " days (warn below %d)\n",
                 (pair.ends_ms - now_ms) / DAY_MS, EXPIRY_WARN_DAYS);
    identity_pair_done(&pair);
    return true;
}

static bool
check_trust(struct store *store)
{
    struct home_summary summary;
    if (home_summarise(store, &summary) != STATUS_OK) {
        (void)printf("trust  the records cannot be read\n");
        return false;
    }
    (void)printf("trust  %zu registries, %zu principals, %zu revoked\n",
                 summary.n_registries, summary.n_principals, summary.n_revoked);
    if (summary.id[0] == '\0') {
        (void)printf("trust  there is no home registry; begin with kontord --init\n");
    }
    return summary.id[0] != '\0';
}

int
maintain_check(struct base *base)
{
    char error[ERROR_SIZE] = "";
    struct store *store = NULL;
    /* Read only, so that a check may run beside the broker. */
    struct store_options options = base_store(base, true);
    if (store_open(&options, &store, error, sizeof error) != STATUS_OK) {
        return fail("%s", error);
    }
    /* All three are judged whatever the first says: an operator learns everything that
     * is wrong at once. */
    bool is_good = check_store(base, store);
    is_good = check_tls(base) && is_good;
    is_good = check_trust(store) && is_good;
    store_close(store);
    return is_good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- Beginning ---- */

static char *
bundle_read(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = file != NULL ? calloc(1, BUNDLE_MAX + 1) : NULL;
    /* What is larger is cut, and then refused as no bundle: the rule of sixteen
     * certificates comes to far less. */
    size_t size = text != NULL ? fread(text, 1, BUNDLE_MAX, file) : 0;
    if (file != NULL) {
        (void)fclose(file);
    }
    if (size == 0) {
        free(text);
        return NULL;
    }
    return text;
}

/* Something done to a store through the committer, as the broker itself. */
typedef enum status (*work_fn)(struct dispatch *dispatch, const void *context,
                               char *error, size_t error_size);

static enum status
work_in(struct base *base, struct store *store, work_fn work, const void *context,
        char *error)
{
    /* The names of backend objects begin with home's; there is none yet when it is
     * about to be made. */
    struct home_summary home = {.id = ""};
    enum status status = home_summarise(store, &home);
    if (status != STATUS_OK) {
        (void)snprintf(error, ERROR_SIZE, "the home registry cannot be read: %s",
                       status_name(status));
        return status;
    }
    struct broker broker = {.store = store,
                            .clock = &base->clock,
                            .settings = base->settings,
                            .home = home.id,
                            .version = KONTOR_VERSION,
                            .started_at_ms = clock_wall_ms(&base->clock)};
    struct dispatch_options options = {
        .broker = &broker, .random = &base->random, .n_workers = 1};
    struct dispatch *dispatch = NULL;
    if (dispatch_new(&options, &dispatch) != STATUS_OK) {
        (void)snprintf(error, ERROR_SIZE,
                       "cannot start a thread; look at the limits of the system");
        return STATUS_RESOURCE_EXHAUSTED;
    }
    /* One worker does: nothing else is in flight, and the committer has a thread of its
     * own. */
    status = work(dispatch, context, error, ERROR_SIZE);
    dispatch_drain(dispatch);
    dispatch_free(dispatch);
    return status;
}

static enum status
work_on(struct base *base, work_fn work, const void *context, char *error)
{
    struct store *store = NULL;
    struct store_options options = base_store(base, false);
    enum status status = store_open(&options, &store, error, ERROR_SIZE);
    if (status == STATUS_OK) {
        status = work_in(base, store, work, context, error);
    }
    store_close(store);
    return status;
}

static enum status
begin_home(struct dispatch *dispatch, const void *context, char *error,
           size_t error_size)
{
    return home_create(dispatch, context, error, error_size);
}

int
maintain_begin(struct base *base, const struct maintain_init *init)
{
    char error[ERROR_SIZE] = "";
    char *bundle = bundle_read(init->bundle_path);
    if (bundle == NULL) {
        return fail("cannot read the bundle %s: %s", init->bundle_path,
                    errno != 0 ? strerror(errno) : "it is empty");
    }
    struct home_wanted wanted = {.registry = init->registry,
                                 .trust_domain = init->trust_domain,
                                 .bundle = bundle,
                                 .admin = init->admin};
    enum status status = work_on(base, begin_home, &wanted, error);
    free(bundle);
    if (status != STATUS_OK) {
        return fail("%s", error);
    }
    (void)printf("registry %s begun; its admin is %s\n", wanted.registry, wanted.admin);
    return EXIT_SUCCESS;
}

/* ---- Making anew ---- */

/* Nobody knows what the holders of jobs did in the time that was lost. */
static enum status
recover_orders(struct dispatch *dispatch, const void *context, char *error,
               size_t error_size)
{
    size_t n_recovered = 0;
    (void)context;
    enum status status = orders_recover(dispatch, &n_recovered);
    if (status != STATUS_OK) {
        (void)snprintf(error, error_size,
                       "open items cannot be moved to recovery: %s; restore again "
                       "into an empty store",
                       status_name(status));
        return status;
    }
    (void)printf("%zu open items moved to recovery\n", n_recovered);
    return STATUS_OK;
}

static void
tell(void *context, const char *line)
{
    (void)context;
    (void)printf("%s\n", line);
}

int
maintain_restore(struct base *base, const char *path)
{
    char error[ERROR_SIZE] = "";
    struct store_options options = base_store(base, false);
    options.tell = tell;
    /* The orders are moved before the broker can serve them: an agent that still holds
     * a job of the lost time must find it taken away. */
    enum status status = store_restore(&options, path, error, sizeof error);
    if (status == STATUS_OK) {
        status = work_on(base, recover_orders, NULL, error);
    }
    if (status != STATUS_OK) {
        return fail("%s", error);
    }
    (void)printf("restored %s into %s\n", path, base->settings->store);
    return EXIT_SUCCESS;
}

int
maintain_rebuild(struct base *base)
{
    char error[ERROR_SIZE] = "";
    struct store_options options = base_store(base, false);
    if (store_rebuild(&options, error, sizeof error) != STATUS_OK) {
        return fail("%s", error);
    }
    (void)printf("rebuilt every document of %s\n", base->settings->store);
    return EXIT_SUCCESS;
}

/* ---- Erasing ---- */

int
maintain_erase(struct base *base, const char *kind, const char *id, const char *reason)
{
    char error[ERROR_SIZE] = "";
    char position[32];
    struct store_options options = base_store(base, false);
    struct store_erasure erasure = {.kind = kind, .id = id, .reason = reason};
    if (store_erase(&options, &erasure, error, sizeof error) != STATUS_OK) {
        return fail("%s", error);
    }
    if (erasure.seq == 0) {
        (void)printf("%s %s has no old version left to erase\n", kind, id);
        return EXIT_SUCCESS;
    }
    (void)printf("erased %" PRId64
                 " old versions and remarks of %s %s; the log says so "
                 "at %s\n",
                 erasure.n_erased, kind, id, grouped(erasure.seq, position));
    return EXIT_SUCCESS;
}

/* ---- Trimming ---- */

int
maintain_trim(struct base *base, int64_t up_to)
{
    char error[ERROR_SIZE] = "";
    char commits[32];
    char documents[32];
    char position[32];
    struct store_options options = base_store(base, false);
    struct store_trim trim = {.up_to = up_to};
    options.tell = tell;
    if (store_trim(&options, &trim, error, sizeof error) != STATUS_OK) {
        return fail("%s", error);
    }
    (void)printf(
        "trimmed %s commits up to %s; a base of %s documents stands for them\n",
        grouped(trim.n_commits, commits), grouped(trim.seq, position),
        grouped(trim.n_documents, documents));
    return EXIT_SUCCESS;
}
