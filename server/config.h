/*
 * The daemon's settings: one table says of each its type, unit, default, range and
 * meaning. The file reader,
 * --help-settings, the man page and the tests walk it.
 *
 * The file: `name = value`, one a line; # begins a comment; a value may stand in double
 * quotes.
 *
 * Memory: the settings own their texts; config_done frees them.
 * Errors: INVALID_ARGUMENT, NOT_FOUND with a text that says file, line and cure.
 * Threads: constant once loaded.
 */
#ifndef KONTOR_SERVER_CONFIG_H
#define KONTOR_SERVER_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "proto/status.h"

/* Which calls are logged. */
enum log_calls { LOG_CALLS_NOTABLE, LOG_CALLS_ALL };

/* Each member is a row of the table of the same name; the unit is in the name. */
struct settings {
    /* Where. */
    char *listen;            /* HOST:PORT; port 0 = the system chooses. */
    char *port_file;         /* "" = none. */
    char *store;             /* Path or URI of the store. */
    char *store_secret_file; /* Of the password of its user; "" = none. */
    char *journal;           /* "" = beside the store. */
    char *tls_cert;          /* PEM file. */
    char *tls_key;           /* PEM file. */
    char *metrics_listen;    /* HOST:PORT of a loopback address; "" = none. */
    /* Work. */
    int64_t io_threads;
    int64_t worker_threads;
    int64_t read_queue; /* Calls that wait for a worker, by class. */
    int64_t write_queue;
    int64_t admin_queue;
    int64_t store_queue; /* Works that wait for the committer. */
    int64_t trim_keep_commits; /* Positions kept at start; 0 = all. */
    int64_t drain_ms;
    int64_t file_descriptors;
    int64_t watchdog_ms;
    /* What one caller may take. */
    int64_t calls_per_second;  /* Per principal. */
    int64_t resets_per_second; /* Per principal. */
    int64_t breaker_ms;
    int64_t calls_in_flight; /* Per principal. */
    int64_t streams_open;    /* Per principal. */
    int64_t parked_calls;    /* In all. */
    int64_t connections_per_address;
    int64_t message_max_bytes;
    int64_t header_max_bytes;
    int64_t concurrent_streams; /* Per connection. */
    /* Connections. */
    int64_t handshake_ms;
    int64_t keepalive_ms;
    int64_t keepalive_timeout_ms;
    int64_t ping_interval_min_ms;
    int64_t connection_idle_ms;
    int64_t connection_age_ms;
    int64_t connection_grace_ms;
    /* Watches. */
    int64_t watch_ring_changes;
    int64_t watch_ring_bytes;
    int64_t watch_stall_ms;
    int64_t watch_progress_ms;
    /* Log. */
    int64_t log_format; /* enum log_format. */
    int64_t log_level;  /* enum log_level. */
    int64_t log_calls;  /* enum log_calls. */
    int64_t log_slow_ms;
};

enum setting_type { SETTING_TEXT, SETTING_INTEGER, SETTING_CHOICE };

/* One row of the table. */
struct setting {
    const char *name; /* NULL ends the table. */
    enum setting_type type;
    const char *unit; /* "" = none. */
    size_t offset;    /* In struct settings. */
    const char
        *fallback;     /* Default, as it would be written; NULL = it must be given. */
    int64_t low, high; /* Range of an integer; of a text, of its length in bytes. */
    const char *const *choices; /* Of a CHOICE, in the order of its enum; NULL ends. */
    const char *help;           /* A sentence or two. */
};

extern const struct setting config_table[];

/* All defaults; settings without one are "". Never fails but by running out of memory,
 * which aborts. */
void config_defaults(struct settings *settings);
/*
 * Sets one setting. On failure error says what would be right. The name is not repeated
 * in it.
 */
enum status config_set(struct settings *settings, const char *name, const char *value,
                       char *error, size_t error_size) MUST_CHECK;
/*
 * Reads a file over what is set, then sees that what must be given is. Relative paths
 * of files are taken from the directory of the file. error: "FILE:LINE: what; cure".
 */
enum status config_load(struct settings *settings, const char *path, char *error,
                        size_t error_size) MUST_CHECK;
/* As config_load, from a text; path is only named in errors and may be NULL. */
enum status config_parse(struct settings *settings, const char *path, const char *text,
                         char *error, size_t error_size) MUST_CHECK;
/* Frees the texts. */
void config_done(struct settings *settings);

/* The table for people; for the man page (roff); as a commented file. */
void config_print_help(FILE *out);
void config_print_man(FILE *out);
void config_print_example(FILE *out);

#endif
