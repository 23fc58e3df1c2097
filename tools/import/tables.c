#include "tools/import/tables.h"

#include "tools/import/eosc.h"
#include "tools/import/marketplace.h"
#include "tools/import/osb.h"
#include "tools/import/tmf633.h"
#include "tools/import/vocabulary.h"

/* A format that reads JSON by a table stands here, or its page says nothing of it. */
const struct format_table format_tables[] = {
    {"eosc-5", "Provider", eosc5_provider_fields},
    {"eosc-5", "Service", eosc5_service_fields},
    {"eosc-5", "Envelope", eosc_envelope_fields},
    {"eosc-6", "Organisation", eosc6_organisation_fields},
    {"eosc-6", "Service", eosc6_service_fields},
    {"eosc-6", "Datasource", eosc6_data_source_fields},
    {"eosc-6", "Training Resource", eosc6_training_fields},
    {"eosc-6", "Interoperability Guideline", eosc6_guideline_fields},
    {"eosc-6", "Deployable Application", eosc6_application_fields},
    {"eosc-6", "Envelope", eosc_envelope_fields},
    {"eosc-vocabularies", "Term", vocabulary_term_fields},
    {"marketplace-2019", "Provider", marketplace_provider_fields},
    {"marketplace-2019", "Service", marketplace_service_fields},
    {"marketplace-2019", "Offer", marketplace_offer_fields},
    {"marketplace-2019", "Parameter", marketplace_parameter_fields},
    {"marketplace-2019", "Relation", marketplace_relation_fields},
    {"osb", "Service", osb_service_fields},
    {"tmf633", "ServiceSpecification", tmf633_fields},
    {"tmf633", "Characteristic", tmf633_characteristic_fields},
    {"tmf633", "Value of a characteristic", tmf633_value_fields},
    {NULL, NULL, NULL},
};
