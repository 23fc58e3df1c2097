#include "tools/kontor/arguments.h"

#define END_ARGUMENT                                                                   \
    {                                                                                  \
        NULL, NULL, false, false                                                       \
    }

const struct argument offer_argument[] = {{"OFFER", "offer", false, false},
                                          END_ARGUMENT};
const struct argument document_argument[] = {{"DOCUMENT", NULL, true, false},
                                             END_ARGUMENT};
const struct argument any_id_argument[] = {{"ID", NULL, false, false}, END_ARGUMENT};
const struct argument id_argument[] = {{"ID", "id", false, false}, END_ARGUMENT};
const struct argument move_arguments[] = {
    {"ID", "id", false, false}, {"PHASE", "phase", false, false}, END_ARGUMENT};
const struct argument certify_arguments[] = {{"ID", "id", false, false},
                                             {"STATUS", "certification", false, false},
                                             END_ARGUMENT};
const struct argument diff_arguments[] = {{"ID", "id", false, false},
                                          {"FROM", "from", false, false},
                                          {"TO", "to", true, false},
                                          END_ARGUMENT};
const struct argument observe_arguments[] = {
    {"ID", "id", false, false}, {"OFFER", "offer", false, false}, END_ARGUMENT};
const struct argument audited_service[] = {{"ID", "service", false, false},
                                           END_ARGUMENT};
const struct argument audited_provider[] = {{"ID", "provider", false, false},
                                            END_ARGUMENT};
const struct argument item_argument[] = {{"ITEM", "id", false, false}, END_ARGUMENT};
const struct argument prefix_argument[] = {{"ID", "id_prefix", true, false},
                                           END_ARGUMENT};
const struct argument files_argument[] = {{"FILE", NULL, false, true}, END_ARGUMENT};
const struct argument file_argument[] = {{"FILE", NULL, false, false}, END_ARGUMENT};
const struct argument words_argument[] = {{"WORDS", NULL, true, true}, END_ARGUMENT};
const struct argument project_argument[] = {{"ID", "project.id", false, false},
                                            END_ARGUMENT};
const struct argument registry_argument[] = {{"ID", "registry.id", false, false},
                                             END_ARGUMENT};
const struct argument of_registry_argument[] = {{"REGISTRY", "registry", false, false},
                                                END_ARGUMENT};
const struct argument capacity_argument[] = {{"CAPACITY", "capacity", false, false},
                                             END_ARGUMENT};
const struct argument order_argument[] = {{"ORDER", "order", false, false},
                                          END_ARGUMENT};
const struct argument directory_argument[] = {{"DIRECTORY", NULL, false, false},
                                              END_ARGUMENT};
const struct argument shell_argument[] = {{"bash", NULL, true, false}, END_ARGUMENT};
