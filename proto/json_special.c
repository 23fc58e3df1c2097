#include "proto/json_special.h"

#include <string.h>
#include <time.h>

#include <google/protobuf/duration.pb-c.h>
#include <google/protobuf/field_mask.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>

#include "proto/json.h"

enum { NS_MAX = 999999999, NS_DIGITS = 9, HOUR_IN_S = 3600 };

/* Source: the comments of timestamp.proto and duration.proto. */
static const int64_t first_second = -62135596800;
static const int64_t last_second = 253402300799;
static const int64_t longest_s = 315576000000;

/* A fraction of a second with 0, 3, 6 or 9 digits, dot included. */
static const char *
print_fraction(int32_t nanos, struct arena *arena)
{
    if (nanos == 0) {
        return "";
    }
    char *text = arena_print(arena, ".%09d", (int)nanos);
    size_t size = strlen(text);
    while (strcmp(text + size - 3, "000") == 0) {
        size -= 3;
        text[size] = '\0';
    }
    return text;
}

static const char *
timestamp_print(const ProtobufCMessage *message, struct arena *arena)
{
    const Google__Protobuf__Timestamp *time = (const void *)message;
    if (time->seconds < first_second || time->seconds > last_second ||
        time->nanos < 0 || time->nanos > NS_MAX) {
        return NULL;
    }
    time_t seconds = (time_t)time->seconds;
    struct tm parts;
    if (gmtime_r(&seconds, &parts) == NULL) {
        return NULL;
    }
    return arena_print(arena, "%04d-%02d-%02dT%02d:%02d:%02d%sZ", parts.tm_year + 1900,
                       parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                       parts.tm_sec, print_fraction(time->nanos, arena));
}

/* Takes exactly n digits off text; -1: they are not there. */
static int
take_digits(const char **text, int n)
{
    int number = 0;
    for (int i = 0; i < n; i++) {
        char digit = (*text)[i];
        if (digit < '0' || digit > '9') {
            return -1;
        }
        number = 10 * number + (digit - '0');
    }
    *text += n;
    return number;
}

static bool
take_char(const char **text, char wanted)
{
    if (**text != wanted) {
        return false;
    }
    ++*text;
    return true;
}

/* Takes a fraction of 1 to 9 digits, if there is one. */
static bool
take_fraction(const char **text, int32_t *nanos)
{
    *nanos = 0;
    if (!take_char(text, '.')) {
        return true;
    }
    int n = 0;
    for (; n < NS_DIGITS && **text >= '0' && **text <= '9'; n++) {
        *nanos = 10 * *nanos + (**text - '0');
        ++*text;
    }
    for (int i = n; i < NS_DIGITS; i++) {
        *nanos *= 10;
    }
    return n > 0;
}

/* Takes "Z" or "+01:00". */
static bool
take_offset(const char **text, int64_t *seconds)
{
    *seconds = 0;
    if (take_char(text, 'Z')) {
        return true;
    }
    int sign = **text == '+' ? 1 : -1;
    if (!take_char(text, '+') && !take_char(text, '-')) {
        return false;
    }
    int hours = take_digits(text, 2);
    if (hours < 0 || hours > 23 || !take_char(text, ':')) {
        return false;
    }
    int minutes = take_digits(text, 2);
    *seconds = (int64_t)sign * (hours * HOUR_IN_S + minutes * 60);
    return minutes >= 0 && minutes <= 59;
}

/* Takes a date; it must exist: timegm would move 30 February into March. */
static bool
take_day(const char **text, struct tm *day)
{
    day->tm_year = take_digits(text, 4) - 1900;
    if (day->tm_year < 1 - 1900 || !take_char(text, '-')) {
        return false;
    }
    day->tm_mon = take_digits(text, 2) - 1;
    if (day->tm_mon < 0 || !take_char(text, '-')) {
        return false;
    }
    day->tm_mday = take_digits(text, 2);
    struct tm moved = *day;
    (void)timegm(&moved);
    return day->tm_mday > 0 && moved.tm_mon == day->tm_mon &&
           moved.tm_mday == day->tm_mday;
}

static bool
take_clock(const char **text, struct tm *time)
{
    time->tm_hour = take_digits(text, 2);
    if (time->tm_hour < 0 || time->tm_hour > 23 || !take_char(text, ':')) {
        return false;
    }
    time->tm_min = take_digits(text, 2);
    if (time->tm_min < 0 || time->tm_min > 59 || !take_char(text, ':')) {
        return false;
    }
    time->tm_sec = take_digits(text, 2);
    return time->tm_sec >= 0 && time->tm_sec <= 59;
}

