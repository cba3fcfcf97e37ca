// Encrypts and signs Feishu pushes, to feed Ringback's receiver.
//
// The official Node SDK only ever receives, so it has no encrypting half. The key is derived by the
// SDK's own `AESCipher`, the block cipher is Node's, and no line is printed before the SDK's own code
// has verified the signature and decrypted the text back.
'use strict';

const assert = require('assert');
const crypto = require('crypto');
const peer = require('./peer');
const lark = require('@larksuiteoapi/node-sdk');

function sealed(plain, key, initial) {
  const official = new lark.AESCipher(key);
  const cipher = crypto.createCipheriv('aes-256-cbc', official.key, initial);
  const text = Buffer.concat([initial, cipher.update(plain, 'utf8'), cipher.final()]).toString('base64');
  assert.strictEqual(official.decrypt(text), plain);
  return JSON.stringify({ encrypt: text });
}

function signed(body, key, timestamp, nonce) {
  const signature = crypto.createHash('sha256').update(timestamp + nonce + key + body).digest('hex');
  const names = ['X-Lark-Request-Timestamp', 'X-Lark-Request-Nonce', 'X-Lark-Signature'];
  const values = [timestamp, nonce, signature];
  const headers = Object.fromEntries(names.map((name, index) => [name, values[index]]));
  const lower = Object.fromEntries(names.map((name, index) => [name.toLowerCase(), values[index]]));
  const data = Object.assign(Object.create({ headers: lower }), JSON.parse(body));
  // The SDK signs its own rendering of the parsed body, so it can judge only compact JSON.
  if (JSON.stringify(data) === body) {
    const dispatcher = new lark.EventDispatcher({ encryptKey: key, loggerLevel: lark.LoggerLevel.error });
    assert(dispatcher.requestHandle.checkIsEventValidated(data));
  }
  return headers;
}

(async () => {
  for await (const line of peer.inputRecords()) {
    const key = line.encrypt_key || process.env.FEISHU_ENCRYPT_KEY || '';
    let body = typeof line.body === 'string' ? line.body : JSON.stringify(line.body);
    if (key && line.encrypt !== false) {
      body = sealed(body, key, line.iv ? Buffer.from(line.iv, 'hex') : crypto.randomBytes(16));
    }
    let headers = {};
    if (key && line.sign !== false) {
      const timestamp = String(line.timestamp || Math.floor(Date.now() / 1000));
      headers = signed(body, key, timestamp, line.nonce || crypto.randomBytes(8).toString('hex'));
    }
    peer.emit({ headers, body });
  }
})();
