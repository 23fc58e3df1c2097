/*
 * What every importer needs: the file whole, faults and findings with their place,
 * ids, masks, growing lists.
 */
#include "tools/import/source.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/text.h"

/* Reads to the end, one byte more than is allowed at most, so that too much shows. */
static size_t
read_all(FILE *file, struct arena *arena, char **content)
{
    size_t size = 0;
    size_t room = 64 * 1024;
    char *data = arena_alloc(arena, room);
    for (;;) {
        size_t n = fread(data + size, 1, room - size, file);
        size += n;
        if (n == 0 || size > IMPORT_FILE_BYTES) {
            break;
        }
        if (size == room) {
            char *more = arena_alloc(arena, room * 2);
            memcpy(more, data, size);
            data = more;
            room *= 2;
        }
    }
    *content = data;
    return size;
}

/* What begins a value of JSON or an element of XML. In texts they count as well: a
 * bound need not be sharp. */
static size_t
count_parts(const char *data, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < size; i++) {
        n += data[i] == '<' || data[i] == '[' || data[i] == '{' || data[i] == ',';
    }
    return n;
}

/*
 * The file is read whole before anything is judged: a fault in its last line refuses
 * it all, and nothing of it was sent by then.
 */
bool
source_load(const struct source *source, struct bytes *content)
{
    FILE *file = fopen(source->path, "rb");
    if (file == NULL) {
        source_fault(source, NULL, "cannot be opened: %s", strerror(errno));
        return false;
    }
    char *data = NULL;
    size_t size = read_all(file, source->arena, &data);
    bool is_damaged = ferror(file) != 0;
    fclose(file);
    if (is_damaged) {
        source_fault(source, NULL, "cannot be read");
        return false;
    }
    if (size > IMPORT_FILE_BYTES) {
        source_fault(source, NULL, "is larger than %d bytes", IMPORT_FILE_BYTES);
        return false;
    }
    if (count_parts(data, size) > IMPORT_FILE_PARTS) {
        source_fault(source, NULL,
                     "has more than %d values or elements; split it into several files",
                     IMPORT_FILE_PARTS);
        return false;
    }
    *content = (struct bytes){.data = (const uint8_t *)data, .size = size};
    return true;
}

static const char *
place_of(const struct source *source, const char *place)
{
    if (place == NULL || place[0] == '\0') {
        return source->path;
    }
    return arena_print(source->arena, "%s:%s", source->path, place);
}

void
source_fault(const struct source *source, const char *place, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = arena_vprint(source->arena, format, args);
    va_end(args);
    faults_add(source->faults, place_of(source, place), "%s", text);
}

/*
 * Findings are gathered and not printed: who calls decides between a terminal and a
 * program.
 */
void
source_finding(const struct source *source, const char *place, const char *format, ...)
{
    struct import_set *out = source->out;
    out->findings = source_grow(source->arena, out->findings, out->n_findings,
                                sizeof *out->findings);
    va_list args;
    va_start(args, format);
    out->findings[out->n_findings++] = (struct import_finding){
        .place = place_of(source, place),
        .text = arena_vprint(source->arena, format, args),
    };
    va_end(args);
}

static bool
is_said(struct source_once *once, const char *name)
{
    for (size_t i = 0; i < once->n; i++) {
        if (strcmp(once->said[i], name) == 0) {
            return true;
        }
    }
    if (once->n < sizeof once->said / sizeof once->said[0]) {
        once->said[once->n++] =
            once->arena == NULL ? name : arena_copy(once->arena, name);
    }
    return false;
}

void
source_unplaced(const struct source *source, const char *name)
{
    if (source->once == NULL || !is_said(source->once, name)) {
        source_finding(source, NULL, "%s has no place here: left out of every record",
                       name);
    }
}

/*
 * The same key gives the same id at every import; escaping keeps keys apart that
 * differ in a forbidden byte only.
 */
char *
source_id(const struct source *source, const char *key)
{
    return arena_print(source->arena, "%s/%s", source->registry,
                       text_escaped_id(key, source->arena));
}

Kontor__V1__Source *
source_of(const struct source *source, const char *key)
{
    Kontor__V1__Source *of = arena_alloc(source->arena, sizeof *of);
    kontor__v1__source__init(of);
    of->format = arena_copy(source->arena, source->format);
    of->key = arena_copy(source->arena, key);
    return of;
}

Google__Protobuf__FieldMask *
source_mask(struct arena *arena)
{
    Google__Protobuf__FieldMask *mask = arena_alloc(arena, sizeof *mask);
    google__protobuf__field_mask__init(mask);
    return mask;
}

void
source_mask_add(struct arena *arena, Google__Protobuf__FieldMask *mask,
                const char *path)
{
    for (size_t i = 0; i < mask->n_paths; i++) {
        if (strcmp(mask->paths[i], path) == 0) {
            return;
        }
    }
    source_append(arena, &mask->paths, &mask->n_paths, path);
}

void *
source_grow(struct arena *arena, void *rows, size_t n, size_t width)
{
    /* The room is always a power of two, so a full one shows in n alone. */
    if (n != 0 && (n & (n - 1)) != 0) {
        return rows;
    }
    void *more = arena_alloc(arena, (n == 0 ? 1 : 2 * n) * width);
    if (n != 0) {
        memcpy(more, rows, n * width);
    }
    return more;
}

void
source_append(struct arena *arena, char ***texts, size_t *n, const char *text)
{
    *texts = source_grow(arena, *texts, *n, sizeof **texts);
    (*texts)[(*n)++] = arena_copy(arena, text);
}
