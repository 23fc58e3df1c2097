/*
 * Terms of vocabularies: which field of a record draws on which vocabulary, and what a
 * record says that none of them has.
 *
 * Memory: the call's arena. Errors: none; what is unknown is a finding of an import.
 * Threads: the call's.
 */
#ifndef KONTOR_SERVER_CATALOGUE_TERM_H
#define KONTOR_SERVER_CATALOGUE_TERM_H

#include "kontor/v1/catalogue.pb-c.h"
#include "server/rpc/call.h"

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

struct term_list *term_list_new(struct call *call,
                                const Kontor__V1__Vocabulary *vocabulary);
/* Of a vocabulary the caller sees, read once a call; NULL = there is none. */
const struct term_list *term_list_get(struct call *call, const char *id);
/* Whether the list has a term of this id; false for NULL. */
bool term_is_known(const struct term_list *list, const char *id);

/* Adds a finding for each text of a record that should be a term and is none, with the
 * nearest terms. Where the registry has none of a field's vocabularies, all is taken.
 */
void term_find(struct call *call, const char *id, const ProtobufCMessage *record);

#endif
