#include "tests/mongod/command.h"

#include <string.h>

#include "tests/mongod/envelope.h"

enum {
    READ = COMMAND_READS | COMMAND_DATA,
    WRITE = COMMAND_WRITES | COMMAND_DATA,
    BATCH = WRITE | COMMAND_RETRIES
};

const struct command_row mongod_commands[] = {
    {"hello", "hello", COMMAND_FREE | COMMAND_DATABASE, "", mongod_run_hello},
    {"isMaster", "hello", COMMAND_FREE | COMMAND_DATABASE, "", mongod_run_hello},
    {"ismaster", "hello", COMMAND_FREE | COMMAND_DATABASE, "", mongod_run_hello},
    {"ping", "ping", COMMAND_DATABASE, "", mongod_run_nothing},
    {"buildInfo", "buildInfo", COMMAND_DATABASE, "", mongod_run_build_info},
    {"buildinfo", "buildInfo", COMMAND_DATABASE, "", mongod_run_build_info},
    {"endSessions", "endSessions", COMMAND_DATABASE, "", mongod_run_nothing},
    {"insert", "insert", BATCH, " documents ordered ", mongod_run_insert},
    {"update", "update", BATCH, " updates ordered ", mongod_run_update},
    {"delete", "delete", BATCH, " deletes ordered ", mongod_run_delete},
    {"find", "find", READ, " filter sort limit batchSize singleBatch projection ",
     mongod_run_find},
    {"getMore", "getMore", COMMAND_DATA, " collection batchSize ", mongod_run_get_more},
    {"killCursors", "killCursors", 0, " cursors ", mongod_run_kill_cursors},
    {"createIndexes", "createIndexes", WRITE, " indexes ", mongod_run_create_indexes},
    {"listCollections", "listCollections", READ | COMMAND_DATABASE,
     " filter nameOnly authorizedCollections cursor ", mongod_run_list_collections},
    {"drop", "drop", WRITE, "", mongod_run_drop},
    {"dropDatabase", "dropDatabase", WRITE | COMMAND_DATABASE, "",
     mongod_run_drop_database},
    {NULL, NULL, 0, NULL, NULL},
};

_Static_assert(sizeof mongod_commands / sizeof *mongod_commands <=
                   MONGOD_N_COMMANDS_MAX,
               "the tally has a place for each command");

/* What becomes of a call after one of its steps. */
enum step { STEP_ON, STEP_FAIL, STEP_CLOSE };

int
mongod_command_place(const char *canonical)
{
    for (int i = 0; mongod_commands[i].name != NULL; i++) {
        if (strcmp(mongod_commands[i].canonical, canonical) == 0) {
            return i;
        }
    }
    return -1;
}

static const struct command_row *
row_of(const char *name)
{
    for (const struct command_row *row = mongod_commands; row->name != NULL; row++) {
        if (strcmp(row->name, name) == 0) {
            return row;
        }
    }
    return NULL;
}

/* The collection is the command's own value, but getMore's, whose own is the cursor. */
static const char *
collection_of(const struct command_row *row, const bson_t *body)
{
    bool is_get_more = strcmp(row->name, "getMore") == 0;
    bson_iter_t iter;
    if ((row->flags & COMMAND_DATABASE) != 0 ||
        !bson_iter_init_find(&iter, body, is_get_more ? "collection" : row->name)) {
        return NULL;
    }
    return BSON_ITER_HOLDS_UTF8(&iter) ? bson_iter_utf8(&iter, NULL) : "";
}

static void
append_labels(const struct call *call)
{
    bson_t labels;
    enum mongod_code code = call->trouble.code;
    bool is_retryable = code == MONGOD_NOT_WRITABLE_PRIMARY ||
                        code == MONGOD_NOT_PRIMARY_NO_SECONDARY_OK;
    if (!call->has_txn || !is_retryable) {
        return;
    }
    bson_append_array_begin(call->reply, "errorLabels", -1, &labels);
    bson_append_utf8(&labels, "0", -1, "RetryableWriteError", -1);
    bson_append_array_end(call->reply, &labels);
}

