/*
 * Help, the man page and shell completion, all made from the table of commands.
 *
 * Memory: none. Errors: none. Threads: any.
 */
#ifndef KONTOR_TOOLS_KONTOR_HELP_H
#define KONTOR_TOOLS_KONTOR_HELP_H

#include <stdio.h>

#include "tools/kontor/cli.h"

/* Every command with its line. */
void help_overview(FILE *out);
/* The commands of one noun. */
void help_noun(const char *noun, FILE *out);
/* One command: usage, words, options. */
void help_command(const struct command *command, FILE *out);
/* "kontor order cancel ID [--reason TEXT]" and a newline. */
void help_usage(const struct command *command, FILE *out);
/* The commands and options of the man page, in man(7). */
void help_man(FILE *out);
/* A completion script for bash. */
void help_bash(FILE *out);

#endif
