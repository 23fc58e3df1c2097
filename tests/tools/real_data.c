#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/tools/real_data.h"

const char *
real_data_path(const char *name, struct arena *arena)
{
    const char *folder = getenv("KONTOR_REAL_DATA");
    if (folder == NULL || folder[0] == '\0') {
        print_message("SKIPPED, KONTOR_REAL_DATA is not set: %s is not read\n", name);
        skip();
    }
    const char *path = arena_print(arena, "%s/%s", folder, name);
    if (access(path, R_OK) != 0) {
        fail_msg("%s is missing under KONTOR_REAL_DATA", name);
    }
    return path;
}

struct bytes
real_data_read(const char *path, struct arena *arena)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    assert_true(size >= 0);
    rewind(file);
    char *data = arena_alloc(arena, (size_t)size + 1);
    assert_int_equal(fread(data, 1, (size_t)size, file), (size_t)size);
    fclose(file);
    return (struct bytes){.data = (const uint8_t *)data, .size = (size_t)size};
}

const char *
real_data_write(const char *content, struct arena *arena)
{
    return real_data_write_bytes(content, strlen(content), arena);
}

const char *
real_data_write_bytes(const char *content, size_t size, struct arena *arena)
{
    const char *folder = getenv("TMPDIR");
    char *path =
        arena_print(arena, "%s/kontor-XXXXXX", folder == NULL ? "/tmp" : folder);
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    FILE *file = fdopen(descriptor, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    return path;
}
