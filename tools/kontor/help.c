/*
 * Everything a person can read about commands. One table, four readers: help, usage,
 * manual, completion.
 */
#include "tools/kontor/help.h"

#include <string.h>

static void
print_words(const struct command *command, FILE *out)
{
    fprintf(out, "kontor %s", command->noun);
    if (command->verb != NULL) {
        fprintf(out, " %s", command->verb);
    }
    for (const struct argument *row = command->arguments;
         row != NULL && row->name != NULL; row++) {
        fprintf(out, row->is_optional ? " [%s%s]" : " %s%s", row->name,
                row->is_repeated ? "..." : "");
    }
}

/* In the order of the tables: words first, as they are typed. */
void
help_usage(const struct command *command, FILE *out)
{
    print_words(command, out);
    for (const struct option_row *row = command->options;
         row != NULL && row->name != NULL; row++) {
        fprintf(out, row->is_required ? " --%s%s%s" : " [--%s%s%s]", row->name,
                row->value == NULL ? "" : " ", row->value == NULL ? "" : row->value);
    }
    fputs("\n", out);
}

static void
print_options(const struct option_row *rows, FILE *out)
{
    for (; rows != NULL && rows->name != NULL; rows++) {
        char left[64];
        snprintf(left, sizeof left, "--%s%s%s", rows->name,
                 rows->value == NULL ? "" : " ",
                 rows->value == NULL ? "" : rows->value);
        fprintf(out, "    %-26s %s%s\n", left, rows->help,
                rows->is_required ? " (needed)" : "");
    }
}

void
help_command(const struct command *command, FILE *out)
{
    fprintf(out, "%s.\n\n    ", command->help);
    help_usage(command, out);
    if (command->options != NULL) {
        fputs("\noptions\n", out);
        print_options(command->options, out);
    }
    fputs("\noptions of every command\n", out);
    print_options(common_options, out);
}

static void
print_line(const struct command *command, FILE *out)
{
    char words[96];
    FILE *text = fmemopen(words, sizeof words, "w");
    if (text == NULL) {
        return;
    }
    print_words(command, text);
    fclose(text);
    fprintf(out, "    %-42s %s\n", words, command->help);
}

void
help_noun(const char *noun, FILE *out)
{
    for (const struct command *row = command_next(NULL); row != NULL;
         row = command_next(row)) {
        if (strcmp(row->noun, noun) == 0) {
            print_line(row, out);
        }
    }
}

/* One line a command, so that the whole fits on a screen and can be searched. */
void
help_overview(FILE *out)
{
    fputs("kontor: the command line of a Kontor broker\n\n", out);
    const char *noun = "";
    for (const struct command *row = command_next(NULL); row != NULL;
         row = command_next(row)) {
        if (strcmp(noun, row->noun) != 0 && noun[0] != '\0' && row->verb != NULL) {
            fputs("\n", out);
        }
        noun = row->noun;
        print_line(row, out);
    }
    fputs("\noptions of every command\n", out);
    print_options(common_options, out);
    fputs("\nWhere to connect and as whom: the options above, else KONTOR_SERVER, "
          "KONTOR_CERT, "
          "KONTOR_KEY and\nKONTOR_CA, else the files server, cert.pem, key.pem and "
          "ca.pem in "
          "$XDG_CONFIG_HOME/kontor/<profile>/.\n"
          "Exit: 0 done, 2 wrong usage, 64 + gRPC status otherwise.\n",
          out);
}

/* ---- man(7) ---- */

/* Dashes are minus signs in options, and a line never begins with a dot. */
static void
man_text(const char *text, FILE *out)
{
    for (; *text != '\0'; text++) {
        if (*text == '-' || *text == '\\') {
            fputs(*text == '-' ? "\\-" : "\\e", out);
        } else {
            fputc(*text, out);
        }
    }
}

