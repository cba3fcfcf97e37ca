"""Asks for tokens with the official Python SDK's REST client."""

import argparse
import json
import os

import peer

import lark_oapi as lark
from lark_oapi.api.auth.v3 import (
    InternalAppAccessTokenRequest,
    InternalAppAccessTokenRequestBody,
    InternalTenantAccessTokenRequest,
    InternalTenantAccessTokenRequestBody,
)
from lark_oapi.core.token import TokenManager

parser = argparse.ArgumentParser()
parser.add_argument("--domain", required=True)
options = parser.parse_args()
app_id, app_secret = os.environ["FEISHU_APP_ID"], os.environ["FEISHU_APP_SECRET"]
client = lark.Client.builder().app_id(app_id).app_secret(app_secret).domain(options.domain).build()


def call(name, send, request, body):
    filled = request.builder().request_body(body.builder().app_id(app_id).app_secret(app_secret).build()).build()
    response = send(filled)
    answer = json.loads(response.raw.content)
    peer.emit({"call": name, "status": response.raw.status_code, "code": response.code, "msg": response.msg, "answer": answer})


call(
    "tenant_access_token",
    client.auth.v3.tenant_access_token.internal,
    InternalTenantAccessTokenRequest,
    InternalTenantAccessTokenRequestBody,
)
call(
    "app_access_token",
    client.auth.v3.app_access_token.internal,
    InternalAppAccessTokenRequest,
    InternalAppAccessTokenRequestBody,
)
try:
    # What the SDK does by itself before any other call.
    peer.emit({"call": "own", "token": TokenManager.get_self_tenant_token(client._config)})
except Exception as error:
    peer.emit({"call": "own", "error": str(error)})