static bool
timestamp_parse(const char *text, ProtobufCMessage *message, struct arena *arena)
{
    Google__Protobuf__Timestamp *time = (void *)message;
    struct tm parts = {0};
    int64_t offset_s;
    (void)arena;
    if (!take_day(&text, &parts) || !take_char(&text, 'T') ||
        !take_clock(&text, &parts) || !take_fraction(&text, &time->nanos) ||
        !take_offset(&text, &offset_s) || *text != '\0') {
        return false;
    }
    time->seconds = (int64_t)timegm(&parts) - offset_s;
    return time->seconds >= first_second && time->seconds <= last_second;
}

static const char *
duration_print(const ProtobufCMessage *message, struct arena *arena)
{
    const Google__Protobuf__Duration *duration = (const void *)message;
    int64_t seconds = duration->seconds;
    int32_t nanos = duration->nanos;
    bool is_mixed = (seconds > 0 && nanos < 0) || (seconds < 0 && nanos > 0);
    if (seconds < -longest_s || seconds > longest_s || nanos < -NS_MAX ||
        nanos > NS_MAX || is_mixed) {
        return NULL;
    }
    bool is_negative = seconds < 0 || nanos < 0;
    return arena_print(arena, "%s%lld%ss", is_negative ? "-" : "",
                       (long long)(seconds < 0 ? -seconds : seconds),
                       print_fraction(nanos < 0 ? -nanos : nanos, arena));
}

static bool
duration_parse(const char *text, ProtobufCMessage *message, struct arena *arena)
{
    Google__Protobuf__Duration *duration = (void *)message;
    bool is_negative = take_char(&text, '-');
    int64_t seconds = 0;
    size_t n = strspn(text, "0123456789");
    (void)arena;
    if (n < 1 || n > strlen("315576000000")) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        seconds = 10 * seconds + (text[i] - '0');
    }
    text += n;
    if (!take_fraction(&text, &duration->nanos) || strcmp(text, "s") != 0 ||
        seconds > longest_s) {
        return false;
    }
    duration->seconds = is_negative ? -seconds : seconds;
    duration->nanos = is_negative ? -duration->nanos : duration->nanos;
    return true;
}

static bool
is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool
is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* Whether a path comes back the same from lowerCamelCase: no capitals, a letter after
 * each underscore. */
static bool
is_reversible(const char *path)
{
    for (const char *at = path; *at != '\0'; at++) {
        if (is_upper(*at) || *at == ',' || (*at == '_' && !is_lower(at[1]))) {
            return false;
        }
    }
    return true;
}

static const char *
mask_print(const ProtobufCMessage *message, struct arena *arena)
{
    const Google__Protobuf__FieldMask *mask = (const void *)message;
    const char *text = "";
    for (size_t i = 0; i < mask->n_paths; i++) {
        if (!is_reversible(mask->paths[i])) {
            return NULL;
        }
        text = arena_print(arena, "%s%s%s", text, i == 0 ? "" : ",",
                           json_name(mask->paths[i], arena));
    }
    return text;
}

/* A path in proto field names, out of either spelling. */
static char *
snake_path(const char *text, size_t size, struct arena *arena)
{
    char *path = arena_alloc(arena, 2 * size + 1);
    char *out = path;
    for (size_t i = 0; i < size; i++) {
        if (is_upper(text[i])) {
            *out++ = '_';
            *out++ = (char)(text[i] - 'A' + 'a');
        } else {
            *out++ = text[i];
        }
    }
    return path;
}

static bool
mask_parse(const char *text, ProtobufCMessage *message, struct arena *arena)
{
    Google__Protobuf__FieldMask *mask = (void *)message;
    size_t room = 1;
    for (const char *at = text; *at != '\0'; at++) {
        room += *at == ',';
    }
    if (*text == '\0') {
        return true;
    }
    mask->paths = arena_alloc(arena, room * sizeof *mask->paths);
    for (size_t i = 0; i < room; i++) {
        size_t size = strcspn(text, ",");
        if (size == 0) {
            return false;
        }
        mask->paths[mask->n_paths++] = snake_path(text, size, arena);
        text += size + 1;
    }
    return true;
}

static const struct json_special rows[] = {
    {&google__protobuf__timestamp__descriptor,
     "a time such as 2024-05-01T12:00:00.250Z", timestamp_print, timestamp_parse},
    {&google__protobuf__duration__descriptor, "a duration such as 1.5s", duration_print,
     duration_parse},
    {&google__protobuf__field_mask__descriptor,
     "field names with commas between them, such as name,homeUrl", mask_print,
     mask_parse},
};

const struct json_special *
json_special(const ProtobufCMessageDescriptor *descriptor)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].descriptor == descriptor) {
            return &rows[i];
        }
    }
    return NULL;
}
