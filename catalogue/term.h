/*
 * Terms of vocabularies: which field of a record draws on which vocabulary, and what a
 * record says that none of them has.
 *
 * Memory: the finder's arena. Errors: none; what is unknown is a finding. Threads: the
 * arena's.
 */
#ifndef KONTOR_CATALOGUE_TERM_H
#define KONTOR_CATALOGUE_TERM_H

#include <stdbool.h>

#include "catalogue/finder.h"
#include "kontor/v1/catalogue.pb-c.h"
#include "proto/arena.h"

enum { TERM_MAX_VOCABULARIES = 3 };

/* A field whose texts are terms. */
struct term_field {
    const ProtobufCMessageDescriptor *message; /* NULL ends the table. */
    const char *field;
    /* Local ids of vocabularies of the record's registry, any of which may have the
     * term; NULL ends. */
    const char *vocabularies[TERM_MAX_VOCABULARIES + 1];
};

extern const struct term_field term_fields[];

/* The terms of one vocabulary, ready to be looked up. */
struct term_list;

struct term_list *term_list_new(struct arena *arena,
                                const Kontor__V1__Vocabulary *vocabulary);
/* Whether the list has a term of this id; false for NULL. */
bool term_is_known(const struct term_list *list, const char *id);

/* Tells each text of a record that should be a term and is none, with the nearest
 * terms. Where there is none of a field's vocabularies, all is taken. */
void term_find(const struct finder *finder, const ProtobufCMessage *record);

#endif
