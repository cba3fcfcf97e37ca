// Signs messages with the Standard Webhooks reference library, to feed Ringback's receiver.
'use strict';

const peer = require('./peer');
const { Webhook } = require('standardwebhooks');

(async () => {
  for await (const line of peer.inputRecords()) {
    const body = typeof line.body === 'string' ? line.body : JSON.stringify(line.body);
    const timestamp = Number(line.timestamp || Math.floor(Date.now() / 1000));
    const webhook = new Webhook(line.secret || process.env.STANDARD_SECRET);
    const signature = webhook.sign(line.id, new Date(timestamp * 1000), body);
    const headers = { 'webhook-id': line.id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signature };
    peer.emit({ headers, body });
  }
})();
