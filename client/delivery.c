/* What a callback reads of its job, and what it says about it. */
#include <string.h>

#include "client/call.h"
#include "client/error.h"
#include "client/job_hold.h"
#include "client/lease.h"
#include "client/seal.h"

const Kontor__V1__ClaimedJob *
kontor_job_claimed(const struct kontor_job *job)
{
    return job->claimed;
}

const Kontor__V1__Value *
kontor_job_parameter(const struct kontor_job *job, const char *id)
{
    for (size_t i = 0; i < job->claimed->n_parameters; i++) {
        if (strcmp(job->claimed->parameters[i]->id, id) == 0) {
            return job->claimed->parameters[i]->value;
        }
    }
    return NULL;
}

/*
 * The lease clock and not the wall clock: setting the time must not lengthen a lease.
 */
int64_t
kontor_job_remaining_ms(const struct kontor_job *job)
{
    struct kontor_agent *agent = job->agent;
    pthread_mutex_lock(&agent->mutex);
    bool is_stopped = job->is_lost || job->turned_to != 0;
    int64_t left_ms = is_stopped ? 0 : agent->lease_end_ms - lease_now_ms();
    pthread_mutex_unlock(&agent->mutex);
    return left_ms > 0 ? left_ms : 0;
}

int
kontor_job_lost_fd(const struct kontor_job *job)
{
    return job->lost_fd;
}

static char *
job_copy(struct kontor_job *job, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = arena_try(job->arena, size);
    if (copy != NULL) {
        memcpy(copy, text, size);
    }
    return copy;
}

bool
kontor_job_backend_id(struct kontor_job *job, const char *backend_id)
{
    char *copy = job_copy(job, backend_id);
    job->backend_id = copy == NULL ? job->backend_id : copy;
    return copy != NULL;
}

bool
kontor_job_reason(struct kontor_job *job, const char *reason)
{
    /* The contract allows 1024 bytes; cut so that no UTF-8 sequence is halved. */
    enum { REASON_MAX = 1024 };
    char *copy = job_copy(job, reason);
    if (copy == NULL) {
        return false;
    }
    if (strlen(copy) > REASON_MAX) {
        size_t end = REASON_MAX;
        while (end > 0 && ((unsigned char)copy[end] & 0xc0) == 0x80) {
            end--;
        }
        copy[end] = '\0';
    }
    job->reason = copy;
    return true;
}

/* Outputs keep the order they were given in: a customer reads them. */
bool
kontor_job_output(struct kontor_job *job, const char *id, const char *text)
{
    struct job_output *output = arena_try(job->arena, sizeof *output);
    char *id_copy = job_copy(job, id);
    char *text_copy = job_copy(job, text);
    if (output == NULL || id_copy == NULL || text_copy == NULL) {
        return false;
    }
    kontor__v1__parameter_value__init(&output->parameter);
    kontor__v1__value__init(&output->value);
    output->value.kind_case = KONTOR__V1__VALUE__KIND_TEXT;
    output->value.text = text_copy;
    output->parameter.id = id_copy;
    output->parameter.value = &output->value;
    output->next = NULL;
    struct job_output **end = &job->outputs;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = output;
    return true;
}

bool
kontor_job_endpoint(struct kontor_job *job, const char *endpoint)
{
    struct job_endpoint *row = arena_try(job->arena, sizeof *row);
    char *copy = job_copy(job, endpoint);
    if (row == NULL || copy == NULL) {
        return false;
    }
    row->id = copy;
    row->next = job->endpoints;
    job->endpoints = row;
    return true;
}

static enum kontor_status
access_keep(struct kontor_job *job, struct kontor_bytes sealed,
            struct kontor_error *error)
{
    if (sealed.size > SEAL_MAX_SIZE) {
        return error_set(error, KONTOR_INVALID_ARGUMENT, "SEAL_TOO_LARGE",
                         "the access details take %zu bytes once sealed: at most %d "
                         "are delivered",
                         sealed.size, SEAL_MAX_SIZE);
    }
    uint8_t *copy = arena_try(job->arena, sealed.size);
    if (copy == NULL) {
        return error_memory(error);
    }
    memcpy(copy, sealed.data, sealed.size);
    job->access = (ProtobufCBinaryData){sealed.size, copy};
    return KONTOR_OK;
}

