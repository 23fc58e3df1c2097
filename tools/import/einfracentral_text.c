/*
 * Texts that people typed into a form and pasted out of web pages: white space,
 * characters nobody sees, several things in one field.
 */
#include <string.h>

#include "proto/rules.h"
#include "proto/rules_form.h"
#include "tools/import/einfracentral.h"

static const char blanks[] = " \t\r\n";

/* Source: Unicode, default ignorable code points; those that web pages are full of. */
static const struct {
    const char *bytes;
    const char *name;
} invisible[] = {
    {"\xE2\x80\x8B", "U+200B"}, {"\xE2\x80\x8C", "U+200C"}, {"\xE2\x80\x8D", "U+200D"},
    {"\xE2\x80\x8E", "U+200E"}, {"\xE2\x80\x8F", "U+200F"}, {"\xE2\x81\xA0", "U+2060"},
    {"\xEF\xBB\xBF", "U+FEFF"}, {"\xC2\xAD", "U+00AD"},
};
enum { N_INVISIBLE = sizeof invisible / sizeof invisible[0] };

char *
einfracentral_trimmed(struct arena *arena, const char *text)
{
    text += strspn(text, blanks);
    size_t size = strlen(text);
    while (size > 0 && strchr(blanks, text[size - 1]) != NULL) {
        size--;
    }
    return arena_copy_n(arena, text, size);
}

/* How often each is there, as "12 x U+200B, 1 x U+00AD"; empty: none is. */
static const char *
invisible_in(const struct source *source, const char *text)
{
    const char *told = "";
    for (size_t i = 0; i < N_INVISIBLE; i++) {
        size_t n = 0;
        for (const char *at = strstr(text, invisible[i].bytes); at != NULL;
             at = strstr(at + 1, invisible[i].bytes)) {
            n++;
        }
        if (n > 0) {
            told = arena_print(source->arena, "%s%s%zu x %s", told,
                               told[0] == '\0' ? "" : ", ", n, invisible[i].name);
        }
    }
    return told;
}

/* How many bytes of an invisible character begin here. */
static size_t
invisible_at(const char *at)
{
    for (size_t i = 0; i < N_INVISIBLE; i++) {
        size_t size = strlen(invisible[i].bytes);
        if (strncmp(at, invisible[i].bytes, size) == 0) {
            return size;
        }
    }
    return 0;
}

char *
einfracentral_plain(const struct source *source, xmlNode *node, const char *text)
{
    const char *told = invisible_in(source, text);
    char *plain = arena_alloc(source->arena, strlen(text) + 1);
    size_t n = 0;
    for (const char *at = text; *at != '\0';) {
        size_t skip = invisible_at(at);
        if (skip == 0) {
            plain[n++] = *at++;
        }
        at += skip;
    }
    if (told[0] != '\0') {
        source_finding(source, xml_place(source, node),
                       "%s holds characters nobody sees: %s, taken out",
                       (const char *)node->name, told);
    }
    return einfracentral_trimmed(source->arena, plain);
}

/* White space around a text is how the XML is laid out; what people read stays as they
 * wrote it. */
void
einfracentral_text(const struct source *source, xmlNode *node,
                   const struct xml_field *field, void *message)
{
    char *text = einfracentral_trimmed(source->arena, xml_text(source, node));
    const char *told = invisible_in(source, text);
    memcpy((char *)message + field->at, &text, sizeof text);
    if (told[0] != '\0') {
        source_finding(source, xml_place(source, node),
                       "%s holds characters nobody sees: %s, left as they are",
                       field->element, told);
    }
}

/* ---- Lists ---- */

/* Between semicolons, without the white space around. */
static void
append_parts(const struct source *source, const char *text, char ***texts, size_t *n)
{
    while (text != NULL) {
        const char *end = strchr(text, ';');
        size_t size = end == NULL ? strlen(text) : (size_t)(end - text);
        const char *part = einfracentral_trimmed(
            source->arena, arena_copy_n(source->arena, text, size));
        if (part[0] != '\0') {
            source_append(source->arena, texts, n, part);
        }
        text = end == NULL ? NULL : end + 1;
    }
}

static void
append_text(const struct source *source, xmlNode *node, char ***texts, size_t *n)
{
    const char *text = xml_text(source, node);
    size_t before = *n;
    append_parts(source, text, texts, n);
    if (*n - before > 1) {
        source_finding(source, xml_place(source, node),
                       "%s is one text parted by semicolons: taken as %zu, \"%s\"",
                       (const char *)node->name, *n - before, text);
    }
}

