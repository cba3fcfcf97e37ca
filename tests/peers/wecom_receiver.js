// A WeCom callback receiver made of the official Node library (@wecom/crypto).
//
// The library has the cipher and the signature; opening the socket and finding `Encrypt` is this file's.
'use strict';

const peer = require('./peer');
const { decrypt, getSignature } = require('@wecom/crypto');

const { path, status } = peer.options({ path: '/callback', status: '200' });
const { WECOM_TOKEN: token, WECOM_ENCODING_AES_KEY: key, WECOM_RECEIVE_ID: receiveId } = process.env;

function opened(query, encrypted) {
  const signature = getSignature(token, query.get('timestamp'), query.get('nonce'), encrypted);
  if (signature !== query.get('msg_signature')) throw new Error('signature');
  const { message, id } = decrypt(key, encrypted);
  if (id !== receiveId) throw new Error('receive id');
  return message;
}

function answer(request, url, body) {
  if (request.method === 'GET') {
    const echo = opened(url.searchParams, url.searchParams.get('echostr'));
    peer.emit({ kind: 'checked', echo });
    return [200, echo];
  }
  const [, encrypted] = body.match(/<Encrypt><!\[CDATA\[(.*?)\]\]><\/Encrypt>/);
  peer.emit({ kind: 'handled', xml: opened(url.searchParams, encrypted) });
  return [Number(status), ''];
}

peer.serve((request, response) => {
  const received = [];
  request.on('data', (chunk) => received.push(chunk));
  request.on('end', () => {
    const url = new URL(request.url, 'http://localhost');
    try {
      const [code, text] = url.pathname === path ? answer(request, url, Buffer.concat(received).toString()) : [404, ''];
      response.statusCode = code;
      response.end(text);
    } catch (error) {
      peer.emit({ kind: 'refused', reason: String(error) });
      response.statusCode = 403;
      response.end('');
    }
  });
});
