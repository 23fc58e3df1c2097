#include "plan/people_form.h"

#include <string.h>

#include "plan/people.h"

/* What ends the host of a URL within a text. */
static const char host_ends[] = "/?# \t\r\n<>()[]{},;\"'|";

/* ---- Reading ---- */

static int
digit_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* What is read at a place: of how many bytes, and what of it is left. */
struct step {
    size_t size;
    bool is_left;
    char c;
};
typedef struct step (*step_fn)(const char *at);

static struct step
step_escape(const char *at)
{
    int high = *at == '%' ? digit_of(at[1]) : -1;
    int low = high >= 0 ? digit_of(at[2]) : -1;
    bool is_escape = low >= 0 && (high > 0 || low > 0);
    return is_escape ? (struct step){3, true, (char)(high * 16 + low)}
                     : (struct step){1, true, *at};
}

static struct step
step_unseen(const char *at)
{
    /* The last byte of UTF-8 lies between two. */
    static const struct {
        const char *start;
        unsigned char least, most;
    } unseen[] = {
        {"\xc2", 0xad, 0xad},     /* U+00AD, soft hyphen. */
        {"\xe2\x80", 0x8b, 0x8f}, /* U+200B.., without a width, marks of direction. */
        {"\xe2\x80", 0xaa, 0xae}, /* U+202A.., embeddings. */
        {"\xe2\x81", 0xa0, 0xaf}, /* U+2060.., joiners, isolates. */
        {"\xef\xbb", 0xbf, 0xbf}, /* U+FEFF, mark of order. */
    };
    for (size_t i = 0; i < sizeof unseen / sizeof unseen[0]; i++) {
        size_t n = strlen(unseen[i].start);
        bool is_start = strncmp(at, unseen[i].start, n) == 0;
        unsigned char last = is_start ? (unsigned char)at[n] : 0;
        if (is_start && last >= unseen[i].least && last <= unseen[i].most) {
            return (struct step){n + 1, false, '\0'};
        }
    }
    return (struct step){1, true, *at};
}

/* The user before a host is none of it. */
static void
find_hosts(struct people_text *text)
{
    text->n_hosts = 0;
    for (const char *at = strstr(text->plain, "://"); at != NULL;
         at = strstr(at, "://")) {
        at += strlen("://");
        size_t n = strcspn(at, host_ends), user = (size_t)(at - text->plain);
        const char *sign = memrchr(at, '@', n);
        text->hosts = arena_grown(text->arena, text->hosts, text->n_hosts,
                                  &text->hosts_room, sizeof *text->hosts);
        text->hosts[text->n_hosts++] = (struct people_host){
            .user = user,
            .from = sign == NULL ? user : (size_t)(sign + 1 - text->plain),
            .end = user + n,
        };
        at += n;
    }
}

static void
read_words(struct people_text *text)
{
    text->folded =
        text_fold_words(text->plain, text->arena, &text->words, &text->n_words);
    find_hosts(text);
}

void
people_form_read(struct people_text *text, const char *from)
{
    text->plain = from;
    text->from = NULL;
    read_words(text);
}

static size_t
place_of(const struct people_text *text, size_t at)
{
    return text->from == NULL ? at : text->from[at];
}

/* Of each byte that is left it is noted where it stood in the text. */
static bool
rewrite(struct people_text *text, step_fn step)
{
    const char *plain = text->plain;
    size_t size = strlen(plain), i = 0, n = 0;
    while (i < size && step(plain + i).size == 1) {
        i++;
    }
    if (i == size) {
        return false;
    }
    char *left = arena_alloc(text->arena, size + 1);
    uint32_t *from = arena_alloc(text->arena, (size + 1) * sizeof *from);
    for (i = 0; i < size;) {
        struct step next = step(plain + i);
        from[n] = (uint32_t)place_of(text, i);
        left[n] = next.c;
        n += next.is_left ? 1 : 0;
        i += next.size;
    }
    from[n] = (uint32_t)place_of(text, size);
    left[n] = '\0';
    text->plain = left;
    text->from = from;
    read_words(text);
    return true;
}

