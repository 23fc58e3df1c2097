/* Every command: one row each. Help, completion and the man page are made from here. */
#include "tools/kontor/commands.h"

#include "tools/kontor/arguments.h"
#include "tools/kontor/options.h"
#include "tools/kontor/own.h"
#include "tools/kontor/run.h"

#define END_COLUMN                                                                     \
    {                                                                                  \
        NULL, NULL                                                                     \
    }

static const struct column registries_columns[] = {
    {"ID", "id"},       {"NAME", "name"},    {"TRUST DOMAIN", "trust_domain"},
    {"STATE", "state"}, {"HOME", "is_home"}, END_COLUMN};
static const struct view registries_view = {"registries", registries_columns};
static const struct column principals_columns[] = {{"ID", "id"},
                                                   {"IDENTITY", "identity"},
                                                   {"ROLES", "roles"},
                                                   {"SCOPES", "scopes"},
                                                   END_COLUMN};
static const struct view principals_view = {"principals", principals_columns};

static const struct command first_commands[] = {
    {"whoami", NULL, "Say who the broker takes you for", NULL, NULL, NULL, NULL,
     own_whoami, NULL},
    {"status", NULL, "Say how the broker is", "RegistryService/GetStatus", NULL, NULL,
     NULL, run_call, NULL},
    {"clock", "accept",
     "Let deadlines go on after the broker's clock was set: it is right now",
     "RegistryService/AcceptClock", NULL, NULL, NULL, run_call, NULL},
    {NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};

static const struct command registry_commands[] = {
    {"registry", "create", "Create a partner registry and its first admin",
     "RegistryService/CreateRegistry", registry_argument, registry_options, NULL,
     run_call, NULL},
    {"registry", "list", "List registries", "RegistryService/ListRegistries", NULL,
     NULL, &registries_view, run_list, NULL},
    {"registry", "show", "Show a registry", "RegistryService/GetRegistry", id_argument,
     NULL, NULL, run_call, NULL},
    {"registry", "rotate", "Replace the authorities of a registry",
     "RegistryService/RotateBundle", id_argument, rotate_options, NULL, run_call, NULL},
    {"registry", "suspend", "Stop a registry's principals from calling",
     "RegistryService/SuspendRegistry", id_argument, reason_options, NULL, run_call,
     NULL},
    {"registry", "resume", "Let them call again", "RegistryService/ResumeRegistry",
     id_argument, change_options, NULL, run_call, NULL},
    {"principal", "create", "Say who may call, as what, and over what",
     "RegistryService/CreatePrincipal", NULL, principal_options, NULL, own_principal,
     NULL},
    {"principal", "list", "List principals", "RegistryService/ListPrincipals", NULL,
     NULL, &principals_view, run_list, NULL},
    {"principal", "show", "Show a principal", "RegistryService/GetPrincipal",
     id_argument, NULL, NULL, run_call, NULL},
    {"principal", "delete", "Remove a principal", "RegistryService/DeletePrincipal",
     id_argument, change_options, NULL, run_call, NULL},
    {"certificate", "revoke", "Take back trust in one certificate of a registry",
     "RegistryService/RevokeCertificate", of_registry_argument, revoke_options, NULL,
     run_call, NULL},

    {"audit", "verify", "Judge a backup: every hash, every digest, no gap", NULL,
     file_argument, NULL, NULL, own_verify, NULL},
    {"backup", NULL,
     "Write the log into a file; into one that is there, only what is new", NULL,
     file_argument, NULL, NULL, own_backup, NULL},
    {"dev", "ca",
     "Make authorities of two registries and a certificate for every role, to try "
     "Kontor with",
     NULL, directory_argument, NULL, NULL, own_dev_ca, NULL},
    {"completion", NULL, "Print a completion script for a shell", NULL, shell_argument,
     NULL, NULL, own_completion, NULL},
    {NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};

static const struct command *const lists[] = {
    first_commands,  catalogue_commands, order_commands,
    config_commands, registry_commands,
};

enum { N_LISTS = sizeof lists / sizeof lists[0] };

/* Whether a list ends behind a row. */
static bool
ends_behind(const struct command *list, const struct command *row)
{
    while (list->noun != NULL && list != row) {
        list++;
    }
    return list == row;
}

const struct command *
command_next(const struct command *row)
{
    if (row == NULL) {
        return lists[0];
    }
    if (row[1].noun != NULL) {
        return row + 1;
    }
    size_t i = 0;
    while (!ends_behind(lists[i], row)) {
        i++;
    }
    return i + 1 == N_LISTS ? NULL : lists[i + 1];
}
