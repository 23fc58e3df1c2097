#include "server/config.h"

/* One row a setting: its type and place come from the member of the same name. */
#define TEXT(member) #member, SETTING_TEXT, "", offsetof(struct settings, member)
#define COUNT(member) #member, SETTING_INTEGER, "", offsetof(struct settings, member)
#define UNIT(member, unit)                                                             \
#member, SETTING_INTEGER, unit, offsetof(struct settings, member)
#define CHOICE(member) #member, SETTING_CHOICE, "", offsetof(struct settings, member)

enum {
    PATH_LIMIT = 4000,
    ADDRESS_LIMIT = 256,
    HOUR_MS = 3600 * 1000,
    DAY_MS = 24 * HOUR_MS,
    KIB = 1024,
    MIB = 1024 * KIB,
};

static const char *const log_formats[] = {"auto", "json", "text", NULL};
static const char *const log_levels[] = {"debug", "info", "warn", "error", NULL};
static const char *const log_calls[] = {"notable", "all", NULL};

const struct setting config_table[] = {
    {TEXT(listen), "0.0.0.0:50123", 3, ADDRESS_LIMIT, NULL,
     "Address and port the broker answers at, such as 0.0.0.0:50123 or [::]:50123; "
     "port 0 lets "
     "the system choose."},
    {TEXT(port_file), "", 0, PATH_LIMIT, NULL,
     "File the port is written to once the broker is ready; empty for none."},
    {TEXT(store), NULL, 1, PATH_LIMIT, NULL,
     "Where the log and the documents are kept: a path, sqlite:PATH, or "
     "mongodb://USER@HOST/DATABASE with the options of such addresses."},
    {TEXT(store_secret_file), "", 0, PATH_LIMIT, NULL,
     "File with the password of the store's user, on its first line and for nobody "
     "else to read; empty for none. The address itself must not hold one."},
    {TEXT(journal), "", 0, PATH_LIMIT, NULL,
     "File that erasures are written down in, for a restore to do them again; empty "
     "for "
     "the store's path and .journal. A store that is no file needs one before anything "
     "can be erased."},
    {TEXT(tls_cert), NULL, 1, PATH_LIMIT, NULL,
     "PEM file with the server's certificate and those above it. Read again on "
     "SIGHUP."},
    {TEXT(tls_key), NULL, 1, PATH_LIMIT, NULL,
     "PEM file with the server's key, without passphrase. Read again on SIGHUP."},
    {TEXT(metrics_listen), "", 0, ADDRESS_LIMIT, NULL,
     "Loopback address and port of the metrics page, such as 127.0.0.1:9464; empty for "
     "none."},
    {COUNT(io_threads), "1", 1, 64, NULL,
     "Threads that move messages and answer reads out of memory. One did the most on "
     "two cores; with many cores more may."},
    {COUNT(worker_threads), "4", 1, 256, NULL,
     "Threads that read the store for calls."},
    {COUNT(read_queue), "256", 1, 65536, NULL,
     "Reads that may wait for a thread; beyond it they are refused with a time to "
     "retry after."},
    {COUNT(write_queue), "256", 1, 65536, NULL, "Changes that may wait for a thread."},
    {COUNT(admin_queue), "64", 1, 65536, NULL,
     "Calls of administration that may wait."},
    {COUNT(store_queue), "4096", 64, 65536, NULL, "Commits that may wait for the log."},
    {COUNT(trim_keep_commits), "0", 0, (int64_t)1 << 50, NULL,
     "Newest positions of the log that are kept when the broker starts; older ones are "
     "folded into a base, and whoever asks for them is told TRIMMED. 0 keeps all."},
    {UNIT(drain_ms, "ms"), "10000", 0, HOUR_MS, NULL,
     "How long calls in flight may take to end after SIGTERM."},
    {COUNT(file_descriptors), "65536", 256, 1048576, NULL,
     "Open files and connections at a time, whatever the system gave before; its hard "
     "limit must allow as many."},
    {UNIT(watchdog_ms, "ms"), "10000", 1000, 20000, NULL,
     "How often the broker connects to itself, to see that its listener lives."},
    {COUNT(calls_per_second), "1000", 1, 1000000, NULL,
     "Calls a principal may begin in a second, on average."},
    {COUNT(resets_per_second), "200", 1, 1000000, NULL,
     "Calls a principal may cancel in a second right after it began them, on average; "
     "five seconds' worth may come at once."},
    {UNIT(breaker_ms, "ms"), "10000", 100, HOUR_MS, NULL,
     "For how long a principal that cancels more is refused."},
    {COUNT(calls_in_flight), "256", 1, 65536, NULL, "Calls of a principal at a time."},
    {COUNT(streams_open), "64", 1, 65536, NULL, "Watches of a principal at a time."},
    {COUNT(parked_calls), "10000", 1, 1000000, NULL,
     "Calls that wait for something to happen, of all principals."},
    {COUNT(connections_per_address), "1024", 1, 65536, NULL,
     "Connections from one address at a time."},
    {UNIT(message_max_bytes, "bytes"), "4194304", 64 * KIB, 16 * MIB, NULL,
     "Largest message any call takes; most take less."},
    {UNIT(header_max_bytes, "bytes"), "16384", 4 * KIB, 64 * KIB, NULL,
     "Largest set of headers of a call."},
    {COUNT(concurrent_streams), "128", 1, 65536, NULL,
     "Calls of a connection at a time."},
    {UNIT(handshake_ms, "ms"), "8000", 100, HOUR_MS, NULL,
     "How long a connection may take to say who it is."},
    {UNIT(keepalive_ms, "ms"), "45000", 1000, DAY_MS, NULL,
     "After how long without a word a connection is asked whether it lives."},
    {UNIT(keepalive_timeout_ms, "ms"), "15000", 1000, HOUR_MS, NULL,
     "How long it may take to answer."},
    {UNIT(ping_interval_min_ms, "ms"), "15000", 1000, HOUR_MS, NULL,
     "How often a client may ask the same at most; one that asks more is closed."},
    {UNIT(connection_idle_ms, "ms"), "600000", 1000, DAY_MS, NULL,
     "After how long without a call a connection is closed."},
    {UNIT(connection_age_ms, "ms"), "2700000", 1000, DAY_MS, NULL,
     "After how long a connection is asked to begin anew."},
    {UNIT(connection_grace_ms, "ms"), "60000", 0, DAY_MS, NULL,
     "How long its calls may go on after that."},
    {COUNT(watch_ring_changes), "65536", 256, 1 << 20, NULL,
     "Latest changes kept in memory for watches; those behind read the log."},
    {UNIT(watch_ring_bytes, "bytes"), "67108864", MIB, 1024 * (int64_t)MIB, NULL,
     "Memory for them."},
    {UNIT(watch_stall_ms, "ms"), "60000", 1000, DAY_MS, NULL,
     "After how long without taking a message a watch is ended; it may resume."},
    {UNIT(watch_progress_ms, "ms"), "30000", 1000, HOUR_MS, NULL,
     "How often an idle watch is told up to where it has seen everything."},
    {CHOICE(log_format), "auto", 0, 0, log_formats,
     "One JSON object a line, or text; auto is text on a terminal."},
    {CHOICE(log_level), "info", 0, 0, log_levels, "Least level of lines written."},
    {CHOICE(log_calls), "notable", 0, 0, log_calls,
     "Which calls are logged: errors, slow calls and changes, or all."},
    {UNIT(log_slow_ms, "ms"), "1000", 1, HOUR_MS, NULL,
     "From how long on a call counts as slow."},
    {.name = NULL},
};
