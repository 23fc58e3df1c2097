#include "proto/rules_form.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "proto/pattern.h"
#include "proto/rules.h"

enum {
    REGISTRY_MAX = 31,
    LOCAL_MAX = 128,
    PART_MAX = 64,
    URL_MAX = 2048,
    EMAIL_MAX = 254,
    TRUST_DOMAIN_MAX = 255,
    CERTIFICATES_MAX = 16,
    CERTIFICATE_MAX = 8192, /* Bytes of one, in PEM form. */
};

/* The functions of <ctype.h> follow the locale of the process; these do not. */
static bool
is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_alnum(char c)
{
    return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z');
}

static bool
is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Whether the first size bytes are letters, digits or of others. */
static bool
is_of(const char *text, size_t size, const char *others)
{
    for (size_t i = 0; i < size; i++) {
        if (!is_alnum(text[i]) && strchr(others, text[i]) == NULL) {
            return false;
        }
    }
    return true;
}

static bool
is_registry_n(const char *text, size_t size)
{
    if (size < 1 || size > REGISTRY_MAX || !is_lower(text[0])) {
        return false;
    }
    for (size_t i = 1; i < size; i++) {
        if (!is_lower(text[i]) && !is_digit(text[i]) && text[i] != '-') {
            return false;
        }
    }
    return true;
}

static bool
is_local_n(const char *text, size_t size)
{
    return size >= 1 && size <= LOCAL_MAX && text[0] != '.' && text[size - 1] != '.' &&
           is_of(text, size, "._~-");
}

bool
rules_is_registry(const char *text)
{
    return is_registry_n(text, strlen(text));
}

bool
rules_is_local(const char *text)
{
    return is_local_n(text, strlen(text));
}

bool
rules_is_id(const char *text)
{
    size_t registry = strcspn(text, "/");
    return text[registry] == '/' && is_registry_n(text, registry) &&
           rules_is_local(text + registry + 1);
}

bool
rules_is_part(const char *text)
{
    size_t size = strlen(text);
    return size >= 1 && size <= PART_MAX && is_of(text, size, "._-");
}

/* The parts have different alphabets and limits, so each is judged alone. */
bool
rules_is_part_id(const char *text)
{
    size_t registry = strcspn(text, "/");
    if (text[registry] != '/' || !is_registry_n(text, registry)) {
        return false;
    }
    const char *local = text + registry + 1;
    size_t size = strcspn(local, "/");
    return local[size] == '/' && is_local_n(local, size) &&
           rules_is_part(local + size + 1);
}

bool
rules_is_uuid(const char *text)
{
    static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    for (size_t i = 0; i < sizeof shape - 1; i++) {
        if (shape[i] == 'x' ? !is_hex(text[i]) : text[i] != '-') {
            return false;
        }
    }
    return text[sizeof shape - 1] == '\0';
}

/* Blanks, quotation marks and angle brackets let a text out of the place it is shown
 * in. */
static bool
is_printable(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at <= ' ' || *at == 0x7f || strchr("<>\"", *at) != NULL) {
            return false;
        }
    }
    return true;
}

static bool
does_begin(const char *text, const char *beginning)
{
    return strncasecmp(text, beginning, strlen(beginning)) == 0;
}

/* Endpoints have schemes nobody can list, so the few dangerous ones are refused
 * instead. */
bool
rules_is_url(const char *text)
{
    static const char *const run_by_browsers[] = {"javascript:", "vbscript:", "data:"};
    if (strlen(text) > URL_MAX || !is_printable(text)) {
        return false;
    }
    for (size_t i = 0; i < sizeof run_by_browsers / sizeof run_by_browsers[0]; i++) {
        if (does_begin(text, run_by_browsers[i])) {
            return false;
        }
    }
    if (does_begin(text, "mailto:")) {
        return rules_is_email(text + strlen("mailto:"));
    }
    const char *colon = strstr(text, "://");
    return colon != NULL && is_alnum(text[0]) && !is_digit(text[0]) &&
           is_of(text, (size_t)(colon - text), "+.-") && colon[strlen("://")] != '\0';
}

