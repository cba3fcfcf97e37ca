// Encrypts and signs as WeCom does with the official Node library (@wecom/crypto), to feed Ringback's
// receiver.
'use strict';

const crypto = require('crypto');

const peer = require('./peer');
const { encrypt, getSignature } = require('@wecom/crypto');

(async () => {
  for await (const line of peer.inputRecords()) {
    const of = (name) => line[name] || process.env[`WECOM_${name.toUpperCase()}`];
    const isCheck = line.echo !== undefined;
    const timestamp = String(line.timestamp || Math.floor(Date.now() / 1000));
    const nonce = String(line.nonce || crypto.randomInt(2 ** 31));
    const encrypted = encrypt(of('encoding_aes_key'), isCheck ? line.echo : line.message, of('receive_id'));
    const signature = getSignature(of('token'), timestamp, nonce, encrypted);
    const query = new URLSearchParams({ msg_signature: signature, timestamp, nonce });
    if (isCheck) {
      query.set('echostr', encrypted);
      peer.emit({ method: 'GET', query: String(query), body: '' });
      continue;
    }
    const body = `<xml><ToUserName><![CDATA[${of('receive_id')}]]></ToUserName>`
      + `<AgentID><![CDATA[${line.agent_id || ''}]]></AgentID><Encrypt><![CDATA[${encrypted}]]></Encrypt></xml>`;
    peer.emit({ method: 'POST', query: String(query), body });
  }
})();
