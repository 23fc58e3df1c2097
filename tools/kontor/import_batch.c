/* Batches of an import: filled up to a size, sent, and one result a record. */
#include "tools/kontor/import_batch.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/kontor/path.h"
#include "tools/kontor/show.h"

enum {
    BATCH_MAX_BYTES =
        2 * 1024 * 1024 - 64 * 1024,        /* Below 2 MiB with masks and framing. */
    BATCH_GOOD_BYTES = BATCH_MAX_BYTES / 2, /* Enough, when a part has ended. */
    BATCH_MEMORY_BYTES = 32 * 1024 * 1024,  /* Of what was read for it. */
    BATCH_DEADLINE_MS = 180000,             /* A batch is up to 500 commits. */
};

/* ---- Results ---- */

/*
 * Findings are no failure and go to standard output; what was refused goes to standard
 * error.
 */
static void
take_result(struct import_batch *batch, size_t kind,
            const Kontor__V1__ImportResult *result)
{
    size_t outcome = (size_t)result->outcome;
    if (outcome > KONTOR__V1__IMPORT_OUTCOME__REFUSED) {
        outcome = 0;
    }
    batch->counts[kind][outcome]++;
    const char *name = import_kinds[kind].name;
    batch->n_findings += result->n_findings;
    /* Whoever reads the output is a program then; what was refused a person has to
     * mend. */
    for (size_t i = 0; i < result->n_violations; i++) {
        show_line(stderr, "kontor: %s %s refused: %s: %s", name, result->id,
                  result->violations[i]->field, result->violations[i]->description);
    }
    if (batch->cli->is_json) {
        show_json_by(batch->arena, &result->base);
        return;
    }
    for (size_t i = 0; i < result->n_findings; i++) {
        show_line(stdout, "finding  %s %s  %s: %s", name, result->id,
                  result->findings[i]->field, result->findings[i]->description);
    }
}

static void
show_progress(const struct import_batch *batch)
{
    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "\rkontor: %zu of %zu records%s", batch->n_sent, batch->n_all,
                batch->n_sent == batch->n_all ? "\n" : "");
    }
}

/* ---- Batches ---- */

/* The two calls. */
static const struct import_target {
    const char *noun;
    const char *method;
} targets[] = {
    {"catalogue", "CatalogueService/Import"},
    {"config", "ConfigurationService/Import"},
};

static const struct import_target *
find_target(const char *noun)
{
    return strcmp(noun, targets[0].noun) == 0 ? &targets[0] : &targets[1];
}

void
import_batch_init(struct import_batch *batch, struct cli *cli, size_t n_all)
{
    *batch = (struct import_batch){.cli = cli,
                                   .arena = arena_new(),
                                   .target = find_target(cli->command->noun),
                                   .n_all = n_all};
}

void
import_batch_done(struct import_batch *batch)
{
    arena_free(batch->arena);
}

static const struct kontor_method *
method_of(const struct import_batch *batch)
{
    return kontor_method(
        arena_print(batch->arena, "/kontor.v1.%s", batch->target->method));
}

/* Without its mask an import would own every field and empty those the source does not
 * know. */
static void
set_masks(struct import_batch *batch)
{
    for (size_t i = 0; i < IMPORT_KINDS; i++) {
        const struct import_kind *kind = &import_kinds[i];
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field_by_name(
                batch->request->descriptor,
                arena_print(batch->arena, "%s_fields", kind->name));
        if (field != NULL) {
            memcpy((char *)batch->request + field->offset,
                   (const char *)batch->masks + kind->mask_at, sizeof(void *));
        }
    }
}

/* An empty batch with the masks of what the source owns. */
static void
begin(struct import_batch *batch)
{
    struct arena *arena = batch->arena;
    const struct kontor_method *method = method_of(batch);
    const ProtobufCMessageDescriptor *input =
        method->service->methods[method->index].input;
    batch->request = path_message(input, arena);
    batch->records = protobuf_c_message_descriptor_get_field_by_name(input, "records");
    batch->n_records = 0;
    batch->n_bytes = 0;
    set_masks(batch);
    ProtobufCMessage **list = arena_alloc(arena, IMPORT_BATCH_RECORDS * sizeof *list);
    memcpy((char *)batch->request + batch->records->offset, &list, sizeof list);
    if (cli_count(batch->cli, "skip-template") > 0) {
        path_set(batch->request, "skip_template", "true", arena);
    }
    /* Our own form says all there is to say of a record, its source included. */
    if (cli_count(batch->cli, "take-over") > 0 ||
        strcmp(cli_option(batch->cli, "format"), "kontor-1") == 0) {
        path_set(batch->request, "takes_over", "true", arena);
    }
    if (cli_count(batch->cli, "validate-only") > 0) {
        path_set(batch->request, "validate_only", "true", arena);
    }
}

