#include "tools/import/xml_guard.h"

#include <string.h>
#include <strings.h>

#include "proto/text.h"

/* Where a scan stands. */
struct scan {
    const struct source *source;
    const char *at, *end;
    size_t line, depth;
};

static bool
begins(const struct scan *scan, const char *text)
{
    size_t size = strlen(text);
    return (size_t)(scan->end - scan->at) >= size && memcmp(scan->at, text, size) == 0;
}

static void
step(struct scan *scan)
{
    scan->line += *scan->at == '\n';
    scan->at++;
}

/* Behind the next text, or to the end: that it is missing the parser says. What opens
 * the piece may look like its end, and is not: "<!-->". */
static void
skip_piece(struct scan *scan, const char *opener, const char *text)
{
    scan->at += strlen(opener);
    while (scan->at < scan->end && !begins(scan, text)) {
        step(scan);
    }
    scan->at = begins(scan, text) ? scan->at + strlen(text) : scan->end;
}

static bool
refuse(const struct scan *scan, const char *what, int limit)
{
    source_fault(scan->source, arena_print(scan->source->arena, "%zu", scan->line),
                 "%s %d: refused", what, limit);
    return false;
}

/* ---- Encoding ---- */

static bool
is_utf8(const struct source *source, struct bytes content)
{
    const uint8_t *data = content.data;
    if (content.size == 0 || text_is_utf8(content)) {
        return true;
    }
    /* The line that is wrong is looked for line by line. */
    size_t line = 1;
    while (content.size > 0) {
        const uint8_t *end = memchr(data, '\n', content.size);
        size_t size = end == NULL ? content.size : (size_t)(end - data) + 1;
        if (!text_is_utf8((struct bytes){data, size})) {
            break;
        }
        data += size;
        content.size -= size;
        line++;
    }
    source_fault(source, arena_print(source->arena, "%zu", line),
                 "is not UTF-8, the one encoding that is read here");
    return false;
}

/* A byte order mark says nothing that is not known. */
static void
skip_mark(struct scan *scan)
{
    scan->at += begins(scan, "\xef\xbb\xbf") ? 3 : 0;
}

/* What the XML declaration says the encoding is; "": nothing. */
static const char *
declared(struct scan *scan)
{
    struct arena *arena = scan->source->arena;
    const char *begin = scan->at;
    skip_piece(scan, "<?", "?>");
    const char *text = arena_copy_n(arena, begin, (size_t)(scan->at - begin));
    const char *found = strstr(text, "encoding");
    const char *quote = found == NULL ? NULL : strpbrk(found, "\"'");
    if (quote == NULL) {
        return "";
    }
    const char end[] = {*quote, '\0'};
    return arena_copy_n(arena, quote + 1, strcspn(quote + 1, end));
}

static bool
is_declared_so(struct scan *scan)
{
    skip_mark(scan);
    const char *encoding = begins(scan, "<?xml") ? declared(scan) : "";
    if (encoding[0] == '\0' || strcasecmp(encoding, "utf-8") == 0 ||
        strcasecmp(encoding, "utf8") == 0 || strcasecmp(encoding, "us-ascii") == 0) {
        return true;
    }
    source_fault(scan->source, "1",
                 "says it is %s: UTF-8 is the one encoding that is read here",
                 encoding);
    return false;
}

/* ---- Elements ---- */

/* To the end of a tag, counting what is set in it; quotes may hold a '>'. */
static size_t
skip_tag(struct scan *scan)
{
    size_t n_attributes = 0;
    char quote = '\0';
    while (scan->at < scan->end && (quote != '\0' || *scan->at != '>')) {
        char c = *scan->at;
        if (quote != '\0') {
            quote = c == quote ? '\0' : quote;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else {
            n_attributes += c == '=';
        }
        step(scan);
    }
    return n_attributes;
}

static bool
guard_tag(struct scan *scan)
{
    struct scan begin = *scan;
    bool is_end = begins(scan, "</");
    size_t n_attributes = skip_tag(scan);
    bool is_empty = scan->at[-1] == '/';
    if (scan->at < scan->end) {
        step(scan);
    }
    if (n_attributes > XML_MAX_ATTRIBUTES) {
        return refuse(&begin, "an element has more attributes than",
                      XML_MAX_ATTRIBUTES);
    }
    if (scan->at - begin.at > XML_MAX_BYTES) {
        return refuse(&begin, "a tag has more bytes than", XML_MAX_BYTES);
    }
    if (is_end) {
        scan->depth -= scan->depth > 0;
    } else if (!is_empty) {
        scan->depth++;
    }
    return scan->depth <= XML_MAX_DEPTH ||
           refuse(&begin, "elements are nested deeper than", XML_MAX_DEPTH);
}

static bool
guard_text(struct scan *scan, bool is_data)
{
    struct scan begin = *scan;
    if (is_data) {
        skip_piece(scan, "<![CDATA[", "]]>");
    }
    while (!is_data && scan->at < scan->end && *scan->at != '<') {
        step(scan);
    }
    return scan->at - begin.at <= XML_MAX_BYTES ||
           refuse(&begin, "a text has more bytes than", XML_MAX_BYTES);
}

/* Every attack that grows a document needs a document type, and no source of ours has
 * one; nor has any another declaration. */
static bool
refuse_declaration(const struct scan *scan)
{
    source_fault(scan->source, arena_print(scan->source->arena, "%zu", scan->line),
                 "has a document type or entities: refused");
    return false;
}

/* One piece of markup or text. */
static bool
guard_piece(struct scan *scan)
{
    if (*scan->at != '<') {
        return guard_text(scan, false);
    }
    if (begins(scan, "<!--")) {
        skip_piece(scan, "<!--", "-->");
    } else if (begins(scan, "<![CDATA[")) {
        return guard_text(scan, true);
    } else if (begins(scan, "<!")) {
        return refuse_declaration(scan);
    } else if (begins(scan, "<?")) {
        skip_piece(scan, "<?", "?>");
    } else {
        return guard_tag(scan);
    }
    return true;
}

bool
xml_guard(const struct source *source, struct bytes content)
{
    struct scan scan = {.source = source,
                        .at = (const char *)content.data,
                        .end = (const char *)content.data + content.size,
                        .line = 1};
    if (!is_utf8(source, content) || !is_declared_so(&scan)) {
        return false;
    }
    while (scan.at < scan.end) {
        if (!guard_piece(&scan)) {
            return false;
        }
    }
    return true;
}
