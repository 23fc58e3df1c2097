/*
 * The words after the verb of commands: lists that end with a word without a name.
 *
 * Memory: constant. Errors: none. Threads: any.
 */
#ifndef KONTOR_TOOLS_KONTOR_ARGUMENTS_H
#define KONTOR_TOOLS_KONTOR_ARGUMENTS_H

#include "tools/kontor/cli.h"

extern const struct argument offer_argument[];
extern const struct argument id_argument[];
extern const struct argument any_id_argument[];
extern const struct argument document_argument[];
extern const struct argument move_arguments[];
extern const struct argument certify_arguments[];
extern const struct argument diff_arguments[];
extern const struct argument observe_arguments[];
extern const struct argument audited_service[];
extern const struct argument audited_provider[];
extern const struct argument item_argument[];
extern const struct argument prefix_argument[];
extern const struct argument files_argument[];
extern const struct argument file_argument[];
extern const struct argument words_argument[];
extern const struct argument project_argument[];
extern const struct argument registry_argument[];
extern const struct argument of_registry_argument[];
extern const struct argument capacity_argument[];
extern const struct argument order_argument[];
extern const struct argument directory_argument[];
extern const struct argument shell_argument[];

#endif