static void
man_options(const struct option_row *rows, FILE *out)
{
    for (; rows != NULL && rows->name != NULL; rows++) {
        fputs(".TP\n.B \\-\\-", out);
        man_text(rows->name, out);
        if (rows->value != NULL) {
            fputs(" ", out);
            man_text(rows->value, out);
        }
        fputs("\n", out);
        man_text(rows->help, out);
        fputs(rows->is_required ? " (needed).\n" : ".\n", out);
    }
}

/* What no table says: how programs of an agent are run, and where settings come from.
 */
static const char man_head[] =
    ".\\\" Made by kontor --man; change tools/kontor/help.c and commands.c instead.\n"
    ".TH KONTOR 1\n"
    ".SH NAME\n"
    "kontor \\- the command line of a Kontor broker\n"
    ".SH SYNOPSIS\n"
    ".B kontor\n"
    ".I noun verb\n"
    ".RI [ words ]\n"
    ".RI [ options ]\n"
    ".SH DESCRIPTION\n"
    "Catalogues, orders, configuration, trust and the log of a broker, from a terminal "
    "or a script. "
    "What it prints is a table when standard output is a terminal, else one JSON "
    "object "
    "a line for programs;\n"
    ".B \\-\\-output\n"
    "chooses. Calls are repeated by themselves while that "
    "is safe; a change "
    "whose outcome is not known is named with the request id to repeat it with.\n"
    ".SH CONNECTION\n"
    "Where to connect and as whom: the options, else the variables KONTOR_SERVER, "
    "KONTOR_CERT, "
    "KONTOR_KEY and KONTOR_CA, else the files server, cert.pem, key.pem and ca.pem in\n"
    ".I $XDG_CONFIG_HOME/kontor/<profile>/\n"
    "(profile: the option, else KONTOR_PROFILE, else default).\n"
    ".SH PROGRAMS OF AN AGENT\n"
    ".B kontor agent run\n"
    "runs a program for each job, without a shell. It gets the job as JSON on standard "
    "input, and "
    "KONTOR_ITEM, KONTOR_INTENT, KONTOR_OFFER, KONTOR_PROJECT, KONTOR_NAME, "
    "KONTOR_ATTEMPT and "
    "KONTOR_PARAM_<id> (other characters of the id than letters and digits are _; ids "
    "that become the "
    "same have no variable, only the JSON has them). "
    "KONTOR_INTENT is "
    "the name to give the object: it is the same for every attempt.\n"
    ".PP\n"
    "It answers on standard output with JSON: backend_id, outputs (an object), "
    "endpoints (a list of "
    "ids), reason (a text, when it is not done). Exit 0 with a backend_id that is a "
    "text: done. 75: try again later. "
    "65: never. "
    "Anything else: nobody knows, and the next attempt looks first.\n"
    ".PP\n"
    "How the customer gets at the object, passwords included, is access (a text, or "
    "anything else in JSON, which is kept as JSON): it is sealed to the certificates "
    "the "
    "job names in seal_to before it leaves the machine. A job that names none cannot "
    "be "
    "answered with it: nobody knows then, and the reason says so.\n"
    ".PP\n"
    "The lookup program is run before anything is created whenever an earlier attempt "
    "may have "
    "created it. Exit 0 with a backend_id: found. Exit 66: there is none, and the "
    "object is created. "
    "75: try again later. Anything else, exit 0 without a backend_id that is a text "
    "included: nobody knows, and nothing is created.\n"
    ".PP\n"
    "The assess program is run beside the one that works on the same item, once for "
    "each request to cancel and again later while it leaves it open. It gets the "
    "customer's reason as KONTOR_CANCEL_REASON, and as cancel_reason in the JSON. When "
    "it accepts, the other program is ended, and the remove program undoes what there "
    "is by then, if need be after the time a last call to the backend may take: a "
    "program that ends by itself with 0, 65 or 75 spares that time.\n"
    ".PP\n"
    "When the lease of a job is over, or its cancel was accepted, its program gets "
    "SIGTERM, and SIGKILL some seconds later. "
    "SIGINT or SIGTERM to kontor lets what runs finish; a second one ends it at once.\n"
    ".SH EXIT STATUS\n"
    "0 done, 2 wrong usage, 64 + the gRPC status otherwise: 65 stopped by a signal, "
    "67 a field is wrong, 68 not answered in time, 69 not found, 71 not allowed, "
    "73 not in this state, 77 something could not be written, or the broker is at "
    "fault, 78 the broker is away, 79 a file is damaged.\n";

