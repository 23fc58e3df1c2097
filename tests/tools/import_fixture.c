#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/tools/import_fixture.h"
#include "tools/import/walk.h"

int
import_fixture_start(void **state)
{
    static struct import_fixture fixture;
    memset(&fixture, 0, sizeof fixture);
    fixture.arena = arena_new();
    fixture.faults.arena = fixture.arena;
    *state = &fixture;
    return 0;
}

int
import_fixture_stop(void **state)
{
    struct import_fixture *fixture = *state;
    arena_free(fixture->arena);
    return 0;
}

bool
import_fixture_read(struct import_fixture *fixture, const char *const *paths,
                    size_t n_paths)
{
    const struct importer *importer = importer_find(fixture->format);
    assert_non_null(importer);
    fixture->faults = (struct faults){.arena = fixture->arena};
    return import_read_all(importer, paths, n_paths, "alpine", fixture->arena,
                           &fixture->set, &fixture->faults);
}

bool
import_fixture_text(struct import_fixture *fixture, const char *text)
{
    const char *path = real_data_write(text, fixture->arena);
    bool is_read = import_fixture_read(fixture, &path, 1);
    unlink(path);
    return is_read;
}

struct bytes
import_fixture_real(struct import_fixture *fixture, const char *name)
{
    const char *path = real_data_path(name, fixture->arena);
    if (!import_fixture_read(fixture, &path, 1)) {
        fail_msg("%s: %s", fixture->faults.rows[0].path,
                 fixture->faults.rows[0].description);
    }
    return real_data_read(path, fixture->arena);
}

bool
import_fixture_found(const struct import_set *set, const char *place, const char *text)
{
    for (size_t i = 0; i < set->n_findings; i++) {
        if (strstr(set->findings[i].place, place) != NULL &&
            strstr(set->findings[i].text, text) != NULL) {
            return true;
        }
    }
    return false;
}

/* Whether one of the faults is the one the row wants; all must name the file. */
static bool
is_told(const struct import_fixture *fixture, const char *path,
        const struct import_refusal *row)
{
    bool is_there = false;
    for (size_t i = 0; i < fixture->faults.n_rows; i++) {
        const struct fault *fault = &fixture->faults.rows[i];
        assert_int_equal(strncmp(fault->path, path, strlen(path)), 0);
        is_there |= strstr(fault->path + strlen(path), row->place) != NULL &&
                    strstr(fault->description, row->reason) != NULL;
    }
    return is_there;
}

void
import_fixture_refuse(struct import_fixture *fixture, const struct import_refusal *rows,
                      size_t n_rows)
{
    assert_true(n_rows > 0);
    for (size_t i = 0; i < n_rows; i++) {
        const char *path = real_data_write(rows[i].text, fixture->arena);
        bool is_read = import_fixture_read(fixture, &path, 1);
        unlink(path);
        if (is_read) {
            fail_msg("row %zu was taken: %s", i, rows[i].text);
        }
        if (!is_told(fixture, path, &rows[i])) {
            fail_msg("row %zu: %s: %s", i, fixture->faults.rows[0].path,
                     fixture->faults.rows[0].description);
        }
    }
}

const ProtobufCFieldDescriptor *
import_fixture_field(const ProtobufCMessageDescriptor *descriptor, const char *path)
{
    char name[64];
    size_t size = strcspn(path, ".");
    assert_true(size < sizeof name);
    memcpy(name, path, size);
    name[size] = '\0';
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(descriptor, name);
    assert_non_null(field);
    if (path[size] == '.') {
        assert_non_null(protobuf_c_message_descriptor_get_field_by_name(
            field->descriptor, path + size + 1));
    }
    return field;
}