bool
rules_is_web_url(const char *text)
{
    if (!does_begin(text, "http://") && !does_begin(text, "https://")) {
        return false;
    }
    const char *host = strstr(text, "://") + strlen("://");
    return rules_is_url(text) && strchr("/?#:", *host) == NULL;
}

bool
rules_is_email(const char *text)
{
    const char *at = strchr(text, '@');
    return strlen(text) <= EMAIL_MAX && is_printable(text) && at != NULL &&
           at != text && at[1] != '\0' && strchr(at + 1, '@') == NULL;
}

static bool
is_trust_domain_n(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (!is_lower(text[i]) && !is_digit(text[i]) &&
            strchr("._-", text[i]) == NULL) {
            return false;
        }
    }
    return size >= 1 && size <= TRUST_DOMAIN_MAX;
}

bool
rules_is_trust_domain(const char *text)
{
    return is_trust_domain_n(text, strlen(text));
}

/* A segment of a SPIFFE path: not empty, not one or two dots. */
static bool
is_segment(const char *text, size_t size)
{
    bool is_dots = (size == 1 || size == 2) && strspn(text, ".") >= size;
    return size >= 1 && !is_dots && is_of(text, size, "._-");
}

static bool
is_spiffe_path(const char *path, bool is_pattern)
{
    while (*path == '/') {
        path++;
        size_t size = strcspn(path, "/");
        if (is_pattern && strcmp(path, "*") == 0) {
            return true;
        }
        if (!is_segment(path, size)) {
            return false;
        }
        path += size;
    }
    return true;
}

static bool
is_spiffe(const char *text, bool is_pattern)
{
    static const char scheme[] = "spiffe://";
    if (strlen(text) > URL_MAX || strncmp(text, scheme, sizeof scheme - 1) != 0) {
        return false;
    }
    const char *domain = text + sizeof scheme - 1;
    size_t size = strcspn(domain, "/");
    return is_trust_domain_n(domain, size) && domain[size] == '/' &&
           is_spiffe_path(domain + size, is_pattern);
}

bool
rules_is_spiffe(const char *text)
{
    return is_spiffe(text, false);
}

bool
rules_is_spiffe_pattern(const char *text)
{
    return is_spiffe(text, true);
}

/* Without the byte that says owner or taker: a principal has the bare string. */
bool
rules_is_scope(const char *text)
{
    if (strncmp(text, "r:", 2) == 0) {
        return rules_is_registry(text + 2);
    }
    return (strncmp(text, "p:", 2) == 0 || strncmp(text, "j:", 2) == 0) &&
           rules_is_id(text + 2);
}

/* What is inside a certificate is judged where keys are known; here only that nothing
 * else comes along. */
bool
rules_is_bundle(const char *text)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----";
    static const char end[] = "-----END CERTIFICATE-----";
    size_t n = 0;
    for (text += strspn(text, "\r\n\t "); *text != '\0'; n++) {
        const char *stop = strstr(text, end);
        if (strncmp(text, begin, sizeof begin - 1) != 0 || stop == NULL) {
            return false;
        }
        const char *body = text + sizeof begin - 1;
        if (!is_of(body, (size_t)(stop - body), "+/=\r\n")) {
            return false;
        }
        text = stop + sizeof end - 1;
        text += strspn(text, "\r\n\t ");
    }
    return n >= 1 && n <= CERTIFICATES_MAX;
}

/* A chain is for who connects; what is sealed is sealed to one key. */
static bool
is_certificate(const char *text)
{
    const char *first = strstr(text, "-----END ");
    return strlen(text) <= CERTIFICATE_MAX && rules_is_bundle(text) &&
           strstr(first + 1, "-----END ") == NULL;
}

static bool
is_currency(const char *text)
{
    for (size_t i = 0; i < 3; i++) {
        if (text[i] < 'A' || text[i] > 'Z') {
            return false;
        }
    }
    return text[3] == '\0';
}

