// What every Node peer shares: clean output, a life bound to its parent, a small HTTP server.
//
// stdout carries the peer's lines and nothing else; whatever a library prints goes to stderr.
'use strict';

const fs = require('fs');
const http = require('http');
const readline = require('readline');

for (const name of ['log', 'info', 'debug', 'trace']) {
  console[name] = console.error;
}

/** One JSON object, one line. */
function emit(record) {
  fs.writeSync(1, JSON.stringify(record) + '\n');
}

/** The JSON objects on stdin, one a line. */
async function* inputRecords() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    if (line.trim()) yield JSON.parse(line);
  }
}

/** `--name value` pairs; a name that comes twice keeps both values. */
function options(defaults) {
  const found = { ...defaults };
  const words = process.argv.slice(2);
  for (let index = 0; index < words.length; index += 2) {
    const name = words[index].replace(/^--/, '');
    if (!(name in defaults) || index + 1 >= words.length) throw new Error(`unknown option ${words[index]}`);
    found[name] = Array.isArray(found[name]) ? [...found[name], words[index + 1]] : words[index + 1];
  }
  return found;
}

/** Serves on a free loopback port until stdin closes, and prints every answer that was given. */
function serve(listener) {
  const server = http.createServer((request, response) => {
    const received = [];
    const sent = [];
    request.on('data', (chunk) => received.push(chunk));
    const end = response.end.bind(response);
    response.end = (chunk, ...rest) => {
      if (chunk !== undefined && typeof chunk !== 'function') sent.push(Buffer.from(chunk));
      emit({
        kind: 'answered',
        path: request.url,
        status: response.statusCode,
        answer: Buffer.concat(sent).toString(),
        headers: request.headers,
        body: Buffer.concat(received).toString(),
      });
      return end(chunk, ...rest);
    };
    listener(request, response);
  });
  process.stdin.on('end', () => process.exit(0)).resume();
  server.listen(0, '127.0.0.1', () => fs.writeSync(1, `listening ${server.address().port}\n`));
}

module.exports = { emit, inputRecords, options, serve };
