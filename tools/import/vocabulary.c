/*
 * eosc-vocabularies: every term of every file goes to the vocabulary of its type, and a
 * vocabulary whose terms stand under another's comes after that one.
 */
#include "tools/import/vocabulary.h"

#include <ctype.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "tools/import/json_fields.h"

/* A term with where it was read: what is odd about its parent shows only at the end. */
struct read_term {
    Kontor__V1__Term *term;
    size_t vocabulary; /* Its place in the set. */
    const char *place; /* With the file. */
    size_t order;      /* As read. */
};

/* A vocabulary of the set, in a tree by id. */
struct read_vocabulary {
    const char *id;
    size_t at;
};

struct reading {
    struct source source;
    void *vocabularies; /* The tree. */
    struct read_term *terms;
    size_t n_terms;
    /* Once all are read: */
    const struct read_term **by_id;
    size_t *parents; /* Of each vocabulary in the set, the place of the one above it. */
};

#define NO_PARENT SIZE_MAX

static void read_extras(const struct source *source, const struct json_value *value,
                        const char *place, const struct json_field *field,
                        void *message);

#define TERM Kontor__V1__Term

const struct json_field vocabulary_term_fields[] = {
    JSON_TEXT(TERM, "id", id),
    JSON_TEXT(TERM, "name", name),
    JSON_TEXT(TERM, "description", description),
    JSON_TEXT(TERM, "parentId", parent),
    {.key = "type", .note = "the vocabulary it belongs to, in capitals"},
    {.key = "extras",
     .read = read_extras,
     .owns = "extras",
     .note = "a value that is no text as JSON"},
    {.key = NULL},
};

static void
read_extras(const struct source *source, const struct json_value *value,
            const char *place, const struct json_field *field, void *message)
{
    Kontor__V1__Term *term = message;
    (void)field;
    if (!json_fields_is_object(source, value, place)) {
        return;
    }
    for (size_t i = 0; i < value->n; i++) {
        const struct json_value *extra = &value->members[i].value;
        Kontor__V1__KeyValue *row = arena_alloc(source->arena, sizeof *row);
        kontor__v1__key_value__init(row);
        row->key = arena_copy(source->arena, value->members[i].name);
        row->value = extra->type == JSON_TYPE_TEXT
                         ? arena_copy(source->arena, extra->text)
                         : json_tree_print(extra, source->arena);
        term->extras =
            source_grow(source->arena, term->extras, term->n_extras, sizeof row);
        term->extras[term->n_extras++] = row;
    }
}

/* ---- Vocabularies ---- */

/* "Target user" becomes TARGET_USER. */
static const char *
local_of(const struct source *source, const char *type)
{
    char *local = arena_copy(source->arena, type);
    for (char *c = local; *c != '\0'; c++) {
        *c = isalnum((unsigned char)*c) ? (char)toupper((unsigned char)*c) : '_';
    }
    return local;
}

static int
compare_vocabularies(const void *a, const void *b)
{
    const struct read_vocabulary *left = a;
    const struct read_vocabulary *right = b;
    return strcmp(left->id, right->id);
}

static size_t
add_vocabulary(const struct source *source, const char *id, const char *type)
{
    struct import_set *out = source->out;
    Kontor__V1__Vocabulary *made = arena_alloc(source->arena, sizeof *made);
    kontor__v1__vocabulary__init(made);
    made->id = (char *)(uintptr_t)id;
    made->name = arena_copy(source->arena, type);
    made->source = source_of(source, type);
    out->vocabularies =
        source_grow(source->arena, out->vocabularies, out->n_vocabularies, sizeof made);
    out->vocabularies[out->n_vocabularies] = made;
    return out->n_vocabularies++;
}

/* The place of the vocabulary of a type; the first term of it makes one. */
static size_t
vocabulary_of(struct reading *reading, const char *type)
{
    const struct source *source = &reading->source;
    struct read_vocabulary *row = arena_alloc(source->arena, sizeof *row);
    row->id = arena_copy(source->arena, source_id(source, local_of(source, type)));
    struct read_vocabulary *const *found =
        tsearch(row, &reading->vocabularies, compare_vocabularies);
    if (found == NULL) {
        abort();
    }
    if (*found == row) {
        row->at = add_vocabulary(source, row->id, type);
    }
    return (*found)->at;
}

