// A Standard Webhooks receiver made of the reference library (standardwebhooks).
'use strict';

const peer = require('./peer');
const { Webhook } = require('standardwebhooks');

const options = peer.options({ path: '/webhook', status: '200', 'retry-after': '' });
const webhook = new Webhook(process.env.STANDARD_SECRET);

peer.serve(async (request, response) => {
  if (request.url !== options.path) {
    response.statusCode = 404;
    return response.end();
  }
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const id = request.headers['webhook-id'];
  try {
    const payload = webhook.verify(Buffer.concat(chunks).toString(), request.headers);
    peer.emit({ kind: 'handled', id, timestamp: request.headers['webhook-timestamp'], payload });
    response.statusCode = Number(options.status);
    if (options['retry-after']) response.setHeader('Retry-After', options['retry-after']);
  } catch (error) {
    peer.emit({ kind: 'refused', id, reason: error.message });
    response.statusCode = 401;
  }
  response.end();
});
