/* What the server refuses, and that it remembers. Spoken by hand: no driver sends most
 * of it. */
#include <stdio.h>
#include <string.h>

#include "tests/mongod/bench.h"

#define LSID                                                                           \
    "'lsid': {'id': {'$binary': {'base64': 'AAAAAAAAAAAAAAAAAAAAAA==', 'subType': "    \
    "'04'}}}"

static void
test_other_commands_are_refused(void **state)
{
    static const char *const names[] = {
        "aggregate",        "findAndModify", "findandmodify", "count",
        "distinct",         "mapReduce",     "collMod",       "create",
        "renameCollection", "listIndexes",   "dropIndexes",   "commitTransaction",
        "abortTransaction", "getLastError",  "serverStatus",  "saslStart",
        "replSetGetStatus", "explain",       "Insert",        "killAllSessions",
        "getParameter",     "listDatabases", "bulkWrite",
    };
    struct bench bench;
    char command[128];
    (void)state;
    bench_open(&bench, NULL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(command, sizeof command, "{'%s': 'things', '$db': 'town'}",
                       names[i]);
        bench_expect_failure(&bench, command, 59, names[i]);
    }
    bench_close(&bench);
}

#define FIND(rest) "{'find': 'things', '$db': 'town', " rest "}"
#define UPDATE(rest) "{'update': 'things', '$db': 'town', 'updates': [{" rest "}]}"
#define DELETE(rest) "{'delete': 'things', '$db': 'town', 'deletes': [{" rest "}]}"
#define INDEX(rest)                                                                    \
    "{'createIndexes': 'things', '$db': 'town', 'indexes': [{" rest "}]}"
#define INSERT(rest)                                                                   \
    "{'insert': 'things', '$db': 'town', 'documents': [{'_id': 9}], " rest "}"