void
help_man(FILE *out)
{
    fputs(man_head, out);
    fputs(".SH COMMANDS\n", out);
    for (const struct command *row = command_next(NULL); row != NULL;
         row = command_next(row)) {
        char words[96];
        FILE *text = fmemopen(words, sizeof words, "w");
        if (text == NULL) {
            return;
        }
        print_words(row, text);
        fclose(text);
        fputs(".SS ", out);
        man_text(words, out);
        fputs("\n", out);
        man_text(row->help, out);
        fputs(".\n", out);
        man_options(row->options, out);
    }
    fputs(".SH OPTIONS OF EVERY COMMAND\n", out);
    man_options(common_options, out);
}

/* ---- bash ---- */

static void
bash_verbs(const char *noun, FILE *out)
{
    fprintf(out, "        \"%s   \") words=\"", noun);
    for (const struct command *row = command_next(NULL); row != NULL;
         row = command_next(row)) {
        if (strcmp(row->noun, noun) == 0 && row->verb != NULL) {
            fprintf(out, "%s ", row->verb);
        }
    }
    fputs("\" ;;\n", out);
}

/* The pattern ends in a star: behind the verb stand words that are anybody's. */
static void
bash_options(const struct command *command, FILE *out)
{
    fprintf(out, "        \"%s%s%s \"*) words=\"", command->noun,
            command->verb == NULL ? "" : " ",
            command->verb == NULL ? "" : command->verb);
    for (const struct option_row *row = command->options;
         row != NULL && row->name != NULL; row++) {
        fprintf(out, "--%s ", row->name);
    }
    for (const struct option_row *row = common_options; row->name != NULL; row++) {
        fprintf(out, "--%s ", row->name);
    }
    fputs("\" ;;\n", out);
}

/*
 * The script knows nothing but words: it must not call a broker while somebody types.
 */
void
help_bash(FILE *out)
{
    fputs(
        "# bash completion for kontor, made by kontor itself.\n"
        "_kontor() {\n"
        "    local words= word=${COMP_WORDS[COMP_CWORD]}\n"
        "    local noun=${COMP_WORDS[1]} verb=${COMP_WORDS[2]} more=${COMP_WORDS[3]}\n"
        "    (( COMP_CWORD < 2 )) && noun= verb=\n"
        "    (( COMP_CWORD < 3 )) && verb=\n"
        "    (( COMP_CWORD < 4 )) && more=\n"
        "    case \"$noun $verb $more \" in\n"
        "        \"   \") words=\"",
        out);
    const char *noun = "";
    for (const struct command *row = command_next(NULL); row != NULL;
         row = command_next(row)) {
        if (strcmp(noun, row->noun) != 0) {
            fprintf(out, "%s ", row->noun);
        }
        noun = row->noun;
    }
    fputs("\" ;;\n", out);
    noun = "";
    for (const struct command *row = command_next(NULL); row != NULL;
         row = command_next(row)) {
        if (strcmp(noun, row->noun) != 0 && row->verb != NULL) {
            bash_verbs(row->noun, out);
        }
        noun = row->noun;
        bash_options(row, out);
    }
    fputs("    esac\n"
          "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
          "    [[ ${#COMPREPLY[@]} -gt 0 || $word == -* ]] || "
          "mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
          "}\n"
          "complete -F _kontor kontor\n",
          out);
}
