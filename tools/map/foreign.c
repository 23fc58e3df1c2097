#include "tools/map/foreign.h"

#include <string.h>

#define S(name) .state = KONTOR__V1__ITEM_STATE__##name
#define OPERATOR .reason = KONTOR__V1__ITEM_REASON__NEEDS_OPERATOR
#define READ(name) FOREIGN_BIT(name)
#define READ_ALL (READ(TMF641) | READ(EOSC) | READ(WALDUR) | READ(OSB))

/* Before words that begin like a mark but are none. */
static const char said[] = "said:";

/*
 * In the order of the states. EOSC has no word for failed, cancelled, held and partly
 * delivered: a fixed mark in the value text says it, and by it they are told apart when
 * they are read. Whether work has begun nobody's words say, so what is read is the
 * state before it where there are two.
 */
/* clang-format off */
const struct foreign_row foreign_table[] = {
    {S(RECEIVED), .names = {"acknowledged", "registered", "pending-consumer", NULL}, .mark = "",
     .read = READ(TMF641) | READ(EOSC)},
    {S(AWAITING_APPROVAL), .names = {"acknowledged", "in_progress", "pending-provider", NULL}, .mark = "",
     .read = READ(WALDUR)},
    {S(AWAITING_CONSUMER_APPROVAL), .names = {"pending", "in_progress", "pending-consumer", NULL}, .mark = "",
     .read = READ(WALDUR)},
    {S(QUEUED), .names = {"acknowledged", "in_progress", "pending-provider", NULL}, .mark = ""},
    {S(ASSIGNED), .names = {"acknowledged", "in_progress", "pending-provider", NULL}, .mark = ""},
    {S(PENDING_INFO), .names = {"pending", "waiting_for_response", "pending-provider", "in progress"}, .mark = "",
     .read = READ(TMF641) | READ(EOSC)},
    {S(HELD), .names = {"held", "in_progress", "executing", "in progress"}, .mark = "on hold:",
     .read = READ(TMF641) | READ(EOSC)},
    {S(HELD), OPERATOR, .names = {"held", "in_progress", "erred", "in progress"}, .mark = "on hold:"},
    {S(IN_PROGRESS), .names = {"inProgress", "in_progress", "executing", "in progress"}, .mark = "",
     .read = READ_ALL},
    {S(PENDING_INFO_BEGUN), .names = {"pending", "waiting_for_response", "pending-provider", "in progress"},
     .mark = ""},
    {S(HELD_BEGUN), .names = {"held", "in_progress", "executing", "in progress"}, .mark = "on hold:"},
    /* What erred there can be tried again: that is held here, and not over. */
    {S(HELD_BEGUN), OPERATOR, .names = {"held", "in_progress", "erred", "in progress"}, .mark = "on hold:",
     .read = READ(WALDUR)},
    {S(ASSESSING_CANCELLATION), .names = {"assessingCancellation", "in_progress", "executing", "in progress"},
     .mark = "", .read = READ(TMF641)},
    {S(CANCELLING), .names = {"pendingCancellation", "in_progress", "executing", "in progress"}, .mark = "",
     .read = READ(TMF641)},
    {S(CANCELLING_OTHERWISE), .names = {"pendingCancellation", "in_progress", "executing", "in progress"},
     .mark = ""},
    {S(COMPLETED), .names = {"completed", "ready", "done", "succeeded"}, .mark = "", .read = READ_ALL},
    {S(FAILED), .names = {"failed", "rejected", "erred", "failed"}, .mark = "failed:",
     .read = READ(TMF641) | READ(EOSC) | READ(OSB)},
    {S(REJECTED), .names = {"rejected", "rejected", "rejected", "4xx"}, .mark = "", .read = READ_ALL},
    {S(CANCELLED), .names = {"cancelled", "rejected", "canceled", "410"}, .mark = "cancelled:", .read = READ_ALL},
    {S(CANCELLED_BEGUN), .names = {"cancelled", "rejected", "canceled", "410"}, .mark = "cancelled:"},
    {S(CANCELLED_OTHERWISE), .names = {"cancelled", "rejected", "canceled", "410"}, .mark = "cancelled:"},
    {S(CANCELLED_OTHERWISE_BEGUN), .names = {"cancelled", "rejected", "canceled", "410"}, .mark = "cancelled:"},
    {.order = KONTOR__V1__ORDER_STATE__ORDER_PARTIAL, .names = {"partial", "ready", NULL, NULL},
     .mark = "partly delivered", .read = READ(TMF641) | READ(EOSC)},
    {.state = 0},
};
/* clang-format on */