static const struct {
    const char *command;
    const char *text;
} options_outside[] = {
    {FIND("'skip': 1"), "skip"},
    {FIND("'hint': 'x'"), "hint"},
    {FIND("'collation': {'locale': 'de'}"), "collation"},
    {FIND("'tailable': true"), "tailable"},
    {FIND("'noCursorTimeout': true"), "noCursorTimeout"},
    {FIND("'comment': 'x'"), "comment"},
    {FIND("'let': {}"), "let"},
    {FIND("'limit': -1"), "limit"},
    {FIND("'limit': 1.5"), "limit"},
    {FIND("'batchSize': -1"), "batchSize"},
    {FIND("'maxTimeMS': -1"), "maxTimeMS"},
    {FIND("'writeConcern': {'w': 1}"), "writeConcern"},
    {FIND("'readConcern': {'level': 'linearizable'}"), "linearizable"},
    {FIND("'readConcern': {'level': 'snapshot'}"), "snapshot"},
    {FIND("'readConcern': {'level': 'available'}"), "available"},
    {FIND("'readConcern': {'level': 'local', 'afterClusterTime': 1}"), "or more"},
    {FIND("'$readPreference': {'mode': 'secondary'}"), "secondary"},
    {FIND("'$readPreference': {'mode': 'nearest'}"), "nearest"},
    {FIND("'apiVersion': '2'"), "apiVersion"},
    {FIND("'txnNumber': 1, " LSID), "txnNumber"},
    {FIND("'sort': {'a': 1, 'b': 1, 'c': 1, 'd': 1, 'e': 1}"), "more than 4"},
    {FIND("'sort': {'a': 2}"), "sort by 'a'"},
    {FIND("'sort': {'$natural': 1}"), "$natural"},
    {FIND("'sort': {'a': {'$meta': 'textScore'}}"), "sort by 'a'"},
    {FIND("'projection': {'a': 0}"), "projection of 'a'"},
    {FIND("'projection': {'_id': 0}"), "projection of '_id'"},
    {FIND("'projection': {'a': '$b'}"), "projection of 'a'"},
    {FIND("'projection': {'a.$': 1}"), "projection"},
    {FIND("'projection': {'a': 1, 'a.b': 1}"), "a.b within a"},
    {FIND("'filter': 1"), "filter is no document"},
    {FIND("'filter': {'$and': [{'a': 1}]}"), "$and"},
    {FIND("'filter': {'$nor': [{'a': 1}]}"), "$nor"},
    {FIND("'filter': {'$text': {'$search': 'a'}}"), "$text"},
    {FIND("'filter': {'$where': 'true'}"), "$where"},
    {FIND("'filter': {'$expr': {}}"), "$expr"},
    {FIND("'filter': {'$or': []}"), "empty $or"},
    {FIND("'filter': {'$or': [1]}"), "branch"},
    {FIND("'filter': {'$or': [{'$or': [{'a': 1}]}]}"), "$or"},
    {FIND("'filter': {'a': {'$ne': 1}}"), "$ne"},
    {FIND("'filter': {'a': {'$eq': 1}}"), "$eq"},
    {FIND("'filter': {'a': {'$nin': [1]}}"), "$nin"},
    {FIND("'filter': {'a': {'$exists': true}}"), "$exists"},
    {FIND("'filter': {'a': {'$not': {'$gt': 1}}}"), "$not"},
    {FIND("'filter': {'a': {'$all': [1]}}"), "$all"},
    {FIND("'filter': {'a': {'$size': 1}}"), "$size"},
    {FIND("'filter': {'a': {'$elemMatch': {'$gt': 1}}}"), "$elemMatch"},
    {FIND("'filter': {'a': {'$regex': 'x'}}"), "for a"},
    {FIND("'filter': {'a': {'$bitsAllSet': 2}}"), "$bitsAllSet"},
    {FIND("'filter': {'a': {'$mod': [2, 0]}}"), "$mod"},
    {FIND("'filter': {'a': {'$in': [{'b': 1}]}}"), "for a"},
    {FIND("'filter': {'a': {'$in': [1], '$gt': 1}}"), "$in among others"},
    {FIND("'filter': {'a': {'$in': 1}}"), "$in without"},
    {FIND("'filter': {'a': {'$gt': null}}"), "$gt of null"},
    {FIND("'filter': {'a': {'$gt': [1]}}"), "for a"},
    {FIND("'filter': {'a': {'b': 1}}"), "operator b"},
    {FIND("'filter': {'a': {}}"), "empty document"},
    {FIND("'filter': {'a': [1]}"), "for a"},
    {FIND("'filter': {'a': {'$numberDouble': 'NaN'}}"), "for a"},
    {FIND("'filter': {'a': {'$numberDecimal': '1'}}"), "for a"},
    {FIND("'filter': {'list': {'$gt': 1}}"), "range over the array"},
    {FIND("'filter': {'list.0': 1}"), "through an array"},
    {FIND("'filter': {'list.x': 1}"), "through an array"},
    {FIND("'sort': {'list': 1}"), "no scalar"},
    {FIND("'sort': {'inner': 1}"), "no scalar"},
    {FIND("'projection': {'list.x': 1}"), "through the array"},
    {UPDATE("'q': {'_id': 1}, 'u': {'$set': {'a': 1}}"), "$set"},
    {UPDATE("'q': {'_id': 1}, 'u': [{'$set': {'a': 1}}]"), "u is no document"},
    {UPDATE("'q': {'_id': 1}, 'u': {'a': 1}, 'multi': true"), "multi"},
    {UPDATE("'q': {'_id': 1}, 'u': {'a': 1}, 'hint': 'x'"), "hint"},
    {UPDATE("'q': {'_id': 1}, 'u': {'a': 1}, 'arrayFilters': []"), "arrayFilters"},
    {UPDATE("'q': {'_id': 1}, 'u': {'a': 1}, 'collation': {}"), "collation"},
    {UPDATE("'q': {}, 'u': {'a': 1}"), "equalities only"},
    {UPDATE("'q': {'_id': {'$lt': 5}}, 'u': {'a': 1}"), "equalities only"},
    {UPDATE("'q': {'$or': [{'a': 1}]}, 'u': {'a': 1}"), "equalities only"},
    {UPDATE("'q': {'_id': 1, 'v': 1}, 'u': {'a': 1}, 'upsert': true"), "upsert"},
    {UPDATE("'q': {'v': 1}, 'u': {'a': 1}, 'upsert': true"), "upsert"},
    {UPDATE("'q': {'_id': true}, 'u': {'a': 1}, 'upsert': true"), "_id of BSON"},
    {UPDATE("'q': {'_id': 1}, 'u': {'_id': 1.5}"), "_id of BSON"},
    {UPDATE("'q': {'_id': 1}, 'u': {'a': [[]]}"), "array in an array"},
    {UPDATE("'q': {'_id': 1}"), "without u"},
    {UPDATE("'u': {'a': 1}"), "without q"},
    {DELETE("'q': {'_id': 1}, 'limit': 0"), "limit 1"},
    {DELETE("'q': {'_id': 1}"), "limit 1"},
    {DELETE("'q': {'v': 1}, 'limit': 1"), "with _id only"},
    {DELETE("'q': {}, 'limit': 1"), "with _id only"},
    {DELETE("'q': {'_id': {'$gt': 1}}, 'limit': 1"), "with _id only"},
    {DELETE("'q': {'_id': 1}, 'limit': 1, 'collation': {}"), "collation"},
    {INDEX("'key': {'a': 1}, 'name': 'a', 'unique': true"), "unique"},
    {INDEX("'key': {'a': 1}, 'name': 'a', 'sparse': true"), "sparse"},
    {INDEX("'key': {'a': 1}, 'name': 'a', 'expireAfterSeconds': 1"), "expireAfter"},
    {INDEX("'key': {'a': 1}, 'name': 'a', 'partialFilterExpression': {}"), "partial"},
    {INDEX("'key': {'a': 1}, 'name': 'a', 'collation': {}"), "collation"},
    {INDEX("'key': {'a': 'text'}, 'name': 'a'"), "not 1 or -1"},
    {INDEX("'key': {'a': 'hashed'}, 'name': 'a'"), "not 1 or -1"},
    {INDEX("'key': {'a': 2}, 'name': 'a'"), "not 1 or -1"},
    {INDEX("'key': {'$**': 1}, 'name': 'a'"), "index on '$**'"},
    {INDEX("'key': {}, 'name': 'a'"), "0 fields"},
    {INDEX("'key': {'a': 1}"), "without key or name"},
    {INSERT("'bypassDocumentValidation': true"), "bypassDocumentValidation"},
    {INSERT("'writeConcern': {'w': 0}"), "a w other"},
    {INSERT("'writeConcern': {'w': 2}"), "a w other"},
    {INSERT("'writeConcern': {'w': 'backup'}"), "a w other"},
    {INSERT("'writeConcern': {'fsync': true}"), "fsync"},
    {INSERT("'writeConcern': {'wtimeout': -1}"), "wtimeout"},
    {INSERT("'readConcern': {'level': 'majority'}"), "readConcern"},
    {INSERT("'startTransaction': true"), "startTransaction"},
    {INSERT("'autocommit': false"), "autocommit"},
    {INSERT("'lsid': {'id': 1}"), "lsid"},
    {INSERT("'lsid': {'id': 1, 'uid': 2}"), "lsid"},
    {"{'insert': 'things', 'documents': [{'_id': 9}]}", "no $db"},
    {"{'insert': 'things', '$db': 'town', 'documents': []}", "0 documents"},
    {"{'insert': 'things', '$db': 'town'}", "no documents"},
    {"{'insert': 'things', '$db': 'town', 'documents': [{'a': 1}]}", "without _id"},
    {"{'listCollections': 1, '$db': 'town', 'filter': {'type': 'view'}}", "the name"},
    {"{'getMore': {'$numberLong': '1'}, 'collection': 'things', '$db': 'town', "
     "'maxTimeMS': 1}",
     "maxTimeMS"},
    {"{'killCursors': 'things', '$db': 'town', 'cursors': 1}", "killCursors"},
};