static bool
is_country(const char *text)
{
    return text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A' && text[1] <= 'Z' &&
           text[2] == '\0';
}

static bool
is_period(const char *text)
{
    return strcmp(text, "once") == 0 || strcmp(text, "month") == 0 ||
           strcmp(text, "year") == 0;
}

static bool
is_display(const char *text)
{
    return strcmp(text, "buttons") == 0 || strcmp(text, "dropdown") == 0;
}

static bool
is_hex_digest(const char *text)
{
    enum { DIGITS = 64 };
    for (size_t i = 0; i < DIGITS; i++) {
        if (!is_hex(text[i])) {
            return false;
        }
    }
    return text[DIGITS] == '\0';
}

static bool
is_date_or_now(const char *text)
{
    return strcmp(text, "now") == 0 || rules_is_date(text);
}

/* One row a form of texts; the words complete "must be ...". */
static const struct rule_text_form forms[RULE_FORM_COUNT] = {
    [RULE_REGISTRY] = {rules_is_registry,
                       "a registry's short name, [a-z][a-z0-9-]{0,30}"},
    [RULE_ID] = {rules_is_id, "an id <registry>/<local>, the local part "
                              "[A-Za-z0-9._~-]{1,128} without a dot at its edges"},
    [RULE_PART] = {rules_is_part, "[A-Za-z0-9._-]{1,64}"},
    [RULE_PART_ID] = {rules_is_part_id,
                      "an id of three parts, <registry>/<local>/<part>"},
    [RULE_UUID] = {rules_is_uuid,
                   "a UUID such as 0b6f1c1e-8d58-4c52-9b3e-0d6b8c1f7a10"},
    [RULE_URL] = {rules_is_url, "a URL of at most 2048 bytes"},
    [RULE_WEB_URL] = {rules_is_web_url, "an http or https URL of at most 2048 bytes"},
    [RULE_EMAIL] = {rules_is_email, "an e-mail address of at most 254 bytes"},
    [RULE_DECIMAL] = {rules_is_decimal, "a decimal, -?[0-9]{1,15}(\\.[0-9]{1,9})?"},
    [RULE_DATE] = {rules_is_date, "a day that exists, YYYY-MM-DD"},
    [RULE_DATE_OR_NOW] = {is_date_or_now, "a day that exists, YYYY-MM-DD, or \"now\""},
    [RULE_CURRENCY] = {is_currency, "an ISO 4217 code of three capital letters"},
    [RULE_COUNTRY] = {is_country, "an ISO 3166-1 code of two capital letters"},
    [RULE_PERIOD] = {is_period, "\"once\", \"month\" or \"year\""},
    [RULE_DISPLAY] = {is_display, "\"buttons\" or \"dropdown\""},
    [RULE_PATTERN] = {pattern_is_good,
                      "a POSIX extended regular expression of at most 256 bytes, "
                      "without back references, escaped letters or digits, repetitions "
                      "of repetitions, or so many that 1024 steps do not do"},
    [RULE_SCOPE] = {rules_is_scope,
                    "r:<registry>, p:<registry>/<provider> or j:<registry>/<project>"},
    [RULE_SPIFFE] = {rules_is_spiffe, "spiffe://<trust domain>/<path>"},
    [RULE_SPIFFE_PATTERN] = {rules_is_spiffe_pattern,
                             "spiffe://<trust domain>/<path>, exact or ending in "
                             "\"/*\""},
    [RULE_TRUST_DOMAIN] = {rules_is_trust_domain,
                           "a SPIFFE trust domain, [a-z0-9._-]{1,255}"},
    [RULE_HEX_DIGEST] = {is_hex_digest, "64 hexadecimal digits"},
    [RULE_BUNDLE] = {rules_is_bundle, "1 to 16 PEM certificates and nothing else"},
    [RULE_CERTIFICATE] =
        {is_certificate,
         "one PEM certificate of at most 8192 bytes, without its chain"},
};

const struct rule_text_form *
rules_form(enum rule_form form)
{
    return &forms[form];
}
