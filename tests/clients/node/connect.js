// Connection, calls, errors and retries: what every caller needs.
import {readFileSync} from 'node:fs';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';

// docs:begin stubs
// longs: int64 does not fit into a number, so it comes and goes as text. oneofs: which field of a
// oneof, or whether an optional field, is set. keepCase: names as in the .proto files.
const files = ['kontor/v1/registry_service.proto', 'kontor/v1/order_service.proto',
  'kontor/v1/fulfilment_service.proto', 'google/rpc/status.proto', 'google/rpc/error_details.proto'];
const contract = loader.loadSync(files, {
  includeDirs: [process.env.KONTOR_PROTO ?? 'proto'],
  keepCase: true, longs: String, enums: String, defaults: true, oneofs: true,
});
export const kontor = grpc.loadPackageDefinition(contract).kontor.v1;
// docs:end stubs

// docs:begin connect
/** Connects a service's stub and proves who calls. It dials when first used, and again whenever
 * the connection is lost. */
export function connect(Service, {address, ca, cert, key}) {
  const credentials = grpc.credentials.createSsl(
    readFileSync(ca), readFileSync(key), readFileSync(cert));
  return new Service(address, credentials);
}

/** One call, as a promise. Whoever sets no deadline may wait for ever. */
export function call(stub, method, request, seconds = 10) {
  const deadline = Date.now() + seconds * 1000;
  return new Promise((resolve, reject) => {
    stub[method](request, {deadline}, (error, reply) => error ? reject(error) : resolve(reply));
  });
}
// docs:end connect

// docs:begin refusal
/** What an error says to a program: docs/errors.md has every reason. */
export function refusalOf(error) {
  const refusal = {status: grpc.status[error.code] ?? 'UNKNOWN', reason: '', metadata: {},
    fields: [], retryAfterMs: 0};
  const [packed] = error.metadata?.get('grpc-status-details-bin') ?? [];
  const details = packed ? contract['google.rpc.Status'].deserialize(packed).details : [];
  for (const {type_url: type, value} of details) {
    const name = type.split('/').pop();
    const detail = contract[name]?.deserialize(value);
    if (name === 'google.rpc.ErrorInfo') {
      refusal.reason = detail.reason;
      refusal.metadata = detail.metadata;
    } else if (name === 'google.rpc.BadRequest') {
      refusal.fields = detail.field_violations.map((violation) => violation.field);
    } else if (name === 'google.rpc.RetryInfo') {
      const {seconds, nanos} = detail.retry_delay;
      refusal.retryAfterMs = Number(seconds) * 1000 + nanos / 1e6;
    }
  }
  return refusal;
}
// docs:end refusal

// docs:begin repeat
/** Whether the same request may end better when it is sent again. */
export function isOpen({status, reason}) {
  return status === 'UNAVAILABLE' ||
    ['CONTENTION', 'OVERLOADED', 'OUTCOME_UNKNOWN'].includes(reason);
}

/** Makes a call until its outcome is known, or the time is over. It sends the very same request
 * each time, so that its request_id makes many attempts one change. */
export async function repeat(stub, method, request, seconds = 25) {
  const end = performance.now() + seconds * 1000;
  for (let attempt = 0; ; attempt++) {
    try {
      return await call(stub, method, request, seconds);
    } catch (error) {
      const refusal = refusalOf(error);
      if (!isOpen(refusal) || performance.now() > end) throw error;
      repeat.onRetry(refusal);
      await pause(attempt, refusal.retryAfterMs);
    }
  }
}
repeat.onRetry = () => {};

/** Random by half, so that callers cut off together do not come back together. */
export function pause(attempt, retryAfterMs = 0) {
  const limit = 50 * 2 ** Math.min(attempt, 6);
  const ms = retryAfterMs + limit / 2 * (1 + Math.random());
  return new Promise((resolve) => setTimeout(resolve, ms));
}
// docs:end repeat
