/*
 * The rows of commands, by noun; each list ends with a row without one.
 *
 * Memory: constant. Errors: none. Threads: any.
 */
#ifndef KONTOR_TOOLS_KONTOR_COMMANDS_H
#define KONTOR_TOOLS_KONTOR_COMMANDS_H

#include "tools/kontor/cli.h"

extern const struct command catalogue_commands[];
extern const struct command order_commands[];
extern const struct command config_commands[];

#endif
