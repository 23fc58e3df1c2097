"""Connection, errors and retries: what every caller needs."""
import random
import time
from dataclasses import dataclass, field

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status


# docs:begin connect
def connect(address, ca, cert, key):
    """A connection that proves who calls. It dials when first used, and again whenever it is
    lost."""
    def content(path):
        with open(path, "rb") as file:
            return file.read()

    return grpc.secure_channel(address, grpc.ssl_channel_credentials(
        root_certificates=content(ca), private_key=content(key), certificate_chain=content(cert)))
# docs:end connect


# docs:begin refusal
@dataclass
class Refusal:
    """What an error says to a program: docs/errors.md has every reason."""
    status: str
    reason: str = ""
    metadata: dict = field(default_factory=dict)
    fields: list = field(default_factory=list)  # paths of what is wrong in the request
    retry_after: float = 0.0


def refusal_of(error):
    """Reads the details of a grpc.RpcError."""
    refusal = Refusal(error.code().name)
    status = rpc_status.from_call(error)
    for packed in status.details if status else ():
        if packed.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
            info = error_details_pb2.ErrorInfo.FromString(packed.value)
            refusal.reason, refusal.metadata = info.reason, dict(info.metadata)
        elif packed.Is(error_details_pb2.BadRequest.DESCRIPTOR):
            faults = error_details_pb2.BadRequest.FromString(packed.value).field_violations
            refusal.fields = [fault.field for fault in faults]
        elif packed.Is(error_details_pb2.RetryInfo.DESCRIPTOR):
            delay = error_details_pb2.RetryInfo.FromString(packed.value).retry_delay
            refusal.retry_after = delay.seconds + delay.nanos / 1e9
    return refusal
# docs:end refusal


# docs:begin repeat
def is_open(refusal):
    """Whether the same request may end better when it is sent again."""
    return (refusal.status == "UNAVAILABLE"
            or refusal.reason in ("CONTENTION", "OVERLOADED", "OUTCOME_UNKNOWN"))


def repeat(call, request, seconds=25, on_retry=lambda refusal: None):
    """Makes a call until its outcome is known, or the time is over. It sends the very same request
    each time, so that its request_id makes many attempts one change."""
    end = time.monotonic() + seconds
    attempt = 0
    while True:
        try:
            return call(request, timeout=seconds)
        except grpc.RpcError as error:
            refusal = refusal_of(error)
            if not is_open(refusal) or time.monotonic() > end:
                raise
            on_retry(refusal)
            time.sleep(pause(attempt, refusal.retry_after))
            attempt += 1


def pause(attempt, retry_after=0.0):
    """Random by half, so that callers cut off together do not come back together."""
    limit = 0.05 * 2 ** min(attempt, 6)
    return retry_after + random.uniform(limit / 2, limit)
# docs:end repeat
