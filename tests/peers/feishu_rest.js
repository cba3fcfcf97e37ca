// Asks for tokens with the official Node SDK's REST client.
'use strict';

const peer = require('./peer');
const lark = require('@larksuiteoapi/node-sdk');

const { domain } = peer.options({ domain: '' });
const appId = process.env.FEISHU_APP_ID;
const appSecret = process.env.FEISHU_APP_SECRET;
const client = new lark.Client({ appId, appSecret, domain, loggerLevel: lark.LoggerLevel.fatal });

async function attempt(call, send) {
  try {
    const answer = await send();
    peer.emit({ call, code: answer.code, msg: answer.msg, answer });
  } catch (error) {
    peer.emit({ call, error: error.message });
  }
}

(async () => {
  const data = { app_id: appId, app_secret: appSecret };
  await attempt('tenant_access_token', () => client.auth.tenantAccessToken.internal({ data }));
  await attempt('app_access_token', () => client.auth.appAccessToken.internal({ data }));
  try {
    // What the SDK does by itself before any other call.
    peer.emit({ call: 'own', token: await client.tokenManager.getCustomTenantAccessToken() });
  } catch (error) {
    peer.emit({ call: 'own', error: error.message });
  }
})();
