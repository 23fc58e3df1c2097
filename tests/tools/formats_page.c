/* Prints docs/formats.md from the tables of the importers. */
#include <stdio.h>
#include <string.h>

#include "kontor/v1/catalogue.pb-c.h"

#include "tools/export/export.h"
#include "tools/import/eosc.h"
#include "tools/import/tables.h"

/* Where in a record a row stands: "mainContact." and "main_contact.". */
struct standing {
    const char *member;
    const char *field;
};

static void print_rows(const struct json_field *table, struct standing standing);

/* A group has no field of its own: its members are the record's. */
static void
print_inner(const struct json_field *row, struct standing standing)
{
    char member[128];
    char field[128];
    bool is_list = row->n_at != 0;
    bool is_group = row->shape->message == NULL;
    snprintf(member, sizeof member, "%s%s%s.", standing.member, row->key,
             is_list ? "[]" : "");
    snprintf(field, sizeof field, "%s%s%s", standing.field, is_group ? "" : row->owns,
             is_group ? "" : ".");
    print_rows(row->shape->fields, (struct standing){member, field});
}

static void
print_row(const struct json_field *row, struct standing standing)
{
    if (row->key == NULL) {
        printf("| – |");
    } else {
        printf("| `%s%s` |", standing.member, row->key);
    }
    if (row->owns == NULL) {
        printf(" – |");
    } else {
        printf(" `%s%s` |", standing.field, row->owns);
    }
    printf(" %s |\n", row->note == NULL ? "" : row->note);
}

/* The two members of a pair; the row of the lower list comes next in the table. */
static void
print_pair(const struct json_field *row)
{
    const struct eosc_pairs *pairs = row->extra;
    printf("| `%s[].%s` | `%s` | each once, in order of first appearance |\n", row->key,
           pairs->upper_key, row->owns);
    printf("| `%s[].%s` | `%s` | the same; written beside the term it goes on from |\n",
           row->key, pairs->lower_key, pairs->owns);
}

static void
print_rows(const struct json_field *table, struct standing standing)
{
    for (; table->key != NULL || table->owns != NULL; table++) {
        if (table->write == eosc_write_pairs) {
            print_pair(table++);
        } else if (table->shape != NULL) {
            print_inner(table, standing);
        } else {
            print_row(table, standing);
        }
    }
}

static void
print_table(const struct format_table *table)
{
    printf("\n### %s\n\n", table->record);
    puts("| source member | our field | what is special |");
    puts("|---|---|---|");
    print_rows(table->fields, (struct standing){"", ""});
}

static void
print_states(void)
{
    puts("\nA new service whose envelope says `active`, and neither `suspended` nor "
         "`draft`, begins in:\n");
    puts("| `status` begins with | phase |");
    puts("|---|---|");
    for (const struct eosc_state *state = eosc_states; state->status != NULL; state++) {
        const ProtobufCEnumValue *phase = protobuf_c_enum_descriptor_get_value(
            &kontor__v1__phase__descriptor, (int)state->phase);
        printf("| %s | `%s` |\n", state->status, phase->name);
    }
    puts("\nAny other begins in `FORTHCOMING`; a record without an envelope does not "
         "say, which the broker takes as\n`FORTHCOMING`. A service that is there "
         "already keeps its phase.");
}

static void
print_untaken(const struct eosc_profile *profile)
{
    printf("\nNot taken, and told:");
    const char *comma = "";
    for (const struct eosc_kind *kind = profile->kinds; kind->name != NULL; kind++) {
        if (kind->fields == NULL) {
            printf("%s %s", comma, kind->name);
            comma = ",";
        }
    }
    puts(".");
}

/* What only the profiles of EOSC have. */
static void
print_end(const char *format)
{
    const struct eosc_profile *const profiles[] = {&eosc_profile_5, &eosc_profile_6};
    for (size_t i = 0; i < sizeof profiles / sizeof profiles[0]; i++) {
        if (strcmp(profiles[i]->format, format) == 0) {
            print_states();
            print_untaken(profiles[i]);
        }
    }
}

static void
print_format(const char *format)
{
    printf("\n## %s\n\n", format);
    puts(exporter_find(format) == NULL ? "It is read."
                                       : "It is read and written, by the same rows.");
}

int
main(void)
{
    puts("# Formats\n");
    puts("Which member of a file becomes which field of a record, for each format of "
         "JSON that is not our own. A member\nthat is not here is a finding, with its "
         "value; a field that is not here is a loss when the format is written.\n");
    puts("A row without a member is made of others; one without a field is looked at "
         "and not kept. An import replaces the\nfields that are named here and leaves "
         "all others. This page is made from the importers' own tables:\n"
         "`ninja formats-page` writes it, and a test says when it is out of date.");
    for (const struct format_table *table = format_tables; table->format != NULL;
         table++) {
        bool is_first =
            table == format_tables || strcmp(table->format, table[-1].format) != 0;
        bool is_last =
            table[1].format == NULL || strcmp(table->format, table[1].format) != 0;
        if (is_first) {
            print_format(table->format);
        }
        print_table(table);
        if (is_last) {
            print_end(table->format);
        }
    }
    return 0;
}
