"""A portal: acts for customers."""
import subprocess
import time
import uuid
from collections import namedtuple

import grpc
from kontor.v1 import common_pb2, order_service_pb2, watch_pb2

from connect import is_open, pause, refusal_of, repeat


# docs:begin order
def integer(name, number):
    """A whole number a customer chose."""
    return common_pb2.ParameterValue(id=name, value=common_pb2.Value(integer=number))


def volume_order(order, item, offer, *parameters):
    """An order of one item. Its id is ours and is kept before the call: whoever does not know how a
    call ended places the same order again, and is answered with is_replayed."""
    volume = order_service_pb2.NewItem(id=item, offer=offer, parameters=parameters)
    return order_service_pb2.PlaceOrderRequest(id=order, project="coast/p1", items=[volume])


def place(orders, order, **options):
    return repeat(orders.PlaceOrder, order, **options)
# docs:end order


# docs:begin watch
# All that happened at one position, and where to go on when it is done with.
Step = namedtuple("Step", "changes after")


def watch(orders, prefix, after=None, follow=True):
    """Follows what happens to the records below a prefix, through lost connections; yields steps."""
    after = after or common_pb2.Position(seq=0)
    failed = 0
    while True:
        gathered = []  # of a position of which more is to come
        retry_after = 0.0
        stream = orders.WatchOrders(
            watch_pb2.WatchRequest(after=after, id_prefix=prefix, follow=follow))
        try:
            for message in stream:
                failed = 0
                for change in message.changes:
                    gathered.append(change)
                    if not change.more:
                        after = common_pb2.Position(seq=change.seq, scope_tag=after.scope_tag)
                        yield Step(gathered, after)
                        gathered = []
                # The broker's own position says that everything up to there was sent. Its
                # scope_tag goes back to the broker with the next request.
                if not message.HasField("position"):
                    continue
                is_ahead = message.position.seq > after.seq
                after = common_pb2.Position(seq=max(message.position.seq, after.seq),
                                            scope_tag=message.position.scope_tag)
                if is_ahead and gathered:
                    yield Step(gathered, after)
                    gathered = []
            if not follow:
                return
        except grpc.RpcError as error:
            refusal = refusal_of(error)
            # TRIMMED, HISTORY_CHANGED, SCOPE_CHANGED: list again, and watch from there.
            if not is_open(refusal) and refusal.reason != "BEHIND":
                raise
            retry_after = refusal.retry_after
        finally:
            stream.cancel()
        time.sleep(pause(failed, retry_after))  # what came by halves comes again
        failed += 1
# docs:end watch


# docs:begin answer
def open_question(orders, order):
    """What the provider wants to know about an order's items; None: nothing."""
    reply = orders.GetOrder(order_service_pb2.GetOrderRequest(id=order), timeout=10)
    questions = [question for item in reply.items for question in item.questions]
    return next((question for question in questions if not question.answered_by), None)


def answer(orders, item, number):
    return repeat(orders.AnswerQuestion, order_service_pb2.AnswerQuestionRequest(
        id=item, answer=common_pb2.Value(integer=number), request_id=str(uuid.uuid4())))
# docs:end answer


# docs:begin open
def open_access(orders, item, cert, key):
    """How to get at what was delivered. The broker cannot read it: it is sealed to a certificate
    the order named in seal_to, and opened by openssl with that certificate's key."""
    reply = repeat(orders.OpenAccess, order_service_pb2.OpenAccessRequest(
        id=item, request_id=str(uuid.uuid4())))
    return subprocess.run(["openssl", "cms", "-decrypt", "-inform", "DER", "-binary",
                           "-recip", cert, "-inkey", key],
                          input=reply.sealed, capture_output=True, check=True).stdout
# docs:end open
