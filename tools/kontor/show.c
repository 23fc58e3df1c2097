#include "tools/kontor/show.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kontor/v1/catalogue_service.pb-c.h"
#include "proto/field.h"
#include "proto/json.h"
#include "proto/text.h"
#include "tools/kontor/path.h"

/* ---- Tables ---- */

/* Columns on a terminal: characters, not bytes. */
static size_t
width_of(const char *text)
{
    size_t n = 0;
    for (; *text != '\0'; text++) {
        n += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return n;
}

const char *
show_harmless(struct arena *arena, const char *text)
{
    return text_harmless(text, arena);
}

void
show_line(FILE *out, const char *format, ...)
{
    struct arena *arena = arena_new();
    va_list args;
    va_start(args, format);
    fprintf(out, "%s\n", text_harmless(arena_vprint(arena, format, args), arena));
    va_end(args);
    arena_free(arena);
}

void
show_finding(const struct cli *cli, const struct import_finding *finding)
{
    if (!cli->is_json) {
        show_line(stdout, "finding  %s  %s", finding->place, finding->text);
        return;
    }
    struct arena *arena = arena_new();
    Kontor__V1__Violation row = KONTOR__V1__VIOLATION__INIT;
    row.field = arena_copy(arena, finding->place);
    row.description = arena_copy(arena, finding->text);
    show_json_by(arena, &row.base);
    arena_free(arena);
}

/* Grows by doubling; what was before stays in the arena, which is small change. */
void
show_cell(struct table *table, const char *text)
{
    if (table->n_cells == table->n_room) {
        size_t room = table->n_room == 0 ? 64 : table->n_room * 2;
        const char **cells = arena_alloc(table->arena, room * sizeof *cells);
        if (table->n_cells > 0) {
            memcpy(cells, table->cells, table->n_cells * sizeof *cells);
        }
        table->cells = cells;
        table->n_room = room;
    }
    table->cells[table->n_cells++] =
        text == NULL ? "" : show_harmless(table->arena, text);
}

struct table
show_table(struct arena *arena, const char *const *titles)
{
    struct table table = {.arena = arena};
    for (; *titles != NULL; titles++) {
        show_cell(&table, *titles);
        table.n_columns++;
    }
    return table;
}

/* The last column is not padded: a line that is copied has no spaces at its end. */
void
show_print(const struct table *table)
{
    size_t widths[32] = {0};
    for (size_t i = 0; i < table->n_cells; i++) {
        size_t width = width_of(table->cells[i]);
        size_t column = i % table->n_columns;
        widths[column] = width > widths[column] ? width : widths[column];
    }
    for (size_t i = 0; i < table->n_cells; i++) {
        size_t column = i % table->n_columns;
        if (column + 1 == table->n_columns) {
            printf("%s\n", table->cells[i]);
            continue;
        }
        size_t gap = widths[column] - width_of(table->cells[i]) + 2;
        printf("%s%*s", table->cells[i], (int)gap, "");
    }
}

/* ---- Replies ---- */

/*
 * Names as proto3 JSON has them, so that what is printed can be read back by any
 * client.
 */
void
show_json(struct cli *cli, const ProtobufCMessage *message)
{
    show_json_by(cli->arena, message);
}

void
show_json_by(struct arena *arena, const ProtobufCMessage *message)
{
    const char *text = json_print(message, JSON_COMPACT, arena);
    puts(text == NULL ? "null" : text);
}

struct table
show_titles(struct cli *cli, const struct view *view)
{
    const char *titles[32] = {NULL};
    size_t n = 0;
    for (const struct column *row = view->columns; row->title != NULL && n < 31;
         row++) {
        titles[n++] = row->title;
    }
    return show_table(cli->arena, titles);
}

static void
show_row(struct cli *cli, struct table *table, const ProtobufCMessage *message,
         const struct view *view)
{
    if (cli->is_json) {
        show_json(cli, message);
        return;
    }
    for (const struct column *row = view->columns; row->title != NULL; row++) {
        show_cell(table, path_text(message, row->field, cli->arena));
    }
}

void
show_rows(struct cli *cli, struct table *table, const ProtobufCMessage *reply,
          const struct view *view)
{
    if (view->rows == NULL) {
        show_row(cli, table, reply, view);
        return;
    }
    size_t n;
    ProtobufCMessage *const *rows = path_rows(reply, view->rows, &n);
    for (size_t i = 0; i < n; i++) {
        show_row(cli, table, rows[i], view);
    }
}

/* One line a field that is set; lists of messages one line an element. */
static void
show_fields(struct cli *cli, const ProtobufCMessage *message)
{
    struct table table = {.arena = cli->arena, .n_columns = 2};
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        size_t n = field_count(message, field);
        if (n == 0) {
            continue;
        }
        if (n == 1 || field->type != PROTOBUF_C_TYPE_MESSAGE) {
            show_cell(&table, field->name);
            show_cell(&table, path_text(message, field->name, cli->arena));
            continue;
        }
        for (size_t j = 0; j < n; j++) {
            const ProtobufCMessage *element =
                field_message(field_at(message, field, j));
            show_cell(&table, j == 0 ? field->name : "");
            show_cell(&table, json_print(element, JSON_COMPACT, cli->arena));
        }
    }
    show_print(&table);
}

void
show_reply(struct cli *cli, const ProtobufCMessage *reply, const struct view *view)
{
    if (cli->is_json) {
        show_json(cli, reply);
        return;
    }
    if (view == NULL || view->columns == NULL) {
        show_fields(cli, reply);
        return;
    }
    struct table table = show_titles(cli, view);
    show_rows(cli, &table, reply, view);
    show_print(&table);
}

int
show_faults(const struct faults *faults)
{
    for (size_t i = 0; i < faults->n_rows; i++) {
        show_line(stderr, "kontor: %s: %s", faults->rows[i].path,
                  faults->rows[i].description);
    }
    if (faults->n_found > faults->n_rows) {
        fprintf(stderr, "kontor: and %zu more\n", faults->n_found - faults->n_rows);
    }
    return faults->n_found == 0 ? EXIT_DONE : EXIT_STATUS + KONTOR_INVALID_ARGUMENT;
}