/*
 * Words of theirs that we never write: what comes before registered, what is left right
 * away for ready, and what a delivered service ends as.
 */
static const struct {
    enum eosc_type type, as;
} unwritten[] = {
    {EOSC_CREATED, EOSC_REGISTERED},
    {EOSC_APPROVED, EOSC_IN_PROGRESS},
    {EOSC_CLOSED, EOSC_READY},
};

static bool
is_end(const struct foreign_row *row)
{
    return row->state == 0 && row->order == 0;
}

const struct foreign_row *
foreign_item(Kontor__V1__ItemState state, Kontor__V1__ItemReason reason)
{
    const struct foreign_row *found = NULL;
    for (const struct foreign_row *row = foreign_table; !is_end(row); row++) {
        bool is_exact = row->reason == reason;
        bool is_nearer = found == NULL ? row->reason == 0 : is_exact;
        if (state != 0 && row->state == state && is_nearer) {
            found = row;
        }
    }
    return found;
}

const struct foreign_row *
foreign_order(Kontor__V1__OrderState state)
{
    for (const struct foreign_row *row = foreign_table; !is_end(row); row++) {
        if (state != 0 && row->order == state) {
            return row;
        }
    }
    return NULL;
}

/* ---- Reading ---- */

static bool
begins_with(const char *text, const char *mark)
{
    return strncmp(text, mark, strlen(mark)) == 0;
}

/* Their word for what we do write. */
static const char *
written_name(enum foreign system, const char *name)
{
    enum eosc_type type = system == FOREIGN_EOSC ? eosc_type_of(name) : EOSC_NONE;
    for (size_t i = 0; i < sizeof unwritten / sizeof unwritten[0]; i++) {
        if (unwritten[i].type == type) {
            return eosc_name(unwritten[i].as);
        }
    }
    return name;
}

const struct foreign_row *
foreign_read(enum foreign system, const char *name, const char *value)
{
    const struct foreign_row *found = NULL;
    const char *written = written_name(system, name);
    for (const struct foreign_row *row = foreign_table; !is_end(row); row++) {
        bool is_named = row->names[system] != NULL && (row->read >> system & 1) != 0 &&
                        strcmp(row->names[system], written) == 0;
        bool is_marked = system == FOREIGN_EOSC && row->mark[0] != '\0';
        /* A row with a mark is nearer than the one without. */
        if (is_named && (is_marked ? begins_with(value, row->mark) : found == NULL)) {
            found = row;
        }
    }
    return found;
}

/* ---- Value texts ---- */

/* Whether words would be taken for a mark of some row, or for what stands before such.
 */
static bool
is_like_a_mark(const char *words)
{
    bool is_like = begins_with(words, said);
    for (const struct foreign_row *row = foreign_table; !is_end(row); row++) {
        is_like = is_like || (row->mark[0] != '\0' && begins_with(words, row->mark));
    }
    return is_like;
}

const char *
foreign_value(const struct foreign_row *row, const char *words, struct arena *arena)
{
    const char *before = row->mark;
    if (before[0] == '\0' && is_like_a_mark(words)) {
        before = said;
    }
    bool is_both = before[0] != '\0' && words[0] != '\0';
    return arena_print(arena, "%s%s%s", before, is_both ? " " : "", words);
}

const char *
foreign_words(const struct foreign_row *row, const char *value)
{
    const char *before = row->mark[0] != '\0' ? row->mark : said;
    if (!begins_with(value, before)) {
        return value;
    }
    value += strlen(before);
    return value[0] == ' ' ? value + 1 : value;
}

/* ---- Writing ---- */

bool
foreign_walk(const struct foreign_row *from, const struct foreign_row *to,
             struct eosc_walk *walk)
{
    return eosc_walk(eosc_type_of(from->names[FOREIGN_EOSC]),
                     eosc_type_of(to->names[FOREIGN_EOSC]), walk);
}
