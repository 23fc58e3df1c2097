#include "tests/mongod/rig.h"

#include <stdio.h>
#include <string.h>

#include "tests/mongod/raw.h"

void
rig_open(struct rig *rig, const struct mongod_options *options)
{
    char text[256];
    /* It tells of every connection that a fault cuts. */
    mongoc_log_set_handler(NULL, NULL);
    *rig = (struct rig){.mongod = mongod_start(options)};
    assert_non_null(rig->mongod);
    const char *uri_text = mongod_uri(rig->mongod);
    (void)snprintf(text, sizeof text,
                   "%s%cheartbeatFrequencyMS=500&socketTimeoutMS=%d&"
                   "serverSelectionTimeoutMS=3000&connectTimeoutMS=3000",
                   uri_text, strchr(uri_text, '?') == NULL ? '?' : '&', RIG_SOCKET_MS);
    mongoc_uri_t *uri = mongoc_uri_new_with_error(text, &rig->error);
    assert_non_null(uri);
    rig->pool = mongoc_client_pool_new(uri);
    mongoc_uri_destroy(uri);
    assert_true(
        mongoc_client_pool_set_error_api(rig->pool, MONGOC_ERROR_API_VERSION_2));
    rig->client = mongoc_client_pool_pop(rig->pool);
    rig->things = mongoc_client_get_collection(rig->client, "town", "things");
    bson_init(&rig->reply);
}

void
rig_open_set(struct rig *rig)
{
    struct mongod_options options = {.is_replica_set = true};
    rig_open(rig, &options);
}

void
rig_close(struct rig *rig)
{
    mongoc_collection_destroy(rig->things);
    mongoc_client_pool_push(rig->pool, rig->client);
    mongoc_client_pool_destroy(rig->pool);
    const char *refused = mongod_refused(rig->mongod);
    if (refused != NULL) {
        fail_msg("the server refused %s", refused);
    }
    mongod_stop(rig->mongod);
    bson_destroy(&rig->reply);
}

void
rig_fault(struct rig *rig, const char *text)
{
    struct mongod_fault fault;
    assert_true(mongod_fault_parse(text, &fault));
    mongod_script(rig->mongod, &fault, 1);
    mongod_fault_done(&fault);
}

static char *
with_quotes(const char *text)
{
    char *copy = bson_strdup(text);
    for (char *at = strchr(copy, '\''); at != NULL; at = strchr(at, '\'')) {
        *at = '"';
    }
    return copy;
}

bson_t *
rig_bson(const char *text)
{
    bson_error_t error;
    char *json = with_quotes(text);
    bson_t *bson = bson_new_from_json((const uint8_t *)json, -1, &error);
    if (bson == NULL) {
        fail_msg("no JSON: %s: %s", json, error.message);
    }
    bson_free(json);
    return bson;
}

bson_t *
rig_majority(void)
{
    return rig_bson("{'writeConcern': {'w': 'majority', 'j': true}}");
}

bson_t *
rig_single(void)
{
    return rig_bson("{'writeConcern': {'w': 1}}");
}

bool
rig_insert(struct rig *rig, const char *document, bool is_majority)
{
    bson_t *bson = rig_bson(document);
    bson_t *options = is_majority ? rig_majority() : rig_single();
    bson_destroy(&rig->reply);
    bool is_fine = mongoc_collection_insert_one(rig->things, bson, options, &rig->reply,
                                                &rig->error);
    bson_destroy(options);
    bson_destroy(bson);
    return is_fine;
}

bool
rig_insert_many(struct rig *rig, const bson_t **documents, size_t n, bool ordered)
{
    bson_t *options = rig_majority();
    BSON_APPEND_BOOL(options, "ordered", ordered);
    bson_destroy(&rig->reply);
    bool is_fine = mongoc_collection_insert_many(rig->things, documents, n, options,
                                                 &rig->reply, &rig->error);
    bson_destroy(options);
    return is_fine;
}