/* What the handler may have appended is not part of an error. */
static void
append_trouble(const struct call *call)
{
    const struct trouble *trouble = &call->trouble;
    bson_reinit(call->reply);
    bson_append_double(call->reply, "ok", -1, 0);
    bson_append_utf8(call->reply, "errmsg", -1, trouble->text, -1);
    bson_append_int32(call->reply, "code", -1, (int32_t)trouble->code);
    bson_append_utf8(call->reply, "codeName", -1, mongod_code_name(trouble->code), -1);
    append_labels(call);
}

static void
append_concern_error(bson_t *reply)
{
    bson_t error;
    bson_t info;
    bson_append_document_begin(reply, "writeConcernError", -1, &error);
    bson_append_int32(&error, "code", -1, MONGOD_WRITE_CONCERN_FAILED);
    bson_append_utf8(&error, "codeName", -1,
                     mongod_code_name(MONGOD_WRITE_CONCERN_FAILED), -1);
    bson_append_utf8(&error, "errmsg", -1, "waiting for replication timed out", -1);
    bson_append_document_begin(&error, "errInfo", -1, &info);
    bson_append_bool(&info, "wtimeout", -1, true);
    bson_append_document_end(&error, &info);
    bson_append_document_end(reply, &error);
}

/* Faults that happen instead of the command, or before it. */
static enum step
play_before(struct call *call)
{
    const struct verdict *verdict = &call->verdict;
    if (mongod_trips(verdict, MONGOD_DELAY) &&
        !mongod_replica_hold(call->mongod, verdict->ms[MONGOD_DELAY])) {
        return STEP_CLOSE;
    }
    if (mongod_trips(verdict, MONGOD_CLOSE_BEFORE)) {
        return STEP_CLOSE;
    }
    if (mongod_trips(verdict, MONGOD_NOT_PRIMARY)) {
        (void)mongod_fail(&call->trouble, MONGOD_NOT_WRITABLE_PRIMARY, "not primary");
        return STEP_FAIL;
    }
    if (mongod_trips(verdict, MONGOD_CODE_1)) {
        (void)mongod_fail(&call->trouble, MONGOD_INTERNAL_ERROR,
                          "internal error, nothing was applied");
        return STEP_FAIL;
    }
    return STEP_ON;
}

static bool
check_role(struct call *call)
{
    if (!mongod_replica_is(call->mongod, REPLICA_SECONDARY)) {
        return true;
    }
    if ((call->row->flags & COMMAND_WRITES) != 0) {
        return mongod_fail(&call->trouble, MONGOD_NOT_WRITABLE_PRIMARY, "not primary");
    }
    return (call->row->flags & COMMAND_READS) == 0 ||
           mongod_fail(&call->trouble, MONGOD_NOT_PRIMARY_NO_SECONDARY_OK,
                       "not primary and secondaryOk=false");
}

/* All states but a rollback's, whose time begins when the command has been applied. */
static void
begin_states(struct call *call)
{
    for (int i = 0; i < MONGOD_N_ACTIONS; i++) {
        enum replica_state state = REPLICA_N_STATES;
        if (mongod_trips(&call->verdict, (enum mongod_action)i) &&
            mongod_replica_state_of((enum mongod_action)i, &state)) {
            mongod_replica_begin(call->mongod, state,
                                 state == REPLICA_ROLLING ? MONGOD_FOREVER
                                                          : call->verdict.ms[i]);
        }
    }
}

/* Runs the handler within the states that begin with it. */
static bool
apply(struct call *call)
{
    struct mongod *mongod = call->mongod;
    int64_t *rolling_ms = &mongod->replica.until_ms[REPLICA_ROLLING];
    int64_t before_ms = *rolling_ms;
    begin_states(call);
    bool is_fine = check_role(call) && call->row->run(call);
    mongod_replica_follow(mongod);
    if (mongod_trips(&call->verdict, MONGOD_ROLLBACK)) {
        int64_t end_ms = mongod_deadline(call->verdict.ms[MONGOD_ROLLBACK]);
        *rolling_ms = end_ms > before_ms ? end_ms : before_ms;
        mongod_replica_tick(mongod);
    }
    return is_fine;
}

