/*
 * Amounts of money out of a foreign form.
 *
 * Memory: the source's arena. Errors: NULL. Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_IMPORT_MONEY_H
#define KONTOR_TOOLS_IMPORT_MONEY_H

#include "tools/import/source.h"

/* A currency of three letters, in either case, and a decimal; NULL when it is neither.
 */
Kontor__V1__Money *money_of(const struct source *source, const char *currency,
                            const char *decimal);

#endif
