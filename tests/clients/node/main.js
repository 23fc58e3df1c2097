// Plays the scenario of tests/clients against a broker and says, in one line of JSON a step, whether
// each ended as it should.
//
//     node main.js ADDRESS CERTIFICATES CERTIFICATES-OF-STRANGERS SCENARIO ORDER LANGUAGE
import {randomUUID} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {isDeepStrictEqual} from 'node:util';
import {Agent, NobodyKnows, seal} from './agent.js';
import {call, connect, kontor, refusalOf, repeat} from './connect.js';
import {answer, integer, openAccess, openQuestion, place, volumeOrder, watch} from './portal.js';

const [address, certs, strangers, scenario, order, language] = process.argv.slice(2);
const FOLDERS = {portal: [certs, 'coast', 'portal'], agent: [certs, 'alpine', 'agent'],
  stranger: [strangers, 'coast', 'portal']};
const stubs = {}, watches = {}, positions = {}, jobs = {}, ids = {}, reports = {};
let agent;

const say = (line) => console.log(JSON.stringify(line));
repeat.onRetry = ({status}) => say({retry: status});
const stdin = createInterface({input: process.stdin})[Symbol.asyncIterator]();

// ---- Who calls ----

function files(who) {
  const path = join(...FOLDERS[who]);
  return {cert: `${path}.pem`, key: `${path}.key`, ca: join(certs, 'alpine', 'ca.pem'), address};
}

function stub(Service, who) {
  const name = `${Service.serviceName} ${who}`;
  return stubs[name] ??= connect(Service, files(who));
}

const orders = (who) => stub(kontor.OrderService, who);

// ---- What messages say ----

const text = (value) => value[value.kind];
const texts = (values) => Object.fromEntries(values.map(({id, value}) => [id, text(value)]));
const madeBy = (name) => [{id: 'made_by', value: {text: name}}];
const state = ({state}) => ({state});
// Presence of an optional field is told by the oneof it is alone in.
const optional = (message, name) => message[`_${name}`] === name ? message[name] : null;

/** A watch and all it saw. */
class Watching {
  constructor(who, request) {
    this.steps = watch(orders(who), request);
    this.seen = [];
    this.order = this.item = '';
  }

  /** The next step; false: there is none. */
  async read() {
    const {value: step, done} = await this.steps.next();
    if (done) return false;
    this.after = step.after;
    for (const change of step.changes) {
      this.seen.push(`${change.seq} ${change.kind} ${change.id} ${change.op}`);
      this.order = change.order?.state ?? this.order;
      this.item = change.item?.state ?? this.item;
    }
    return true;
  }

  get repeats() {
    return this.seen.length - new Set(this.seen).size;
  }
}

/** A backend whose first answers get lost. It would make a second object of one name. */
class Shelf {
  made = new Map();
  created = 0;
  found = 0;

  constructor(lostAnswers) {
    this.lostAnswers = lostAnswers;
  }

  async find(name) {
    if (this.made.has(name)) this.found++;
    return this.made.get(name);
  }

  async create(name) {
    this.created++;
    this.made.set(name, `object-${name}`);
    if (this.lostAnswers-- > 0) throw new NobodyKnows('the backend did not answer');
    return this.made.get(name);
  }
}

// ---- The steps ----

function orderOf(who, {order, item, offer, parameters, seal: isSealed}) {
  const made = volumeOrder(order, item, offer,
    ...parameters.map((given) => integer(given.id, given.integer)));
  return isSealed ? {...made, seal_to: [readFileSync(files(who).cert, 'utf8')]} : made;
}