void
einfracentral_texts(const struct source *source, xmlNode *node, char ***texts,
                    size_t *n)
{
    xmlNode *child = xml_element(node->children);
    if (child == NULL) {
        append_text(source, node, texts, n);
    }
    for (; child != NULL; child = xml_element(child->next)) {
        append_text(source, child, texts, n);
    }
}

void
einfracentral_list(const struct source *source, xmlNode *node,
                   const struct xml_field *field, void *message)
{
    char ***texts = (char ***)(void *)((char *)message + field->at);
    size_t *n = (size_t *)(void *)((char *)message + field->n_at);
    size_t before = *n;
    einfracentral_texts(source, node, texts, n);
    for (size_t i = before; i < *n; i++) {
        const char *told = invisible_in(source, (*texts)[i]);
        if (told[0] != '\0') {
            source_finding(source, xml_place(source, node),
                           "%s \"%s\" holds characters nobody sees: %s, left as they "
                           "are",
                           field->element, (*texts)[i], told);
        }
    }
}

/* ---- URLs ---- */

/* Where the next URL begins, or NULL. One within another does not count. */
static const char *
next_url(const char *begin, const char *from)
{
    static const char *const schemes[] = {"http://", "https://", "ftp://", "mailto:"};
    for (const char *at = from; *at != '\0'; at++) {
        bool is_start = at == begin || strchr(" \t\r\n;,", at[-1]) != NULL;
        for (size_t i = 0; i < 4 && is_start; i++) {
            if (strncmp(at, schemes[i], strlen(schemes[i])) == 0) {
                return at;
            }
        }
    }
    return NULL;
}

/* Without what parts it from the next. */
static char *
one_url(const struct source *source, const char *from, const char *end)
{
    size_t size = end == NULL ? strlen(from) : (size_t)(end - from);
    while (size > 0 && strchr(" \t\r\n;,", from[size - 1]) != NULL) {
        size--;
    }
    return arena_copy_n(source->arena, from, size);
}

/* All but the first are told: a field has room for one. */
static char *
first_url(const struct source *source, xmlNode *node, const char *text)
{
    const char *from = next_url(text, text);
    const char *next = from == NULL ? NULL : next_url(text, from + 1);
    if (from == NULL) {
        return NULL;
    }
    if (from != text) {
        source_finding(source, xml_place(source, node),
                       "%s has words before its URL, left out: \"%.*s\"",
                       (const char *)node->name, (int)(from - text), text);
    }
    if (next != NULL) {
        source_finding(source, xml_place(source, node),
                       "%s holds several URLs: the first is taken, left out: %s",
                       (const char *)node->name, next);
    }
    return one_url(source, from, next);
}

/* Texts of all elements within, in a line. */
static char *
all_text(const struct source *source, xmlNode *node)
{
    xmlNode *child = xml_element(node->children);
    char *text = child == NULL ? xml_text(source, node) : arena_copy(source->arena, "");
    for (; child != NULL; child = xml_element(child->next)) {
        text = arena_print(source->arena, "%s%s%s", text, text[0] == '\0' ? "" : " ",
                           xml_text(source, child));
    }
    return text;
}

static void
note_blanks(const struct source *source, xmlNode *node, const char *text)
{
    bool has_blanks = text[0] != '\0' && (strchr(blanks, text[0]) != NULL ||
                                          strchr(blanks, text[strlen(text) - 1]));
    if (has_blanks) {
        source_finding(source, xml_place(source, node),
                       "%s has white space around it: taken out",
                       (const char *)node->name);
    }
}

/* The broker would refuse a whole service for a field that holds no URL. */
void
einfracentral_url(const struct source *source, xmlNode *node,
                  const struct xml_field *field, void *message)
{
    const char *written = all_text(source, node);
    const char *text = einfracentral_plain(source, node, written);
    char **target = (char **)(void *)((char *)message + field->at);
    if (text[0] == '\0') {
        return;
    }
    note_blanks(source, node, written);
    char *url = first_url(source, node, text);
    char *encoded = url == NULL ? NULL : xml_url_encoded(source, url);
    if (encoded == NULL || !rules_is_url(encoded)) {
        source_finding(source, xml_place(source, node),
                       "%s is no URL: left out: \"%s\"", (const char *)node->name,
                       text);
        return;
    }
    if (strcmp(encoded, url) != 0) {
        source_finding(source, xml_place(source, node),
                       "%s \"%s\" is no URL as it stands: taken as %s",
                       (const char *)node->name, url, encoded);
    }
    *target = encoded;
}
