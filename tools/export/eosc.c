#include "tools/export/eosc.h"

#include "tools/import/eosc.h"

/* Vocabularies are files of their own there, and bundles there are none: nothing of
 * either goes into this. */
static void
export_record(struct exporting *exporting, const struct eosc_profile *profile,
              enum exporting_list list, const ProtobufCMessage *record)
{
    struct target *target = &exporting->target;
    if (list == EXPORTING_VOCABULARIES || list == EXPORTING_BUNDLES) {
        target_lose(target, list == EXPORTING_BUNDLES ? "bundle" : "vocabulary");
        return;
    }
    const struct json_field *fields = eosc_kind_of(profile, record)->fields;
    struct json_value object = json_write_fields(target, fields, record);
    json_write_losses(target, fields, record);
    exporting_tell_foreign(exporting);
    exporting_element(exporting, json_tree_print(&object, target->arena));
}

void
eosc_export_5(struct exporting *exporting, enum exporting_list list,
              const ProtobufCMessage *record)
{
    export_record(exporting, &eosc_profile_5, list, record);
}

void
eosc_export_6(struct exporting *exporting, enum exporting_list list,
              const ProtobufCMessage *record)
{
    export_record(exporting, &eosc_profile_6, list, record);
}
