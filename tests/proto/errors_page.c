/* Prints docs/errors.md from the table of reasons. */
#include <stdio.h>

#include "proto/reason.h"

int
main(void)
{
    puts("# Errors\n");
    puts("Every error of Kontor carries a `google.rpc.ErrorInfo` with the domain "
         "`kontor` "
         "and one of these reasons.");
    puts(
        "A program decides by the reason, a person by the message; both say what to do "
        "next.\n");
    puts(
        "This page is made from the broker's own table: `ninja errors-page` writes it, "
        "and a test says when it is out of date.\n");
    puts("| reason | status | what happened | what to do |");
    puts("|---|---|---|---|");
    for (int i = REASON_NONE + 1; i < REASON_COUNT; i++) {
        const struct reason_row *row = reason_row((enum reason)i);
        printf("| `%s` | `%s` | %s | %s |\n", row->name, status_name(row->status),
               row->meaning, row->cure);
    }
    return 0;
}
