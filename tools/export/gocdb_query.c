#include "tools/export/gocdb_query.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { DAY = 24 * 60 * 60 };

/* ---- Parameters ---- */

enum form { FORM_PATTERN, FORM_STATUS, FORM_WORD, FORM_TIME, FORM_SCOPES };

#define OF_NGIS "get_ngi"
#define OF_SITES "get_site_list get_site"
#define OF_SERVICES "get_service"
#define OF_GROUPS "get_service_group"
#define OF_DOWNTIMES "get_downtime get_downtime_nested_services"

/* Documents that have it, and what its value is. In the order of the enum. */
static const struct {
    const char *name;
    const char *documents;
    enum form form;
    const char *words[2]; /* Of FORM_WORD, all there are. */
} parameters[GOCDB_N_PARAMETERS] = {
    {"sitename", OF_SITES " " OF_SERVICES, FORM_PATTERN, {NULL}},
    {"roc", OF_NGIS " " OF_SITES " " OF_SERVICES, FORM_PATTERN, {NULL}},
    {"country", OF_SITES " " OF_SERVICES, FORM_PATTERN, {NULL}},
    {"certification_status", OF_SITES, FORM_STATUS, {NULL}},
    {"exclude_certification_status", OF_SITES, FORM_STATUS, {NULL}},
    {"production_status", OF_SITES, FORM_PATTERN, {NULL}},
    {"hostname", OF_SERVICES, FORM_PATTERN, {NULL}},
    {"service_type", OF_SERVICES, FORM_PATTERN, {NULL}},
    {"monitored", OF_SERVICES, FORM_WORD, {"Y", "N"}},
    {"service_group_name", OF_GROUPS, FORM_PATTERN, {NULL}},
    {"topentity", OF_DOWNTIMES, FORM_PATTERN, {NULL}},
    {"ongoing_only", OF_DOWNTIMES, FORM_WORD, {"yes", "no"}},
    {"startdate", OF_DOWNTIMES, FORM_TIME, {NULL}},
    {"enddate", OF_DOWNTIMES, FORM_TIME, {NULL}},
    {"windowstart", OF_DOWNTIMES, FORM_TIME, {NULL}},
    {"windowend", OF_DOWNTIMES, FORM_TIME, {NULL}},
    {"scope",
     OF_NGIS " " OF_SITES " " OF_SERVICES " " OF_GROUPS " " OF_DOWNTIMES,
     FORM_SCOPES,
     {NULL}},
    {"scope_match",
     OF_NGIS " " OF_SITES " " OF_SERVICES " " OF_GROUPS " " OF_DOWNTIMES,
     FORM_WORD,
     {"all", "any"}},
};

const char *
gocdb_query_name(enum gocdb_parameter parameter)
{
    return parameters[parameter].name;
}

/* Whether a list of words parted by blanks has one. */
static bool
has_word(const char *words, const char *word)
{
    size_t size = strlen(word);
    for (; *words != '\0'; words += strspn(words, " ")) {
        size_t n = strcspn(words, " ");
        if (n == size && strncmp(words, word, size) == 0) {
            return true;
        }
        words += n;
    }
    return false;
}

/* ---- Patterns ---- */

