// A provider's agent: carries out what is ordered from some offers, one job at a time.
import {execFileSync} from 'node:child_process';
import {randomUUID} from 'node:crypto';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {call, isOpen, refusalOf, repeat} from './connect.js';

/** A backend's: it did not answer, and may have made the object all the same. */
export class NobodyKnows extends Error {}
/** An agent's: the job is somebody else's now, or may be. */
export class Lost extends Error {}

export class Agent {
  // docs:begin register
  /** Opens a session: what holds the leases of all jobs it claims. */
  static async register(jobs, leaseSeconds, ...offers) {
    const agent = new Agent();
    const asked = performance.now();
    agent.jobs = jobs;
    agent.session = await repeat(jobs, 'RegisterAgent', {offers, max_parallel: 1,
      lease_seconds: leaseSeconds, kinds: ['PROVISION'], request_id: randomUUID()});
    agent.leaseEnd = asked + agent.session.lease_seconds * 1000; // by the monotonic clock
    return agent;
  }
  // docs:end register

  // docs:begin renew
  /** Extends the lease of everything the session holds. The lease counts from when it was asked
   * for, since the answer may have taken long. A job that is missing in the answer, or has become
   * another kind because its customer cancels, is not to be gone on with. */
  async renew() {
    const asked = performance.now();
    const reply = await call(this.jobs, 'Renew', {session: this.session.id});
    this.leaseEnd = asked + reply.lease_seconds * 1000;
    const isHeld = reply.jobs.some((job) => job.fence === this.fence && job.kind === 'PROVISION');
    if (!isHeld && this.claimedAt < asked) this.isLost = true;
    return reply;
  }

  /** Renews at a third of the lease, so that a renewal may fail. Answers what ends it. */
  keepRenewing() {
    const beat = async () => {
      try {
        await this.renew();
      } catch (error) {
        if (!isOpen(refusalOf(error))) this.isLost = true;
      }
    };
    const timer = setInterval(beat, this.session.lease_seconds * 1000 / 3);
    return () => clearInterval(timer);
  }

  /** Whether something new may still be begun for the job. */
  mayCreate() {
    return !this.isLost && performance.now() < this.leaseEnd;
  }
  // docs:end renew

  // docs:begin calls
  /** Waits for a job; undefined: there was none within 20 seconds. */
  async claim() {
    const {jobs: [job]} = await repeat(this.jobs, 'Claim',
      {session: this.session.id, max: 1, wait_seconds: 20, request_id: randomUUID()});
    if (job) {
      this.fence = job.fence;
      this.claimedAt = performance.now();
      this.isLost = false;
    }
    return job;
  }

  /** Says something about a job: the item and the fence that proves the claim go with it. */
  say(method, job, fields) {
    return repeat(this.jobs, method,
      {item: job.item, fence: job.fence, request_id: randomUUID(), ...fields});
  }

  /** From here on the object may exist. */
  begin(job) {
    return this.say('Begin', job, {intent: job.intent});
  }

  complete(job, delivery) {
    return this.say('Complete', job, {delivery});
  }

  /** Asks the customer for a number. The job ends; it can be claimed again once it is answered. */
  ask(job, question, minimum, maximum) {
    return this.say('AskInfo', job, {question, expects:
      {id: 'answer', label: 'Answer', required: true, integer: {minimum, maximum}}});
  }
  // docs:end calls

  // docs:begin serve
  /** Claims and carries out jobs until so many are completed; answers how many were. */
  async serve(backend, deliveries, outputs) {
    const stop = this.keepRenewing();
    let done = 0;
    try {
      while (done < deliveries) {
        const job = await this.claim();
        if (job && await this.try(job, backend, outputs)) done++;
      }
    } finally {
      stop();
    }
    return done;
  }

  /** Whether a job was completed. */
  async try(job, backend, outputs) {
    try {
      await this.work(job, backend, outputs);
      return true;
    } catch (error) {
      if (error instanceof NobodyKnows) { // the next attempt looks before it creates
        await this.say('Fail', job, {failure: 'UNKNOWN', reason: error.message});
        return false;
      }
      // What is lost is somebody else's now: leave it and claim again.
      if (error instanceof Lost || refusalOf(error).reason === 'LEASE_LOST') return false;
      throw error;
    }
  }

  /** Makes one object. A job that was begun before may have made it: then it is looked for. */
  async work(job, backend, outputs) {
    let id;
    if (job.prior_intent) {
      id = await backend.find(job.intent);
    } else {
      await this.begin(job);
    }
    if (!id) {
      if (!this.mayCreate()) throw new Lost('the lease is over');
      id = await backend.create(job.intent);
    }
    await this.complete(job, {backend_id: id, outputs});
  }
  // docs:end serve
}

// docs:begin seal
/** Seals access details to the certificates of the job; the broker cannot open them. */
export function seal(job, plain) {
  const folder = mkdtempSync(join(tmpdir(), 'seal-'));
  try {
    const recipients = job.seal_to.flatMap((certificate, i) => {
      const path = join(folder, `${i}.pem`);
      writeFileSync(path, certificate);
      return ['-recip', path];
    });
    return execFileSync('openssl', ['cms', '-encrypt', '-aes-256-gcm', '-binary', '-outform', 'DER',
      ...recipients], {input: plain});
  } finally {
    rmSync(folder, {recursive: true});
  }
}
// docs:end seal