static void
read_term(struct reading *reading, const struct json_value *value, const char *place)
{
    const struct source *source = &reading->source;
    Kontor__V1__Term *term = arena_alloc(source->arena, sizeof *term);
    kontor__v1__term__init(term);
    json_fields_read(source, value, place, vocabulary_term_fields, term);
    const char *type = json_fields_text(source, value, place, "type");
    if (type == NULL || type[0] == '\0' || term->id[0] == '\0') {
        source_fault(source, place, "a term has an id and a type");
        return;
    }
    if (term->name[0] == '\0') {
        source_finding(source, place, "has no name: its id is taken");
        term->name = term->id;
    }
    reading->terms = source_grow(source->arena, reading->terms, reading->n_terms,
                                 sizeof *reading->terms);
    reading->terms[reading->n_terms] = (struct read_term){
        .term = term,
        .vocabulary = vocabulary_of(reading, type),
        .place = arena_print(source->arena, "%s:%s", source->path, place),
        .order = reading->n_terms,
    };
    reading->n_terms++;
}

static void
read_file(struct reading *reading)
{
    const struct source *source = &reading->source;
    struct bytes content;
    if (!source_load(source, &content)) {
        return;
    }
    const struct json_value *root =
        json_tree_parse(content, source->path, source->arena, source->faults);
    if (root == NULL) {
        return;
    }
    if (root->type != JSON_TYPE_LIST) {
        source_fault(source, NULL, "is %s: a list of terms belongs here",
                     json_tree_type(root));
        return;
    }
    for (size_t i = 0; i < root->n; i++) {
        const char *place = arena_print(source->arena, "[%zu]", i);
        if (json_fields_is_object(source, &root->elements[i], place)) {
            read_term(reading, &root->elements[i], place);
        }
    }
}

/* ---- All files together ---- */

static int
compare(const void *a, const void *b)
{
    const struct read_term *const *left = a;
    const struct read_term *const *right = b;
    int order = strcmp((*left)->term->id, (*right)->term->id);
    if (order != 0) {
        return order;
    }
    return (*left)->order < (*right)->order ? -1 : (*left)->order > (*right)->order;
}

static void
sort_terms(struct reading *reading)
{
    struct arena *arena = reading->source.arena;
    reading->by_id =
        arena_alloc(arena, (reading->n_terms + 1) * sizeof *reading->by_id);
    for (size_t i = 0; i < reading->n_terms; i++) {
        reading->by_id[i] = &reading->terms[i];
    }
    qsort(reading->by_id, reading->n_terms, sizeof *reading->by_id, compare);
}

