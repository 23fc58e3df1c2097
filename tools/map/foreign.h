/*
 * What other systems call the states of ours: one table, written and read.
 *
 * Memory: rows are constant, texts live in the arena. Errors: NULL = they say something
 * this version does not know, which is never guessed at. Threads: any.
 */
#ifndef KONTOR_TOOLS_MAP_FOREIGN_H
#define KONTOR_TOOLS_MAP_FOREIGN_H

#include <stddef.h>
#include <stdint.h>

#include "kontor/v1/order.pb-c.h"
#include "proto/arena.h"
#include "tools/map/eosc.h"

/* The systems (ORDERS design, "Mapping to what others speak"). */
enum foreign {
    FOREIGN_TMF641, /* TM Forum service order 4.1, state of an item. */
    FOREIGN_EOSC,   /* EOSC OMS: type of a status, with a value text beside it. */
    FOREIGN_WALDUR, /* State of a Waldur order. */
    FOREIGN_OSB,    /* Open Service Broker 2.17: last_operation, or the HTTP status. */
    FOREIGN_COUNT,
};
#define FOREIGN_BIT(system) (UINT32_C(1) << FOREIGN_##system)

/* A state and its names. */
struct foreign_row {
    Kontor__V1__ItemState state;      /* Unspecified = it is a state of orders. */
    Kontor__V1__ItemReason reason;    /* Unspecified = every reason without a row. */
    Kontor__V1__OrderState order;     /* Of a row of orders, else unspecified. */
    const char *names[FOREIGN_COUNT]; /* NULL = they have no word for it. */
    const char *mark; /* How the value text beside EOSC's type begins; "" = anyhow. */
    uint32_t read;    /* FOREIGN_BIT set: their word is read as this row, so that for
                         these systems nothing is lost by writing and reading. */
};

/* All of it, ended by a row of neither state. */
extern const struct foreign_row foreign_table[];

/* The row of an item; NULL for a state nobody knows. */
const struct foreign_row *foreign_item(Kontor__V1__ItemState state,
                                       Kontor__V1__ItemReason reason);
/* The row of an order; NULL for states that are not but those of its items. */
const struct foreign_row *foreign_order(Kontor__V1__OrderState state);
/*
 * What their word means here: the nearest state where several share it. value is what
 * stands beside EOSC's type; others have none and ignore it.
 */
const struct foreign_row *foreign_read(enum foreign system, const char *name,
                                       const char *value);

/* The value text to be written beside EOSC's type: the row's mark, then the words,
 * which are never taken for a mark when they are read. */
const char *foreign_value(const struct foreign_row *row, const char *words,
                          struct arena *arena);
/* The words of a value text, without its mark. */
const char *foreign_words(const struct foreign_row *row, const char *value);
/* What to write one after another to come from one row to another in the EOSC OMS.
 * false: there is no way along what they document. */
bool foreign_walk(const struct foreign_row *from, const struct foreign_row *to,
                  struct eosc_walk *walk);

#endif