const operations = {
  async whoami(who) {
    const reply = await call(stub(kontor.RegistryService, who), 'WhoAmI', {});
    return {registered: reply.is_registered, principal: reply.principal, roles: reply.roles};
  },

  async place(who, request) {
    const reply = await place(orders(who), orderOf(who, request));
    return {replayed: reply.is_replayed, state: reply.order.state};
  },

  async plan(who, request) {
    const {plan} = await place(orders(who), {...orderOf(who, request), validate_only: true});
    const {units, currency} = plan.totals[0].amount;
    return {provider: plan.items[0].provider, total: `${units} ${currency}`};
  },

  async get(who, request) {
    const {order, items: [item]} = await call(orders(who), 'GetOrder', {id: request.order});
    return {order_state: order.state, item_state: item.state, milestones: item.milestones,
      parameters: texts(item.parameters), backend_id: item.delivery?.backend_id ?? '',
      outputs: texts(item.delivery?.outputs ?? [])};
  },

  async watch(who, request) {
    watches[request.watch] = new Watching(who, {prefix: request.order, follow: true});
    return {};
  },

  /** Reads on until order and item stand where they should. */
  async see(who, request) {
    const live = watches[request.watch];
    while (live.order !== request.order_state || live.item !== request.item_state) {
      await live.read();
    }
    if (request.save) positions[request.save] = {after: live.after, n: live.seen.length};
    return {repeats: live.repeats};
  },

  /** Watches again from a position that was kept: what comes is what came after it before. */
  async resume(who, request) {
    const {after, n} = positions[request.after];
    const again = new Watching(who, {after, prefix: request.order, follow: false});
    while (await again.read());
    const live = watches[request.watch].seen;
    const missing = live.slice(n).filter((line) => !again.seen.includes(line)).length;
    const old = live.slice(0, n).filter((line) => again.seen.includes(line)).length;
    return {missing, repeats: again.repeats + old, order_state: again.order};
  },

  async question(who, request) {
    const {text: question, expects: {integer: limits}} = await openQuestion(orders(who),
      request.order);
    return {question, minimum: optional(limits, 'minimum'), maximum: optional(limits, 'maximum'),
      default: optional(limits, 'default_integer')};
  },

  answer: async (who, request) => state(await answer(orders(who), request.item, request.answer)),

  async open(who, request) {
    return {access: (await openAccess(orders(who), request.item, files(who))).toString()};
  },

  async register(who, request) {
    agent = await Agent.register(stub(kontor.FulfilmentService, who), request.lease_seconds,
      request.offer);
    return {lease_seconds: agent.session.lease_seconds};
  },

  async claim(who, request) {
    const job = jobs[request.job] = await agent.claim();
    return {item: job.item, kind: job.kind, prior_intent: job.prior_intent,
      parameters: texts(job.parameters),
      answers: job.questions.map((question) => text(question.answer))};
  },

  ask: async (who, request) => state(await agent.ask(jobs[request.job], request.question,
    request.minimum, request.maximum)),

  begin: async (who, request) => state(await agent.begin(jobs[request.job])),

  async renew() {
    return {held: (await agent.renew()).jobs.map((job) => job.item)};
  },

  /** Says it under a request_id of a name, so that a later step can say it again. */
  async report(who, {job, id, milestone, note, progress}) {
    ids[id] ??= randomUUID();
    const {seq} = await agent.say('Report', jobs[job],
      {milestone, note, progress, request_id: ids[id]});
    const same = reports[id] === seq;
    reports[id] = seq;
    return {same};
  },

  async complete(who, request) {
    const job = jobs[request.job];
    const delivery = {backend_id: request.backend_id, outputs: madeBy(request.made_by)};
    if (request.access) delivery.sealed = seal(job, request.access);
    return state(await agent.complete(job, delivery));
  },

  async serve(who, request) {
    const backend = new Shelf(request.lost_answers);
    const completed = await agent.serve(backend, request.deliveries, madeBy(language));
    return {created: backend.created, found: backend.found, completed};
  },

  /** The broker is killed by whoever started this program, and started again when the next call
   * has seen that it is away. */
  async kill() {
    say({wants: 'kill'});
    await stdin.next();
    return {};
  },
};

// ---- Playing ----

function refused(error) {
  if (error.code === undefined) throw error;
  const refusal = refusalOf(error);
  return {...refusal, metadata: Object.keys(refusal.metadata), message: error.message};
}

/** What is expected and did not come; of the metadata the names are looked for. */
function compare(expect, got) {
  const isRight = (name) => name === 'metadata'
    ? expect.metadata.every((key) => got.metadata?.includes(key))
    : isDeepStrictEqual(got[name], expect[name]);
  return Object.keys(expect).filter((name) => !isRight(name))
    .map((name) => `${name} is not ${JSON.stringify(expect[name])}; all: ${JSON.stringify(got)}`);
}

const words = readFileSync(scenario, 'utf8')
  .replaceAll('$order', order).replaceAll('$language', language);
let isRight = true;
for (const {step, who, op, request = {}, expect} of JSON.parse(words).steps) {
  const got = await operations[op](who, request).then((reply) => ({status: 'OK', ...reply}), refused);
  const differs = compare(expect, got);
  say({step, ok: differs.length === 0, differs});
  isRight &&= differs.length === 0;
}
process.exit(isRight ? 0 : 1);