bool
people_form_unescape(struct people_text *text)
{
    return rewrite(text, step_escape);
}

bool
people_form_close(struct people_text *text)
{
    return rewrite(text, step_unseen);
}

/* ---- Noting ---- */

static void
add_span(struct people_text *text, size_t from, size_t end, const char *instead)
{
    text->spans = arena_grown(text->arena, text->spans, text->n_spans,
                              &text->spans_room, sizeof *text->spans);
    text->spans[text->n_spans++] =
        (struct people_span){place_of(text, from), place_of(text, end), instead};
}

/* The host those bytes reach into; NULL = none. */
static const struct people_host *
host_at(const struct people_text *text, size_t from, size_t end)
{
    size_t low = 0, high = text->n_hosts;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        bool is_before = text->hosts[middle].end <= from;
        low = is_before ? middle + 1 : low;
        high = is_before ? high : middle;
    }
    return low < text->n_hosts && text->hosts[low].from < end ? &text->hosts[low]
                                                              : NULL;
}

/*
 * Without its host a URL leads nowhere, and people are called like hosts: a name stays
 * there. An id that is a URL keeps its host, and what follows goes; where nothing
 * follows, the host is all there is of somebody.
 */
void
people_form_note(struct people_text *text, size_t from, size_t end,
                 enum people_kind kind)
{
    const struct people_host *host = host_at(text, from, end);
    bool is_host = host != NULL && memchr(text->plain + from, '@', end - from) == NULL;
    if (kind == PEOPLE_MAIL && !is_host) {
        add_span(text, from, end, REDACTED_MAIL);
    } else if (host == NULL) {
        add_span(text, from, end, REDACTED_TEXT);
    } else if (end > host->end + 1) {
        add_span(text, host->end + 1, end, REDACTED_TEXT);
    } else if (kind == PEOPLE_ID && from < host->from) {
        add_span(text, host->from, host->end, REDACTED_TEXT ".invalid");
    }
}

/* ---- Mail addresses ---- */

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c & 0x80) != 0;
}

static bool
is_of_name(char c)
{
    return is_letter(c) || (c != '\0' && strchr("._%+'-", c) != NULL);
}

static bool
is_of_host(char c)
{
    return is_letter(c) || c == '.' || c == '-';
}

/* Bytes behind the at-sign that are a host with a dot; 0 = they are none. */
static size_t
mail_host(const char *host)
{
    size_t n = 0;
    while (is_of_host(host[n])) {
        n++;
    }
    while (n > 0 && !is_letter(host[n - 1])) {
        n--;
    }
    const char *dot = memchr(host, '.', n);
    return dot != NULL && dot > host ? n : 0;
}

/* Whether it stands in the user before the host of a URL. */
static bool
is_in_user(const struct people_text *text, size_t at)
{
    size_t low = 0, high = text->n_hosts;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        bool is_before = text->hosts[middle].from <= at;
        low = is_before ? middle + 1 : low;
        high = is_before ? high : middle;
    }
    return low < text->n_hosts && text->hosts[low].user <= at;
}

/* The host stays, or the URL would lead nowhere. */
static void
note_users(struct people_text *text)
{
    static const char *const nobody[] = {"", "git", REDACTED_TEXT};
    for (size_t i = 0; i < text->n_hosts; i++) {
        const struct people_host *host = &text->hosts[i];
        const char *user = text->plain + host->user;
        size_t n = host->from == host->user ? 0 : host->from - 1 - host->user;
        bool is_somebody =
            mail_host(text->plain + host->from) > 0 || memchr(user, '@', n) != NULL;
        for (size_t k = 0; k < sizeof nobody / sizeof nobody[0]; k++) {
            bool is_nobody = strlen(nobody[k]) == n && memcmp(user, nobody[k], n) == 0;
            is_somebody = is_somebody && !is_nobody;
        }
        if (is_somebody) {
            add_span(text, host->user, host->user + n, REDACTED_TEXT);
        }
    }
}

