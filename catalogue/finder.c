#include "catalogue/finder.h"

#include <stdarg.h>

void
finder_tell(const struct finder *finder, const char *path, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    finder->tell(finder->context, path, arena_vprint(finder->arena, format, args));
    va_end(args);
}

void
finder_lacking(const struct finder *finder, const char *field, const char *state,
               const char *lacks)
{
    finder_tell(finder, field, "%s needs what the source does not say: %s", state,
                lacks);
}
