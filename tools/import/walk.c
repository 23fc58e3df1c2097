/* The two walks over the files of an import. */
#include "tools/import/walk.h"

#include <string.h>

#include "tools/import/kind.h"

/* A file, open from the first walk to the end. */
struct walk_file {
    struct json_stream stream;
    bool is_open;
    bool is_refused;
    struct source_once once;
};

struct import_walk {
    struct walk_view view;
    const struct importer *importer;
    const char *const *paths;
    size_t n_paths;
    struct import_set masks; /* Of a format that is not streamed, all of it. */
    struct walk_file *files;
    size_t file;
    struct walk_list list;
    bool has_list;
    size_t element; /* Of the list, the next. */
    bool has_ended;
    bool keeps_names;
};

struct import_walk *
import_walk_open(const struct importer *importer, const char *const *paths,
                 size_t n_paths, const char *registry, struct arena *kept,
                 struct faults *faults)
{
    struct import_walk *walk = arena_alloc(kept, sizeof *walk);
    walk->importer = importer;
    walk->paths = paths;
    walk->n_paths = n_paths;
    walk->files = arena_alloc(kept, (n_paths + 1) * sizeof *walk->files);
    walk->view.kept = kept;
    walk->view.is_judging = true;
    walk->view.source = (struct source){.format = importer->format,
                                        .registry = registry,
                                        .arena = kept,
                                        .faults = faults};
    if (importer->stream != NULL) {
        walk->view.format = importer->stream->format;
        importer->stream->begin(&walk->view, &walk->masks);
    }
    for (size_t i = 0; i < n_paths; i++) {
        walk->files[i].once.arena = kept;
    }
    return walk;
}

void
import_walk_keep_names(struct import_walk *walk)
{
    walk->keeps_names = true;
}

/* ---- Formats that are read whole ---- */

static bool
next_whole(struct import_walk *walk, struct import_set *part)
{
    const struct source *source = &walk->view.source;
    if (walk->has_ended) {
        return false;
    }
    walk->has_ended = true;
    if (walk->view.is_judging &&
        !walk->importer->read(walk->paths, walk->n_paths, source->registry,
                              walk->view.kept, &walk->masks, source->faults)) {
        return false;
    }
    if (walk->view.is_judging && walk->importer->redact != NULL && !walk->keeps_names) {
        walk->importer->redact(&walk->masks, walk->view.kept);
    }
    *part = walk->masks;
    return true;
}

/* ---- Formats that are streamed ---- */

static bool
open_file(struct import_walk *walk, struct walk_file *file)
{
    if (!file->is_open && !file->is_refused) {
        file->is_open =
            json_stream_open(&file->stream, &walk->view.source, walk->view.kept);
        file->is_refused = !file->is_open;
    }
    return file->is_open;
}

static void
next_list(struct import_walk *walk)
{
    struct walk_view *view = &walk->view;
    struct walk_file *file = &walk->files[walk->file];
    view->source.path = walk->paths[walk->file];
    view->source.once = &file->once;
    walk->list = (struct walk_list){.name = ""};
    walk->has_list = open_file(walk, file) &&
                     walk->importer->stream->find(view, &file->stream, &walk->list);
    walk->element = 0;
    if (!walk->has_list) {
        walk->file++;
    } else if (!walk->list.is_single) {
        json_stream_begin(&file->stream, &walk->list.span);
    }
}

static void
read_element(struct import_walk *walk, struct json_stream *stream,
             const struct json_span *span)
{
    const struct source *source = &walk->view.source;
    const char *place =
        walk->list.is_single
            ? ""
            : arena_print(source->arena, "%s[%zu]", walk->list.name, walk->element);
    const struct json_value *value = json_stream_value(stream, source, span, place);
    if (value != NULL) {
        walk->importer->stream->read(&walk->view, value, place);
    }
    walk->element++;
}

static void
end_list(struct import_walk *walk, struct json_stream *stream)
{
    const struct import_stream *format = walk->importer->stream;
    if (format->end_list != NULL && !walk->list.is_single) {
        format->end_list(&walk->view, stream, walk->element);
    }
    walk->has_list = false;
    walk->file++;
}

static void
next_element(struct import_walk *walk)
{
    struct json_stream *stream = &walk->files[walk->file].stream;
    struct json_span span = walk->list.span;
    bool is_there = walk->list.is_single
                        ? walk->element == 0
                        : json_stream_next(stream, &walk->view.source, &span);
    if (is_there) {
        read_element(walk, stream, &span);
    } else {
        end_list(walk, stream);
    }
}

/* One step, which may come upon nothing: whoever calls can give its memory back. */
static bool
next_streamed(struct import_walk *walk)
{
    const struct import_stream *format = walk->importer->stream;
    if (walk->has_list) {
        next_element(walk);
        return true;
    }
    if (walk->file == walk->n_paths) {
        walk->file = 0;
        walk->view.round++;
    }
    if (walk->view.round < format->n_rounds && walk->n_paths > 0) {
        next_list(walk);
        return true;
    }
    if (!walk->has_ended && walk->view.is_judging && format->end != NULL) {
        format->end(&walk->view);
    }
    walk->has_ended = true;
    return false;
}

bool
import_walk_next(struct import_walk *walk, struct arena *arena, struct import_set *part)
{
    if (walk->importer->stream == NULL) {
        return next_whole(walk, part);
    }
    *part = walk->masks;
    walk->view.source.arena = arena;
    walk->view.source.out = part;
    return !walk->has_ended && next_streamed(walk);
}

void
import_walk_again(struct import_walk *walk)
{
    walk->view.is_judging = false;
    walk->view.round = 0;
    walk->file = 0;
    walk->has_list = false;
    walk->has_ended = false;
    for (size_t i = 0; i < walk->n_paths; i++) {
        walk->files[i].once.n = 0;
    }
}

void
import_walk_close(struct import_walk *walk)
{
    for (size_t i = 0; walk != NULL && i < walk->n_paths; i++) {
        if (walk->files[i].is_open) {
            json_stream_close(&walk->files[i].stream);
        }
    }
}

/* ---- Everything at once ---- */

static void
add_part(struct arena *arena, const struct import_set *part, struct import_set *out)
{
    for (size_t i = 0; i < IMPORT_KINDS; i++) {
        size_t n;
        ProtobufCMessage **records = import_kind_records(part, &import_kinds[i], &n);
        for (size_t j = 0; j < n; j++) {
            import_kind_add(arena, out, &import_kinds[i], records[j]);
        }
    }
    for (size_t i = 0; i < part->n_findings; i++) {
        out->findings =
            source_grow(arena, out->findings, out->n_findings, sizeof *out->findings);
        out->findings[out->n_findings++] = part->findings[i];
    }
}

bool
import_read_all(const struct importer *importer, const char *const *paths,
                size_t n_paths, const char *registry, struct arena *arena,
                struct import_set *out, struct faults *faults)
{
    if (importer->read != NULL) {
        return importer->read(paths, n_paths, registry, arena, out, faults);
    }
    struct import_walk *walk =
        import_walk_open(importer, paths, n_paths, registry, arena, faults);
    struct import_set part;
    *out = walk->masks;
    while (import_walk_next(walk, arena, &part)) {
        add_part(arena, &part, out);
    }
    import_walk_close(walk);
    return faults->n_found == 0;
}
