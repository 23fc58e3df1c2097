// The service people write instead of taking a broker, in Node: grpc-js over SQLite, with no rights
// and no history. tools/bench compares Kontor with it. It answers Kontor's GetService from a table of
// stored services, and echoes as many bytes as it is told; prints its port; ends on SIGTERM.
//
// usage: main.js --proto DIR --ca F --cert F --key F [--db F --record F --services N] [--size N]
import {readFileSync} from 'node:fs';
import {parseArgs} from 'node:util';
import Database from 'better-sqlite3';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';

const text = {type: 'string'};
const {values: options} = parseArgs({options: {
  proto: text, ca: text, cert: text, key: text, db: text, record: text,
  services: {...text, default: '1000'}, size: {...text, default: '0'},
}});

const contract = loader.loadSync(['kontor/v1/catalogue_service.proto'], {
  includeDirs: [options.proto], keepCase: true, longs: String, oneofs: true,
});
const catalogue = grpc.loadPackageDefinition(contract).kontor.v1.CatalogueService;

/** The stored service, under its own id and under others so that the table has some depth. */
function fill(db) {
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec('CREATE TABLE IF NOT EXISTS service (id TEXT PRIMARY KEY, doc BLOB NOT NULL) WITHOUT ROWID');
  const doc = readFileSync(options.record);
  const {id} = contract['kontor.v1.Service'].deserialize(doc);
  const put = db.prepare('INSERT OR REPLACE INTO service VALUES (?, ?)');
  db.transaction(() => {
    put.run(id, doc);
    for (let i = 1; i < Number(options.services); i++) put.run(`${id}-${i}`, doc);
  })();
}

function getService(db) {
  const get = db.prepare('SELECT doc FROM service WHERE id = ?').pluck();
  return (call, callback) => {
    const doc = get.get(call.request.id);
    if (doc === undefined) {
      callback({code: grpc.status.NOT_FOUND, details: `there is no service ${call.request.id}`});
    } else {
      callback(null, contract['kontor.v1.Service'].deserialize(doc));
    }
  };
}

const raw = {serialize: (bytes) => bytes, deserialize: (bytes) => bytes};
const echo = {get: {
  path: '/bench.Echo/Get', requestStream: false, responseStream: false,
  requestSerialize: raw.serialize, requestDeserialize: raw.deserialize,
  responseSerialize: raw.serialize, responseDeserialize: raw.deserialize,
}};

const server = new grpc.Server({'grpc.keepalive_time_ms': 60000});
const reply = Buffer.alloc(Number(options.size), 'x');
server.addService(echo, {get: (call, callback) => callback(null, reply)});
if (options.db) {
  const db = new Database(options.db);
  fill(db);
  server.addService(catalogue.service, {GetService: getService(db)});
}
const credentials = grpc.ServerCredentials.createSsl(readFileSync(options.ca), [{
  cert_chain: readFileSync(options.cert), private_key: readFileSync(options.key)}], true);
server.bindAsync('127.0.0.1:0', credentials, (error, port) => {
  if (error) throw error;
  console.log(port);
});
process.on('SIGTERM', () => server.forceShutdown());