static void
test_options_outside_are_refused(void **state)
{
    struct bench bench;
    bson_t reply;
    (void)state;
    bench_open(&bench, NULL);
    assert_true(
        raw_command(bench.fd,
                    "{'insert': 'things', '$db': 'town', 'documents': [{'_id': 1,"
                    "'list': [1, {'x': 1}], 'inner': {'x': 1}}]}",
                    &reply));
    assert_int_equal(raw_int(&reply, "n"), 1);
    bson_destroy(&reply);
    uint64_t newest = mongod_newest(bench.mongod);
    for (size_t i = 0; i < sizeof options_outside / sizeof *options_outside; i++) {
        bench_expect_failure(&bench, options_outside[i].command, 2,
                             options_outside[i].text);
    }
    struct mongod_documents documents;
    mongod_read(bench.mongod, "town.things", false, &documents);
    assert_int_equal(documents.n, 1);
    mongod_documents_free(&documents);
    assert_int_equal(mongod_newest(bench.mongod), newest);
    bench_close(&bench);
}

/* Fields of a document. */
static const struct {
    const char *fields;
    const char *text;
} documents_outside[] = {
    {"'a': [[1]]", "array in an array"},
    {"'a': {'$numberDouble': 'NaN'}", "not finite"},
    {"'a': {'$numberDouble': '-Infinity'}", "not finite"},
    {"'a': {'$numberDecimal': '1'}", "BSON type 0x13"},
    {"'a': {'$minKey': 1}", "BSON type 0xff"},
    {"'a': {'$maxKey': 1}", "BSON type 0x7f"},
    {"'a': {'$regularExpression': {'pattern': 'x', 'options': ''}}", "type 0x0b"},
    {"'a': {'$code': 'x'}", "BSON type 0x0d"},
    {"'a': {'$code': 'x', '$scope': {}}", "BSON type 0x0f"},
    {"'a': {'$undefined': true}", "BSON type 0x06"},
    {"'a': {'$symbol': 'x'}", "BSON type 0x0e"},
    {"'a': {'$binary': {'base64': '', 'subType': '80'}}", "subtype 128"},
    {"'a': {'$binary': {'base64': '', 'subType': '02'}}", "subtype 2"},
    {"'': 1", "empty key"},
    {"'x': {'': 1}", "empty key"},
    {"'a.b': 1", "key a.b"},
    {"'$x': 1", "key $x"},
    {"'x': [{'$y': 1}]", "key $y"},
    {"'a\\\\b': 1", "key a\\b"},
    {"'a\\u0022b': 1", "key a\"b"},
    {"'a': 1, 'b': 1, 'a': 2", "comes twice"},
    {"'x': {'a': 1, 'a': 2}", "comes twice"},
    {"'a': 'x\\u0000y'", "NUL"},
};

