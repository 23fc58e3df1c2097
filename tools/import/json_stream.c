/*
 * Values are found by counting brackets outside of texts. What stands between them is
 * not understood here, so whatever is handed out is parsed before it is believed.
 */
#include "tools/import/json_stream.h"

#include <string.h>

/* What stands for the end of the file, or of what can be read of it. */
enum { END = -1 };

/* ---- Bytes ---- */

static uint64_t
position(const struct json_stream *stream)
{
    return stream->offset + stream->at;
}

/* One fault a file: what comes after it is guesswork. */
static void
break_off(struct json_stream *stream, const char *text)
{
    if (!stream->is_broken) {
        source_fault(
            stream->source,
            arena_print(stream->source->arena, "%zu:%llu", stream->line,
                        (unsigned long long)(position(stream) - stream->line_offset)),
            "not JSON: %s", text);
    }
    stream->is_broken = true;
}

static void
seek(struct json_stream *stream, uint64_t offset)
{
    stream->offset = offset;
    stream->n = 0;
    stream->at = 0;
}

static bool
fill(struct json_stream *stream)
{
    uint64_t from = position(stream);
    uint64_t left = stream->file.size - from;
    size_t size = left < JSON_STREAM_BLOCK ? (size_t)left : JSON_STREAM_BLOCK;
    seek(stream, from);
    if (stream->is_broken || size == 0) {
        return false;
    }
    if (!reread_at(&stream->file, stream->source, from, stream->block, size)) {
        stream->is_broken = true;
        return false;
    }
    stream->n = size;
    return true;
}

/* The next byte, which stays the next. */
static inline int
peek(struct json_stream *stream)
{
    return stream->at < stream->n || fill(stream) ? stream->block[stream->at] : END;
}

/* Goes past a byte that was looked at. */
static inline void
pass(struct json_stream *stream, int byte)
{
    stream->at++;
    if (byte == '\n') {
        stream->line++;
        stream->line_offset = position(stream);
    }
}

static int
take(struct json_stream *stream)
{
    int byte = peek(stream);
    if (byte != END) {
        pass(stream, byte);
    }
    return byte;
}