enum kontor_status
import_batch_send(struct import_batch *batch)
{
    if (batch->n_records == 0) {
        return KONTOR_OK;
    }
    struct cli *cli = batch->cli;
    memcpy((char *)batch->request + batch->records->quantifier_offset,
           &batch->n_records, sizeof batch->n_records);
    struct kontor_call_options options = {.deadline_ms = BATCH_DEADLINE_MS};
    ProtobufCMessage *reply = NULL;
    enum kontor_status status = kontor_call(
        cli->kontor, method_of(batch), batch->request, &options, &reply, &cli->error);
    if (status != KONTOR_OK) {
        return status;
    }
    size_t n;
    ProtobufCMessage *const *results = path_rows(reply, "results", &n);
    for (size_t i = 0; i < n && i < batch->n_records; i++) {
        take_result(batch, batch->kinds[i],
                    (const Kontor__V1__ImportResult *)results[i]);
    }
    kontor_reply_free(reply);
    batch->n_sent += batch->n_records;
    batch->n_records = 0;
    batch->request = NULL;
    show_progress(batch);
    return KONTOR_OK;
}

static void
put(struct import_batch *batch, size_t kind, ProtobufCMessage *record, size_t size)
{
    if (batch->request == NULL) {
        begin(batch);
    }
    ProtobufCMessage *row = path_message(batch->records->descriptor, batch->arena);
    const ProtobufCFieldDescriptor *member =
        protobuf_c_message_descriptor_get_field_by_name(row->descriptor,
                                                        import_kinds[kind].name);
    uint32_t which = member->id;
    memcpy((char *)row + member->quantifier_offset, &which, sizeof which);
    memcpy((char *)row + member->offset, &record, sizeof record);
    ProtobufCMessage **list;
    memcpy(&list, (char *)batch->request + batch->records->offset, sizeof list);
    batch->kinds[batch->n_records] = kind;
    list[batch->n_records++] = row;
    batch->n_bytes += size;
}

/* One more record; sends the batch first when it would grow too large. */
static enum kontor_status
add(struct import_batch *batch, size_t kind, ProtobufCMessage *record)
{
    size_t size = protobuf_c_message_get_packed_size(record) + 16;
    enum kontor_status status = KONTOR_OK;
    if (batch->n_records == IMPORT_BATCH_RECORDS ||
        (batch->n_records > 0 && batch->n_bytes + size > BATCH_MAX_BYTES)) {
        status = import_batch_send(batch);
    }
    if (status == KONTOR_OK) {
        put(batch, kind, record, size);
    }
    return status;
}

/*
 * Between parts is when memory can be given back, and only with nothing left to send.
 * What was read and not taken uses memory, too.
 */
static enum kontor_status
end_part(struct import_batch *batch)
{
    enum kontor_status status = KONTOR_OK;
    if (batch->n_records == IMPORT_BATCH_RECORDS || batch->n_bytes > BATCH_GOOD_BYTES ||
        arena_used(batch->arena) > BATCH_MEMORY_BYTES) {
        status = import_batch_send(batch);
    }
    if (status == KONTOR_OK && batch->n_records == 0) {
        arena_reset(batch->arena);
        batch->request = NULL;
    }
    return status;
}

/* In the order of the kinds: a record may refer to those before it. */
enum kontor_status
import_batch_add(struct import_batch *batch, const struct import_set *part)
{
    enum kontor_status status = KONTOR_OK;
    batch->masks = part;
    for (size_t i = 0; i < IMPORT_KINDS; i++) {
        size_t n;
        ProtobufCMessage **records = import_kind_records(part, &import_kinds[i], &n);
        bool is_ours = strcmp(import_kinds[i].noun, batch->target->noun) == 0;
        for (size_t j = 0; j < n && is_ours && status == KONTOR_OK; j++) {
            status = add(batch, i, records[j]);
        }
    }
    return status == KONTOR_OK ? end_part(batch) : status;
}
