/*
 * The bundle of a registry, judged against those of all the others.
 *
 * Memory: the call's arena. Errors: they fail the call. Threads: the call's.
 */
#ifndef KONTOR_SERVER_REGISTRY_BUNDLE_H
#define KONTOR_SERVER_REGISTRY_BUNDLE_H

#include "server/rpc/call.h"

/*
 * Answers the bundle as it is to be stored: certificates and nothing else. A fault
 * under path when it is none; ALREADY_EXISTS{BUNDLE_COLLIDES} when an authority is
 * named or keyed like another registry's, or is the very same. Adds the guard to the
 * decision by which two such writes notice each other.
 */
enum status bundle_judge(struct call *call, struct decision *decision,
                         const char *registry, const char *path,
                         const char **pem) MUST_CHECK;

#endif