/* The first term of that id in by_id, or the number of terms. */
static size_t
first_of(const struct reading *reading, const char *id)
{
    size_t low = 0;
    size_t high = reading->n_terms;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (strcmp(reading->by_id[middle]->term->id, id) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool is_found =
        low < reading->n_terms && strcmp(reading->by_id[low]->term->id, id) == 0;
    return is_found ? low : reading->n_terms;
}

/* A finding whose place has its own file. */
static void
find(const struct reading *reading, const char *place, const char *text)
{
    struct source at = reading->source;
    at.path = place;
    source_finding(&at, NULL, "%s", text);
}

/* The term of the same vocabulary that was read before, or NULL. */
static const struct read_term *
earlier(const struct reading *reading, const struct read_term *term)
{
    for (size_t i = first_of(reading, term->term->id);
         i < reading->n_terms && reading->by_id[i]->order < term->order &&
         strcmp(reading->by_id[i]->term->id, term->term->id) == 0;
         i++) {
        if (reading->by_id[i]->vocabulary == term->vocabulary) {
            return reading->by_id[i];
        }
    }
    return NULL;
}

static void
place_terms(struct reading *reading)
{
    struct import_set *out = reading->source.out;
    struct arena *arena = reading->source.arena;
    for (size_t i = 0; i < reading->n_terms; i++) {
        const struct read_term *term = &reading->terms[i];
        Kontor__V1__Vocabulary *to = out->vocabularies[term->vocabulary];
        const struct read_term *before = earlier(reading, term);
        if (before != NULL) {
            find(reading, term->place,
                 arena_print(arena, "\"%s\" of %s is there already, at %s: left out",
                             term->term->id, to->name, before->place));
            continue;
        }
        to->terms = source_grow(arena, to->terms, to->n_terms, sizeof *to->terms);
        to->terms[to->n_terms++] = term->term;
    }
}

/*
 * Where the parent of a term is: its own vocabulary if that has it, else the first that
 * was read. Each vocabulary stands under one other at most.
 */
static void
resolve(struct reading *reading, const struct read_term *term)
{
    struct import_set *out = reading->source.out;
    struct arena *arena = reading->source.arena;
    const char *parent = term->term->parent;
    if (parent[0] == '\0') {
        return;
    }
    size_t at = first_of(reading, parent);
    if (at == reading->n_terms) {
        find(reading, arena_print(arena, "%s.parentId", term->place),
             arena_print(arena, "no term \"%s\" is in these files", parent));
        return;
    }
    size_t first = reading->by_id[at]->vocabulary;
    for (; at < reading->n_terms && strcmp(reading->by_id[at]->term->id, parent) == 0;
         at++) {
        if (reading->by_id[at]->vocabulary == term->vocabulary) {
            return;
        }
    }
    const Kontor__V1__Vocabulary *own = out->vocabularies[term->vocabulary];
    size_t *above = &reading->parents[term->vocabulary];
    if (*above == NO_PARENT) {
        *above = first;
    } else if (*above != first) {
        find(reading, arena_print(arena, "%s.parentId", term->place),
             arena_print(arena, "is of %s, while others of %s stand under %s",
                         out->vocabularies[first]->name, own->name,
                         out->vocabularies[*above]->id));
    }
}

static void
resolve_all(struct reading *reading)
{
    struct import_set *out = reading->source.out;
    reading->parents =
        arena_alloc(reading->source.arena, (out->n_vocabularies + 1) * sizeof(size_t));
    for (size_t i = 0; i < out->n_vocabularies; i++) {
        reading->parents[i] = NO_PARENT;
    }
    for (size_t i = 0; i < reading->n_terms; i++) {
        resolve(reading, &reading->terms[i]);
    }
    for (size_t i = 0; i < out->n_vocabularies; i++) {
        if (reading->parents[i] != NO_PARENT) {
            out->vocabularies[i]->parents = out->vocabularies[reading->parents[i]]->id;
        }
    }
}

/* ---- Order ---- */

/* The places of one vocabulary and of all above it that are not taken yet, from below
 * to above; a circle ends where it closes. Answers how many. */
static size_t
climb(const struct reading *reading, size_t from, bool *is_taken, size_t *path)
{
    size_t n = 0;
    for (size_t at = from; at != NO_PARENT && !is_taken[at];
         at = reading->parents[at]) {
        is_taken[at] = true;
        path[n++] = at;
    }
    return n;
}

/* What is referred to comes first. */
static void
order_vocabularies(struct reading *reading)
{
    struct import_set *out = reading->source.out;
    struct arena *arena = reading->source.arena;
    size_t n_all = out->n_vocabularies + 1;
    Kontor__V1__Vocabulary **rows = arena_alloc(arena, n_all * sizeof *rows);
    bool *is_taken = arena_alloc(arena, n_all * sizeof *is_taken);
    size_t *path = arena_alloc(arena, n_all * sizeof *path);
    size_t n = 0;
    memset(is_taken, 0, n_all * sizeof *is_taken);
    for (size_t i = 0; i < out->n_vocabularies; i++) {
        for (size_t left = climb(reading, i, is_taken, path); left > 0; left--) {
            rows[n++] = out->vocabularies[path[left - 1]];
        }
    }
    out->vocabularies = rows;
}

static void
keep_row(void *row)
{
    (void)row; /* The arena's. */
}

static Google__Protobuf__FieldMask *
mask_of(struct arena *arena)
{
    static const char *const fields[] = {"name", "terms", "parents", "source"};
    Google__Protobuf__FieldMask *mask = source_mask(arena);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        source_mask_add(arena, mask, fields[i]);
    }
    return mask;
}

bool
vocabulary_read(const char *const *paths, size_t n_paths, const char *registry,
                struct arena *arena, struct import_set *out, struct faults *faults)
{
    *out = (struct import_set){.vocabulary_fields = mask_of(arena)};
    struct reading reading = {.source = {.format = "eosc-vocabularies",
                                         .registry = registry,
                                         .arena = arena,
                                         .out = out,
                                         .faults = faults}};
    for (size_t i = 0; i < n_paths; i++) {
        reading.source.path = paths[i];
        read_file(&reading);
    }
    tdestroy(reading.vocabularies, keep_row);
    sort_terms(&reading);
    place_terms(&reading);
    resolve_all(&reading);
    order_vocabularies(&reading);
    return faults->n_found == 0;
}
