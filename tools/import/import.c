#include "tools/import/import.h"

#include <string.h>

#include "tools/import/einfracentral.h"
#include "tools/import/eosc.h"
#include "tools/import/gocdb.h"
#include "tools/import/marketplace.h"
#include "tools/import/native.h"
#include "tools/import/osb.h"
#include "tools/import/tmf633.h"
#include "tools/import/vocabulary.h"

/*
 * A format's name ends in what tells its versions apart, since a source changes its
 * form without asking: the next Marketplace is another row. Only our own form, and
 * GOCDB with its types, hold records of both commands.
 */
const struct importer importers[] = {
    {"marketplace-2019", "catalogue", marketplace_read, NULL, NULL, NULL},
    {"eosc-vocabularies", "catalogue", vocabulary_read, NULL, NULL, NULL},
    {"einfracentral-2017", "catalogue", einfracentral_read, NULL, NULL, NULL},
    {"osb", "catalogue", osb_read, NULL, NULL, NULL},
    {"tmf633", "catalogue", tmf633_read, NULL, NULL, NULL},
    {"eosc-5", "catalogue", NULL, &eosc_stream_5, NULL, NULL},
    {"eosc-6", "catalogue", NULL, &eosc_stream_6, NULL, NULL},
    {"gocdb", "both", gocdb_read, NULL, gocdb_redact, gocdb_keep_extras},
    {"kontor-1", "both", NULL, &native_stream, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};

const struct importer *
importer_find(const char *format)
{
    for (const struct importer *row = importers; row->format != NULL; row++) {
        if (strcmp(row->format, format) == 0) {
            return row;
        }
    }
    return NULL;
}

bool
import_is_brokers(const char *field)
{
    static const char *const fields[] = {
        "id",
        "revision",
        "created_at",
        "updated_at",
        "audit",
        "overrides",
        "state",
        "template_state",
        "state_reason",
        "is_settling",
        "template_service",
        "waiting_since",
        "is_suspended",
        "rating",
        "past_offers",
        "was_published",
        "offers.rev",
        "offers.hash",
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (strcmp(fields[i], field) == 0) {
            return true;
        }
    }
    return false;
}