static void
test_documents_outside_are_refused(void **state)
{
    struct bench bench;
    char command[256];
    (void)state;
    bench_open(&bench, NULL);
    for (size_t i = 0; i < sizeof documents_outside / sizeof *documents_outside; i++) {
        (void)snprintf(command, sizeof command,
                       "{'insert': 'things', '$db': 'town', 'documents': "
                       "[{'_id': 1}, {'_id': 2, %s}]}",
                       documents_outside[i].fields);
        bench_expect_failure(&bench, command, 2, documents_outside[i].text);
    }
    assert_int_equal(mongod_newest(bench.mongod), 0);
    bench_close(&bench);
}

static void
test_ids_outside_are_refused(void **state)
{
    static const char *const ids[] = {
        "1.0",
        "true",
        "null",
        "{'a': 1}",
        "{'$oid': '0123456789abcdef01234567'}",
        "{'$date': {'$numberLong': '0'}}",
    };
    struct bench bench;
    char command[256];
    (void)state;
    bench_open(&bench, NULL);
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        (void)snprintf(
            command, sizeof command,
            "{'insert': 'things', '$db': 'town', 'documents': [{'_id': %s}]}", ids[i]);
        bench_expect_failure(&bench, command, 2, "an _id of BSON type");
    }
    bench_close(&bench);
}

/* These are ordinary errors: nothing is remembered. */
static void
test_bad_names_and_numbers_are_errors(void **state)
{
    static const struct {
        const char *command;
        int64_t code;
    } rows[] = {
        {"{'find': '', '$db': 'town'}", 73},
        {"{'find': 'a$b', '$db': 'town'}", 73},
        {"{'find': '.a', '$db': 'town'}", 73},
        {"{'find': 'a.', '$db': 'town'}", 73},
        {"{'find': 'system.x', '$db': 'town'}", 73},
        {"{'find': 1, '$db': 'town'}", 73},
        {"{'find': 'a', '$db': 'to.wn'}", 73},
        {"{'find': 'a', '$db': ''}", 73},
        {"{'find': '012345678901234567890123456789012345678901234567890123456789"
         "012345678901234567890123456789012345678901234567890123456789', '$db': "
         "'town'}",
         73},
        {"{'getMore': {'$numberLong': '1'}, 'collection': 'things', '$db': 'town'}",
         43},
        {"{'drop': 'things', '$db': 'town'}", 26},
        {INSERT("'txnNumber': 1, " LSID), 20},
    };
    struct bench bench;
    (void)state;
    bench_open(&bench, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bench_expect_failure(&bench, rows[i].command, rows[i].code, NULL);
    }
    bench_close(&bench);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_other_commands_are_refused),
        cmocka_unit_test(test_options_outside_are_refused),
        cmocka_unit_test(test_documents_outside_are_refused),
        cmocka_unit_test(test_ids_outside_are_refused),
        cmocka_unit_test(test_bad_names_and_numbers_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
