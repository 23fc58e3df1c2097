# Makes the typed functions of libkontor out of the service .proto files.
# usage: awk -f calls.awk -v part=header|source FILE...
# A call's name is that of its rpc; names that several services have get the service's noun before them.

function snake(name,    out, i, c) {
    out = ""
    for (i = 1; i <= length(name); i++) {
        c = substr(name, i, 1)
        if (c ~ /[A-Z]/ && i > 1) {
            out = out "_"
        }
        out = out tolower(c)
    }
    return out
}

/^service / {
    service = $2
    index_in_service = 0
    next
}
/^  \/\/ / && service != "" {
    comment = substr($0, 6)
    next
}
/^  rpc / && service != "" {
    n++
    match($0, /rpc [A-Za-z]+/)
    name[n] = substr($0, RSTART + 4, RLENGTH - 4)
    match($0, /\([A-Za-z]+\)/)
    input[n] = substr($0, RSTART + 1, RLENGTH - 2)
    match($0, /returns \((stream )?[A-Za-z]+/)
    output[n] = substr($0, RSTART + 9, RLENGTH - 9)
    stream[n] = sub(/^stream /, "", output[n])
    says[n] = comment
    of[n] = service
    place[n] = index_in_service++
    times[name[n]]++
    next
}
/^}/ {
    service = ""
}

function call_name(i,    noun) {
    if (times[name[i]] == 1) {
        return snake(name[i])
    }
    noun = of[i]
    sub(/Service$/, "", noun)
    return snake(noun) "_" snake(name[i])
}

function prototype(i) {
    return "kontor_" call_name(i) "(struct kontor *kontor, const Kontor__V1__" input[i] \
        " *request,\n    Kontor__V1__" output[i] " **reply, struct kontor_error *error)"
}

function header(    i) {
    print "/*\n * One function a unary call of kontor.v1. Made from the .proto files by client/calls.awk; do not edit."
    print " *\n * Memory: replies are the caller's: kontor_reply_free. reply and error may be NULL."
    print " * Errors: as kontor_call. Threads: any.\n */"
    print "#ifndef KONTOR_CALLS_H\n#define KONTOR_CALLS_H\n"
    for (i = 1; i <= n; i++) {
        if (stream[i]) {
            continue
        }
        print "/* " says[i] " */\nenum kontor_status " prototype(i) ";"
    }
    print "\n#endif"
}

function source(    i) {
    print "/* Made from the .proto files by client/calls.awk; do not edit. */"
    print "#include \"client/kontor.h\"\n"
    print "const struct kontor_method kontor_methods[] = {"
    for (i = 1; i <= n; i++) {
        printf "    {\"/kontor.v1.%s/%s\", &kontor__v1__%s__descriptor, %d, %s},\n", of[i], name[i], snake(of[i]), \
            place[i], stream[i] ? "true" : "false"
    }
    print "};\nconst size_t kontor_n_methods = sizeof kontor_methods / sizeof kontor_methods[0];"
    for (i = 1; i <= n; i++) {
        if (stream[i]) {
            continue
        }
        print "\nenum kontor_status\n" prototype(i) "\n{"
        print "    ProtobufCMessage *message = NULL;"
        print "    enum kontor_status status =\n        kontor_call(kontor, &kontor_methods[" i - 1 \
            "], &request->base, NULL, &message, error);"
        print "    if (status == KONTOR_OK && reply != NULL) {"
        print "        *reply = (Kontor__V1__" output[i] " *)message;"
        print "        return status;\n    }"
        print "    kontor_reply_free(message);\n    return status;\n}"
    }
}

END {
    if (n == 0) {
        print "calls.awk: no rpc found" > "/dev/stderr"
        exit 1
    }
    if (part == "header") {
        header()
    } else {
        source()
    }
}
