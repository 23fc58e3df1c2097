/*
 * Questions to the customer about an item: asked by the provider's side, answered by
 * the customer's. While one is open the item waits.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_ORDER_QUESTION_H
#define KONTOR_SERVER_ORDER_QUESTION_H

#include "server/rpc/call.h"

/* AskCustomer: a person asks. */
enum status question_ask(struct call *call, const void *request,
                         struct decision *decision);
/* AskInfo: the agent that holds the job asks. */
enum status question_ask_by_agent(struct call *call, const void *request,
                                  struct decision *decision);
/* AnswerQuestion: the answer, or the asker's side takes the question back. */
enum status question_answer(struct call *call, const void *request,
                            struct decision *decision);

#endif
