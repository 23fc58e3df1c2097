// A portal: acts for customers.
import {execFileSync} from 'node:child_process';
import {randomUUID} from 'node:crypto';
import {call, isOpen, pause, refusalOf, repeat} from './connect.js';

// docs:begin order
/** A whole number a customer chose: text, or a BigInt's text, never a number above 2^53. */
export const integer = (id, number) => ({id, value: {integer: String(number)}});

/** An order of one item. Its id is ours and is kept before the call: whoever does not know how a
 * call ended places the same order again, and is answered with is_replayed. */
export const volumeOrder = (id, item, offer, ...parameters) =>
  ({id, project: 'coast/p1', items: [{id: item, offer, parameters}]});

export const place = (orders, order) => repeat(orders, 'PlaceOrder', order);
// docs:end order

// docs:begin watch
/** Follows what happens to the records below a prefix, through lost connections. Yields steps: all
 * changes of one position, and where to go on when they are done with. */
export async function* watch(orders, {after = {seq: '0'}, prefix, follow}) {
  for (let failed = 0; ; failed++) {
    let gathered = []; // of a position of which more is to come
    let retryAfterMs = 0;
    const stream = orders.WatchOrders({after, id_prefix: prefix, follow});
    try {
      for await (const message of stream) {
        failed = 0;
        for (const change of message.changes) {
          gathered.push(change);
          if (change.more) continue;
          after = {...after, seq: change.seq};
          yield {changes: gathered, after};
          gathered = [];
        }
        // The broker's own position says that everything up to there was sent. Its scope_tag goes
        // back to the broker with the next request.
        if (!message.position) continue;
        const isAhead = BigInt(message.position.seq) > BigInt(after.seq);
        after = {seq: isAhead ? message.position.seq : after.seq,
          scope_tag: message.position.scope_tag};
        if (isAhead && gathered.length > 0) {
          yield {changes: gathered, after};
          gathered = [];
        }
      }
      if (!follow) return;
    } catch (error) {
      const refusal = refusalOf(error);
      // TRIMMED, HISTORY_CHANGED, SCOPE_CHANGED: list again, and watch from there.
      if (!isOpen(refusal) && refusal.reason !== 'BEHIND') throw error;
      ({retryAfterMs} = refusal);
    } finally {
      stream.on('error', () => {}); // who stops listening hears of the cancel otherwise
      stream.cancel();
    }
    await pause(failed, retryAfterMs); // what came by halves comes again
  }
}
// docs:end watch

// docs:begin answer
/** What the provider wants to know about an order's items; undefined: nothing. */
export async function openQuestion(orders, order) {
  const {items} = await call(orders, 'GetOrder', {id: order});
  return items.flatMap((item) => item.questions).find((question) => !question.answered_by);
}

export const answer = (orders, item, number) => repeat(orders, 'AnswerQuestion',
  {id: item, answer: {integer: String(number)}, request_id: randomUUID()});
// docs:end answer

// docs:begin open
/** How to get at what was delivered. The broker cannot read it: it is sealed to a certificate the
 * order named in seal_to, and opened by openssl with that certificate's key. */
export async function openAccess(orders, item, {cert, key}) {
  const {sealed} = await repeat(orders, 'OpenAccess', {id: item, request_id: randomUUID()});
  return execFileSync('openssl', ['cms', '-decrypt', '-inform', 'DER', '-binary',
    '-recip', cert, '-inkey', key], {input: sealed});
}
// docs:end open