bool
rig_replace(struct rig *rig, const char *filter, const char *document, bool upsert)
{
    bson_t *selector = rig_bson(filter);
    bson_t *bson = rig_bson(document);
    bson_t *options = rig_majority();
    BSON_APPEND_BOOL(options, "upsert", upsert);
    bson_destroy(&rig->reply);
    bool is_fine = mongoc_collection_replace_one(rig->things, selector, bson, options,
                                                 &rig->reply, &rig->error);
    bson_destroy(options);
    bson_destroy(bson);
    bson_destroy(selector);
    return is_fine;
}

bool
rig_delete(struct rig *rig, const char *filter)
{
    bson_t *selector = rig_bson(filter);
    bson_t *options = rig_majority();
    bson_destroy(&rig->reply);
    bool is_fine = mongoc_collection_delete_one(rig->things, selector, options,
                                                &rig->reply, &rig->error);
    bson_destroy(options);
    bson_destroy(selector);
    return is_fine;
}

bool
rig_command(struct rig *rig, const char *command)
{
    bson_t *bson = rig_bson(command);
    bson_destroy(&rig->reply);
    bool is_fine = mongoc_client_command_simple(rig->client, "town", bson, NULL,
                                                &rig->reply, &rig->error);
    bson_destroy(bson);
    return is_fine;
}

static void
append_json(bson_string_t *text, const bson_t *bson)
{
    char *json = bson_as_relaxed_extended_json(bson, NULL);
    bson_string_append_printf(text, "%s%s", text->len > 0 ? ";" : "", json);
    bson_free(json);
}

char *
rig_find(struct rig *rig, const char *filter, const char *options)
{
    bson_t *selector = rig_bson(filter);
    bson_t *opts = rig_bson(options);
    bson_string_t *text = bson_string_new(NULL);
    const bson_t *document = NULL;
    const bson_t *reply = NULL;
    mongoc_cursor_t *cursor =
        mongoc_collection_find_with_opts(rig->things, selector, opts, NULL);
    while (mongoc_cursor_next(cursor, &document)) {
        append_json(text, document);
    }
    bool is_error = mongoc_cursor_error_document(cursor, &rig->error, &reply);
    bson_destroy(&rig->reply);
    if (reply != NULL) {
        bson_copy_to(reply, &rig->reply);
    } else {
        bson_init(&rig->reply);
    }
    mongoc_cursor_destroy(cursor);
    bson_destroy(opts);
    bson_destroy(selector);
    return bson_string_free(text, is_error);
}

/* Compares with the blanks of JSON left out. */
static void
expect_text(const char *found, const char *expected)
{
    char *wanted = with_quotes(expected);
    bson_string_t *text = bson_string_new(NULL);
    for (const char *at = found; *at != '\0'; at++) {
        if (*at != ' ') {
            bson_string_append_c(text, *at);
        }
    }
    assert_string_equal(text->str, wanted);
    bson_string_free(text, true);
    bson_free(wanted);
}

void
rig_expect(struct rig *rig, const char *filter, const char *options,
           const char *expected)
{
    char *found = rig_find(rig, filter, options);
    if (found == NULL) {
        fail_msg("find %s: %s", filter, rig->error.message);
    }
    expect_text(found, expected);
    bson_free(found);
}

void
rig_expect_stored(struct rig *rig, bool is_majority, const char *expected)
{
    struct mongod_documents documents;
    bson_string_t *text = bson_string_new(NULL);
    mongod_read(rig->mongod, RIG_NS, is_majority, &documents);
    for (size_t i = 0; i < documents.n; i++) {
        append_json(text, documents.documents[i]);
    }
    mongod_documents_free(&documents);
    expect_text(text->str, expected);
    bson_string_free(text, true);
}

int64_t
rig_reply_int(const struct rig *rig, const char *path)
{
    return raw_int(&rig->reply, path);
}

bool
rig_has_label(const struct rig *rig, const char *label)
{
    return mongoc_error_has_label(&rig->reply, label);
}