/* Waits until the answer may be given. */
static enum step
await_majority(struct call *call)
{
    if (mongod_trips(&call->verdict, MONGOD_WRITE_CONCERN_ERROR)) {
        append_concern_error(call->reply);
        return STEP_ON;
    }
    if ((call->row->flags & COMMAND_WRITES) == 0 || !call->is_majority) {
        return STEP_ON;
    }
    switch (mongod_replica_wait(call->mongod, call->owed, call->wtimeout_ms)) {
    case ACK_COVERED:
        return STEP_ON;
    case ACK_TIMEOUT:
        append_concern_error(call->reply);
        return STEP_ON;
    case ACK_LOST:
    case ACK_CLOSED:
        return STEP_CLOSE;
    }
    return STEP_CLOSE;
}

/* Faults that happen to a command that was applied. */
static enum step
play_after(struct call *call, bool is_fine)
{
    const struct verdict *verdict = &call->verdict;
    bool is_cut = mongod_trips(verdict, MONGOD_CLOSE_AFTER) ||
                  mongod_trips(verdict, MONGOD_ROLLBACK);
    bool is_code_1 = mongod_trips(verdict, MONGOD_CODE_1_AFTER);
    enum step step = is_fine ? STEP_ON : STEP_FAIL;
    if (is_code_1 && !is_cut) {
        (void)mongod_fail(&call->trouble, MONGOD_INTERNAL_ERROR,
                          "internal error, applied all the same");
        step = STEP_FAIL;
    }
    if (step == STEP_ON && !is_cut) {
        step = await_majority(call);
    }
    if (step != STEP_CLOSE && mongod_trips(verdict, MONGOD_DELAY_AFTER) &&
        !mongod_replica_hold(call->mongod, verdict->ms[MONGOD_DELAY_AFTER])) {
        step = STEP_CLOSE;
    }
    return is_cut ? STEP_CLOSE : step;
}

static enum step
run(struct call *call)
{
    if (!mongod_envelope_read(call)) {
        return STEP_FAIL;
    }
    enum step step = play_before(call);
    if (step != STEP_ON) {
        return step;
    }
    bool is_fine = apply(call);
    return play_after(call, is_fine);
}

/* Counts the command and asks the script. */
static void
arrive(struct call *call)
{
    struct mongod *mongod = call->mongod;
    const struct command_row *row = call->row;
    mongod->tally.n_commands[mongod_command_place(row->canonical)]++;
    call->collection = collection_of(row, &call->message->body);
    call->verdict =
        mongod_script_judge(&mongod->script, row->canonical, call->collection,
                            (row->flags & COMMAND_DATA) != 0);
    pthread_cond_broadcast(&mongod->moved);
}

static enum step
find_and_run(struct call *call, const char *name)
{
    call->row = row_of(name);
    if (call->row == NULL) {
        (void)mongod_refuse(&call->trouble, "no such command: '%s'", name);
        call->trouble.code = MONGOD_COMMAND_NOT_FOUND;
        return STEP_FAIL;
    }
    arrive(call);
    return call->mongod->is_closing ? STEP_CLOSE : run(call);
}

static bool
answer(struct call *call)
{
    bson_iter_t iter;
    const char *name = "";
    if (bson_iter_init(&iter, &call->message->body) && bson_iter_next(&iter)) {
        name = bson_iter_key(&iter);
    }
    enum step step = find_and_run(call, name);
    if (call->trouble.is_outside) {
        mongod_remember(call->mongod, name, &call->trouble);
    }
    if (step == STEP_FAIL) {
        append_trouble(call);
    } else {
        bson_append_double(call->reply, "ok", -1, 1);
    }
    return step != STEP_CLOSE;
}

bool
mongod_command_answer(struct mongod *mongod, struct message *message,
                      int32_t connection, bson_t *reply)
{
    struct call call = {
        .mongod = mongod, .message = message, .connection = connection, .reply = reply};
    bool is_parsed = mongod_message_parse(message, &call.trouble);
    mongod_lock(mongod);
    if (!is_parsed) {
        mongod_remember(mongod, "a message", &call.trouble);
    }
    bool is_answered = is_parsed && answer(&call);
    mongod_unlock(mongod);
    return is_answered;
}
