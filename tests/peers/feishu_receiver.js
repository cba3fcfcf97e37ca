// A Feishu event receiver made of the official Node SDK (@larksuiteoapi/node-sdk).
//
// The SDK decrypts, checks the signature, dispatches and answers; this file only opens the socket and
// prints what the SDK's handlers got. A 200 proves nothing here: the SDK answers it also to what it
// drops. See README.md for arguments, environment and output.
'use strict';

const peer = require('./peer');
const lark = require('@larksuiteoapi/node-sdk');

const { path, fail, ...types } = peer.options({ path: '/event', v2: [], v1: [], fail: [] });
const events = ['application.bot.menu_v6', 'contact.user.created_v3', 'contact.user.updated_v3', 'im.message.receive_v1'];
const eventsV1 = ['p2p_chat_create'];
const failures = new Map(fail.map((text) => text.match(/^(.*):(\d+)$/).slice(1)).map(([kind, count]) => [kind, Number(count)]));

// Default Node ends at an unhandled rejection, which is what a throwing handler becomes in `adaptDefault`.
process.on('unhandledRejection', (error) => console.error(String(error)));

function record(kind, event) {
  peer.emit({
    kind: 'handled',
    type: kind,
    schema: event.schema || '1.0',
    id: event.event_id || event.uuid,
    app_id: event.app_id,
    tenant_key: event.tenant_key,
    // The SDK hands on one flat object: header and event mixed.
    model: event,
  });
  const left = failures.get(kind) || 0;
  failures.set(kind, left - 1);
  if (left > 0) throw new Error('told to fail');
}

function answering(kind, variable, fallback) {
  const answer = JSON.parse(process.env[variable] || fallback);
  return async (event) => {
    record(kind, event);
    return answer;
  };
}

const handlers = {
  'card.action.trigger': answering('card.action.trigger', 'FEISHU_CARD_ANSWER', '{"toast":{"type":"info","content":"done"}}'),
  'url.preview.get': answering('url.preview.get', 'FEISHU_PREVIEW_ANSWER', '{"inline":{"title":"a title"}}'),
};
for (const kind of [...events, ...types.v2, ...eventsV1, ...types.v1]) {
  handlers[kind] = async (event) => record(kind, event);
}

const dispatcher = new lark.EventDispatcher({
  encryptKey: process.env.FEISHU_ENCRYPT_KEY || '',
  verificationToken: process.env.FEISHU_VERIFICATION_TOKEN || '',
  loggerLevel: lark.LoggerLevel.warn,
}).register(handlers);

peer.serve(lark.adaptDefault(path, dispatcher, { autoChallenge: true }));