enum kontor_status
kontor_job_access(struct kontor_job *job, struct kontor_bytes plain,
                  struct kontor_error *error)
{
    const Kontor__V1__ClaimedJob *claimed = job->claimed;
    if (claimed->n_seal_to == 0) {
        return error_set(error, KONTOR_FAILED_PRECONDITION, "NOBODY_TO_SEAL_TO",
                         "access details cannot be delivered: the order names nobody "
                         "to seal them to (seal_to)");
    }
    struct kontor_bytes sealed = {0};
    enum kontor_status status =
        kontor_seal(plain, (const char *const *)claimed->seal_to, claimed->n_seal_to,
                    &sealed, error);
    if (status == KONTOR_OK) {
        status = access_keep(job, sealed, error);
    }
    kontor_bytes_free(&sealed);
    return status;
}

/*
 * What a failed attempt said about its object must not be delivered with the next
 * one's.
 */
void
job_forget(struct kontor_job *job)
{
    arena_reset(job->arena);
    job->reason = NULL;
    job->backend_id = NULL;
    job->outputs = NULL;
    job->endpoints = NULL;
    job->access = (ProtobufCBinaryData){0};
}

static bool
delivery_outputs(struct kontor_job *job, Kontor__V1__Delivery *delivery)
{
    size_t n = 0;
    for (struct job_output *row = job->outputs; row != NULL; row = row->next) {
        n++;
    }
    delivery->outputs = arena_try(job->arena, (n + 1) * sizeof *delivery->outputs);
    if (delivery->outputs == NULL) {
        return false;
    }
    for (struct job_output *row = job->outputs; row != NULL; row = row->next) {
        delivery->outputs[delivery->n_outputs++] = &row->parameter;
    }
    return true;
}

static bool
delivery_endpoints(struct kontor_job *job, Kontor__V1__Delivery *delivery)
{
    size_t n = 0;
    for (struct job_endpoint *row = job->endpoints; row != NULL; row = row->next) {
        n++;
    }
    delivery->endpoints = arena_try(job->arena, (n + 1) * sizeof *delivery->endpoints);
    if (delivery->endpoints == NULL) {
        return false;
    }
    for (struct job_endpoint *row = job->endpoints; row != NULL; row = row->next) {
        delivery->endpoints[delivery->n_endpoints++] = row->id;
    }
    return true;
}

/*
 * Lists become arrays only now, because nobody says beforehand how many there will be.
 */
Kontor__V1__Delivery *
job_delivery(struct kontor_job *job)
{
    Kontor__V1__Delivery *delivery = arena_try(job->arena, sizeof *delivery);
    if (delivery == NULL) {
        return NULL;
    }
    kontor__v1__delivery__init(delivery);
    delivery->backend_id = job->backend_id;
    delivery->sealed = job->access;
    bool is_whole =
        delivery_outputs(job, delivery) && delivery_endpoints(job, delivery);
    return is_whole ? delivery : NULL;
}

/* A report on a lost job would only be refused, after a wait. */
enum kontor_status
kontor_job_report(struct kontor_job *job, const char *milestone, const char *note,
                  int progress, struct kontor_error *error)
{
    if (job_is_lost(job)) {
        return error_set(error, KONTOR_ABORTED, "LEASE_LOST",
                         "the job is not held any more");
    }
    Kontor__V1__ReportRequest request = KONTOR__V1__REPORT_REQUEST__INIT;
    request.item = job->claimed->item;
    request.fence = job->claimed->fence;
    request.progress = progress;
    if (milestone != NULL) {
        request.milestone = (char *)(uintptr_t)milestone;
    }
    if (note != NULL) {
        request.note = (char *)(uintptr_t)note;
    }
    return kontor_report(job->agent->kontor, &request, NULL, error);
}
