#include "server/rpc/named.h"
#include "server/rpc/record.h"

enum status
record_delete(struct call *call, const void *request, struct decision *decision)
{
    const struct record *row = call->row->record;
    const char *id = named_text(request, "id");
    struct document document;
    enum status status = call_get(call, *row->kind, id, &document);
    if (status == STATUS_OK) {
        status = call_must_own(call, &document);
    }
    if (status == STATUS_OK) {
        status =
            call_expect(call, &document, named_integer(request, "expected_revision"));
    }
    if (status == STATUS_OK && row->judge_delete != NULL) {
        status = row->judge_delete(call, &document, decision);
    }
    if (status == STATUS_OK) {
        decision_delete(call, decision, *row->kind, id, document.revision);
    }
    return status;
}

enum status
record_delete_answer(struct call *call, const void *request,
                     const Kontor__V1__Commit *commit, void **reply)
{
    const ProtobufCMessageDescriptor *type = call->row->reply;
    (void)request;
    (void)commit;
    *reply = arena_alloc(call->arena, type->sizeof_message);
    protobuf_c_message_init(type, *reply);
    return STATUS_OK;
}