static bool
is_space(int byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

/* What comes after space. */
static int
peek_word(struct json_stream *stream)
{
    int byte = peek(stream);
    while (is_space(byte)) {
        pass(stream, byte);
        byte = peek(stream);
    }
    return byte;
}

/* ---- Values ---- */

/*
 * A text that is not closed ends at its line's end, where a person looks for it, and
 * not at the next quote somewhere.
 */
static bool
skip_text(struct json_stream *stream)
{
    pass(stream, '"');
    for (int byte = peek(stream); byte != '"'; byte = peek(stream)) {
        if (byte < ' ') {
            break_off(stream, byte == END ? "a text does not end"
                                          : "a control character in a text");
            return false;
        }
        pass(stream, byte);
        if (byte == '\\' && peek(stream) >= ' ') {
            pass(stream, peek(stream));
        }
    }
    pass(stream, '"');
    return true;
}

/* Lists and objects that are open, and what closes each. */
struct nest {
    char closers[JSON_TREE_DEPTH + 2];
    size_t n;
    size_t most; /* As many as json_tree_parse takes from this depth on. */
};

static bool
skip_in_nest(struct json_stream *stream, struct nest *nest)
{
    int byte = peek(stream);
    if (byte == '"') {
        return skip_text(stream);
    }
    if (byte == END) {
        break_off(stream, "a list or an object does not end");
        return false;
    }
    if (byte == '{' || byte == '[') {
        if (nest->n == nest->most) {
            source_fault(stream->source,
                         arena_print(stream->source->arena, "%zu", stream->line),
                         "nests deeper than %d", JSON_TREE_DEPTH);
            stream->is_broken = true;
            return false;
        }
        nest->closers[nest->n++] = byte == '{' ? '}' : ']';
    }
    if ((byte == '}' || byte == ']') && byte != nest->closers[--nest->n]) {
        break_off(stream, "a bracket that closes another kind");
        return false;
    }
    pass(stream, byte);
    return true;
}

static bool
skip_nest(struct json_stream *stream)
{
    struct nest nest = {.n = 0, .most = JSON_TREE_DEPTH + 1 - stream->depth};
    do {
        if (!skip_in_nest(stream, &nest)) {
            return false;
        }
    } while (nest.n > 0);
    return true;
}

/* A number or a word: to where something else may begin. */
static bool
skip_word(struct json_stream *stream)
{
    uint64_t from = position(stream);
    for (int byte = peek(stream); byte > ' ' && strchr(",:[]{}\"", byte) == NULL;
         byte = peek(stream)) {
        pass(stream, byte);
    }
    if (position(stream) == from) {
        break_off(stream, "a value belongs here");
        return false;
    }
    return true;
}

static bool
skip_value(struct json_stream *stream, struct json_span *out)
{
    int first = peek_word(stream);
    *out = (struct json_span){.offset = position(stream), .first = (char)first};
    out->start = (struct json_tree_start){
        .line = stream->line,
        .column = (size_t)(out->offset - stream->line_offset),
        .depth = stream->depth,
    };
    bool is_nest = first == '{' || first == '[';
    bool is_whole = first == '"' ? skip_text(stream)
                    : is_nest    ? skip_nest(stream)
                                 : skip_word(stream);
    out->size = position(stream) - out->offset;
    return is_whole && !stream->is_broken;
}

/* ---- The root ---- */

const struct json_span *
json_stream_member(const struct json_stream *stream, const char *name)
{
    for (size_t i = 0; i < stream->n_members; i++) {
        if (strcmp(stream->members[i].name, name) == 0) {
            return &stream->members[i].value;
        }
    }
    return NULL;
}

static const char *
read_name(struct json_stream *stream)
{
    struct json_span span;
    if (peek_word(stream) != '"') {
        break_off(stream, "a name in quotes belongs here");
        return NULL;
    }
    if (!skip_value(stream, &span)) {
        return NULL;
    }
    if (span.size > JSON_STREAM_NAME_BYTES) {
        break_off(stream, "a name is too long");
        return NULL;
    }
    /* Reading the name elsewhere leaves the block as it is. */
    const struct json_value *name =
        json_stream_value(stream, stream->source, &span, "");
    return name == NULL ? NULL : name->text;
}

static bool
read_member(struct json_stream *stream, struct arena *kept)
{
    const char *name = read_name(stream);
    if (name == NULL) {
        stream->is_broken = true;
        return false;
    }
    if (json_stream_member(stream, name) != NULL) {
        break_off(stream, "duplicate object key");
        return false;
    }
    if (stream->n_members == JSON_STREAM_MEMBERS) {
        break_off(stream, "too many members");
        return false;
    }
    if (peek_word(stream) != ':') {
        break_off(stream, "a colon belongs here");
        return false;
    }
    pass(stream, ':');
    struct json_span value;
    if (!skip_value(stream, &value)) {
        return false;
    }
    stream->members =
        source_grow(kept, stream->members, stream->n_members, sizeof *stream->members);
    stream->members[stream->n_members++] =
        (struct json_stream_member){.name = arena_copy(kept, name), .value = value};
    return true;
}

/* Goes past what stands between two values; false: what closes them, or a fault. */
static bool
next_of(struct json_stream *stream, bool is_first, char closer)
{
    int byte = peek_word(stream);
    if (byte == closer) {
        pass(stream, byte);
        return false;
    }
    if (is_first) {
        return true;
    }
    if (byte != ',') {
        break_off(stream, "a comma or the end of the list or object belongs here");
        return false;
    }
    pass(stream, byte);
    return true;
}

static bool
read_members(struct json_stream *stream, struct arena *kept)
{
    stream->root = (struct json_span){.offset = position(stream), .first = '{'};
    stream->root.start = (struct json_tree_start){
        .line = stream->line,
        .column = (size_t)(position(stream) - stream->line_offset),
    };
    take(stream);
    stream->depth = 1;
    bool is_first = true;
    while (next_of(stream, is_first, '}')) {
        if (!read_member(stream, kept)) {
            return false;
        }
        is_first = false;
    }
    stream->root.size = position(stream) - stream->root.offset;
    return !stream->is_broken;
}

static bool
read_root(struct json_stream *stream, struct arena *kept)
{
    bool is_read = peek_word(stream) == '{' ? read_members(stream, kept)
                                            : skip_value(stream, &stream->root);
    if (is_read && peek_word(stream) != END) {
        break_off(stream, "end of file expected");
    }
    return is_read && !stream->is_broken;
}

bool
json_stream_open(struct json_stream *stream, const struct source *source,
                 struct arena *kept)
{
    *stream = (struct json_stream){.source = source, .line = 1};
    if (!reread_open(&stream->file, source)) {
        return false;
    }
    stream->block = arena_alloc(kept, JSON_STREAM_BLOCK);
    if (!read_root(stream, kept)) {
        reread_close(&stream->file);
        return false;
    }
    return true;
}

void
json_stream_close(struct json_stream *stream)
{
    reread_close(&stream->file);
}

/* ---- Elements ---- */

void
json_stream_begin(struct json_stream *stream, const struct json_span *list)
{
    seek(stream, list->offset + 1);
    stream->line = list->start.line;
    stream->line_offset = list->offset - list->start.column;
    stream->depth = list->start.depth + 1;
    stream->is_first = true;
    stream->is_broken = false;
}

bool
json_stream_next(struct json_stream *stream, const struct source *source,
                 struct json_span *element)
{
    stream->source = source;
    bool is_there = next_of(stream, stream->is_first, ']');
    stream->is_first = false;
    return is_there && skip_value(stream, element);
}

const struct json_value *
json_stream_value(struct json_stream *stream, const struct source *source,
                  const struct json_span *span, const char *place)
{
    if (span->size > JSON_STREAM_BYTES) {
        source_fault(source, place, "has %llu bytes: a record has at most %d",
                     (unsigned long long)span->size, JSON_STREAM_BYTES);
        return NULL;
    }
    uint8_t *data = arena_alloc(source->arena, (size_t)span->size + 1);
    if (!reread_at(&stream->file, source, span->offset, data, (size_t)span->size)) {
        return NULL;
    }
    struct bytes text = {.data = data, .size = (size_t)span->size};
    return json_tree_parse_part(text, span->start, source->path, source->arena,
                                source->faults);
}

const struct json_value *
json_stream_head(struct json_stream *stream, const struct source *source,
                 const struct json_span *span, const char *place)
{
    static const struct json_value list = {.type = JSON_TYPE_LIST};
    static const struct json_value object = {.type = JSON_TYPE_OBJECT};
    if (span == NULL) {
        return NULL;
    }
    if (span->first == '[' || span->first == '{') {
        return span->first == '[' ? &list : &object;
    }
    return json_stream_value(stream, source, span, place);
}
