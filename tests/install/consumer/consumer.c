/* A host of the installed library whose own names are those of the library's inside. */
#include <kontor/kontor.h>
#include <stdio.h>
#include <string.h>

int arena_new(void);
int error_set(void);
int channel_wait(void);

int
arena_new(void)
{
    return 1;
}

int
error_set(void)
{
    return 2;
}

int
channel_wait(void)
{
    return 3;
}

int
main(void)
{
    char uuid[37] = "";
    struct kontor *kontor = NULL;
    struct kontor_error error = {0};
    kontor_uuid(uuid);
    enum kontor_status status =
        kontor_connect(&(struct kontor_options){0}, &kontor, &error);
    bool is_right = strlen(uuid) == 36 && status == KONTOR_INVALID_ARGUMENT &&
                    kontor == NULL && error.message != NULL &&
                    arena_new() + error_set() + channel_wait() == 6;
    kontor_error_done(&error);
    puts(is_right ? "right" : "wrong");
    return is_right ? 0 : 1;
}
