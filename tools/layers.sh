#!/bin/sh
# usage: layers.sh [DIR]
# The rooms and their arrows. Fails on an include that runs against them, on a foreign header
# outside its door, on an include this script cannot judge, on a top-level room that is missing or
# empty, and on any other top-level folder without a file. Looks at the files git tracks or could
# track; at all of them where there is no git.
set -u
cd "${1:-$(dirname "$0")/..}" || exit 2

# room, and the rooms it may know besides itself
arrows='
proto
catalogue proto
plan     proto
store    proto
server   proto catalogue plan store
client   proto
tools    proto catalogue plan client certs
certs
examples
tests    proto catalogue plan store server client tools certs
'
# foreign headers, and the files that may include them: patterns of whole names
doors='
grpc/.*          server/rpc/.*|client/.*|tests/.*
openssl/.*       proto/digest[.]c|server/rpc/identity.*|client/seal[.]c|tools/kontor/main[.]c|certs/.*|tests/.*
sqlite3[.]h      store/sqlite.*|tests/.*
utf8proc[.]h     proto/text(_host|_spelling)?[.]c
jansson[.]h      proto/json.*[.]c|tests/clients/c/.*
libxml/.*        tools/.*
microhttpd[.]h   server/metrics[.]c
(bson|mongoc)/.* store/mongo.*|store/document[.][ch]|tests/.*
cmocka[.]h       tests/.*
kontor/.*        examples/.*|tests/install/.*|tests/clients/c/.*
'
# what the build makes out of the contract: as if it lay in proto/
generated='kontor/v1/[a-z_]*[.]pb-c[.]h|kontor/calls[.]h|descriptors_list[.]h'
generated="$generated|google/rpc/[a-z_]*[.]pb-c[.]h|grpc/(health|reflection)/v1[a-z]*/[a-z]*[.]pb-c[.]h"
# the C library and the system, protobuf-c and its well-known types: everywhere
c='assert|ctype|errno|float|inttypes|limits|locale|math|setjmp|signal|std[a-z]*|string|threads|time'
posix='dirent|dlfcn|endian|fcntl|ftw|getopt|glob|libgen|malloc|netdb|poll|pthread|pwd|regex|sched|search|semaphore|spawn|strings|sysexits|syslog|termios|unistd'
free="($c|$posix)[.]h|(sys|arpa|netinet|net|linux)/.*|(protobuf-c|google)/.*"

files() {
    if [ -e .git ]; then
        git -c core.quotePath=off ls-files -co --exclude-standard -- '*.c' '*.h'
    else
        find . -name '*.[ch]' | sed 's|^[.]/||'
    fi
}

# Folders without a file. git does not know those, so they are looked for on the disk; what git
# ignores is somebody's own.
hollow() {
    for folder in */ .[!.]*/; do
        folder=${folder%/}
        case $folder in '*' | '.[!.]*' | .git | build | build-*) continue ;; esac
        [ -z "$(find "$folder" ! -type d -print | head -n 1)" ] || continue
        [ -e .git ] && git check-ignore -q "$folder" && continue
        printf '%s\n' "$folder"
    done
}

# The lists come as lines: "hollow FOLDER", then "file NAME". One program reads all files: a
# process for each of some hundred takes seconds.
{
    hollow | sed 's/^/hollow /'
    files | sed 's/^/file /'
} | awk -v arrows="$arrows" -v doors="$doors" -v free="$free" -v generated="$generated" '
    function say(text) { print "layers: " text > "/dev/stderr"; failed = 1 }
    function is(text, pattern) { return text ~ ("^(" pattern ")$") }
    function folder_of(name) { sub(/\/[^\/]*$/, "", name); return name }
    function check_known(file, header, to) {
        if (to != room && !((room, to) in may))
            say(file " includes " header ": " room " may not know " to)
    }
    function door_of(header,    i) {
        for (i = n_doors; i > 0 && !is(header, door[i]); i--);
        return i
    }
    # What installed headers show the world is for those who stand outside, too.
    function check_generated(file, header,    i) {
        i = door_of(header)
        if (i == 0 || !is(file, users[i])) check_known(file, header, "proto")
    }
    function check_foreign(file, header,    i) {
        i = door_of(header)
        if (i == 0 && !is(header, free)) say(file " includes <" header ">, which has no door")
        if (i > 0 && !is(file, users[i])) say(file " includes <" header "> outside its door")
    }
    # Quotes and brackets find the same headers, so what a header is decides, not how it is written.
    function check_header(file, header,    to) {
        to = header
        sub(/\/.*/, "", to)
        if (header ~ /(^|\/)[.][.]?\//) say(file " includes " header ": write it from the root")
        else if (header !~ /[.]h$/) say(file " includes " header ", which is no header")
        else if (is(header, generated)) check_generated(file, header)
        else if (header ~ /\// && to in rooms) check_known(file, header, to)
        else if ((folder_of(file) "/" header) in exists) return
        else check_foreign(file, header)
    }
    function check_line(file, line) {
        gsub(/\/[*]([^*]|[*]+[^*\/])*[*]+\//, " ", line)
        sub(/^[ \t\v\f\r]*(#|%:|[?][?]=)[ \t\v\f\r]*/, "#", line)
        if (line !~ /^#(include|import|embed)/) return
        if (line !~ /^#include[ \t\v\f]*(<[^>]*>|"[^"]*")/) {
            say(file " includes through a macro or in an unknown way: " line)
            return
        }
        sub(/^[^<"]*[<"]/, "", line)
        sub(/[>"].*/, "", line)
        check_header(file, line)
    }
    # A file that is tracked but gone from the disk fills no room.
    function check_file(file,    line, whole, is_read) {
        room = substr(file, 1, index(file, "/") - 1)
        is_read = getline line < file
        if (is_read < 0) return
        if (!(room in rooms)) { say(file " is in no room"); return }
        rooms[room]++
        for (whole = ""; is_read > 0; is_read = getline line < file) {
            sub(/\r$/, "", line)
            whole = whole line
            if (sub(/\\$/, "", whole)) continue
            if (whole ~ /inc|imp|emb|\?\?/) check_line(file, whole)
            whole = ""
        }
        close(file)
    }
    BEGIN {
        n = split(arrows, lines, "\n")
        for (i = 1; i <= n; i++) {
            m = split(lines[i], words, " ")
            if (m > 0) rooms[words[1]] = 0
            for (j = 2; j <= m; j++) may[words[1], words[j]] = 1
        }
        n = split(doors, lines, "\n")
        for (i = 1; i <= n; i++)
            if (split(lines[i], words, " ") == 2) { door[++n_doors] = words[1]; users[n_doors] = words[2] }
    }
    /^hollow / { say("the folder " substr($0, 8) " is empty") }
    /^file / { names[++n_files] = substr($0, 6); exists[names[n_files]] = 1 }
    END {
        for (i = 1; i <= n_files; i++) check_file(names[i])
        for (room in rooms) if (rooms[room] == 0) say("the room " room " is missing or empty")
        if (!failed) print "layers: arrows, doors and rooms are as they should be"
        exit failed
    }'