/* Where the name before an at-sign begins, at or behind least. Some characters are of
 * a name only where no URL is parted by them. */
static size_t
mail_name(const char *plain, size_t at, size_t least)
{
    size_t near = at;
    while (near > least && is_of_name(plain[near - 1])) {
        near--;
    }
    size_t far = near;
    while (far > least &&
           (is_of_name(plain[far - 1]) || strchr("#!$^~", plain[far - 1]) != NULL)) {
        far--;
    }
    bool is_of_url = far > 0 && strchr("/=", plain[far - 1]) != NULL;
    while (far < near && !is_of_name(plain[far])) {
        far++;
    }
    return near == at || is_of_url ? near : far;
}

void
people_form_mails(struct people_text *text)
{
    const char *plain = text->plain;
    size_t least = 0;
    note_users(text);
    for (const char *at = strchr(plain, '@'); at != NULL; at = strchr(at + 1, '@')) {
        size_t place = (size_t)(at - plain), n_host = mail_host(at + 1);
        size_t from = mail_name(plain, place, least), end = place + 1 + n_host;
        bool is_ours = end - from == strlen(REDACTED_MAIL) &&
                       memcmp(plain + from, REDACTED_MAIL, end - from) == 0;
        bool is_mail =
            n_host > 0 && from < place && !is_ours && !is_in_user(text, place);
        if (is_mail) {
            add_span(text, from, end, REDACTED_MAIL);
        }
        /* What belongs to one address belongs to no other. */
        least = is_mail || is_ours ? end : place + 1;
    }
}

/* ---- ORCIDs ---- */

/* The word behind its first bytes: n digits, the last maybe an x. */
static bool
is_number(const struct people_text *whole, size_t word, size_t skip, size_t n,
          bool is_last)
{
    const char *text = whole->folded + whole->words[word].folded + skip;
    if (whole->words[word].folded_end - whole->words[word].folded != n + skip) {
        return false;
    }
    size_t n_digits = strspn(text, "0123456789");
    return n_digits >= n || (is_last && n_digits == n - 1 && text[n - 1] == 'x');
}

/* Dashes come in many shapes, as blanks, and between blanks; of anything else there is
 * one character. */
static bool
is_joined(const struct people_text *text, size_t word)
{
    enum { WIDEST = 8 };
    size_t from = text->words[word].end, end = text->words[word + 1].from;
    if (end - from > WIDEST) {
        return false;
    }
    for (size_t i = from; i < end && end - from > 1; i++) {
        char c = text->plain[i];
        if ((c & 0x80) == 0 && strchr(" \t\r\n-", c) == NULL) {
            return false;
        }
    }
    return true;
}

size_t
people_form_orcid(const struct people_text *text, size_t word)
{
    enum { GROUPS = 4, DIGITS = 4 };
    /* All that are given out begin so (0000-0001-5000-0007 to 0009-0010-0000-0000);
     * other groups of four digits are years, or cards. */
    static const char label[] = "orcid", start[] = "000";
    const char *folded = text->folded + text->words[word].folded;
    size_t skip = strncmp(folded, label, strlen(label)) == 0 ? strlen(label) : 0;
    if (strncmp(folded + skip, start, strlen(start)) != 0) {
        return 0;
    }
    if (is_number(text, word, skip, (size_t)GROUPS * DIGITS, true)) {
        return 1;
    }
    if (text->n_words - word < GROUPS) {
        return 0;
    }
    for (size_t i = 0; i < GROUPS; i++) {
        bool is_last = i == GROUPS - 1;
        if (!is_number(text, word + i, i == 0 ? skip : 0, DIGITS, is_last) ||
            (!is_last && !is_joined(text, word + i))) {
            return 0;
        }
    }
    return GROUPS;
}