static bool
is_same_letter(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Texts are UTF-8. */
static const char *
behind_character(const char *text)
{
    do {
        text++;
    } while (((unsigned char)*text & 0xc0) == 0x80);
    return text;
}

/* As LIKE of SQL. One step back to the last % is enough: an earlier one could only have
 * taken more of what this one takes. */
static bool
is_like(const char *text, const char *pattern)
{
    const char *last = NULL, *again = NULL;
    while (*text != '\0') {
        if (*pattern == '%') {
            last = ++pattern;
            again = text;
        } else if (*pattern == '_') {
            pattern++;
            text = behind_character(text);
        } else if (*pattern != '\0' && is_same_letter(*pattern, *text)) {
            pattern++;
            text++;
        } else if (last != NULL) {
            pattern = last;
            again = behind_character(again);
            text = again;
        } else {
            return false;
        }
    }
    while (*pattern == '%') {
        pattern++;
    }
    return *pattern == '\0';
}

/* ---- Setting ---- */

/* By number. */
static const char *const statuses[] = {"Candidate", "Uncertified", "Certified",
                                       "Suspended", "Closed"};

enum { N_STATUSES = sizeof statuses / sizeof statuses[0] };

static const char *
judge_status(const char *value)
{
    for (size_t i = 0; i < N_STATUSES; i++) {
        if (is_like(statuses[i], value)) {
            return NULL;
        }
    }
    return "is none of Candidate, Uncertified, Certified, Suspended, Closed";
}

/* A day that is there, and a time where there is one; false: it is neither. */
static bool
read_time(const char *value, int64_t *out)
{
    static const char *const forms[] = {"%Y-%m-%d", "%Y-%m-%d %H:%M",
                                        "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct tm parts = {.tm_isdst = 0};
        const char *end = strptime(value, forms[i], &parts);
        int day = parts.tm_mday;
        if (end != NULL && *end == '\0') {
            /* 30 February would become March. */
            *out = (int64_t)timegm(&parts);
            return parts.tm_mday == day;
        }
    }
    return false;
}

const char *
gocdb_query_set(struct gocdb_query *query, const struct gocdb_document *document,
                enum gocdb_parameter parameter, const char *value, struct arena *arena)
{
    const char *const *words = parameters[parameter].words;
    const char *wrong = NULL;
    if (!has_word(parameters[parameter].documents, document->name)) {
        return arena_print(arena, "is no parameter of %s", document->name);
    }
    switch (parameters[parameter].form) {
    case FORM_PATTERN:
    case FORM_SCOPES:
        break;
    case FORM_STATUS:
        wrong = judge_status(value);
        break;
    case FORM_WORD:
        if (strcasecmp(value, words[0]) != 0 && strcasecmp(value, words[1]) != 0) {
            wrong = arena_print(arena, "is %s or %s", words[0], words[1]);
        }
        break;
    case FORM_TIME:
        if (!read_time(value, &query->times[parameter])) {
            wrong = "is no time such as 2026-12-01 or \"2026-12-01 06:00\", in UTC";
        }
        break;
    }
    query->values[parameter] = value;
    return wrong == NULL ? NULL : arena_print(arena, "\"%s\" %s", value, wrong);
}

static bool
is_word(const struct gocdb_query *query, enum gocdb_parameter parameter,
        const char *word)
{
    const char *value = query->values[parameter];
    return value != NULL && strcasecmp(value, word) == 0;
}

/* Source: GOCDB, get_downtime. */
const char *
gocdb_query_judge(const struct gocdb_query *query)
{
    const char *const *values = query->values;
    if (is_word(query, GOCDB_ONGOING_ONLY, "yes") &&
        (values[GOCDB_STARTDATE] != NULL || values[GOCDB_ENDDATE] != NULL)) {
        return "startdate and enddate do not go with ongoing_only";
    }
    if (values[GOCDB_SCOPE_MATCH] != NULL && values[GOCDB_SCOPE] == NULL) {
        return "scope_match needs a scope";
    }
    if (values[GOCDB_WINDOWSTART] != NULL && values[GOCDB_WINDOWEND] != NULL &&
        query->times[GOCDB_WINDOWEND] < query->times[GOCDB_WINDOWSTART]) {
        return "windowend is before windowstart";
    }
    return NULL;
}

/* Source: RFC 3986, 2.3. */
static const char *
encoded(const char *value, struct arena *arena)
{
    static const char digits[] = "0123456789ABCDEF";
    char *text = arena_alloc(arena, 3 * strlen(value) + 1);
    char *end = text;
    for (; *value != '\0'; value++) {
        unsigned char byte = (unsigned char)*value;
        if (byte < 0x80 && (isalnum(byte) || strchr("-._~,", byte) != NULL)) {
            *end++ = *value;
            continue;
        }
        *end++ = '%';
        *end++ = digits[byte >> 4];
        *end++ = digits[byte & 15];
    }
    return text;
}

const char *
gocdb_query_text(const struct gocdb_query *query, struct arena *arena)
{
    const char *text = "";
    for (size_t i = 0; query != NULL && i < GOCDB_N_PARAMETERS; i++) {
        if (query->values[i] != NULL) {
            text = arena_print(arena, "%s&%s=%s", text, parameters[i].name,
                               encoded(query->values[i], arena));
        }
    }
    return text;
}

/* ---- Asking ---- */

static bool
is_asked(const struct gocdb_query *query, enum gocdb_parameter parameter,
         const char *text)
{
    const char *value = query->values[parameter];
    return value == NULL || is_like(text, value);
}

static bool
has_scope(char *const *scopes, size_t n_scopes, const char *name, size_t size)
{
    for (size_t i = 0; i < n_scopes; i++) {
        if (strlen(scopes[i]) == size && strncmp(scopes[i], name, size) == 0) {
            return true;
        }
    }
    return false;
}

/* Blanks around the names do not count, an empty list asks for all. */
bool
gocdb_query_takes_scopes(const struct gocdb_query *query, char *const *scopes,
                         size_t n_scopes)
{
    const char *at = query == NULL ? NULL : query->values[GOCDB_SCOPE];
    bool is_any = query != NULL && is_word(query, GOCDB_SCOPE_MATCH, "any");
    size_t n = 0, n_found = 0;
    while (at != NULL && *at != '\0') {
        at += strspn(at, ", ");
        size_t size = strcspn(at, ",");
        const char *next = at + size;
        while (size > 0 && at[size - 1] == ' ') {
            size--;
        }
        n += size > 0;
        n_found += size > 0 && has_scope(scopes, n_scopes, at, size);
        at = next;
    }
    return n == 0 || (is_any ? n_found > 0 : n_found == n);
}

static const char *
status_of(const Kontor__V1__Site *site)
{
    size_t number = (size_t)site->certification;
    return number == 0 || number > N_STATUSES ? statuses[0] : statuses[number - 1];
}

bool
gocdb_query_takes_ngi(const struct gocdb_query *query,
                      const Kontor__V1__OperatorGroup *group)
{
    return query == NULL ||
           (is_asked(query, GOCDB_ROC, group->name) &&
            gocdb_query_takes_scopes(query, group->scopes, group->n_scopes));
}

bool
gocdb_query_takes_site(const struct gocdb_query *query, const Kontor__V1__Site *site)
{
    if (query == NULL) {
        return true;
    }
    const char *excluded = query->values[GOCDB_EXCLUDE_CERTIFICATION_STATUS];
    return is_asked(query, GOCDB_SITENAME, site->short_name) &&
           is_asked(query, GOCDB_ROC, site->operator_group) &&
           is_asked(query, GOCDB_COUNTRY, site->country) &&
           is_asked(query, GOCDB_CERTIFICATION_STATUS, status_of(site)) &&
           (excluded == NULL || !is_like(status_of(site), excluded)) &&
           is_asked(query, GOCDB_PRODUCTION_STATUS, site->infrastructure) &&
           gocdb_query_takes_scopes(query, site->scopes, site->n_scopes);
}

bool
gocdb_query_takes_endpoint(const struct gocdb_query *query,
                           const Kontor__V1__Endpoint *endpoint,
                           const Kontor__V1__Site *site)
{
    if (query == NULL) {
        return true;
    }
    bool is_monitored = is_word(query, GOCDB_MONITORED, "Y");
    return is_asked(query, GOCDB_HOSTNAME, endpoint->host) &&
           is_asked(query, GOCDB_SERVICE_TYPE, endpoint->type) &&
           is_asked(query, GOCDB_SITENAME, site == NULL ? "" : site->short_name) &&
           is_asked(query, GOCDB_ROC, site == NULL ? "" : site->operator_group) &&
           is_asked(query, GOCDB_COUNTRY, site == NULL ? "" : site->country) &&
           (query->values[GOCDB_MONITORED] == NULL ||
            is_monitored == (endpoint->is_monitored != 0)) &&
           gocdb_query_takes_scopes(query, endpoint->scopes, endpoint->n_scopes);
}

bool
gocdb_query_takes_group(const struct gocdb_query *query, const Kontor__V1__Group *group)
{
    return query == NULL ||
           (is_asked(query, GOCDB_SERVICE_GROUP_NAME, group->name) &&
            gocdb_query_takes_scopes(query, group->scopes, group->n_scopes));
}

bool
gocdb_query_takes_times(const struct gocdb_query *query, int64_t start, int64_t end)
{
    if (query == NULL) {
        return true;
    }
    const char *const *values = query->values;
    const int64_t *times = query->times;
    bool is_ongoing = start < query->now && query->now < end;
    return (!is_word(query, GOCDB_ONGOING_ONLY, "yes") || is_ongoing) &&
           (values[GOCDB_STARTDATE] == NULL || start > times[GOCDB_STARTDATE]) &&
           (values[GOCDB_ENDDATE] == NULL || end < times[GOCDB_ENDDATE]) &&
           (values[GOCDB_WINDOWSTART] == NULL || end > times[GOCDB_WINDOWSTART]) &&
           (values[GOCDB_WINDOWEND] == NULL || start < times[GOCDB_WINDOWEND] + DAY);
}

bool
gocdb_query_takes_top(const struct gocdb_query *query, const char *host,
                      const char *site_name, const Kontor__V1__Site *site)
{
    const char *value = query == NULL ? NULL : query->values[GOCDB_TOPENTITY];
    return value == NULL || is_like(host, value) || is_like(site_name, value) ||
           (site != NULL &&
            (is_like(site->operator_group, value) || is_like(site->country, value)));
}
